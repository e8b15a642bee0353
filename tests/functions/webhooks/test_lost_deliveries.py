"""What no delivery told of is found, though later ones moved the time of its pull request."""

from __future__ import annotations

from mainstem.functions.capture import capture_pr_details_graphql
from mainstem.functions.events import PrDetailsGraphqlRequested
from mainstem.functions.webhooks.outcome import Outcome
from mainstem.simulate import Delivery, changes, follow
from mainstem.testing import run_handler

from ..capture.captured import capture, captured_house, fresh  # noqa: TID252  of the captures
from ..capture.happenings import assert_same  # noqa: TID252  of the captures
from .conftest import Build
from .posting import House, post_made, track


async def captured(build: Build, seed: int = 14, pulls: int = 8) -> tuple[House, list[Delivery]]:
    """A captured and tracked repository, and what it tells from now on."""
    house = await captured_house(build, seed, pulls)
    track(house)
    heard: list[Delivery] = []
    follow(house.world, heard.append)
    return house, heard


async def post_all(house: House, heard: list[Delivery]) -> list[Outcome]:
    outcomes = [await post_made(house.services, made) for made in heard]
    heard.clear()
    return outcomes


def with_places(house: House) -> int:
    """The number of a pull request with a comment that has its place in the diff."""
    return next(
        number
        for number, said in sorted(house.there.review_comments.items())
        if any(comment["position"] for comment in said)
    )


def lose_and_comment(house: House, heard: list[Delivery], numbers: list[int]) -> None:
    """Pull requests are pushed to and retitled, and nobody hears of it; then come comments."""
    for number in numbers:
        before = len(heard)
        changes.force_push(house.there, number)
        changes.edit_item(house.there, number, title=f"New title {number}")
        del heard[before:]
        changes.add_comment(house.there, number, "Indeed.", user=house.user())


async def test_what_a_comment_hides_is_found_by_the_refresh(build: Build) -> None:
    house, heard = await captured(build, 12, 60)
    # More than a page of a refresh holds.
    lose_and_comment(house, heard, sorted(house.there.pulls)[:30])
    await post_all(house, heard)
    await capture(house, "refresh")
    assert_same(house, await fresh(build, house))


async def test_a_dismissal_that_a_later_delivery_hides_is_found(build: Build) -> None:
    house, heard = await captured(build, 12, 60)
    numbers = sorted(house.there.pulls)[:30]
    reviews = [
        changes.add_review(house.there, number, user=house.user(), state="APPROVED")
        for number in numbers
    ]
    await capture(house, "refresh")
    for review in reviews:
        changes.dismiss_review(house.there, review["id"])
    heard.clear()
    for number in numbers:
        changes.label(house.there, number, "bug")
    await post_all(house, heard)
    await capture(house, "next refresh")
    assert_same(house, await fresh(build, house))


async def test_what_was_read_since_then_is_doubted_no_more(build: Build) -> None:
    house, heard = await captured(build)
    number = min(house.there.pulls)
    changes.add_comment(house.there, number, "Indeed.", user=house.user())
    await post_all(house, heard)
    assert house.pull(number)["read_up_to"] is not None
    await read(house, number)
    assert house.pull(number)["read_up_to"] is None


async def read(house: House, number: int) -> None:
    """What the event that a delivery asks for does."""
    asked = PrDetailsGraphqlRequested(repository_id=house.repository_id, pr_number=number)
    await run_handler(capture_pr_details_graphql, asked, house.services)


async def test_a_push_under_comments_with_places_asks_for_them(build: Build) -> None:
    house, heard = await captured(build)
    number = with_places(house)
    changes.force_push(house.there, number)
    outcomes = await post_all(house, heard)
    assert [one.ask for one in outcomes if one.ask] == [(number,)]
    await read(house, number)
    assert_same(house, await fresh(build, house))


async def test_a_push_without_such_comments_asks_for_nothing(build: Build) -> None:
    house, heard = await captured(build)
    number = changes.open_pull(house.there, "A quay", user=house.user())["number"]
    changes.force_push(house.there, number)
    assert [one.ask for one in await post_all(house, heard)] == [(), ()]

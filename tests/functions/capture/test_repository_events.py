"""capture-repository-events: stars and forks from GitHub's feed, and nothing else of it."""

import pytest

from mainstem.catalog import NonRetriableError
from mainstem.functions import RepositoryEventsRequested
from mainstem.functions.capture import capture_repository_events
from mainstem.functions.capture.repository_events import EventsCaptured
from mainstem.functions.services import Services
from mainstem.simulate import generate
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from . import feed
from .conftest import Build
from .house import House


def asked(house: House) -> RepositoryEventsRequested:
    return RepositoryEventsRequested(repository_id=house.repository_id)


async def capture(house: House, run_id: str = "run") -> RunResult[EventsCaptured]:
    return await run_handler(capture_repository_events, asked(house), house.services, run_id=run_id)


async def test_stars_and_forks_are_stored_with_who_and_when(house: House) -> None:
    person = house.user()
    feed.serve(
        house,
        [
            feed.entry(house, 1, "WatchEvent"),
            feed.entry(house, 2, "PushEvent"),
            feed.entry(house, 3, "ForkEvent"),
        ],
    )
    output = (await capture(house)).output
    star, fork = sorted(house.rows("github_events_cache"), key=lambda row: row["event_type"])[::-1]
    assert (output.stars, output.forks, output.reaches_back_to) == (1, 1, feed.at(3))
    assert (star["event_type"], star["actor_github_id"], star["created_at"]) == (
        "WatchEvent",
        person,
        feed.at(1),
    )
    assert (star["payload"], fork["payload"]["forkee"]["id"]) == (None, 9_003)
    assert [row["github_id"] for row in house.rows("contributors")] == [person]


async def test_d25_three_pages_are_the_end_even_if_github_names_a_fourth(house: House) -> None:
    pages = [[feed.entry(house, number)] for number in (1, 2, 3)]
    feed.serve(house, *pages, goes_on=True)
    before = house.services.github.ledger.snapshot().requests
    assert (await capture(house)).output.stars == 3
    assert house.services.github.ledger.snapshot().requests - before == 3


async def test_d25_a_refusal_behind_the_first_page_is_the_end(house: House) -> None:
    feed.serve(house, [feed.entry(house, 1)], goes_on=True)
    house.github.faults.answer(422, path=feed.PATH, body={"message": "pagination is limited"})
    assert (await capture(house)).output.stars == 1


async def test_the_whole_feed_of_a_busy_repository_costs_three_requests(build: Build) -> None:
    house = await build(generate(11, 150))
    before = house.services.github.ledger.snapshot().requests
    output = (await capture(house)).output
    assert house.services.github.ledger.snapshot().requests - before <= 3
    assert (output.stars, output.reaches_back_to is not None) == (0, True)


async def test_a_repository_that_is_gone_has_no_events(house: House) -> None:
    house.github.faults.answer(404, path=feed.PATH)
    output = (await capture(house)).output
    assert (output.stars, output.forks, output.reaches_back_to) == (0, 0, None)


async def test_an_event_that_is_read_twice_is_one_row(house: House) -> None:
    feed.serve(house, [feed.entry(house, 1)], [feed.entry(house, 1), feed.entry(house, 2)])
    feed_twice = await capture(house)
    feed.serve(house, [feed.entry(house, 1)])
    await capture(house, "again")
    assert (feed_twice.output.stars, house.count("github_events_cache")) == (2, 2)


async def test_d26_a_person_with_a_new_login_keeps_the_row(house: House) -> None:
    person = house.user()
    feed.serve(house, [feed.entry(house, 1)])
    await capture(house)
    house.world.users[person] = {**house.world.users[person], "login": "renamed"}
    feed.serve(house, [feed.entry(house, 2)])
    await capture(house, "again")
    (row,) = house.rows("contributors")
    assert (row["github_id"], row["username"]) == (person, "renamed")


async def test_d7_the_feed_takes_back_nothing_that_is_known_of_a_person(house: House) -> None:
    feed.serve(house, [feed.entry(house, 1)])
    await capture(house)
    (before,) = house.rows("contributors")
    assert before["account_type"] is None
    feed.serve(house, [feed.entry(house, 2)])
    await capture(house, "again")
    assert house.rows("contributors") == [before]


async def test_an_event_without_an_actor_is_kept(house: House) -> None:
    feed.serve(house, [{**feed.entry(house, 1), "actor": None}])
    await capture(house)
    (row,) = house.rows("github_events_cache")
    assert (row["actor_github_id"], row["actor_login"]) == (None, None)


async def test_a_name_that_is_another_repository_by_now_is_final(house: House) -> None:
    other: dict[str, object] = {"repo": {"id": house.there.id + 1, "name": house.there.full_name}}
    feed.serve(house, [feed.entry(house, 1) | other])
    with pytest.raises(NonRetriableError, match="discover the repository anew"):
        await capture(house)


async def test_d1_it_may_be_interrupted_after_every_step(build: Build) -> None:
    made: list[House] = []

    async def fresh() -> Services:
        house = await build()
        made.append(house)
        house.github.faults.clear()
        for _ in range(2):  # a step that is done again asks again
            feed.serve(house, [feed.entry(house, 1), feed.entry(house, 2, "ForkEvent")])
        return house.services

    def look(_: object) -> object:
        (log,) = made[-1].rows("sync_logs")
        return (
            [row["event_id"] for row in made[-1].rows("github_events_cache")],
            log["status"],
            log["records_processed"],
        )

    first = await build()
    proof = await replay_from_every_step(capture_repository_events, asked(first), fresh, look=look)
    assert proof.undisturbed.output.forks == 1

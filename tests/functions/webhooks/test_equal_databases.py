"""A database that only webhooks fed holds what a capture of the same repository holds."""

import random
from typing import Any

from mainstem.functions.capture import (
    capture_pr_details_graphql,
    capture_repository_discussions,
    capture_repository_issues,
    capture_repository_sync,
)
from mainstem.functions.events import (
    PrDetailsGraphqlRequested,
    RepositoryDiscussionsRequested,
    RepositoryIssuesRequested,
    RepositorySyncRequested,
)
from mainstem.simulate import Delivery, changes, deliveries, follow, generate
from mainstem.testing import run_handler

from .conftest import Build
from .posting import House, post_made, track

# GitHub works these out when one pull request is read, and only such a read stores them.
COMPUTED = {"mergeable", "mergeable_state"}


async def captured(house: House) -> House:
    pulls = RepositorySyncRequested(repository_id=house.repository_id, history="full")
    issues = RepositoryIssuesRequested(
        repository_id=house.repository_id, history="full", via="rest"
    )
    await run_handler(capture_repository_sync, pulls, house.services)
    await run_handler(capture_repository_issues, issues, house.services)
    return house


def differences(one: House, other: House) -> list[str]:
    """Every field in which the two differ, in words."""
    found = []
    for table, rows in one.what_github_said().items():
        others = other.what_github_said()[table]
        known = {row["id"]: row for row in others}
        if len(rows) != len(others):
            found.append(f"{table}: {len(rows)} rows, {len(others)} rows")
        for row in rows:
            there = known.get(row["id"], {})
            found += [
                f"{table} {row['github_id']} {key}: {value!r}, {there.get(key)!r}"
                for key, value in row.items()
                if key not in COMPUTED and value != there.get(key)
            ]
    return found


async def read(house: House, number: int) -> None:
    """What the event that a delivery asks for does."""
    asked = PrDetailsGraphqlRequested(repository_id=house.repository_id, pr_number=number)
    await run_handler(capture_pr_details_graphql, asked, house.services)


async def test_webhooks_alone_fill_an_empty_database_as_a_capture_does(build: Build) -> None:
    world = generate(7, 8)
    fed, whole = await build(world), await captured(await build(world))
    track(fed)
    for made in deliveries(world):
        outcome = await post_made(fed.services, made)
        assert (outcome.status, outcome.ask) == ("handled", ())
    assert differences(fed, whole) == []


async def test_in_any_order_with_what_they_ask_for_they_end_the_same(build: Build) -> None:
    world = generate(8, 5)
    fed, whole = await build(world), await captured(await build(world))
    track(fed)
    made = list(deliveries(world))
    random.Random(5).shuffle(made)
    asked: set[int] = set()
    waiting = []
    for one in made:
        outcome = await post_made(fed.services, one)
        asked.update(outcome.ask)
        if outcome.status == "waiting":
            waiting.append(one)
    for number in sorted(asked):
        await read(fed, number)
    for one in waiting:
        assert (await post_made(fed.services, one)).status in ("handled", "ignored")
    assert differences(fed, whole) == []


async def test_discussions_from_webhooks_equal_those_that_are_captured(build: Build) -> None:
    world = generate(9, 2)
    fed, whole = await build(world), await build(world)
    track(fed)
    told: list[Delivery] = []
    stop = follow(world, told.append)
    there, someone = world.repository, fed.user()
    asked = changes.open_discussion(there, "Tides", user=someone, body="When?")["number"]
    said = changes.comment_on_discussion(there, asked, "Twice a day.", user=someone)
    changes.answer_discussion(there, asked, said["id"], user=someone)
    changes.open_discussion(there, "Gulls", user=someone)
    stop()
    for made in told:
        await post_made(fed.services, made)
    wanted = RepositoryDiscussionsRequested(repository_id=whole.repository_id)
    await run_handler(capture_repository_discussions, wanted, whole.services)

    def known(house: House) -> list[dict[str, Any]]:
        # Deliveries do not count the votes.
        left_out = {"row_synced_at", "upvotes_count"}
        return [
            {key: value for key, value in row.items() if key not in left_out}
            for row in house.rows("discussions")
        ]

    assert len(known(whole)) >= 2
    assert [row for row in known(whole) if row in known(fed)] == known(fed)

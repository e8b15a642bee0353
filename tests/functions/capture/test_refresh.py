"""A refresh: free while nothing changes, priced by what did, and equal to a fresh capture after."""

import asyncio
from collections.abc import Sequence
from contextvars import Context
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

import pytest

from mainstem.catalog import NonRetriableError, RetryAfterError
from mainstem.errors import MainstemError
from mainstem.functions.capture import capture_pr_details, capture_repository_sync_graphql
from mainstem.functions.events import PrDetailsRequested, RepositorySyncGraphqlRequested
from mainstem.simulate import changes, generate
from mainstem.simulate.faults import KINDS
from mainstem.store import CaptureCursor, load_cursor, mark_deleted, save_cursor
from mainstem.testing import replay_from_every_step, run_handler

from . import happenings
from .captured import capture, captured_house, fresh
from .conftest import Build
from .happenings import Happening, assert_same, change_pulls, live
from .house import House, with_limits


@pytest.fixture
async def captured(build: Build) -> House:
    """A repository captured whole, and looked at once since: what it costs after that is told."""
    house = await captured_house(build, 11, 45)
    await capture(house, "first look")
    return house


@pytest.fixture
async def small(build: Build) -> House:
    """The same of a small one."""
    house = await captured_house(build, 14, 8)
    for look in ("first look", "second look"):
        await capture(house, look)
    return house


async def bill(house: House, run_id: str = "refresh") -> tuple[int, int, int, int]:
    """REST requests that count, requests over GraphQL, points, and answers of 304."""
    house.github.log.clear()
    await capture(house, run_id)
    log = house.github.log
    return log.rest_requests - log.not_modified, log.graphql_requests, log.points, log.not_modified


async def test_the_first_look_after_a_capture_costs_a_request_per_list_and_no_point(
    build: Build,
) -> None:
    house = await captured_house(build, 11, 45)
    assert await bill(house) == (4, 0, 0, 0)


async def test_nothing_changed_costs_nothing(captured: House) -> None:
    assert await bill(captured) == (0, 0, 0, 4)


async def test_the_look_is_free_again_after_a_refresh(captured: House) -> None:
    changes.add_comment(captured.there, min(captured.there.pulls), "So?", user=captured.user())
    await capture(captured, "refresh")
    await capture(captured, "look")
    assert await bill(captured, "again") == (0, 0, 0, 4)


@pytest.mark.parametrize("count", [1, 10, 25])
async def test_up_to_25_changes_cost_a_point_and_two_requests(
    captured: House, build: Build, count: int
) -> None:
    change_pulls(captured, count)
    paid, queries, points, _ = await bill(captured)
    assert (queries, points) == (1, 1)
    assert paid <= 2
    assert_same(captured, await fresh(build, captured))


async def test_a_hundred_changes_cost_by_the_page(build: Build) -> None:
    house = await captured_house(build, 12, 110)
    await capture(house, "first look")
    change_pulls(house, 100)
    paid, queries, points, _ = await bill(house)
    # Reference: ceil((100 + v) / 25) queries, a point each, and a request for each list of
    # comments, of which each has 25 and fits a page: 5 + 5 + 2.
    assert points == queries <= 5
    assert paid + queries + points <= 1.25 * 12
    assert_same(house, await fresh(build, house))


@pytest.mark.parametrize("what", happenings.TELLING, ids=lambda what: what.__name__)
async def test_each_thing_that_a_list_tells_of_is_found(
    small: House, build: Build, what: Happening
) -> None:
    what(small, Random(5))
    paid, queries, points, _ = await bill(small)
    assert (paid <= 2, queries <= 1, points <= 1) == (True, True, True)
    assert_same(small, await fresh(build, small))


async def test_a_change_in_the_second_of_the_newest_one_is_found(
    small: House, build: Build
) -> None:
    first, second, *_ = sorted(small.there.pulls)
    at = changes.edit_item(small.there, first, title="Read")["updated_at"]
    await capture(small, "refresh")
    changes.edit_item(small.there, second, title="In the same second", at=at)
    await capture(small, "next")
    assert_same(small, await fresh(build, small))


async def test_a_change_that_github_shows_too_late_is_found(small: House, build: Build) -> None:
    number = min(small.there.pulls)
    # An hour before the newest one, which is known already.
    at = "2026-06-30T11:00:00Z"
    changes.edit_item(small.there, number, title="Shown late", at=at)
    assert small.there.newest() > at > str(small.pull(number)["updated_at"])
    await capture(small, "refresh")
    assert_same(small, await fresh(build, small))


@pytest.mark.parametrize("kind", ["pulls", "issues"])
async def test_a_second_change_of_one_record_in_a_second_is_found(
    small: House, build: Build, kind: str
) -> None:
    number = min(small.there.pulls if kind == "pulls" else small.there.issues)
    at = changes.edit_item(small.there, number, title="Read")["updated_at"]
    await capture(small, "refresh")
    changes.edit_item(small.there, number, title="Not read", at=at)
    paid, queries, points, _ = await bill(small, "next")
    assert (paid <= 2, queries, points) == (True, 1, 1)
    assert_same(small, await fresh(build, small))


async def test_places_that_a_force_push_takes_away_are_found_for_a_point(
    small: House, build: Build
) -> None:
    number = next(
        number
        for number, said in small.there.review_comments.items()
        if any(one["position"] for one in said)
    )
    changes.force_push(small.there, number)
    paid, queries, points, _ = await bill(small)
    assert (paid <= 2, queries, points) == (True, 2, 2)
    assert_same(small, await fresh(build, small))


async def test_a_push_that_another_function_saw_first_moves_places_too(
    small: House, build: Build
) -> None:
    number = next(
        number
        for number, said in small.there.review_comments.items()
        if any(one["position"] for one in said)
    )
    changes.force_push(small.there, number)
    asked = PrDetailsRequested(repository_id=small.repository_id, pr_number=number)
    await run_handler(capture_pr_details, asked, small.services)
    await capture(small, "refresh")
    assert live(small)["comments"] == live(await fresh(build, small))["comments"]


async def test_a_deleted_comment_is_found_when_its_pull_request_changes(
    small: House, build: Build
) -> None:
    number, (said, *_) = next(
        (n, rows) for n, rows in small.there.issue_comments.items() if rows and n in
        small.there.pulls
    )  # fmt: skip
    changes.delete_comment(small.there, said["id"])
    changes.edit_item(small.there, number, title="After that")
    await capture(small, "refresh")
    (gone,) = [row for row in small.rows("comments") if row["deleted_at"]]
    assert gone["github_id"] == said["id"]
    assert_same(small, await fresh(build, small))


async def test_a_comment_that_came_and_went_between_looks_is_marked(
    small: House, build: Build
) -> None:
    number = min(small.there.pulls)
    said = changes.add_comment(small.there, number, "Oh.", user=small.user())
    await capture(small, "seen")
    changes.delete_comment(small.there, said["id"])
    await capture(small, "missed")
    assert [row["github_id"] for row in small.rows("comments") if row["deleted_at"]] == [said["id"]]
    assert_same(small, await fresh(build, small))


async def test_what_is_deleted_after_the_answer_stays_gone(
    small: House, build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = next(iter(small.there.by_id("issue_comments")))
    changes.edit_comment(small.there, said, "Edited, so that the list has it")
    poll = small.services.github.poll_issue_comments

    async def polled_in_time(*asked: Any, **more: Any) -> object:
        monkeypatch.undo()
        page = await poll(*asked, **more)
        changes.delete_comment(small.there, said)
        # What the webhook's delivery does.
        small.database.write(
            lambda conn: mark_deleted(
                conn, "issue_comment", github_ids=[said], at=small.clock.now()
            )
        )
        return page

    monkeypatch.setattr(small.services.github, "poll_issue_comments", polled_in_time)
    await capture(small, "refresh")
    (gone,) = [row for row in small.rows("comments") if row["deleted_at"]]
    assert gone["github_id"] == said
    assert_same(small, await fresh(build, small))


async def test_what_was_thought_gone_is_restored_when_it_is_listed(
    small: House, build: Build
) -> None:
    number = min(small.there.pulls)
    at = small.clock.now()
    small.database.write(
        lambda conn: mark_deleted(conn, "pull_request", ids=[small.pull_id(number)], at=at)
    )
    changes.edit_item(small.there, number, title="Still here")
    await capture(small, "refresh")
    assert_same(small, await fresh(build, small))


@pytest.mark.parametrize("seed", range(2))
async def test_after_any_changes_a_refresh_equals_a_fresh_capture(build: Build, seed: int) -> None:
    house = await captured_house(build, 13, 12)
    rng = Random(seed)
    for round_ in range(3):
        for _ in range(rng.randint(1, 12)):
            rng.choice((*happenings.TELLING, happenings.force_push))(house, rng)
        await capture(house, f"round {round_}", history_page=rng.choice((3, 100)))
    assert_same(house, await fresh(build, house))


async def test_changes_between_two_pages_of_the_backfill_are_the_first_refreshs(
    build: Build,
) -> None:
    house = await build(generate(13, 12))
    during(house, every=2, what=[happenings.comment_on_pull])
    await capture(house, "whole", history_page=4)
    quiet(house)
    await capture(house, "refresh")
    assert_same(house, await fresh(build, house))


async def test_changes_between_two_pages_of_a_refresh_are_the_next_ones(build: Build) -> None:
    house = await captured_house(build, 13, 12)
    change_pulls(house, 10)
    all_of = [happenings.comment_on_pull, happenings.retitle, happenings.edit_comment]
    during(house, every=2, what=all_of)
    await capture(house, "moving", history_page=3)
    quiet(house)
    await capture(house, "still")
    assert_same(house, await fresh(build, house))


async def test_a_walk_that_stopped_goes_on_where_it_was(build: Build) -> None:
    house = await captured_house(build, 13, 12)
    change_pulls(house, 12)
    first = await capture(house, "cut short", history_page=2, pages_per_run=2)
    assert first.output.finished is False
    rest = await capture(house, "rest", history_page=2)
    assert rest.output.finished
    # Twelve pull requests in pages of two: as many were read before.
    assert sum(step.id.startswith("refresh-") for step in rest.steps) < 7
    assert_same(house, await fresh(build, house))


async def test_the_watermark_waits_for_the_end_of_the_walk(build: Build) -> None:
    house = await captured_house(build, 13, 12)
    before = house.database.read(load_cursor, house.repository_id, "pulls")
    change_pulls(house, 12)
    await capture(house, "cut short", history_page=2, pages_per_run=2)
    during_it = house.database.read(load_cursor, house.repository_id, "pulls")
    await capture(house, "rest", history_page=2)
    after = house.database.read(load_cursor, house.repository_id, "pulls")
    assert before is not None
    assert during_it is not None
    assert after is not None
    assert before.watermark == during_it.watermark != after.watermark
    newest = max(row["updated_at"] for row in house.there.pulls.values())
    assert after.watermark is not None
    assert after.watermark.strftime("%Y-%m-%dT%H:%M:%SZ") == newest


async def test_two_refreshes_at_once_store_the_same(small: House, build: Build) -> None:
    change_pulls(small, 7)
    await asyncio.gather(
        capture(small, "one", history_page=2), capture(small, "other", history_page=2)
    )
    await capture(small, "after")
    assert_same(small, await fresh(build, small))


async def test_an_interruption_after_any_step_changes_nothing(build: Build) -> None:
    houses: list[House] = []

    async def services() -> Any:
        house = await captured_house(build, 13, 12)
        houses.append(house)
        if len(house.there.pulls) == 12:
            change_pulls(house, 10)
            changes.delete_comment(house.there, next(iter(house.there.by_id("issue_comments"))))
        return with_limits(house, history_page=4)

    def look(_services: Any) -> object:
        return houses[-1].what_github_said()

    asked = RepositorySyncGraphqlRequested(
        repository_id=(await captured_house(build, 13, 12)).repository_id,
        history="full",
        with_issues=True,
    )
    proof = await replay_from_every_step(
        capture_repository_sync_graphql, asked, services, look=look
    )
    assert len(proof.interrupted_after) > 5


@pytest.mark.parametrize("seed", range(2))
async def test_under_trouble_of_every_kind_it_ends_equal(
    small: House, build: Build, seed: int
) -> None:
    rng = Random(seed)
    for _ in range(12):
        rng.choice((*happenings.TELLING, happenings.force_push))(small, rng)
    # A limit that was met is kept to by the machine's clock, which no test waits for.
    kinds = [kind for kind in KINDS if kind != "secondary"]
    small.github.faults.chaos(seed=seed, rate=0.3, most_in_a_row=2, kinds=kinds)
    for attempt in range(40):
        try:
            await capture(small, f"attempt {attempt}", history_page=4)
        except (MainstemError, RetryAfterError, NonRetriableError):
            continue
        break
    small.github.faults.clear()
    await capture(small, "quiet")
    assert_same(small, await fresh(build, small))


async def test_a_failed_query_accepts_nothing_that_was_polled(small: House, build: Build) -> None:
    changes.add_comment(small.there, min(small.there.pulls), "Lost?", user=small.user())
    small.github.faults.graphql_error("INTERNAL", "Something went wrong.", times=50)
    with pytest.raises(Exception, match="Something went wrong"):
        await capture(small, "broken")
    small.github.faults.clear()
    await capture(small, "mended")
    assert_same(small, await fresh(build, small))


async def test_what_a_run_that_died_has_polled_is_accepted_by_no_other(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await captured_house(build, 14, 8)
    github = house.services.github
    poll_issues = github.poll_issues

    async def die(*_: object, **__: object) -> None:
        raise ConnectionError("died")

    async def poll(*asked: Any, **more: Any) -> object:
        monkeypatch.undo()
        found = await poll_issues(*asked, **more)
        changes.edit_item(house.there, min(house.there.pulls), title="Must be found")
        monkeypatch.setattr(github, "changes", die)
        other = asyncio.create_task(capture(house, "sees it, and dies"), context=Context())
        with pytest.raises(Exception, match="died"):
            await other
        monkeypatch.undo()
        return found

    monkeypatch.setattr(github, "poll_issues", poll)
    await capture(house, "polled before it")
    await capture(house, "next")
    assert_same(house, await fresh(build, house))


async def test_a_name_that_now_belongs_to_another_repository_marks_nothing(small: House) -> None:
    asked = small.repository_id
    small.there.record["id"] = 999
    small.there.pulls.clear()
    small.there.issues.clear()
    small.there.issue_comments.clear()
    small.there.review_comments.clear()
    changes.open_pull(small.there, "Another harbour", user=small.user())
    with pytest.raises(NonRetriableError, match="now has repository 999"):
        await capture(small, "usurped", repository_id=asked)
    assert not [row for row in small.rows("pull_requests") if row["deleted_at"]]
    assert not [row for row in small.rows("comments") if row["deleted_at"]]


async def test_a_refresh_waits_until_review_comments_are_read_too(build: Build) -> None:
    house = await captured_house(build, 13, 12)
    half = CaptureCursor(
        house.repository_id, "review-comments", None, None, 0, None, house.clock.now()
    )
    house.database.write(save_cursor, half)
    assert (await bill(house))[2] <= 1
    steps = await capture(house, "again")
    assert not [step for step in steps.steps if step.id.startswith("mend")]
    assert_same(house, await fresh(build, house))


async def test_a_repository_that_is_gone_is_given_up_after_three_strikes_over_a_day(
    small: House,
) -> None:
    small.there.refused = 404
    before = small.count("pull_requests")
    for hours in (0, 13, 13):
        small.clock.pass_(timedelta(hours=hours))
        with pytest.raises(NonRetriableError):
            await capture(small, f"after {small.clock.moment}")
    (home,) = small.rows("repositories")
    assert (home["refused"], small.count("pull_requests")) == ("unreachable", before)


async def test_a_repository_that_is_blocked_by_law_is_given_up_at_once(small: House) -> None:
    small.there.refused = 451
    with pytest.raises(NonRetriableError):
        await capture(small, "blocked")
    assert small.rows("repositories")[0]["refused"] == "blocked"


def during(house: House, *, every: int, what: Sequence[Happening]) -> None:
    """Let something happen before every so many requests."""
    rng, turn = Random(3), count()

    def happen(_github: object, _asked: str) -> None:
        place = next(turn)
        if place % every == every - 1:
            what[place // every % len(what)](house, rng)

    house.github.options = replace(house.github.options, on_request=happen)


def quiet(house: House) -> None:
    """Let nothing happen any more."""
    house.github.options = replace(house.github.options, on_request=None)

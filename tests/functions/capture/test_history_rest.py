"""A whole repository over REST: the same rows as over GraphQL, and nothing lost on the way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mainstem.functions.capture import (
    capture_repository_issues,
    capture_repository_sync,
    capture_repository_sync_graphql,
)
from mainstem.functions.capture.history import Captured
from mainstem.functions.events import (
    RepositoryIssuesRequested,
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
    Via,
)
from mainstem.simulate import changes, generate
from mainstem.store import load_cursor
from mainstem.testing import RunResult, run_handler

from .conftest import Build
from .house import House, text_of, with_limits


async def capture_pulls(house: House, run_id: str = "pulls", **limits: Any) -> RunResult[Any]:
    asked = RepositorySyncRequested(repository_id=house.repository_id, history="full")
    services = with_limits(house, **limits)
    return await run_handler(capture_repository_sync, asked, services, run_id=run_id)


async def capture_issues(
    house: House, run_id: str = "issues", via: Via = "rest", **limits: Any
) -> RunResult[Any]:
    asked = RepositoryIssuesRequested(repository_id=house.repository_id, history="full", via=via)
    services = with_limits(house, **limits)
    return await run_handler(capture_repository_issues, asked, services, run_id=run_id)


async def go_on(house: House, stopped: RunResult[Any]) -> Captured:
    """Answer the event with which a run at its page limit asked for another."""
    asked = RepositorySyncRequested.from_wire(stopped.sent[0].data)
    result = await run_handler(capture_repository_sync, asked, house.services, run_id="going on")
    assert isinstance(result.output, Captured)
    return result.output


async def test_both_paths_write_the_same_rows(build: Build) -> None:
    world = generate(11, 60)
    rest, graphql = await build(world), await build(world)
    await capture_pulls(rest)
    await capture_issues(rest)
    asked = RepositorySyncGraphqlRequested(repository_id=graphql.repository_id, history="full")
    await run_handler(capture_repository_sync_graphql, asked, graphql.services)
    await capture_issues(graphql, via="graphql")
    by_rest, by_graphql = rest.what_github_said(), graphql.what_github_said()
    for table, rows in by_rest.items():
        assert rows == by_graphql[table], table


async def test_issues_may_come_before_pull_requests(build: Build) -> None:
    first, second = await build(), await build()
    await capture_issues(first)
    await capture_pulls(first)
    await capture_pulls(second)
    await capture_issues(second)
    assert first.what_github_said() == second.what_github_said()


async def test_sizes_and_mergers_come_with_the_page(house: House) -> None:
    await capture_pulls(house)
    merged = next(row for row in house.there.pulls.values() if row.get("merged_by"))
    stored = house.pull(merged["number"])
    assert stored["additions"] == merged["additions"]
    assert stored["merged_by_login"] == house.world.users[merged["merged_by"]]["login"]


async def test_every_pull_request_counts_as_captured_whole_at_the_end_only(house: House) -> None:
    await capture_pulls(house, history_page=20, pages_per_run=2)
    assert {row["details_synced_at"] for row in house.rows("pull_requests")} == {None}
    await capture_pulls(house, "rest of it")
    assert None not in {row["details_synced_at"] for row in house.rows("pull_requests")}


async def test_a_second_capture_writes_nothing_and_costs_a_fraction(house: House) -> None:
    await capture_pulls(house)
    await capture_issues(house)
    before, first = house.what_github_said(), house.github.log.requests
    house.github.log.clear()
    house.clock.pass_(timedelta(days=1))
    await capture_pulls(house, "again")
    await capture_issues(house, "again")
    second = house.github.log.requests
    assert house.what_github_said() == before
    assert second * 2 < first


async def test_a_refresh_asks_only_about_what_changed(house: House) -> None:
    await capture_pulls(house)
    number = min(house.there.pulls)
    later = text_of(datetime(2026, 7, 2, tzinfo=UTC))
    changes.add_review_comment(house.there, number, "Late remark", user=house.user(), at=later)
    house.github.log.clear()
    await capture_pulls(house, "refresh")
    details = [e.path for e in house.github.log.entries if e.endpoint.endswith("/pulls/{number}")]
    assert f"/pulls/{number}" in " ".join(details)
    assert "Late remark" in [row["body"] for row in house.rows("comments")]


async def test_a_comment_on_a_pull_request_that_came_meanwhile_brings_it_along(
    house: House,
) -> None:
    stopped = await capture_pulls(house, pages_per_run=2)  # all pull requests, no comments
    new = changes.open_pull(house.there, "Came meanwhile", user=house.user())["number"]
    changes.add_review_comment(house.there, new, "First!", user=house.user())
    changes.add_comment(house.there, new, "Second!", user=house.user())
    await go_on(house, stopped)
    assert house.pull(new)["title"] == "Came meanwhile"
    assert {"First!", "Second!"} <= {row["body"] for row in house.rows("comments")}


async def test_a_comment_on_an_issue_that_came_meanwhile_brings_it_along(house: House) -> None:
    result = await capture_issues(house, pages_per_run=1)
    new = changes.open_issue(house.there, "Came meanwhile", user=house.user())["number"]
    changes.add_comment(house.there, new, "First!", user=house.user())
    asked = RepositoryIssuesRequested.from_wire(result.sent[0].data)
    await run_handler(capture_repository_issues, asked, house.services, run_id="going on")
    assert new in {row["number"] for row in house.rows("issues")}
    assert "First!" in [row["body"] for row in house.rows("comments")]


async def test_a_comment_whose_parent_is_gone_is_counted_and_passed_over(house: House) -> None:
    stopped = await capture_pulls(house, pages_per_run=2)
    number = changes.open_pull(house.there, "Gone again", user=house.user())["number"]
    changes.add_comment(house.there, number, "Into the void", user=house.user())
    house.github.faults.answer(404, path=f"/pulls/{number}", times=99)
    captured = await go_on(house, stopped)
    assert "Into the void" not in [row["body"] for row in house.rows("comments")]
    assert captured.counts.orphans == 1


async def test_a_comment_that_is_edited_while_we_read_hides_no_other(house: House) -> None:
    number = min(house.there.issues)
    for n in range(150):
        changes.add_comment(house.there, number, f"Remark {n}", user=house.user())
    result = await capture_issues(house, pages_per_run=2)  # the issues, one page of comments
    first = house.there.all_issue_comments()[0]
    changes.edit_comment(house.there, first["id"], "Edited")
    asked = RepositoryIssuesRequested.from_wire(result.sent[0].data)
    await run_handler(capture_repository_issues, asked, house.services, run_id="going on")
    bodies = {row["body"] for row in house.rows("comments")}
    assert {f"Remark {n}" for n in range(150)} <= bodies


async def test_a_page_of_comments_with_one_time_is_followed_by_githubs_link(house: House) -> None:
    number = min(house.there.issues)
    at = text_of(datetime(2026, 7, 2, tzinfo=UTC))
    for n in range(250):
        changes.add_comment(house.there, number, f"Remark {n}", user=house.user(), at=at)
    await capture_issues(house)
    bodies = {row["body"] for row in house.rows("comments")}
    assert {f"Remark {n}" for n in range(250)} <= bodies


async def test_a_repository_with_issues_switched_off_has_none(house: House) -> None:
    house.github.faults.answer(410, path="/issues?", times=99)
    house.github.faults.answer(410, path="/issues/comments", times=99)
    result = await capture_issues(house)
    assert (result.output.finished, result.output.counts.records) == (True, 0)


async def test_a_pull_request_that_vanishes_after_the_list_stays_as_listed(house: House) -> None:
    number = max(house.there.pulls)
    house.github.faults.answer(404, path=f"/pulls/{number}", times=99)
    await capture_pulls(house)
    stored = house.pull(number)
    assert (stored["title"], stored["additions"]) == (
        house.there.pulls[number]["title"],
        None,
    )


@pytest.mark.parametrize("step", ["capture-pulls-rest-page-1", "mark-captured-whole"])
async def test_a_step_done_twice_leaves_the_same_rows(build: Build, step: str) -> None:
    undisturbed, interrupted = await build(), await build()
    await capture_pulls(undisturbed)
    asked = RepositorySyncRequested(repository_id=interrupted.repository_id, history="full")
    await run_handler(capture_repository_sync, asked, interrupted.services, lose=[step])
    assert interrupted.what_github_said() == undisturbed.what_github_said()


async def test_the_watermark_is_githubs_newest_update_when_the_walk_began(house: House) -> None:
    newest = max(row["updated_at"] for row in house.there.pulls.values())
    await capture_pulls(house)
    for kind in ("pulls-rest", "review-comments-rest", "pull-conversation-rest"):
        cursor = house.database.read(load_cursor, house.repository_id, kind)
        assert cursor is not None
        assert cursor.watermark is not None
        assert text_of(cursor.watermark) == newest

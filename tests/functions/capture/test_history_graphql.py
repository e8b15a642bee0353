"""A whole repository over GraphQL: complete, resumable, and cheap the second time."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, update

from mainstem.catalog import NonRetriableError
from mainstem.functions.capture import capture_repository_issues, capture_repository_sync_graphql
from mainstem.functions.capture.history import Captured
from mainstem.functions.events import (
    RepositoryIssuesRequested,
    RepositorySyncGraphqlRequested,
)
from mainstem.github import RequestFailed
from mainstem.simulate import SimulatedGitHub, changes, generate
from mainstem.store import load_cursor, tables
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import Build
from .house import House, with_limits


async def capture_pulls(house: House, run_id: str = "pulls", **limits: Any) -> RunResult[Any]:
    asked = RepositorySyncGraphqlRequested(repository_id=house.repository_id, history="full")
    services = with_limits(house, **limits)
    return await run_handler(capture_repository_sync_graphql, asked, services, run_id=run_id)


async def capture_issues(house: House, run_id: str = "issues") -> RunResult[Any]:
    asked = RepositoryIssuesRequested(repository_id=house.repository_id, history="full")
    return await run_handler(capture_repository_issues, asked, house.services, run_id=run_id)


async def test_every_pull_request_review_comment_and_issue_is_stored(house: House) -> None:
    await capture_pulls(house)
    await capture_issues(house)
    there = house.there
    assert {row["number"] for row in house.rows("pull_requests")} == there.pulls.keys()
    assert {row["number"] for row in house.rows("issues")} == there.issues.keys()
    submitted = [r for rows in there.reviews.values() for r in rows if r["submitted_at"]]
    assert {row["github_id"] for row in house.rows("reviews")} == {r["id"] for r in submitted}
    comments = [*there.all_review_comments(), *there.all_issue_comments()]
    assert sorted(row["github_id"] for row in house.rows("comments")) == sorted(
        row["id"] for row in comments
    )


async def test_the_result_counts_pages_and_rows(house: House) -> None:
    result = await capture_pulls(house, history_page=10)
    captured = result.output
    assert isinstance(captured, Captured)
    assert (captured.finished, captured.counts.pulls) == (True, 40)
    steps = [step.id for step in result.steps if step.id.startswith("capture-")]
    assert captured.pages == len(steps)
    assert [step for step in steps if "pulls" in step] == [
        f"capture-pulls-{n}" for n in range(1, 5)
    ]
    assert captured.counts.reviews == house.count("reviews")
    # Lists in order of update go on from the last time seen, and bring what has it once more.
    assert captured.counts.comments >= house.count("comments")


async def test_no_text_goes_through_a_memo(house: House) -> None:
    result = await capture_pulls(house)
    assert max(len(str(step.memo)) for step in result.steps) < 1_000


async def test_a_second_capture_writes_nothing_and_costs_a_fraction(house: House) -> None:
    await capture_pulls(house, history_page=5)
    before, first = house.what_github_said(), house.github.log.requests
    house.github.log.clear()
    again = await capture_pulls(house, "again", history_page=5)
    second = house.github.log.requests
    assert again.output.finished
    assert house.what_github_said() == before
    assert (first, second) == (13, 3)


async def test_a_refresh_finds_what_changed_old_or_new(house: House) -> None:
    await capture_pulls(house)
    oldest = min(house.there.pulls)
    changes.add_review(house.there, oldest, user=house.user(), body="At last.")
    new = changes.open_pull(house.there, "Dredge the basin", user=house.user())
    before = house.count("reviews")
    await capture_pulls(house, "refresh")
    assert house.count("reviews") == before + 1
    assert house.pull(new["number"])["title"] == "Dredge the basin"
    assert "At last." in [row["body"] for row in house.rows("reviews")]


async def test_what_changes_during_the_backfill_is_the_next_refreshs_to_find(house: House) -> None:
    await capture_pulls(house, history_page=10, pages_per_run=2)
    seen = min(house.there.pulls)
    changes.add_comment(house.there, seen, "While you were reading.", user=house.user())
    await capture_pulls(house, "rest of it", history_page=10)
    await capture_pulls(house, "refresh")
    assert "While you were reading." in [row["body"] for row in house.rows("comments")]


async def test_a_capture_that_died_goes_on_from_the_last_stored_page(house: House) -> None:
    await capture_pulls(house, history_page=10, pages_per_run=3)
    house.github.log.clear()
    result = await capture_pulls(house, "another run", history_page=10)
    assert [step.id for step in result.steps if "pulls" in step.id] == ["capture-pulls-1"]
    assert house.count("pull_requests") == 40


async def test_at_the_page_limit_the_event_is_sent_again_with_a_continuation(house: House) -> None:
    result = await capture_pulls(house, history_page=10, pages_per_run=3)
    (sent,) = result.sent
    assert sent.id == "pulls:continue-history:0"
    assert sent.name == result.output.continued_by == "capture/repository.sync.graphql"
    assert result.output.finished is False
    follow = RepositorySyncGraphqlRequested.from_wire(sent.data)
    assert follow.continuation is not None
    assert follow.continuation.part == 1
    services = with_limits(house, history_page=10)
    rest = await run_handler(capture_repository_sync_graphql, follow, services, run_id="part-1")
    assert isinstance(rest.output, Captured)
    assert rest.output.finished
    assert house.count("pull_requests") == 40


async def test_a_long_refresh_is_continued_below_its_own_page_and_keeps_its_head(
    house: House,
) -> None:
    await capture_pulls(house)
    for number in house.there.pulls:
        changes.add_comment(house.there, number, "Once more.", user=house.user())
    newest = max(row["updated_at"] for row in house.there.pulls.values())
    result = await capture_pulls(house, "refresh", history_page=10, pages_per_run=3)
    follow = RepositorySyncGraphqlRequested.from_wire(result.sent[0].data)
    services = with_limits(house, history_page=10)
    await run_handler(capture_repository_sync_graphql, follow, services, run_id="part-1")
    bodies = [row["body"] for row in house.rows("comments")]
    assert bodies.count("Once more.") == 40
    cursor = house.database.read(load_cursor, house.repository_id, "pulls")
    assert cursor is not None
    assert cursor.watermark is not None
    assert cursor.watermark.strftime("%Y-%m-%dT%H:%M:%SZ") == newest


async def test_a_failed_page_advances_nothing(house: House) -> None:
    await capture_pulls(house, history_page=10, pages_per_run=1)
    before = house.database.read(load_cursor, house.repository_id, "pulls")
    house.github.faults.graphql_error("INTERNAL", "Something went wrong.", times=50)
    with pytest.raises(RequestFailed):
        await capture_pulls(house, "broken", history_page=10)
    assert house.database.read(load_cursor, house.repository_id, "pulls") == before
    assert house.count("pull_requests") == 10


async def test_an_interruption_after_any_step_changes_nothing(build: Build) -> None:
    world = generate(3, 6)

    async def services() -> Any:
        house = await build(world)
        houses.append(house)
        return with_limits(house, history_page=3)

    houses: list[House] = []

    def look(_services: Any) -> object:
        house = houses[-1]
        logs = [(row["status"], row["records_processed"]) for row in house.rows("sync_logs")]
        return house.what_github_said(), logs

    asked = RepositorySyncGraphqlRequested(
        repository_id=(await build(world)).repository_id, history="full"
    )
    proof = await replay_from_every_step(
        capture_repository_sync_graphql, asked, services, look=look
    )
    assert len(proof.interrupted_after) > 5


async def test_a_whole_history_ignores_the_cool_down_and_starts_one(house: House) -> None:
    await capture_pulls(house)
    (home,) = house.rows("repositories")
    assert home["last_synced_at"] == house.clock.moment
    again = await capture_pulls(house, "again")
    assert isinstance(again.output, Captured)


async def test_every_pull_request_counts_as_captured_whole(house: House) -> None:
    await capture_pulls(house)
    assert {row["details_synced_at"] for row in house.rows("pull_requests")} == {house.clock.moment}


async def test_issues_are_refreshed_down_to_the_watermark(house: House) -> None:
    await capture_issues(house)
    number = min(house.there.issues)
    changes.add_comment(house.there, number, "Still leaking.", user=house.user())
    house.clock.pass_(timedelta(days=1))
    before = house.count("comments")
    await capture_issues(house, "again")
    assert house.count("comments") == before + 1
    assert "Still leaking." in [row["body"] for row in house.rows("comments")]


async def test_an_empty_repository_is_captured_and_refreshed(build: Build) -> None:
    world = generate(1, 1, issues=0)
    world.repository.pulls.clear()
    world.repository.changed()
    house = await build(world)
    for run_id in ("first", "second"):
        result = await capture_pulls(house, run_id)
        assert (result.output.finished, result.output.counts.records) == (True, 0)


async def test_d03_an_unknown_repository_is_final(house: House) -> None:
    house.there.refused = 404
    with pytest.raises(NonRetriableError, match="repository riverside/harbour"):
        await capture_pulls(house)


async def test_a_name_that_now_belongs_to_another_repository_stops_the_capture(
    house: House,
) -> None:
    repository_id = house.repository_id
    house.there.record["id"] = 999
    house.there.changed()
    asked = RepositorySyncGraphqlRequested(repository_id=repository_id, history="full")
    with pytest.raises(NonRetriableError, match="now has repository 999"):
        await run_handler(capture_repository_sync_graphql, asked, house.services)
    assert house.count("pull_requests") == 0


async def test_an_issue_that_slips_through_a_list_is_read_by_number(build: Build) -> None:
    world = generate(3, 60, shape="issues")
    there = world.repository
    first, *_, labelled = sorted(there.issues)
    changes.assign(there, labelled, next(iter(world.users)))
    house = await build(world)
    pages = 0

    def meanwhile(_github: SimulatedGitHub, asked: str) -> None:
        nonlocal pages
        pages += "/issues?" in asked and "page=" in asked
        if pages == 2 and first in there.issues:
            # What lies behind it moves up by one, and one of them to the page that was read.
            changes.delete_issue(there, first)

    house.github.options = replace(house.github.options, on_request=meanwhile)
    asked = RepositorySyncGraphqlRequested(
        repository_id=house.repository_id, history="full", with_issues=True
    )
    result = await run_handler(capture_repository_sync_graphql, asked, house.services)
    assert "capture-labels-2" in [step.id for step in result.steps]
    assert first not in there.issues
    unknown = [row["number"] for row in house.rows("issues") if row["labels"] is None]
    assert unknown == []


async def test_what_changes_between_its_two_halves_is_read_whole(build: Build) -> None:
    house = await build(generate(4, 150, shape="tiny"))
    there, number = house.there, 1

    def meanwhile(_github: SimulatedGitHub, asked: str) -> None:
        # The probe comes first, then REST's list with the labels, then pages over GraphQL.
        listed = any("/pulls?" in entry.path for entry in house.github.log.entries)
        labels = {one["name"] for one in there.pulls[number].get("labels", ())}
        if asked.startswith("POST") and listed and "late" not in labels:
            changes.label(there, number, "late")

    house.github.options = replace(house.github.options, on_request=meanwhile)
    result = await capture_pulls(house)
    assert "capture-people-1" in [step.id for step in result.steps]
    (row,) = [row for row in house.rows("pull_requests") if row["number"] == number]
    assert "late" in row["labels"]


async def test_a_capture_of_an_earlier_version_gets_the_labels_that_it_lacks(house: House) -> None:
    await capture_pulls(house, history_page=10)
    complete = house.what_github_said()

    def as_it_was_left(conn: Connection) -> None:
        conn.execute(update(tables.pull_requests).values(labels=None, head_sha=None))
        conn.execute(delete(tables.capture_plans))
        conn.execute(delete(tables.capture_cursors).where(tables.capture_cursors.c.kind != "pulls"))

    house.database.write(as_it_was_left)
    await capture_pulls(house, "with the present version")
    assert house.what_github_said() == complete

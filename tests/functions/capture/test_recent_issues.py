"""The issue scan: what changed of late, stored under its natural key, comments asked for."""

from datetime import timedelta
from typing import Any

import pytest

from mainstem.catalog import NonRetriableError
from mainstem.functions.capture import capture_repository_issues
from mainstem.functions.events import IssueCommentsRequested, RepositoryIssuesRequested
from mainstem.simulate import changes, generate
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import Build
from .house import NOW, House, text_of, with_limits


async def scan(
    house: House, run_id: str = "scan", limits: Any = None, **more: Any
) -> RunResult[Any]:
    asked = RepositoryIssuesRequested(repository_id=house.repository_id, **more)
    services = with_limits(house, **(limits or {}))
    return await run_handler(capture_repository_issues, asked, services, run_id=run_id)


async def test_every_issue_of_the_window_is_stored_and_comments_are_asked_for(
    house: House,
) -> None:
    result = await scan(house, time_range=9_999)
    assert {row["number"] for row in house.rows("issues")} == house.there.issues.keys()
    talked = {n for n, row in house.there.issues.items() if row["comments"]}
    asked = [IssueCommentsRequested.from_wire(sent.data) for sent in result.sent]
    assert {event.issue_number for event in asked} == talked
    assert {event.issue_id for event in asked} == {house.issue_id(n) for n in talked}
    assert result.output.comment_jobs == len(talked)


async def test_d06_a_second_scan_updates_issues_and_asks_again(house: House) -> None:
    await scan(house, time_range=9_999)
    number = min(house.there.issues)
    changes.edit_item(house.there, number, title="Renamed")
    again = await scan(house, "again", time_range=9_999)
    stored = {row["number"]: row["title"] for row in house.rows("issues")}
    assert stored[number] == "Renamed"
    assert len(stored) == len(house.there.issues)
    assert again.output.comment_jobs > 0


async def test_only_what_changed_in_the_window_is_read(house: House) -> None:
    for row in house.there.issues.values():
        row["updated_at"] = "2026-01-01T00:00:00Z"
    recent = min(house.there.issues)
    changes.edit_item(house.there, recent, title="Now", at=text_of(NOW - timedelta(days=1)))
    await scan(house)
    assert [row["number"] for row in house.rows("issues")] == [recent]


async def test_a_cap_that_cuts_is_reported(build: Build) -> None:
    world = generate(5, 5, issues=250)
    house = await build(world)
    cut = await scan(house, time_range=9_999, max_items=150)
    assert (cut.output.issues <= 200, cut.output.truncated) == (True, True)
    whole = await scan(house, "whole", time_range=9_999)
    assert (whole.output.issues, whole.output.truncated) == (250, False)


async def test_max_items_bounds_what_is_stored(house: House) -> None:
    result = await scan(house, time_range=9_999, max_items=3)
    assert (result.output.issues, result.output.truncated) == (3, True)


@pytest.mark.parametrize("status", [404, 410])
async def test_a_repository_without_issues_has_none_and_no_error(house: House, status: int) -> None:
    house.github.faults.answer(status, path="/issues", times=9)
    result = await scan(house)
    assert (result.output.issues, result.output.truncated, result.sent) == (0, False, ())


async def test_d03_an_unknown_repository_is_final(house: House) -> None:
    asked = RepositoryIssuesRequested(repository_id=house.issue_id(1))
    with pytest.raises(NonRetriableError, match="Repository not found"):
        await run_handler(capture_repository_issues, asked, house.services)


async def test_d19_an_interruption_after_any_step_sends_nothing_twice(build: Build) -> None:
    async def services() -> Any:
        return (await build()).services

    asked = RepositoryIssuesRequested(repository_id=(await build()).repository_id, time_range=9_999)
    proof = await replay_from_every_step(capture_repository_issues, asked, services)
    ids = [sent.id for sent in proof.undisturbed.sent]
    assert len(set(ids)) == len(ids) > 1

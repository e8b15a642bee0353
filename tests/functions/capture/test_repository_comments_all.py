"""capture-repository-comments-all: a job for everything that changed of late, and no more."""

from datetime import timedelta
from typing import Any

from mainstem.functions import RepositoryCommentsRequested, RepositoryIssuesRequested
from mainstem.functions.capture import (
    capture_repository_comments_all,
    capture_repository_issues,
    repository_comments_all,
)
from mainstem.functions.services import Services
from mainstem.store import ids, save_pull_requests
from mainstem.store.tombstones import mark_deleted
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import Build
from .house import NOW, House


def asked(house: House, **more: Any) -> RepositoryCommentsRequested:
    return RepositoryCommentsRequested(repository_id=house.repository_id, **more)


def keep_pulls(house: House, *days: float) -> None:
    """A stored pull request, numbered from 1, last updated so many days ago."""
    rows: list[Any] = [
        {
            "id": ids.pull_request_id(house.there.id, number),
            "github_id": 10_000 + number,
            "repository_id": house.repository_id,
            "number": number,
            "title": "t",
            "state": "closed",
            "created_at": NOW - timedelta(days=400),
            "updated_at": NOW - timedelta(days=age),
        }
        for number, age in enumerate(days, start=1)
    ]
    house.database.write(save_pull_requests, rows)


async def ask(house: House, **more: Any) -> RunResult[Any]:
    return await run_handler(capture_repository_comments_all, asked(house, **more), house.services)


async def test_what_github_saw_change_of_late_is_asked_about(house: House) -> None:
    keep_pulls(house, 1, 6, 8)
    result = await ask(house, time_range=7, priority="low")
    assert [sent.name for sent in result.sent] == ["capture/pr.comments"] * 2
    assert [sent.data["prNumber"] for sent in result.sent] == [1, 2]
    assert {sent.data["priority"] for sent in result.sent} == {"low"}
    assert result.sent[0].data["prId"] == str(house.pull_id(1))


async def test_issues_are_asked_about_too(house: House) -> None:
    issues = RepositoryIssuesRequested(repository_id=house.repository_id, history="full")
    await run_handler(capture_repository_issues, issues, house.services)
    result = await ask(house, time_range=4_000)
    stored = {row["number"] for row in house.rows("issues")}
    jobs = [sent for sent in result.sent if sent.name == "capture/issue.comments"]
    assert {sent.data["issueNumber"] for sent in jobs} == stored
    assert result.output.issue_jobs == len(stored) > 0


async def test_a_cap_keeps_the_last_updated_and_tells_how_many_it_left_out(
    house: House, monkeypatch: Any
) -> None:
    monkeypatch.setattr(repository_comments_all, "MOST_OF_EACH", 2)
    keep_pulls(house, 3, 1, 2)
    result = await ask(house)
    assert [sent.data["prNumber"] for sent in result.sent] == [2, 3]
    assert (result.output.pr_jobs, result.output.left_out) == (2, 1)


async def test_what_was_deleted_is_not_asked_about(house: House) -> None:
    keep_pulls(house, 1, 1)
    house.database.write(mark_deleted, "pull_request", ids=[house.pull_id(1)], at=NOW)
    assert [sent.data["prNumber"] for sent in (await ask(house)).sent] == [2]


async def test_d20_all_jobs_leave_in_one_step(house: House) -> None:
    keep_pulls(house, 1, 2, 3)
    steps = [step.id for step in (await ask(house)).steps]
    assert steps.count("request-comments") == 1


async def test_d1_d19_it_may_be_interrupted_after_every_step(build: Build) -> None:
    async def fresh() -> Services:
        house = await build()
        keep_pulls(house, 1, 2)
        return house.services

    proof = await replay_from_every_step(
        capture_repository_comments_all, asked(await build()), fresh
    )
    assert len({sent.id for sent in proof.undisturbed.sent}) == 2

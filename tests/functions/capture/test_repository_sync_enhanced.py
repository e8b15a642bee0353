"""capture-repository-sync-enhanced: a sync that sees to the history, and steps back for it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from mainstem.functions import RepositorySyncEnhancedRequested, SyncReason
from mainstem.functions.capture import capture_repository_sync_enhanced
from mainstem.functions.capture.backfilling import (
    BESIDE_A_BACKFILL,
    USUAL,
    choose_jobs,
    ending_of,
    is_worth_a_backfill,
)
from mainstem.functions.services import Services
from mainstem.simulate import World, changes, generate
from mainstem.store import StoredPull, finish_capture_job, ids, save_pull_requests
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import Build
from .house import NOW, House, text_of

HOUR = timedelta(hours=1)


def world_of(recent: int, old: int = 0) -> World:
    """Pull requests opened in the last days, and older ones."""
    world = generate(4, 2)
    world.repository.pulls.clear()
    user = next(number for number, row in world.users.items() if row["type"] == "User")
    for days, count in ((3, recent), (200, old)):
        for minutes in range(count):
            at = text_of(NOW - timedelta(days=days, minutes=minutes))
            changes.open_pull(world.repository, f"Pull {minutes}", user=user, at=at)
    return world


async def sync(house: House, **more: Any) -> RunResult[Any]:
    asked = RepositorySyncEnhancedRequested(repository_id=house.repository_id, **more)
    return await run_handler(
        capture_repository_sync_enhanced, asked, house.services, run_id=str(uuid4())
    )


def names(result: RunResult[Any]) -> list[str]:
    return [sent.name for sent in result.sent]


async def test_a_small_repository_is_synced_without_a_backfill(build: Build) -> None:
    house = await build(world_of(3))
    result = await sync(house)
    assert names(result) == ["capture/pr.details.graphql"] * 3 + ["capture/repository.events"]
    assert (result.output.backfill, house.count("progressive_capture_jobs")) == ("none", 0)


async def test_a_repository_of_which_little_is_stored_gets_a_backfill(build: Build) -> None:
    house = await build(world_of(3, old=100))
    result = await sync(house)
    (job,) = house.rows("progressive_capture_jobs")
    (state,) = house.rows("progressive_backfill_state")
    history = result.sent[-1]
    assert (history.name, history.data["history"]) == ("capture/repository.sync.graphql", "full")
    assert history.data["jobId"] == str(job["id"])
    assert (job["job_type"], job["status"]) == ("progressive_backfill", "pending")
    assert (state["status"], state["total_prs"]) == ("active", result.output.total_pulls)
    assert (result.output.backfill, result.output.pulls_stored) == ("started", 3)


async def test_beside_a_backfill_a_sync_does_little_and_does_not_wait(build: Build) -> None:
    house = await build(world_of(3, old=100))
    await sync(house)
    result = await sync(house)
    assert (result.output.backfill, result.output.pulls_stored) == ("active", 0)
    assert names(result) == ["capture/repository.events"]
    assert house.count("progressive_capture_jobs") == 1


@pytest.mark.parametrize(("ended", "then"), [("completed", "completed"), ("failed", "active")])
async def test_a_backfill_ends_with_its_job(build: Build, ended: Any, then: str) -> None:
    """One that failed is begun again: it never keeps a repository at the small pace for ever."""
    house = await build(world_of(3, old=100))
    await sync(house)
    (job,) = house.rows("progressive_capture_jobs")
    house.database.write(finish_capture_job, job["id"], ended, at=NOW)
    if ended == "completed":
        keep_everything(house)
    house.clock.pass_(2 * HOUR)
    await sync(house)
    (state,) = house.rows("progressive_backfill_state")
    assert state["status"] == then


def keep_everything(house: House) -> None:
    """What the history's capture would have stored, as far as it is counted."""

    rows: list[Any] = [
        {
            "id": ids.pull_request_id(house.there.id, number),
            "github_id": row["id"],
            "repository_id": house.repository_id,
            "number": number,
            "title": "t",
            "state": "closed",
            "created_at": NOW - timedelta(days=300),
            "updated_at": NOW - timedelta(days=300),
        }
        for number, row in house.there.pulls.items()
    ]
    house.database.write(save_pull_requests, rows)


async def test_d16_within_the_hour_it_is_skipped_unless_asked_by_hand(build: Build) -> None:
    house = await build(world_of(1))
    await sync(house)
    house.clock.pass_(HOUR / 2)
    skipped = await sync(house)
    by_hand = await sync(house, reason=SyncReason.MANUAL)
    assert (skipped.output.skipped, by_hand.output.skipped) == (True, False)


async def test_d1_d19_it_may_be_interrupted_after_every_step(build: Build) -> None:
    world = world_of(3, old=100)
    made: list[House] = []

    async def fresh() -> Services:
        made.append(await build(world))
        return made[-1].services

    def look(_: object) -> object:
        (log,) = made[-1].rows("sync_logs")
        return log["status"], made[-1].count("progressive_capture_jobs")

    asked = RepositorySyncEnhancedRequested(repository_id=(await build(world)).repository_id)
    proof = await replay_from_every_step(capture_repository_sync_enhanced, asked, fresh, look=look)
    assert names(proof.undisturbed)[-1] == "capture/repository.sync.graphql"


@pytest.mark.parametrize(
    ("total", "captured", "due"),
    [(99, 0, False), (100, 79, True), (100, 80, False), (1_000, 799, True), (0, 0, False)],
)
def test_a_backfill_is_worth_it_from_a_hundred_with_a_fifth_missing(
    total: int, captured: int, due: bool
) -> None:
    assert is_worth_a_backfill(total=total, captured=captured) == due


@pytest.mark.parametrize(
    ("job", "captured", "ending"),
    [
        ("pending", 5, None),
        ("processing", 5, None),
        ("completed", 5, "completed"),
        ("pending", 10, "completed"),
        ("failed", 5, "failed"),
        (None, 5, "failed"),
    ],
)
def test_a_backfill_has_ended_when_its_job_has_or_nothing_is_missing(
    job: str | None, captured: int, ending: str | None
) -> None:
    assert ending_of(job, total=10, captured=captured) == ending


def stored(number: int, state: str, age: timedelta) -> StoredPull:
    fields: dict[str, Any] = dict.fromkeys(StoredPull.__dataclass_fields__)
    known = {"id": ids.NAMESPACE, "number": number, "state": state, "updated_at": NOW - age}
    return StoredPull(**{**fields, **known})


def test_the_pace_decides_who_is_asked_about() -> None:
    pulls = [
        stored(1, "open", 90 * HOUR),
        stored(2, "closed", 23 * HOUR),
        stored(3, "closed", 25 * HOUR),
        *(stored(number, "open", HOUR) for number in range(4, 70)),
    ]
    usual = choose_jobs(pulls, priority="low", pace=USUAL, now=NOW)
    little = choose_jobs(pulls, priority="low", pace=BESIDE_A_BACKFILL, now=NOW)
    assert [job.number for job in usual.chosen][:3] == [1, 2, 4]
    assert [job.priority for job in usual.chosen][:3] == ["high", "low", "high"]
    assert (len(usual.chosen), usual.left_out) == (50, 18)
    assert (2 in [job.number for job in little.chosen], len(little.chosen)) == (False, 10)

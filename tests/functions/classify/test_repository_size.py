from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from mainstem import store
from mainstem.catalog import Scheduled
from mainstem.functions.classify import classify_repository_size
from mainstem.functions.classify.batch import choose
from mainstem.functions.events import RepositorySizeRequested
from mainstem.functions.services import Services
from mainstem.store import TrackedRepository
from mainstem.store.vocabulary import TrackingPriority
from mainstem.testing import run_handler

from .conftest import NOW, Stage, StillClock, staged

NOW_PLEASE = RepositorySizeRequested()


def tracked(*names: str) -> list[TrackedRepository]:
    space = UUID(int=1)
    return [TrackedRepository(uuid5(space, name), "own", name) for name in names]


def vanishing_after(stage: Stage, *, tries: int) -> Services:
    """The same services, whose clock's n-th reading for a classification hides the repository."""

    class Hiding(StillClock):
        readings = 0

        def now(self) -> datetime:
            self.readings += 1
            if self.readings > tries + 1:  # the first one is asked when the work is looked for
                stage.github.world.repository.refused = 404
            return super().now()

    return replace(stage.services, clock=Hiding())


def classify_before(stage: Stage, age: timedelta) -> None:
    stage.database.write(
        store.save_classification, stage.home_id, size="xl", metrics={}, at=NOW - age
    )


async def test_d5_a_repository_without_a_size_gets_one_in_its_own_row(stage: Stage) -> None:
    stage.keep_home()
    result = await run_handler(classify_repository_size, NOW_PLEASE, stage.services)
    assert (result.output.unclassified_count, result.output.classified) == (1, 1)
    assert stage.tracking().size == "small"
    again = await run_handler(classify_repository_size, NOW_PLEASE, stage.services)
    assert (again.output.unclassified_count, again.output.classified) == (0, 0)


async def test_the_schedule_does_the_same_as_the_event(stage: Stage) -> None:
    stage.keep_home()
    result = await run_handler(classify_repository_size, Scheduled(), stage.services)
    assert result.output.classified == 1
    assert result.output.timestamp == NOW


@pytest.mark.parametrize(
    ("priority", "days", "is_due"),
    [("low", 30, False), ("low", 31, True), ("high", 7, False), ("high", 8, True)],
)
async def test_a_class_is_renewed_after_thirty_days_or_seven_for_high_priority(
    stage: Stage, priority: TrackingPriority, days: int, is_due: bool
) -> None:
    stage.keep_home(tracked=False)
    at = NOW - timedelta(days=90)
    stage.database.write(
        store.track_repository,
        stage.home_id,
        owner="riverside",
        name="harbour",
        at=at,
        priority=priority,
    )
    classify_before(stage, timedelta(days=days))
    result = await run_handler(classify_repository_size, NOW_PLEASE, stage.services)
    assert result.output.classified == int(is_due)


async def test_one_that_fails_is_counted_and_does_not_hold_up_the_others(stage: Stage) -> None:
    stage.keep_home()
    stage.keep(99, "riverside/sunken")
    result = await run_handler(classify_repository_size, NOW_PLEASE, stage.services)
    assert (result.output.classified, result.output.failed) == (1, 1)
    assert stage.tracking().size == "small"


async def test_d23_a_batch_waits_once_for_all_pending_statistics(tmp_path: Path) -> None:
    async with staged(tmp_path / "m.db", stats_pending=1) as stage:
        stage.keep_home()
        result = await run_handler(classify_repository_size, NOW_PLEASE, stage.services)
        assert stage.tracking().size == "small"
    assert len(result.slept) == 1
    assert result.output.classified == 1


async def test_d23_a_batch_ends_without_statistics_that_never_come(tmp_path: Path) -> None:
    async with staged(tmp_path / "m.db", stats_pending=99) as stage:
        stage.keep_home()
        result = await run_handler(classify_repository_size, NOW_PLEASE, stage.services)
        assert (len(result.slept), result.output.classified) == (2, 1)
        assert stage.tracking().size == "small"


async def test_a_failure_on_the_last_try_is_counted_too(tmp_path: Path) -> None:
    async with staged(tmp_path / "m.db", stats_pending=99) as stage:
        stage.keep_home()
        result = await run_handler(
            classify_repository_size,
            NOW_PLEASE,
            stage.services,
            fail={"classify-riverside/harbour-without-statistics": "gone"},
        )
    assert (result.output.classified, result.output.failed) == (0, 1)


async def test_one_that_disappears_while_its_statistics_are_awaited_is_counted(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path / "m.db", stats_pending=99) as stage:
        stage.keep_home()
        result = await run_handler(
            classify_repository_size, NOW_PLEASE, vanishing_after(stage, tries=2)
        )
    assert "classify-riverside/harbour-2" in result.step_ids
    assert (result.output.classified, result.output.failed) == (0, 1)


def test_a_repository_due_for_two_reasons_is_classified_once() -> None:
    work = choose(tracked("a"), tracked("a", "b"), tracked("b", "c"), at=NOW)
    assert [target.name for target in work.targets] == ["a", "b", "c"]
    assert (work.unclassified, work.high_priority, work.outdated) == (1, 2, 2)


def test_the_cap_keeps_the_most_urgent_and_tells_what_is_left_over() -> None:
    work = choose(tracked("a"), tracked("b"), tracked("c", "d"), at=NOW, cap=2)
    assert [target.name for target in work.targets] == ["a", "b"]
    assert work.left_over == 2

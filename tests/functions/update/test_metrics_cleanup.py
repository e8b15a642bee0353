from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import inngest
import pytest
from sqlalchemy import insert

from mainstem import store
from mainstem.catalog import Scheduled
from mainstem.functions.services import Services
from mainstem.functions.update import cleanup_workspace_metrics_data
from mainstem.functions.update.metrics_cleanup import kept_days
from mainstem.store import Retention, ids, tables
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import NOW, Stage
from .workspaces import cache, change, rows, workspace

DAY = timedelta(days=1)


def day_row(stage: Stage, workspace_id: UUID, age: int) -> date:
    day = (NOW - age * DAY).date()
    row: Any = {
        "id": ids.metrics_day_id(workspace_id, day),
        "workspace_id": workspace_id,
        "metric_date": day,
        "daily_prs": 1,
        "daily_merged_prs": 0,
        "daily_issues": 0,
        "daily_closed_issues": 0,
        "daily_active_contributors": 1,
    }
    stage.database.write(store.save_metrics_days, [row])
    return day


def queue_row(stage: Stage, workspace_id: UUID, status: str, age: timedelta) -> None:
    at = NOW - age
    values = {
        "id": uuid4(),
        "workspace_id": workspace_id,
        "time_range": "30d",
        "status": status,
        "run_key": "r",
        "created_at": at,
        "started_at": at,
        "completed_at": at if status == "completed" else None,
        "failed_at": at if status == "failed" else None,
    }
    stage.database.write(
        lambda conn: conn.execute(insert(tables.workspace_aggregation_queue).values(values))
    )


async def clean(stage: Stage, **more: Any) -> RunResult[Any]:
    return await run_handler(cleanup_workspace_metrics_data, Scheduled(), stage.services, **more)


async def test_only_what_is_both_stale_and_long_expired_leaves_the_cache(stage: Stage) -> None:
    ages = {"old-stale": 2 * DAY, "young-stale": DAY / 2, "old-fresh": 2 * DAY}
    made = {slug: workspace(stage, slug) for slug in ages}
    for slug, age in ages.items():
        cache(stage, made[slug], expires=NOW - age)
        if slug.endswith("stale"):
            stage.database.write(store.mark_metrics_stale, made[slug])
    result = await clean(stage)
    left = {row.workspace_id for row in rows(stage, "workspace_metrics_cache")}
    assert left == {made["young-stale"], made["old-fresh"]}
    assert result.output.cache_deleted == 1


async def test_aggregations_that_ended_a_week_ago_leave_the_queue(stage: Stage) -> None:
    one = workspace(stage, "one")
    for status in ("completed", "failed"):
        for age in (6 * DAY, 8 * DAY):
            queue_row(stage, one, status, age)
    result = await clean(stage)
    left = [
        (row.status, NOW - row.created_at) for row in rows(stage, "workspace_aggregation_queue")
    ]
    assert sorted(left) == [("completed", 6 * DAY), ("failed", 6 * DAY)]
    assert result.output.queue_deleted == 2


async def test_d2_an_aggregation_whose_run_died_is_closed(stage: Stage) -> None:
    dead, busy = workspace(stage, "one"), workspace(stage, "two")
    queue_row(stage, dead, "processing", 2 * DAY)
    queue_row(stage, busy, "processing", timedelta(minutes=5))
    await clean(stage)
    found = {row.workspace_id: row.status for row in rows(stage, "workspace_aggregation_queue")}
    assert found == {dead: "failed", busy: "processing"}


async def test_history_is_kept_as_long_as_the_workspace_says_or_its_tier(stage: Stage) -> None:
    free, pro = workspace(stage, "free"), workspace(stage, "pro", tier="pro")
    own = workspace(stage, "own")
    change(stage, "workspaces", own, data_retention_days=5)
    kept = {
        (free, day_row(stage, free, 30)),
        (pro, day_row(stage, pro, 90)),
        (own, day_row(stage, own, 5)),
    }
    for one, age in ((free, 31), (pro, 91), (own, 6)):
        day_row(stage, one, age)
    result = await clean(stage)
    left = {(r.workspace_id, r.metric_date) for r in rows(stage, "workspace_metrics_history")}
    assert (left, result.output.history_deleted) == (kept, 3)


@pytest.mark.parametrize(
    ("tier", "days", "kept"),
    [("free", None, 30), ("pro", None, 90), ("enterprise", None, 365), ("pro", 7, 7)],
)
def test_a_tier_keeps_its_days(tier: str, days: int | None, kept: int) -> None:
    assert kept_days(Retention(UUID(int=1), tier, days)) == kept


async def test_a_part_that_fails_stops_no_other(stage: Stage) -> None:
    one = workspace(stage, "one")
    queue_row(stage, one, "completed", 8 * DAY)
    day_row(stage, one, 31)
    result = await clean(stage, fail={"clean-queue": "disk on fire"})
    assert (result.output.queue_deleted, result.output.history_deleted) == (None, 1)
    assert result.output.errors == ("clean-queue: disk on fire",)
    assert rows(stage, "workspace_metrics_history") == []


async def test_it_may_be_interrupted_after_every_step(stage: Stage) -> None:
    one = workspace(stage, "one")

    def prepared() -> Services:
        stage.empty("workspace_aggregation_queue")
        queue_row(stage, one, "completed", 8 * DAY)
        day_row(stage, one, 31)
        return stage.services

    proof = await replay_from_every_step(
        cleanup_workspace_metrics_data,
        Scheduled(),
        prepared,
        look=lambda _: len(rows(stage, "workspace_metrics_history")),
    )
    assert (proof.undisturbed.output.queue_deleted, len(proof.interrupted_after)) == (1, 4)


def test_it_runs_every_night() -> None:
    assert cleanup_workspace_metrics_data.triggers == (inngest.TriggerCron(cron="0 3 * * *"),)

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, select, update

from mainstem import store
from mainstem.catalog import NonRetriableError
from mainstem.functions.events import TimeRange, WorkspaceMetricsRequested
from mainstem.functions.update import aggregate_workspace_metrics, aggregation
from mainstem.functions.update.aggregation import priority_of
from mainstem.store import CachedMetrics, ids, tables
from mainstem.testing import replay_from_every_step, run_handler

from .conftest import NOW, Stage

MINUTE = timedelta(minutes=1)


def workspace_with_pulls(stage: Stage, *, tier: str = "free") -> UUID:
    """Four pull requests in the last 30 days, two in the 30 before."""
    repository = stage.keep_home()
    for number, days in enumerate((1, 2, 3, 20, 40, 50), start=1):
        row: Any = {
            "id": ids.pull_request_id(stage.github.world.repository.id, number),
            "github_id": number,
            "repository_id": repository,
            "number": number,
            "title": f"Change {number}",
            "state": "open",
            "created_at": NOW - timedelta(days=days),
            "updated_at": NOW,
        }
        stage.database.write(store.save_pull_requests, [row])
    made = stage.database.write(store.create_workspace, "Work", "work", at=NOW, tier=tier)
    stage.database.write(store.add_workspace_repository, made, repository, at=NOW)
    return made


def asked(workspace: UUID, time_range: TimeRange = "30d", **more: Any) -> WorkspaceMetricsRequested:
    return WorkspaceMetricsRequested(workspace_id=workspace, time_range=time_range, **more)


def queue(stage: Stage) -> list[Any]:
    table = tables.workspace_aggregation_queue
    return stage.database.read(lambda conn: list(conn.execute(select(table))))


def cached(stage: Stage, workspace: UUID, time_range: TimeRange = "30d") -> CachedMetrics:
    found = stage.database.read(store.load_cached_metrics, workspace, time_range)
    assert found is not None
    return found


async def test_the_metrics_are_calculated_and_cached(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    result = await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)
    row = cached(stage, workspace)
    assert (row.metrics["total_prs"], row.metrics["prs_trend"]) == (4, 100)
    assert (row.calculated_at, row.expires_at) == (NOW, NOW + 10 * MINUTE)
    assert (result.output.success, result.output.cache_hit) == (True, False)
    assert result.output.workspace_name == "Work"


async def test_d22_a_fresh_result_is_found_again_and_an_expired_one_is_not(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    hits = []
    for minutes in (0, 10, 1):
        stage.clock.pass_(minutes * MINUTE)
        result = await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)
        hits.append(result.output.cache_hit)
    assert hits == [False, True, False]


async def test_expiry_of_one_range_makes_all_ranges_stale(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    for time_range in ("7d", "90d"):
        await run_handler(aggregate_workspace_metrics, asked(workspace, time_range), stage.services)
    stage.clock.pass_(6 * MINUTE)
    await run_handler(aggregate_workspace_metrics, asked(workspace, "7d"), stage.services)
    assert (cached(stage, workspace, "7d").is_stale, cached(stage, workspace, "90d").is_stale) == (
        False,
        True,
    )


async def test_a_result_marked_stale_is_calculated_again_before_it_expires(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)
    stage.database.write(store.mark_metrics_stale, workspace)
    stage.clock.pass_(MINUTE)
    result = await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)
    assert (result.output.cache_hit, cached(stage, workspace).is_stale) == (False, False)


async def test_a_forced_refresh_asks_no_cache(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)
    forced = asked(workspace, force_refresh=True)
    result = await run_handler(aggregate_workspace_metrics, forced, stage.services)
    assert (result.output.cache_hit, result.sent) == (False, ())


async def test_d22_a_cache_that_cannot_be_written_fails_the_run(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)

    def break_the_cache(conn: Connection) -> None:
        conn.exec_driver_sql("DROP TABLE workspace_metrics_cache")
        conn.exec_driver_sql("CREATE TABLE workspace_metrics_cache (id TEXT)")

    stage.database.write(break_the_cache)
    with pytest.raises(Exception, match="workspace_metrics_cache"):
        await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)


async def test_d2_two_aggregations_in_a_row_both_end_completed(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    for run_id in ("first", "second"):
        await run_handler(
            aggregate_workspace_metrics, asked(workspace), stage.services, run_id=run_id
        )
    assert [row.status for row in queue(stage)] == ["completed", "completed"]


async def test_d2_a_failed_aggregation_is_closed_and_the_next_one_runs(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    with pytest.raises(Exception, match="disk on fire"):
        await run_handler(
            aggregate_workspace_metrics,
            asked(workspace),
            stage.services,
            fail={"perform-aggregation": "disk on fire"},
        )
    (failed,) = queue(stage)
    assert (failed.status, failed.error_message) == ("failed", "disk on fire")
    result = await run_handler(
        aggregate_workspace_metrics, asked(workspace), stage.services, run_id="next"
    )
    assert (result.output.success, result.output.skipped) == (True, None)


async def test_while_one_run_aggregates_another_leaves_without_failing(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    stage.database.write(store.open_aggregation, workspace, "30d", run_key="somebody-else", at=NOW)
    result = await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)
    assert result.output.skipped == "already being aggregated"
    assert (result.sent, [row.status for row in queue(stage)]) == ((), ["processing"])


async def test_a_30d_aggregation_starts_7d_and_90d_once(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    data = asked(workspace, triggered_by="schedule")
    result = await run_handler(aggregate_workspace_metrics, data, stage.services)
    assert [sent.data["timeRange"] for sent in result.sent] == ["7d", "90d"]
    assert result.sent[0].data["triggeredBy"] == "dependency"
    assert result.sent[0].data["triggerMetadata"] == {
        "parentTimeRange": "30d",
        "parentTriggeredBy": "schedule",
    }


@pytest.mark.parametrize("time_range", ["7d", "90d", "1y", "all"])
async def test_other_ranges_start_nothing(stage: Stage, time_range: TimeRange) -> None:
    workspace = workspace_with_pulls(stage)
    result = await run_handler(
        aggregate_workspace_metrics, asked(workspace, time_range), stage.services
    )
    assert result.sent == ()
    assert cached(stage, workspace, time_range).time_range == time_range


async def test_d4_the_range_asked_for_does_not_change_the_history_of_a_day(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)
    days = []
    for time_range in ("30d", "7d"):
        await run_handler(aggregate_workspace_metrics, asked(workspace, time_range), stage.services)
        days.append(
            stage.database.read(
                store.list_metrics_days,
                workspace,
                first=(NOW - timedelta(days=60)).date(),
                before=(NOW + timedelta(days=1)).date(),
            )
        )
    assert days[0] == days[1]
    assert sum(day.daily_prs for day in days[0]) == 4


async def test_a_workspace_without_repositories_is_not_cached(stage: Stage) -> None:
    workspace = stage.database.write(store.create_workspace, "Empty", "empty", at=NOW)
    result = await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)
    assert result.output.success
    assert stage.database.read(store.load_cached_metrics, workspace, "30d") is None


@pytest.mark.parametrize("exists", [False, True])
async def test_d3_a_missing_or_inactive_workspace_is_final(stage: Stage, exists: bool) -> None:
    workspace = workspace_with_pulls(stage) if exists else uuid4()

    def switch_off(conn: Connection) -> None:
        conn.execute(update(tables.workspaces).values(is_active=False))

    stage.database.write(switch_off)
    told = "it is inactive" if exists else "there is none with this id"
    with pytest.raises(NonRetriableError, match=told):
        await run_handler(aggregate_workspace_metrics, asked(workspace), stage.services)
    assert queue(stage) == []


@pytest.mark.parametrize(
    ("tier", "priority"), [("enterprise", 10), ("pro", 50), ("free", 100), ("private", 100)]
)
def test_the_tier_gives_the_priority(tier: str, priority: int) -> None:
    assert priority_of(tier) == priority


@pytest.mark.parametrize(("given", "kept"), [(None, 50), (0, 0), (7, 7)])
async def test_a_given_priority_wins_over_the_tier_s(
    stage: Stage, given: int | None, kept: int
) -> None:
    workspace = workspace_with_pulls(stage, tier="pro")
    await run_handler(aggregate_workspace_metrics, asked(workspace, priority=given), stage.services)
    assert [row.priority for row in queue(stage)] == [kept]


class TickingClock:
    """A millisecond later each time: what was calculated is younger than its claim."""

    moment = NOW

    def now(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment


async def test_d1_it_may_be_interrupted_after_every_step(stage: Stage) -> None:
    workspace = workspace_with_pulls(stage)

    def look(_: object) -> object:
        rows = [(row.status, row.run_key) for row in queue(stage)]
        stage.empty("workspace_aggregation_queue", "workspace_metrics_cache")
        return rows

    ticking = replace(stage.services, clock=TickingClock())
    proof = await replay_from_every_step(
        aggregate_workspace_metrics, asked(workspace, "7d"), lambda: ticking, look=look
    )
    assert "queue-aggregation" in proof.interrupted_after


def test_only_a_fresh_result_that_is_not_stale_may_be_used() -> None:
    base = CachedMetrics(
        uuid4(), "30d", NOW, NOW, {}, NOW, NOW + MINUTE, is_stale=False, calculation_time_ms=1
    )
    assert aggregation.is_usable(base, now=NOW + MINUTE)
    assert not aggregation.is_usable(base, now=NOW + 2 * MINUTE)
    assert not aggregation.is_usable(replace(base, is_stale=True), now=NOW)


def test_it_is_throttled_per_workspace() -> None:
    config = aggregate_workspace_metrics.config
    throttle = config.throttle
    assert throttle is not None
    assert (throttle.key, throttle.limit) == ("event.data.workspaceId", 1)
    assert (throttle.period, config.retries) == (MINUTE, 3)

"""The parts of a workspace aggregation: the claim, the calculation, what follows.

Domain reference, sections 2.13 and 6. One workspace and range has at most one open row in the
queue; a second run leaves without calculating, and without failing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from mainstem.catalog import NonRetriableError
from mainstem.functions.events import WorkspaceMetricsRequested
from mainstem.functions.services import Services
from mainstem.insights import (
    WorkspaceMetrics,
    fresh_for,
    workspace_days,
    workspace_metrics,
)
from mainstem.store import (
    Aggregation,
    CachedMetrics,
    MetricsDayRow,
    Workspace,
    close_aggregation,
    load_cached_metrics,
    load_workspace,
    mark_metrics_stale,
    open_aggregation,
    save_cached_metrics,
    save_metrics_days,
)

# Lower is sooner.
_PRIORITY_BY_TIER = {"enterprise": 10, "pro": 50}
_OTHER_PRIORITY = 100


@dataclass(frozen=True, slots=True)
class Performed:
    """Whether a fresh result was found instead, and how long the calculation took."""

    cache_hit: bool
    calculation_time_ms: int


async def check(services: Services, workspace_id: UUID) -> Workspace:
    """The workspace. Missing or inactive is final: trying again finds the same (defect D3)."""
    found = await services.database.run_read(load_workspace, workspace_id)
    if found is None or not found.is_active:
        state = "there is none with this id" if found is None else "it is inactive"
        raise NonRetriableError(
            f"Cannot aggregate workspace {workspace_id}: {state}. "
            "Create or activate it, then send the event again."
        )
    return found


async def claim(
    services: Services, asked: WorkspaceMetricsRequested, tier: str, run_key: str
) -> Aggregation:
    """Open this run's row in the queue, or find whose it is. The same row when tried twice."""
    return await services.database.run_write(
        open_aggregation,
        asked.workspace_id,
        asked.time_range,
        run_key=run_key,
        at=services.clock.now(),
        priority=asked.priority if asked.priority is not None else priority_of(tier),
        triggered_by=asked.triggered_by,
        trigger_metadata=asked.trigger_metadata,
    )


def priority_of(tier: str) -> int:
    """The priority of a workspace's tier; the lower the sooner."""
    return _PRIORITY_BY_TIER.get(tier, _OTHER_PRIORITY)


async def perform(
    services: Services, asked: WorkspaceMetricsRequested, claim: Aggregation
) -> Performed:
    """Use the cached result if it may be used, else calculate and store.

    A result younger than the claim is this run's own, from a try whose answer was lost: it is
    reported as calculated. Nothing about a write is caught: one that fails fails the step (defect
    D22: the original's cache never held anything, and nobody saw).
    """
    began = services.clock.now()
    cached = await services.database.run_read(
        load_cached_metrics, asked.workspace_id, asked.time_range
    )
    if cached is not None and claim.started_at and cached.calculated_at > claim.started_at:
        return Performed(cache_hit=False, calculation_time_ms=cached.calculation_time_ms or 0)
    if cached is not None and not asked.force_refresh:
        if is_usable(cached, now=began):
            return Performed(cache_hit=True, calculation_time_ms=0)
        if cached.expires_at < began:
            await services.database.run_write(mark_metrics_stale, asked.workspace_id)
    metrics, days = await services.database.run_read(_calculate, asked, began)
    took = services.clock.now() - began
    # A workspace without repositories has nothing worth keeping.
    if metrics.repository_stats:
        await services.database.run_write(_save, asked, metrics, days, began, took)
    return Performed(cache_hit=False, calculation_time_ms=took // timedelta(milliseconds=1))


def is_usable(cached: CachedMetrics, *, now: datetime) -> bool:
    """Neither marked stale nor past its time."""
    return not cached.is_stale and cached.expires_at >= now


async def complete(services: Services, aggregation_id: UUID) -> None:
    """Close the row as completed."""
    await services.database.run_write(
        close_aggregation, aggregation_id, "completed", at=services.clock.now()
    )


async def fail(services: Services, aggregation_id: UUID, error: str) -> None:
    """Close the row as failed, with the reason."""
    await services.database.run_write(
        close_aggregation, aggregation_id, "failed", error=error, at=services.clock.now()
    )


def dependents(asked: WorkspaceMetricsRequested) -> list[WorkspaceMetricsRequested]:
    """The two other ranges that a `30d` aggregation starts; a forced one starts none.

    `1y` and `all` are computed on request only.
    """
    if asked.time_range != "30d" or asked.force_refresh:
        return []
    return [
        WorkspaceMetricsRequested(
            workspace_id=asked.workspace_id,
            time_range=time_range,
            triggered_by="dependency",
            trigger_metadata={
                "parentTimeRange": asked.time_range,
                "parentTriggeredBy": asked.triggered_by,
            },
        )
        for time_range in ("7d", "90d")
    ]


def _calculate(
    conn: Connection, asked: WorkspaceMetricsRequested, now: datetime
) -> tuple[WorkspaceMetrics, list[MetricsDayRow]]:
    return (
        workspace_metrics(conn, asked.workspace_id, asked.time_range, now),
        workspace_days(conn, asked.workspace_id, now),
    )


def _save(
    conn: Connection,
    asked: WorkspaceMetricsRequested,
    metrics: WorkspaceMetrics,
    days: list[MetricsDayRow],
    at: datetime,
    took: timedelta,
) -> None:
    save_metrics_days(conn, days, at=at)
    save_cached_metrics(
        conn,
        asked.workspace_id,
        asked.time_range,
        metrics=metrics.as_json(),
        period_start=metrics.period_start,
        period_end=metrics.period_end,
        calculated_at=at,
        expires_at=at + fresh_for(asked.time_range),
        calculation_time_ms=took // timedelta(milliseconds=1),
    )

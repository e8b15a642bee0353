"""Computed workspace metrics: the cached document per range, and one history row per day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, select, update

from mainstem.store.answers import every, one
from mainstem.store.tables import workspace_metrics_cache, workspace_metrics_history
from mainstem.store.upsert import insert_into
from mainstem.store.vocabulary import TimeRange


@dataclass(frozen=True, slots=True)
class CachedMetrics:
    """One workspace's metrics of one range; whether they may still be used is the reader's call."""

    workspace_id: UUID
    time_range: str
    period_start: datetime
    period_end: datetime
    metrics: Mapping[str, Any]
    calculated_at: datetime
    expires_at: datetime
    is_stale: bool
    calculation_time_ms: int | None


@dataclass(frozen=True, slots=True)
class MetricsDay:
    """One UTC day's own counts of a workspace; None is "not captured"."""

    metric_date: date
    daily_prs: int
    daily_merged_prs: int
    daily_issues: int
    daily_closed_issues: int
    daily_active_contributors: int
    daily_star_events: int | None
    daily_fork_events: int | None
    total_stars: int | None
    total_forks: int | None
    total_contributors: int | None


def load_cached_metrics(
    conn: Connection, workspace_id: UUID, time_range: TimeRange
) -> CachedMetrics | None:
    """The stored document, fresh or not; None when there is none."""
    table = workspace_metrics_cache
    question = select(*(column for column in table.c if column.name != "id")).where(
        table.c.workspace_id == workspace_id, table.c.time_range == time_range
    )
    return one(conn, question, CachedMetrics)


def save_cached_metrics(
    conn: Connection,
    workspace_id: UUID,
    time_range: TimeRange,
    *,
    metrics: Mapping[str, Any],
    period_start: datetime,
    period_end: datetime,
    calculated_at: datetime,
    expires_at: datetime,
    calculation_time_ms: int | None = None,
) -> None:
    """Replace the range's document; it is no longer stale."""
    place = {"workspace_id": workspace_id, "time_range": time_range}
    values = {
        "period_start": period_start,
        "period_end": period_end,
        "metrics": dict(metrics),
        "calculated_at": calculated_at,
        "expires_at": expires_at,
        "is_stale": False,
        "calculation_time_ms": calculation_time_ms,
    }
    conn.execute(
        insert_into(conn, workspace_metrics_cache)
        .values(id=uuid4(), **place, **values)
        .on_conflict_do_update(index_elements=list(place), set_=values)
    )


def mark_metrics_stale(conn: Connection, workspace_id: UUID) -> int:
    """Mark every range of the workspace stale; how many were fresh. None cached is no error."""
    table = workspace_metrics_cache
    result = conn.execute(
        update(table)
        .where(table.c.workspace_id == workspace_id, table.c.is_stale.is_(False))
        .values(is_stale=True)
    )
    return result.rowcount


def list_metrics_days(
    conn: Connection, workspace_id: UUID, *, first: date, before: date
) -> list[MetricsDay]:
    """The stored days from `first` up to, not including, `before`; oldest first."""
    table = workspace_metrics_history
    hidden = {"id", "workspace_id", "row_synced_at"}
    question = (
        select(*(column for column in table.c if column.name not in hidden))
        .where(
            table.c.workspace_id == workspace_id,
            table.c.metric_date >= first,
            table.c.metric_date < before,
        )
        .order_by(table.c.metric_date)
    )
    return every(conn, question, MetricsDay)

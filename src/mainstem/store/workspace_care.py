"""What keeps workspaces going: which are due for new metrics, and what of theirs may be deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)

from mainstem.store.aggregation_queue import STALE_AFTER
from mainstem.store.answers import every
from mainstem.store.tables import (
    workspace_aggregation_queue,
    workspace_metrics_cache,
    workspace_metrics_history,
    workspaces,
)
from mainstem.store.vocabulary import TimeRange

Leftover = Literal["cache", "queue"]


@dataclass(frozen=True, slots=True)
class DueWorkspace:
    """An active workspace whose metrics should be calculated again."""

    id: UUID
    tier: str


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a workspace's daily history is kept; `days` None: by its tier."""

    workspace_id: UUID
    tier: str
    days: int | None


def count_active_workspaces(conn: Connection) -> int:
    """How many workspaces are active."""
    return conn.execute(select(func.count()).where(workspaces.c.is_active)).scalar_one()


def due_workspaces(conn: Connection, time_range: TimeRange, *, now: datetime) -> list[DueWorkspace]:
    """Active workspaces without a usable document of that range, which nobody is calculating.

    A row of the queue that was taken up more than an hour ago is nobody's any more: counting it
    would keep its workspace from ever being calculated again (defect D2).
    """
    cache, queue = workspace_metrics_cache, workspace_aggregation_queue
    is_fresh = exists().where(
        cache.c.workspace_id == workspaces.c.id,
        cache.c.time_range == time_range,
        cache.c.is_stale.is_(False),
        cache.c.expires_at >= now,
    )
    is_under_way = exists().where(
        queue.c.workspace_id == workspaces.c.id,
        queue.c.time_range == time_range,
        queue.c.status.in_(("pending", "processing")),
        func.coalesce(queue.c.started_at, queue.c.created_at) >= now - STALE_AFTER,
    )
    question = (
        select(workspaces.c.id, workspaces.c.tier)
        .where(workspaces.c.is_active, not_(is_fresh), not_(is_under_way))
        .order_by(workspaces.c.created_at, workspaces.c.id)
    )
    return every(conn, question, DueWorkspace)


def list_retentions(conn: Connection) -> list[Retention]:
    """Every workspace, active or not, with what says how long its history is kept."""
    table = workspaces
    question = select(
        table.c.id.label("workspace_id"), table.c.tier, table.c.data_retention_days.label("days")
    ).order_by(table.c.id)
    return every(conn, question, Retention)


def count_leftovers(conn: Connection, kind: Leftover, *, before: datetime) -> int:
    """How many rows `delete_leftovers` would delete."""
    table, is_left_over = _leftovers(kind, before)
    return conn.execute(select(func.count()).select_from(table).where(is_left_over)).scalar_one()


def delete_leftovers(conn: Connection, kind: Leftover, *, before: datetime) -> None:
    """Delete what nobody will read again.

    Of the cache: documents that are stale and expired before then. Of the queue: aggregations that
    ended before then, however they did.
    """
    table, is_left_over = _leftovers(kind, before)
    conn.execute(delete(table).where(is_left_over))


def close_abandoned(conn: Connection, *, before: datetime, at: datetime) -> None:
    """Record as failed what has been processing since before then: its run has died (D2)."""
    queue = workspace_aggregation_queue
    conn.execute(
        update(queue)
        .where(queue.c.status == "processing", queue.c.started_at < before)
        .values(status="failed", failed_at=at, error_message="Its run ended without a word.")
    )


def count_old_days(conn: Connection, kept: Mapping[UUID, timedelta], *, now: datetime) -> int:
    """How many daily rows `delete_old_days` would delete."""
    table = workspace_metrics_history
    return sum(
        conn.execute(
            select(func.count()).select_from(table).where(_is_old(workspace_id, length, now))
        ).scalar_one()
        for workspace_id, length in kept.items()
    )


def delete_old_days(conn: Connection, kept: Mapping[UUID, timedelta], *, now: datetime) -> None:
    """Delete the daily rows of each workspace that are older than it keeps them."""
    for workspace_id, length in kept.items():
        conn.execute(delete(workspace_metrics_history).where(_is_old(workspace_id, length, now)))


def _is_old(workspace_id: UUID, length: timedelta, now: datetime) -> ColumnElement[bool]:
    table = workspace_metrics_history
    return and_(table.c.workspace_id == workspace_id, table.c.metric_date < (now - length).date())


def _leftovers(kind: Leftover, before: datetime) -> tuple[Table, ColumnElement[bool]]:
    cache, queue = workspace_metrics_cache, workspace_aggregation_queue
    if kind == "cache":
        return cache, and_(cache.c.is_stale, cache.c.expires_at < before)
    ended: Any = or_(
        and_(queue.c.status == "completed", queue.c.completed_at < before),
        and_(queue.c.status == "failed", queue.c.failed_at < before),
    )
    return queue, ended

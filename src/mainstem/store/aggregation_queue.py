"""The queue of workspace aggregations: for one workspace and range, at most one open at a time.

An open row belongs to a run, by its key. The run's own replay finds it again; another run is told
to leave it, unless it has been processing for so long that its run must have died.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, select, text, update

from mainstem.store.answers import expect_one, one
from mainstem.store.sync_logs import MAX_ERROR_CHARS
from mainstem.store.tables import workspace_aggregation_queue as queue
from mainstem.store.upsert import insert_into
from mainstem.store.vocabulary import TimeRange

# An aggregation takes seconds; after an hour nobody is computing it any more.
STALE_AFTER = timedelta(hours=1)

_OPEN = ("pending", "processing")


@dataclass(frozen=True, slots=True)
class Aggregation:
    """An open row. `is_ours` is False when another run is computing it: leave it alone."""

    id: UUID
    run_key: str
    status: str
    started_at: datetime | None
    is_ours: bool


@dataclass(frozen=True, slots=True)
class _OpenRow:
    id: UUID
    run_key: str
    status: str
    created_at: datetime
    started_at: datetime | None
    takeovers: int


def open_aggregation(
    conn: Connection,
    workspace_id: UUID,
    time_range: TimeRange,
    *,
    run_key: str,
    at: datetime,
    priority: int = 100,
    triggered_by: str = "manual",
    trigger_metadata: Mapping[str, Any] | None = None,
) -> Aggregation:
    """Claim the workspace and range for this run, or say which run holds it.

    A row that is pending, ours already, or processing since more than `STALE_AFTER` is taken over.
    """
    inserted = conn.execute(
        insert_into(conn, queue)
        .values(
            id=uuid4(),
            workspace_id=workspace_id,
            time_range=time_range,
            priority=priority,
            status="processing",
            run_key=run_key,
            created_at=at,
            started_at=at,
            triggered_by=triggered_by,
            trigger_metadata=None if trigger_metadata is None else dict(trigger_metadata),
        )
        .on_conflict_do_nothing(
            index_elements=["workspace_id", "time_range"],
            index_where=text("status IN ('pending', 'processing')"),
        )
        .returning(queue.c.id)
    ).scalar()
    if inserted is not None:
        return Aggregation(inserted, run_key, "processing", at, is_ours=True)
    held = _load_open(conn, workspace_id, time_range)
    if held is None:  # its run closed it between our two statements: nobody holds the place now
        return open_aggregation(
            conn,
            workspace_id,
            time_range,
            run_key=run_key,
            at=at,
            priority=priority,
            triggered_by=triggered_by,
            trigger_metadata=trigger_metadata,
        )
    if held.run_key == run_key and held.status == "processing":
        return Aggregation(held.id, run_key, held.status, held.started_at, is_ours=True)
    if not _is_free(held, at=at):
        return Aggregation(held.id, held.run_key, held.status, held.started_at, is_ours=False)
    return _take_over(conn, held, run_key=run_key, at=at)


def close_aggregation(
    conn: Connection,
    aggregation_id: UUID,
    status: Literal["completed", "failed"],
    *,
    error: str | None = None,
    at: datetime,
) -> None:
    """Record how it ended; closing again replaces the ending. Raises `NoRowWritten`."""
    result = conn.execute(
        update(queue)
        .where(queue.c.id == aggregation_id)
        .values(
            status=status,
            completed_at=at if status == "completed" else None,
            failed_at=at if status == "failed" else None,
            error_message=None if error is None else error[:MAX_ERROR_CHARS],
        )
    )
    expect_one(result, table="workspace_aggregation_queue", key={"id": aggregation_id})


def _is_free(held: _OpenRow, *, at: datetime) -> bool:
    began = held.started_at or held.created_at
    return held.status == "pending" or at - began > STALE_AFTER


def _take_over(conn: Connection, held: _OpenRow, *, run_key: str, at: datetime) -> Aggregation:
    # Only from the hands we saw it in: of two runs that come at once, one gets it.
    taken = conn.execute(
        update(queue)
        .where(
            queue.c.id == held.id,
            queue.c.takeovers == held.takeovers,
            queue.c.status.in_(_OPEN),
        )
        .values(status="processing", run_key=run_key, started_at=at, takeovers=held.takeovers + 1)
    )
    is_ours = taken.rowcount == 1
    return Aggregation(held.id, run_key if is_ours else "", "processing", at, is_ours=is_ours)


def _load_open(conn: Connection, workspace_id: UUID, time_range: TimeRange) -> _OpenRow | None:
    question = select(
        queue.c.id,
        queue.c.run_key,
        queue.c.status,
        queue.c.created_at,
        queue.c.started_at,
        queue.c.takeovers,
    ).where(
        queue.c.workspace_id == workspace_id,
        queue.c.time_range == time_range,
        queue.c.status.in_(_OPEN),
    )
    return one(conn, question, _OpenRow)

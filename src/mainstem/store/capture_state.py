"""How far a capture came: cursors of page-shaped captures, jobs asked for, backfills running."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select, update

from mainstem.store.answers import expect_one, one
from mainstem.store.sync_logs import MAX_ERROR_CHARS
from mainstem.store.tables import (
    capture_cursors,
    progressive_backfill_state,
    progressive_capture_jobs,
)
from mainstem.store.upsert import insert_into


@dataclass(frozen=True, slots=True)
class CaptureCursor:
    """Where one kind of capture of one repository stands.

    `cursor` is where the next page begins (None: at the beginning, or done); `watermark` the GitHub
    time up to which everything is captured; `completed_at` when the end was last reached. `total`
    is GitHub's own count of the list and `stored` ours, both of the moment `counted_at`.
    `last_step` names the step that stored the last page and `last_result` is what it answered.
    """

    repository_id: UUID
    kind: str
    cursor: str | None
    watermark: datetime | None
    pages: int
    completed_at: datetime | None
    updated_at: datetime
    total: int | None = None
    stored: int | None = None
    counted_at: datetime | None = None
    last_step: str | None = None
    last_result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Backfill:
    """A repository's backfill that is under way."""

    id: UUID
    repository_id: UUID
    total_prs: int | None
    processed_prs: int
    last_processed_cursor: str | None


def load_cursor(conn: Connection, repository_id: UUID, kind: str) -> CaptureCursor | None:
    """The cursor of that kind; None before the first page."""
    table = capture_cursors
    question = select(
        table.c.repository_id,
        table.c.kind,
        table.c.cursor,
        table.c.watermark,
        table.c.pages,
        table.c.completed_at,
        table.c.updated_at,
        table.c.total,
        table.c.stored,
        table.c.counted_at,
        table.c.last_step,
        table.c.last_result,
    ).where(table.c.repository_id == repository_id, table.c.kind == kind)
    return one(conn, question, CaptureCursor)


def save_cursor(conn: Connection, cursor: CaptureCursor) -> None:
    """Put the cursor down as given, in place of an earlier one of its kind.

    Save it in the transaction that saves the page's rows: a page counts once or not at all.
    """
    values = {
        "cursor": cursor.cursor,
        "watermark": cursor.watermark,
        "pages": cursor.pages,
        "completed_at": cursor.completed_at,
        "updated_at": cursor.updated_at,
        "total": cursor.total,
        "stored": cursor.stored,
        "counted_at": cursor.counted_at,
        "last_step": cursor.last_step,
        "last_result": None if cursor.last_result is None else dict(cursor.last_result),
    }
    place = {"repository_id": cursor.repository_id, "kind": cursor.kind}
    conn.execute(
        insert_into(conn, capture_cursors)
        .values(id=uuid4(), **place, **values)
        .on_conflict_do_update(index_elements=list(place), set_=values)
    )


def create_capture_job(
    conn: Connection,
    job_type: str,
    *,
    repository_id: UUID | None,
    at: datetime,
    time_range_days: int | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> UUID:
    """A pending job, by its new id; a caller sends the id along in its event as `jobId`."""
    job_id = uuid4()
    conn.execute(
        insert(progressive_capture_jobs).values(
            id=job_id,
            job_type=job_type,
            repository_id=repository_id,
            status="pending",
            time_range_days=time_range_days,
            metadata=None if metadata is None else dict(metadata),
            created_at=at,
        )
    )
    return job_id


def finish_capture_job(
    conn: Connection,
    job_id: UUID,
    status: Literal["completed", "failed"],
    *,
    error: str | None = None,
    at: datetime,
) -> None:
    """Record how a job ended. Raises `NoRowWritten` for an unknown job."""
    result = conn.execute(
        update(progressive_capture_jobs)
        .where(progressive_capture_jobs.c.id == job_id)
        .values(
            status=status,
            completed_at=at,
            error=None if error is None else error[:MAX_ERROR_CHARS],
        )
    )
    expect_one(result, table="progressive_capture_jobs", key={"id": job_id})


def load_capture_job_status(conn: Connection, job_id: UUID) -> str | None:
    """The job's status; None for an unknown job."""
    question = select(progressive_capture_jobs.c.status)
    return conn.execute(question.where(progressive_capture_jobs.c.id == job_id)).scalar()


def active_backfill(conn: Connection, repository_id: UUID) -> Backfill | None:
    """The repository's backfill, if one is active."""
    table = progressive_backfill_state
    question = select(
        table.c.id,
        table.c.repository_id,
        table.c.total_prs,
        table.c.processed_prs,
        table.c.last_processed_cursor,
    ).where(table.c.repository_id == repository_id, table.c.status == "active")
    return one(conn, question, Backfill)


def start_backfill(
    conn: Connection, repository_id: UUID, *, total_prs: int | None, at: datetime
) -> None:
    """Begin the repository's backfill, or begin it again from where its cursor stands."""
    values = {"status": "active", "total_prs": total_prs, "updated_at": at}
    conn.execute(
        insert_into(conn, progressive_backfill_state)
        .values(id=uuid4(), repository_id=repository_id, created_at=at, **values)
        .on_conflict_do_update(index_elements=["repository_id"], set_=values)
    )

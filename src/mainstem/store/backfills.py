"""Backfills of whole repositories: begun once, watched, and closed when their job has ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from sqlalchemy import Connection, select, update

from mainstem.store import ids
from mainstem.store.answers import one
from mainstem.store.capture_state import start_backfill
from mainstem.store.tables import progressive_backfill_state, progressive_capture_jobs
from mainstem.store.upsert import insert_into

BACKFILL_JOB = "progressive_backfill"


@dataclass(frozen=True, slots=True)
class BackfillJob:
    """The last job that was to capture a repository's history, and how it stands."""

    id: UUID
    status: str


def latest_backfill_job(conn: Connection, repository_id: UUID) -> BackfillJob | None:
    """The repository's newest backfill job; None if there never was one."""
    table = progressive_capture_jobs
    question = (
        select(table.c.id, table.c.status)
        .where(table.c.repository_id == repository_id, table.c.job_type == BACKFILL_JOB)
        .order_by(table.c.created_at.desc(), table.c.id)
        .limit(1)
    )
    return one(conn, question, BackfillJob)


def begin_backfill(
    conn: Connection,
    repository_id: UUID,
    *,
    run_key: str,
    total: int,
    captured: int,
    at: datetime,
) -> UUID:
    """Open the repository's backfill and the job that does it, by the job's id.

    A second call while a job waits changes nothing and gives that one's id. The id follows from
    `run_key`, so that a step done again names the same job.
    """
    known = latest_backfill_job(conn, repository_id)
    if known is not None and known.status == "pending":
        return known.id
    start_backfill(conn, repository_id, total_prs=total, at=at)
    job_id = uuid5(ids.NAMESPACE, f"backfill_job:{run_key}")
    conn.execute(
        insert_into(conn, progressive_capture_jobs)
        .values(
            id=job_id,
            job_type=BACKFILL_JOB,
            repository_id=repository_id,
            status="pending",
            metadata={"total": total, "captured": captured},
            created_at=at,
        )
        .on_conflict_do_nothing(index_elements=["id"])
    )
    return job_id


def close_backfill(
    conn: Connection,
    repository_id: UUID,
    status: Literal["completed", "failed"],
    *,
    captured: int,
    at: datetime,
) -> None:
    """Record how the active backfill ended; one that is not active is left as it is."""
    table = progressive_backfill_state
    conn.execute(
        update(table)
        .where(table.c.repository_id == repository_id, table.c.status == "active")
        .values(status=status, processed_prs=captured, updated_at=at)
    )

"""The log of function runs: one row per run, found again by its key on every replay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, select, update

from mainstem.store import ids
from mainstem.store.answers import expect_one, one
from mainstem.store.tables import sync_logs
from mainstem.store.upsert import insert_into

# An error text may hold a whole server's answer; its beginning is what a reader needs.
MAX_ERROR_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class SyncCounters:
    """What a run did; None is "not counted"."""

    processed: int | None = None
    inserted: int | None = None
    updated: int | None = None
    failed: int | None = None
    github_api_calls: int | None = None
    rate_limit_remaining: int | None = None


@dataclass(frozen=True, slots=True)
class SyncLog:
    """A stored log row; `completed_at` is None while the run goes on."""

    id: UUID
    run_key: str
    sync_type: str
    repository_id: UUID | None
    status: str
    started_at: datetime
    completed_at: datetime | None
    records_processed: int | None
    records_inserted: int | None
    records_updated: int | None
    records_failed: int | None
    github_api_calls_used: int | None
    rate_limit_remaining: int | None
    error_message: str | None
    metadata: Mapping[str, Any]


def start_sync_log(
    conn: Connection,
    run_key: str,
    sync_type: str,
    repository_id: UUID | None = None,
    *,
    metadata: Mapping[str, Any] | None = None,
    at: datetime,
) -> UUID:
    """Open the run's log row and give its id; a second call for one `run_key` changes nothing.

    `run_key` is function id and run id; the id follows from it, so a replay, or another process,
    holds the same one. `repository_id` need not be stored.
    """
    values = {
        "id": ids.sync_log_id(run_key),
        "run_key": run_key,
        "sync_type": sync_type,
        "repository_id": repository_id,
        "status": "started",
        "started_at": at,
        "metadata": dict(metadata or {}),
    }
    insert = insert_into(conn, sync_logs).values(values)
    conn.execute(insert.on_conflict_do_nothing(index_elements=["run_key"]))
    return ids.sync_log_id(run_key)


def finish_sync_log(
    conn: Connection,
    log_id: UUID,
    status: Literal["completed", "failed", "cancelled"],
    *,
    counters: SyncCounters | None = None,
    error: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    at: datetime,
) -> None:
    """Close a log row; finishing again replaces what the first time said.

    `error` is cut to 2,000 characters; `metadata` is laid over what the start wrote. Raises
    `NoRowWritten` when the row was never opened.
    """
    known = conn.execute(select(sync_logs.c.metadata).where(sync_logs.c.id == log_id)).scalar()
    counted = counters or SyncCounters()
    result = conn.execute(
        update(sync_logs)
        .where(sync_logs.c.id == log_id)
        .values(
            status=status,
            completed_at=at,
            records_processed=counted.processed,
            records_inserted=counted.inserted,
            records_updated=counted.updated,
            records_failed=counted.failed,
            github_api_calls_used=counted.github_api_calls,
            rate_limit_remaining=counted.rate_limit_remaining,
            error_message=None if error is None else error[:MAX_ERROR_CHARS],
            metadata={**(known or {}), **(metadata or {})},
        )
    )
    expect_one(result, table="sync_logs", key={"id": log_id})


def load_sync_log(conn: Connection, run_key: str) -> SyncLog | None:
    """The log row of a run."""
    return one(conn, select(sync_logs).where(sync_logs.c.run_key == run_key), SyncLog)

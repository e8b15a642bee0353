"""The run's own records: its row in the sync log, and the job row of whoever asked for it.

The log's id follows from function and run, and is handed from step to step (defect D1): a replay
finds its own row again. A log that cannot be written never stops a capture (defect D30); it is the
one failure here that is noted and passed over. A job row that is named but missing is an error, as
every write is that touches nothing.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from mainstem.catalog import FunctionFailed, Run
from mainstem.errors import StoreError
from mainstem.functions.capture.storing import Tally
from mainstem.functions.services import Services
from mainstem.store import (
    SyncCounters,
    finish_capture_job,
    finish_sync_log,
    ids,
    start_sync_log,
)

# Whatever the database may say about a log: a table that is missing, a lock, a lost row.
_NO_LOG = (StoreError, SQLAlchemyError)


async def open_log(
    services: Services,
    run_key: str,
    sync_type: str,
    repository_id: UUID,
    metadata: Mapping[str, Any],
) -> UUID | None:
    """Open the run's row; None when that cannot be done."""
    try:
        return await services.database.run_write(
            start_sync_log,
            run_key,
            sync_type,
            repository_id,
            metadata={**metadata, "source": "inngest"},
            at=services.clock.now(),
        )
    except _NO_LOG as error:
        services.logger.warning("No sync log for %s: %s", run_key, error)
        return None


async def close_log(services: Services, log_id: UUID, tally: Tally) -> None:
    """Close the row as completed, with the counts of what was done."""
    try:
        await services.database.run_write(
            finish_sync_log,
            log_id,
            "completed",
            counters=SyncCounters(
                tally.read.records, tally.written.inserted, tally.written.updated
            ),
            at=services.clock.now(),
        )
    except _NO_LOG as error:
        services.logger.warning("Sync log %s stays open: %s", log_id, error)


async def complete_job(services: Services, job_id: UUID) -> None:
    """Close the job that asked for this. Raises `NoRowWritten` when there is no such job."""
    await services.database.run_write(
        finish_capture_job, job_id, "completed", at=services.clock.now()
    )


def run_key_of(function_id: str, run_id: str) -> str:
    """The log's natural key."""
    return f"{function_id}:{run_id}"


async def begin(
    run: Run[Any], services: Services, sync_type: str, metadata: Mapping[str, Any]
) -> UUID | None:
    """First step of a capture: its log row."""
    return await run.step(
        "init-sync-log",
        open_log,
        services,
        run_key_of(run.function_id, run.id),
        sync_type,
        run.data.repository_id,
        metadata,
    )


async def end(run: Run[Any], services: Services, log_id: UUID | None, tally: Tally) -> None:
    """Last steps of a capture: close the log row and the job row, where there are any."""
    await end_log(run, services, log_id, tally)
    if run.data.job_id is not None:
        await run.step("update-job-status", complete_job, services, run.data.job_id)


async def end_log(run: Run[Any], services: Services, log_id: UUID | None, tally: Tally) -> None:
    """Close the log row alone: the job is not done yet."""
    if log_id is not None:
        await run.step("complete-sync-log", close_log, services, log_id, tally)


async def record_failure(run: Run[FunctionFailed[Any]], services: Services) -> None:
    """Runs once, when a capture has failed for good: closes its log row and its job row.

    The data may be what the run failed on, so it is read as it came.
    """
    failed = run.data
    await run.step(
        "record-failure",
        note_failure,
        services,
        run_key_of(run.function_id, failed.run_id),
        f"{failed.error.name}: {failed.error.message}",
        job_id_in(failed.raw_data),
    )


async def note_failure(services: Services, run_key: str, message: str, job_id: UUID | None) -> None:
    """Close log row and job row as failed. Raises `NoRowWritten` for a job that does not exist."""
    at = services.clock.now()
    try:
        await services.database.run_write(
            finish_sync_log, ids.sync_log_id(run_key), "failed", error=message, at=at
        )
    except _NO_LOG as error:  # it may never have been opened
        services.logger.warning("No sync log to close for %s: %s", run_key, error)
    if job_id is not None:
        await services.database.run_write(
            finish_capture_job, job_id, "failed", error=message, at=at
        )


def job_id_in(data: Mapping[str, object]) -> UUID | None:
    """The job that an event names, if it names one."""
    value = data.get("jobId")
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None

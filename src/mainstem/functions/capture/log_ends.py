"""Closing the log row of a capture that stores neither pull requests nor issues."""

from typing import Any
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from mainstem.catalog import Run
from mainstem.errors import StoreError
from mainstem.functions.capture import records
from mainstem.functions.services import Services
from mainstem.store import SyncCounters, Written, finish_sync_log


async def end_with(
    run: Run[Any], services: Services, log_id: UUID | None, seen: int, written: Written
) -> None:
    """Last steps of a capture: close the log row, with `seen` records, and the job row."""
    if log_id is not None:
        await run.step("complete-sync-log", close, services, log_id, seen, written)
    if run.data.job_id is not None:
        await run.step("update-job-status", records.complete_job, services, run.data.job_id)


async def close(services: Services, log_id: UUID, seen: int, written: Written) -> None:
    """Close the row as completed; a log that cannot be written stops nothing (defect D30)."""
    counters = SyncCounters(seen, written.inserted, written.updated)
    try:
        await services.database.run_write(
            finish_sync_log, log_id, "completed", counters=counters, at=services.clock.now()
        )
    except (StoreError, SQLAlchemyError) as error:
        services.logger.warning("Sync log %s stays open: %s", log_id, error)

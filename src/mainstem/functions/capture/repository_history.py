"""A whole-history run over GraphQL from end to end: read the past once, then only what changes."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from mainstem.catalog import Run
from mainstem.functions.capture import records
from mainstem.functions.capture.backfill import backfill
from mainstem.functions.capture.history import Captured
from mainstem.functions.capture.planning import Kind, plan_capture
from mainstem.functions.capture.recent import mark
from mainstem.functions.capture.refresh import refresh
from mainstem.functions.events import (
    Continuation,
    RepositoryIssuesRequested,
    RepositorySyncGraphqlRequested,
)
from mainstem.functions.home import Home
from mainstem.functions.services import Services

Asked = TypeVar("Asked", bound=RepositorySyncGraphqlRequested | RepositoryIssuesRequested)


async def capture_history(
    run: Run[Asked], services: Services, home: Home, log: UUID | None, kinds: Sequence[Kind]
) -> Captured:
    """Read what is not read yet of `kinds`, and of what is complete what has changed.

    At the page limit the asking event is sent again with a continuation, its id made of this run's
    (defect D19); where it goes on is in the database. The job of whoever asked is closed by the run
    that gets to the end.
    """
    planned = await run.step("plan-capture", plan_capture, services, home, kinds)
    done = await refresh(run, services, home, planned.refresh)
    tally, pages, stopped_at = done.tally, done.pages, done.stopped_at
    if stopped_at is None:
        read = await backfill(run, services, home, planned, pages=pages)
        tally, pages, stopped_at = tally + read.tally, read.pages, read.stopped_at
    if stopped_at is not None:
        part = run.data.continuation.part + 1 if run.data.continuation else 1
        going_on = run.data.model_copy(
            update={"continuation": Continuation(part=part, stream=stopped_at)}
        )
        await run.send("continue-history", going_on)
        await records.end_log(run, services, log, tally)
        return Captured(home.full_name, "full", False, pages, tally.read, going_on.event_name)
    if "pulls" in kinds:
        await run.step("update-sync-timestamp", mark, services, home)
    await records.end(run, services, log, tally)
    return Captured(home.full_name, "full", True, pages, tally.read)

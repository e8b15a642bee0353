"""A whole-history run from end to end, the same for pull requests and issues, GraphQL and REST."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Connection, or_, update

from mainstem.catalog import Run
from mainstem.functions.capture import records
from mainstem.functions.capture.history import Captured, Stream, walk_streams
from mainstem.functions.capture.recent import mark
from mainstem.functions.events import RepositoryIssuesRequested, SyncRequest
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.store import tables

Asked = TypeVar("Asked", bound=SyncRequest | RepositoryIssuesRequested)


@dataclass(frozen=True, slots=True)
class Path:
    """How a history is read: its lists, parents before children, and where its newest thing is.

    `seals_pulls`: once all lists are read, every stored pull request is captured whole. (Over
    GraphQL each page says so itself.) `counts_as_sync`: it starts the repository's cool-down.
    """

    streams: tuple[Stream, ...]
    find_head: Callable[[Services, Home], Awaitable[datetime | None]]
    counts_as_sync: bool
    seals_pulls: bool = False


async def capture_whole(
    run: Run[Asked], services: Services, home: Home, log: UUID | None, path: Path
) -> Captured:
    """Walk the path's lists; at the page limit, ask for a run that goes on.

    The asking event is sent again with a continuation, its id made of this run's (defect D19). The
    job of whoever asked is closed by the run that gets to the end.
    """
    began = await run.step("note-the-time", _now, services)
    progress = await walk_streams(
        run,
        services,
        home,
        path.streams,
        find_head=path.find_head,
        continuation=run.data.continuation,
    )
    counts = progress.tally.read
    captured = Captured(home.full_name, "full", True, progress.pages, counts)
    if progress.stopped_at:
        going_on = run.data.model_copy(update={"continuation": progress.stopped_at})
        await run.send("continue-history", going_on)
        await records.end_log(run, services, log, progress.tally)
        return Captured(home.full_name, "full", False, progress.pages, counts, going_on.event_name)
    if path.seals_pulls:
        await run.step("mark-captured-whole", _seal, services, home, began)
    if path.counts_as_sync:
        await run.step("update-sync-timestamp", mark, services, home)
    await records.end(run, services, log, progress.tally)
    return captured


def _now(services: Services) -> datetime:
    return services.clock.now()


async def _seal(services: Services, home: Home, began: datetime) -> None:
    await services.database.run_write(seal_pulls, home.id, began, services.clock.now())


def seal_pulls(conn: Connection, repository_id: UUID, began: datetime, at: datetime) -> None:
    """Mark as captured whole, at `at`, every pull request that had not changed after `began`."""
    pulls = tables.pull_requests
    synced = pulls.c.details_synced_at
    conn.execute(
        update(pulls)
        .where(
            pulls.c.repository_id == repository_id,
            pulls.c.updated_at <= began,
            or_(synced.is_(None), synced < pulls.c.updated_at),
        )
        .values(details_synced_at=at)
    )

"""What the two syncs share when they look at the recent past: the cool-down, and the account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection

from mainstem.catalog import Run
from mainstem.functions.capture import records
from mainstem.functions.capture.cooldown import Wait, must_wait
from mainstem.functions.capture.rows import Rows
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.events import SyncReason, SyncRequest
from mainstem.functions.home import Home
from mainstem.functions.services import Limits, Services
from mainstem.github import PullRequest
from mainstem.store import (
    StoredPull,
    active_backfill,
    count_pull_requests,
    has_complete_data,
    latest_sync_time,
    load_pulls,
    mark_synced,
)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A sync that came too early: a normal result (defect D16)."""

    repository_id: UUID
    reason: str
    until: datetime
    skipped: Literal[True] = True


@dataclass(frozen=True, slots=True)
class RecentPulls:
    """The pull requests of the window, stored. `truncated`: more lie in it than the cap let in."""

    numbers: tuple[int, ...]
    truncated: bool
    is_large: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class Queued:
    """How many jobs of each kind."""

    details: int
    reviews: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True)
class Synced:
    """A recent sync's account.

    `truncated` says that the cap on pull requests cut something off; how much, GitHub tells neither
    path without being asked page by page. `left_out` counts jobs that their caps kept out; the next
    sync asks for them.
    """

    repository_id: UUID
    repository: str
    method: Literal["rest", "graphql"]
    pulls_stored: int
    queued: Queued
    truncated: bool
    left_out: Queued
    is_large: bool
    reason: SyncReason | None
    skipped: Literal[False] = False


def window_start(asked: SyncRequest, *, now: datetime, limits: Limits) -> datetime:
    """The beginning of the window: the days asked for, at most the cap."""
    return now - min(timedelta(days=asked.days), limits.window)


def pulls_wanted(asked: SyncRequest, limits: Limits) -> int:
    """How many pull requests at most: `max_items` narrows the cap."""
    return min(asked.max_items or limits.pulls_per_sync, limits.pulls_per_sync)


async def check_cool_down(
    services: Services, home: Home, cool_down: timedelta, *, spares_the_incomplete: bool
) -> Wait | None:
    """Whether this sync must wait. An active backfill lets it pass, and so may missing data."""

    def look(conn: Connection) -> tuple[datetime | None, bool, bool]:
        return (
            latest_sync_time(conn, home.id),
            has_complete_data(conn, home.id) or not spares_the_incomplete,
            active_backfill(conn, home.id) is not None,
        )

    last, has_data, backfills = await services.database.run_read(look)
    now = services.clock.now()
    return must_wait(last, now=now, cool_down=cool_down, has_data=has_data and not backfills)


async def store_recent(
    services: Services, pulls: list[PullRequest], rows: Rows, *, truncated: bool
) -> RecentPulls:
    """Store pull requests as a list has them: what the list lacks is left alone (defect D14)."""
    batch = rows.pulls(pulls)

    def write(conn: Connection) -> tuple[Tally, int]:
        return store_batch(conn, batch, services.clock.now()), count_pull_requests(
            conn, rows.home.id
        )

    tally, stored = await services.database.run_write(write)
    is_large = stored > services.limits.large_repository_pulls
    if is_large:
        services.logger.warning(
            "%s has %d pull requests stored; a recent sync may not keep up",
            rows.home.full_name,
            stored,
        )
    return RecentPulls(tuple(pull.number for pull in pulls), truncated, is_large, tally)


def stored_in_order(conn: Connection, home: Home, numbers: tuple[int, ...]) -> list[StoredPull]:
    """The stored pull requests of those numbers, in that order."""
    wanted = [Rows(home).pull_id(number) for number in numbers]
    stored = load_pulls(conn, wanted)
    return [stored[pull_id] for pull_id in wanted if pull_id in stored]


def account(
    home: Home,
    method: Literal["rest", "graphql"],
    reason: SyncReason | None,
    found: RecentPulls,
    *,
    queued: Queued,
    left_out: Queued,
) -> Synced:
    """The result of a sync that ran."""
    return Synced(
        repository_id=home.id,
        repository=home.full_name,
        method=method,
        pulls_stored=found.tally.read.pulls,
        queued=queued,
        truncated=found.truncated,
        left_out=left_out,
        is_large=found.is_large,
        reason=reason,
    )


async def mark(services: Services, home: Home) -> None:
    """Note the sync's end: the next one's cool-down counts from here. Nothing else moves it."""
    await services.database.run_write(mark_synced, home.id, services.clock.now())


async def skip(
    run: Run[Any], services: Services, home: Home, log: UUID | None, wait: Wait
) -> Skipped:
    """End a run that comes too early: log and job are completed, not failed."""
    await records.end(run, services, log, Tally())
    return Skipped(home.id, f"{home.full_name} was {wait.reason}.", wait.until)

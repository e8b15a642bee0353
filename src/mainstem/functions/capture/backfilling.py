"""When a repository's history is worth a backfill, and when one has ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from mainstem.functions.capture.selection import Job, Jobs
from mainstem.functions.events import Priority
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.store import (
    StoredPull,
    active_backfill,
    begin_backfill,
    close_backfill,
    count_pull_requests,
    latest_backfill_job,
)

# Domain reference, section 3: a repository of a hundred pull requests or more, of which less than
# four fifths are stored.
WORTH_FROM = 100
ENOUGH = 0.8


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a sync does: a backfill under way leaves it little, since it reads all anyhow."""

    days: int
    jobs: int
    only_open: bool


USUAL = Pace(days=30, jobs=50, only_open=False)
BESIDE_A_BACKFILL = Pace(days=1, jobs=10, only_open=True)

# A closed pull request is asked about if it changed within this time.
_LATELY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Begun:
    """The job of a backfill that was started."""

    job_id: UUID


def is_worth_a_backfill(*, total: int, captured: int) -> bool:
    """Whether so little of the repository is stored that its history should be captured."""
    return total >= WORTH_FROM and captured / total < ENOUGH


def ending_of(
    job_status: str | None, *, total: int | None, captured: int
) -> Literal["completed", "failed"] | None:
    """How an active backfill has ended; None while it goes on. Without a job nobody works on it."""
    if job_status == "completed" or (total is not None and captured >= total):
        return "completed"
    return "failed" if job_status in ("failed", None) else None


def choose_jobs(
    pulls: Sequence[StoredPull], *, priority: Priority, pace: Pace, now: datetime
) -> Jobs:
    """Open ones, and unless a backfill is under way those updated within a day."""

    def wanted(pull: StoredPull) -> bool:
        lately = not pace.only_open and now - pull.updated_at <= _LATELY
        return pull.state == "open" or lately

    fitting = [pull for pull in pulls if wanted(pull)]
    chosen = tuple(
        Job(pull.number, pull.id, "high" if pull.state == "open" else priority)
        for pull in fitting[: pace.jobs]
    )
    return Jobs(chosen, len(fitting) - len(chosen))


async def look_after(services: Services, home: Home) -> Pace:
    """Close a backfill that has ended, and say at which pace to sync."""
    return await services.database.run_write(_look_after, home.id, services.clock.now())


async def begin_if_worth(services: Services, home: Home, total: int, run_key: str) -> Begun | None:
    """Start a backfill if the repository is worth one and none is under way. The same when tried
    twice."""
    return await services.database.run_write(
        _begin_if_worth, home.id, total, run_key, services.clock.now()
    )


def _look_after(conn: Connection, repository_id: UUID, at: datetime) -> Pace:
    active = active_backfill(conn, repository_id)
    if active is None:
        return USUAL
    job = latest_backfill_job(conn, repository_id)
    captured = count_pull_requests(conn, repository_id)
    ending = ending_of(job.status if job else None, total=active.total_prs, captured=captured)
    if ending is None:
        return BESIDE_A_BACKFILL
    close_backfill(conn, repository_id, ending, captured=captured, at=at)
    return USUAL


def _begin_if_worth(
    conn: Connection, repository_id: UUID, total: int, run_key: str, at: datetime
) -> Begun | None:
    captured = count_pull_requests(conn, repository_id)
    if not is_worth_a_backfill(total=total, captured=captured):
        return None
    job_id = begin_backfill(
        conn, repository_id, run_key=run_key, total=total, captured=captured, at=at
    )
    return Begun(job_id)

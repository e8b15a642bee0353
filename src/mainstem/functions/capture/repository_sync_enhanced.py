"""capture-repository-sync-enhanced: a recent sync that also sees to the repository's history."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import recent, records
from mainstem.functions.capture.backfilling import (
    USUAL,
    Pace,
    begin_if_worth,
    choose_jobs,
    look_after,
)
from mainstem.functions.capture.cooldown import Wait, rest_cool_down
from mainstem.functions.capture.people import canonical_logins
from mainstem.functions.capture.rows import Rows, actors_of_pulls
from mainstem.functions.capture.selection import Job, Jobs
from mainstem.functions.events import (
    PrDetailsGraphqlRequested,
    Priority,
    RepositoryEventsRequested,
    RepositorySyncEnhancedRequested,
    RepositorySyncGraphqlRequested,
    SyncReason,
)
from mainstem.functions.home import Home, load_home
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github

_LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Recent:
    """The pull requests of the window, stored, and GitHub's own count of all there are."""

    pulls: recent.RecentPulls
    total: int


@dataclass(frozen=True, slots=True)
class EnhancedSynced:
    """A sync's account. `backfill`: whether one is under way, was started by this run, or neither.

    `left_out` jobs fell to the cap, `truncated` says that the window held more than a page.
    """

    repository_id: UUID
    repository: str
    pulls_stored: int
    queued: int
    left_out: int
    truncated: bool
    total_pulls: int
    backfill: Literal["none", "active", "started"]
    reason: SyncReason | None
    skipped: Literal[False] = False


@define(
    id="capture-repository-sync-enhanced",
    name="Enhanced Repository Sync with Backfill Support",
    on=event(RepositorySyncEnhancedRequested),
    sends=(PrDetailsGraphqlRequested, RepositoryEventsRequested, RepositorySyncGraphqlRequested),
    group="capture",
    retries=2,
    concurrency=at_most(5),
    throttle=per_minute(75),
    on_failure=records.record_failure,
)
async def capture_repository_sync_enhanced(
    run: Run[RepositorySyncEnhancedRequested], services: Services
) -> EnhancedSynced | recent.Skipped:
    """Sync little while a backfill is under way, else as usual; start a backfill where one is due.

    The backfill itself is a whole-history sync, with the job that its end closes.
    """
    asked = run.data
    log = await records.begin(run, services, "repository_sync_enhanced", {"reason": asked.reason})
    home = await run.step("get-repository", load_home, services, asked.repository_id)
    if wait := await run.step("check-cool-down", check_cool_down, services, home, asked.reason):
        return await recent.skip(run, services, home, log, wait)
    pace = await run.step("look-after-backfill", look_after, services, home)
    found = await run.step("capture-recent-prs", capture_recent, services, home, asked, pace)
    jobs = await run.step("choose-jobs", choose, services, home, found, asked.priority, pace)
    events = RepositoryEventsRequested(repository_id=home.id)
    await run.send("request-details", [*(_request(home, job) for job in jobs.chosen), events])
    begun = None
    if pace == USUAL:
        key = records.run_key_of(run.function_id, run.id)
        begun = await run.step("start-backfill", begin_if_worth, services, home, found.total, key)
    if begun is not None:
        await run.send("request-history", _history(home, begun.job_id))
    await run.step("update-sync-timestamp", recent.mark, services, home)
    await records.end(run, services, log, found.pulls.tally)
    return EnhancedSynced(
        repository_id=home.id,
        repository=home.full_name,
        pulls_stored=found.pulls.tally.read.pulls,
        queued=len(jobs.chosen),
        left_out=jobs.left_out,
        truncated=found.pulls.truncated,
        total_pulls=found.total,
        backfill="started" if begun else "none" if pace == USUAL else "active",
        reason=asked.reason,
    )


async def check_cool_down(services: Services, home: Home, reason: SyncReason | None) -> Wait | None:
    """An hour; neither somebody who asks by hand nor an active backfill waits for it."""
    cool_down = rest_cool_down(reason, services.limits.cool_downs)
    return await recent.check_cool_down(services, home, cool_down, spares_the_incomplete=False)


async def capture_recent(
    services: Services, home: Home, asked: RepositorySyncEnhancedRequested, pace: Pace
) -> Recent:
    """The pull requests created in the window, newest first: one query, which also counts all."""
    days = timedelta(days=min(asked.days, pace.days))
    since = services.clock.now() - min(days, services.limits.window)
    with asking_github(services.clock):
        page = await services.github.recent_pulls(home.owner, home.name, first=_LARGEST_PAGE)
        pulls = [pull for pull in page.items if pull.created_at >= since]
        logins = await canonical_logins(services, actors_of_pulls(pulls))
    truncated = page.next is not None and len(pulls) == len(page.items)
    stored = await recent.store_recent(services, pulls, Rows(home, logins), truncated=truncated)
    return Recent(stored, page.total or 0)


async def choose(
    services: Services, home: Home, found: Recent, priority: Priority, pace: Pace
) -> Jobs:
    """Which of them to ask about, with one question to the database."""
    pulls = await services.database.run_read(recent.stored_in_order, home, found.pulls.numbers)
    return choose_jobs(pulls, priority=priority, pace=pace, now=services.clock.now())


def _request(home: Home, job: Job) -> PrDetailsGraphqlRequested:
    return PrDetailsGraphqlRequested(
        repository_id=home.id, pr_number=job.number, pr_id=job.pull_id, priority=job.priority
    )


def _history(home: Home, job_id: UUID) -> RepositorySyncGraphqlRequested:
    return RepositorySyncGraphqlRequested(
        repository_id=home.id,
        history="full",
        priority="low",
        reason=SyncReason.AUTOMATIC,
        repository_name=home.full_name,
        job_id=job_id,
    )

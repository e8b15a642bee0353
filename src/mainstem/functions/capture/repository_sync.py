"""capture-repository-sync: a repository's pull requests, over REST."""

from dataclasses import dataclass
from typing import TypeVar

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import recent, records, rest_streams
from mainstem.functions.capture.cooldown import Wait, rest_cool_down
from mainstem.functions.capture.history import Captured
from mainstem.functions.capture.rows import Rows
from mainstem.functions.capture.selection import Job, RestJobs, choose_rest_jobs
from mainstem.functions.capture.whole import Path, capture_whole
from mainstem.functions.events import (
    PrCommentsRequested,
    PrDetailsRequested,
    Priority,
    PrReviewsRequested,
    PullJob,
    RepositoryEventsRequested,
    RepositorySyncRequested,
)
from mainstem.functions.home import Home, load_home_by_name
from mainstem.functions.limits import at_most
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import PullRequest

HISTORY = Path(
    (rest_streams.PULLS, rest_streams.REVIEW_COMMENTS, rest_streams.PULL_CONVERSATION),
    rest_streams.newest_pull,
    counts_as_sync=True,
    seals_pulls=True,
)

# GitHub gives no more on one page.
_LARGEST_PAGE = 100

PullEvent = TypeVar("PullEvent", bound=PullJob)


@define(
    id="capture-repository-sync",
    name="Sync Recent Repository PRs",
    on=event(RepositorySyncRequested),
    sends=(
        PrDetailsRequested,
        PrReviewsRequested,
        PrCommentsRequested,
        RepositorySyncRequested,
        RepositoryEventsRequested,
    ),
    group="capture",
    retries=2,
    concurrency=at_most(3),
    on_failure=records.record_failure,
)
async def capture_repository_sync(
    run: Run[RepositorySyncRequested], services: Services
) -> recent.Synced | recent.Skipped | Captured:
    """Store the last updated pull requests and ask for what their list does not tell.

    However busy the repository, that is one list of at most 100 pull requests, and at most
    20 + 50 + 50 events; the result says what was cut.
    With `history="full"`: everything, page by page, and later only what changed.
    """
    asked = run.data
    log = await records.begin(run, services, "repository_sync", {"reason": asked.reason})
    home = await run.step("get-repository", load_home_by_name, services, asked.repository_id)
    if asked.history == "full":
        return await capture_whole(run, services, home, log, HISTORY)
    if wait := await run.step("check-cool-down", check_cool_down, services, home, asked):
        return await recent.skip(run, services, home, log, wait)
    found = await run.step("capture-recent-prs", capture_recent, services, home, asked)
    jobs = await run.step("choose-jobs", choose_jobs, services, home, found, asked.priority)
    events = RepositoryEventsRequested(repository_id=home.id)
    await run.send("request-details", [*_requests(home, jobs), events])
    await run.step("update-sync-timestamp", recent.mark, services, home)
    await records.end(run, services, log, found.tally)
    return recent.account(
        home,
        "rest",
        asked.reason,
        found,
        queued=recent.Queued(*(len(kind.chosen) for kind in jobs.kinds)),
        left_out=recent.Queued(*(kind.left_out for kind in jobs.kinds)),
    )


async def check_cool_down(
    services: Services, home: Home, asked: RepositorySyncRequested
) -> Wait | None:
    """One figure for every reason but `manual`, however much is stored."""
    cool_down = rest_cool_down(asked.reason, services.limits.cool_downs)
    return await recent.check_cool_down(services, home, cool_down, spares_the_incomplete=False)


async def capture_recent(
    services: Services, home: Home, asked: RepositorySyncRequested
) -> recent.RecentPulls:
    """The pull requests updated in the window, last updated first, stored as the list has them.

    The cap comes before any request about a single one (defect D14): a hundred cost one request.
    """
    since = recent.window_start(asked, now=services.clock.now(), limits=services.limits)
    wanted = recent.pulls_wanted(asked, services.limits)
    with asking_github(services.clock):
        listed = await _list_recent(services, home, wanted)
    pulls = [pull for pull in listed.pulls if pull.updated_at >= since]
    truncated = listed.has_more and len(pulls) == len(listed.pulls)
    return await recent.store_recent(services, pulls, Rows(home), truncated=truncated)


@dataclass(frozen=True, slots=True)
class _Listed:
    pulls: list[PullRequest]
    has_more: bool


async def _list_recent(services: Services, home: Home, wanted: int) -> _Listed:
    """The last updated ones, `wanted` at most."""
    pulls: list[PullRequest] = []
    cursor: str | None = None
    while True:
        page = await services.github.pulls_page(
            home.owner,
            home.name,
            sort="updated",
            direction="desc",
            per_page=min(wanted, _LARGEST_PAGE),
            next=cursor,
        )
        pulls += page.items
        cursor = page.next
        if cursor is None or len(pulls) >= wanted:
            return _Listed(pulls[:wanted], has_more=cursor is not None or len(pulls) > wanted)


async def choose_jobs(
    services: Services, home: Home, found: recent.RecentPulls, priority: Priority
) -> RestJobs:
    """Which of them to ask about, with one question to the database."""
    pulls = await services.database.run_read(recent.stored_in_order, home, found.numbers)
    return choose_rest_jobs(pulls, priority=priority, limits=services.limits)


def _requests(home: Home, jobs: RestJobs) -> list[PullJob]:
    """All of them for one send step (defects D19 and D20)."""
    return [
        *(_request(PrDetailsRequested, home, job) for job in jobs.details.chosen),
        *(_request(PrReviewsRequested, home, job) for job in jobs.reviews.chosen),
        *(_request(PrCommentsRequested, home, job) for job in jobs.comments.chosen),
    ]


def _request(kind: type[PullEvent], home: Home, job: Job) -> PullEvent:
    return kind(
        repository_id=home.id, pr_number=job.number, pr_id=job.pull_id, priority=job.priority
    )

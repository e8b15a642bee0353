"""capture-repository-sync-graphql: a repository's pull requests, over GraphQL."""

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import recent, records
from mainstem.functions.capture.cooldown import Wait, graphql_cool_down
from mainstem.functions.capture.history import Captured
from mainstem.functions.capture.people import canonical_logins
from mainstem.functions.capture.planning import BOTH
from mainstem.functions.capture.repository_history import capture_history
from mainstem.functions.capture.rows import Rows, actors_of_pulls
from mainstem.functions.capture.selection import Job, Jobs, choose_graphql_jobs
from mainstem.functions.events import (
    PrDetailsGraphqlRequested,
    Priority,
    RepositoryEventsRequested,
    RepositorySyncGraphqlRequested,
)
from mainstem.functions.home import Home, load_home
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github

# `first` of a connection goes no further; one copy of the original asked for 150 and was refused.
# https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
_LARGEST_PAGE = 100


@define(
    id="capture-repository-sync-graphql",
    name="Sync Recent Repository PRs (GraphQL)",
    on=event(RepositorySyncGraphqlRequested),
    sends=(PrDetailsGraphqlRequested, RepositorySyncGraphqlRequested, RepositoryEventsRequested),
    group="capture",
    retries=2,
    concurrency=at_most(10),
    throttle=per_minute(75),
    on_failure=records.record_failure,
)
async def capture_repository_sync_graphql(
    run: Run[RepositorySyncGraphqlRequested], services: Services
) -> recent.Synced | recent.Skipped | Captured:
    """Store the newest pull requests and ask for the details of those that may have changed.

    However busy the repository, that is one query of at most 100 pull requests (and one request for
    each bot not met before), and at most 50 events; the result says what was cut.
    With `history="full"`: everything, page by page, and later only what changed; with issues too,
    if they are asked for: one refresh of both costs less than two.
    """
    asked = run.data
    log = await records.begin(run, services, "repository_sync_graphql", {"reason": asked.reason})
    home = await run.step("get-repository", load_home, services, asked.repository_id)
    if asked.history == "full":
        kinds = BOTH if asked.with_issues else BOTH[:1]
        return await capture_history(run, services, home, log, kinds)
    if wait := await run.step("check-cool-down", check_cool_down, services, home, asked):
        return await recent.skip(run, services, home, log, wait)
    found = await run.step("capture-recent-prs", capture_recent, services, home, asked)
    jobs = await run.step("choose-jobs", choose_jobs, services, home, found, asked.priority)
    follow_ups = [_request(home, job) for job in jobs.chosen]
    await run.send(
        "request-details", [*follow_ups, RepositoryEventsRequested(repository_id=home.id)]
    )
    await run.step("update-sync-timestamp", recent.mark, services, home)
    await records.end(run, services, log, found.tally)
    return recent.account(
        home,
        "graphql",
        asked.reason,
        found,
        queued=recent.Queued(len(jobs.chosen)),
        left_out=recent.Queued(jobs.left_out),
    )


async def check_cool_down(
    services: Services, home: Home, asked: RepositorySyncGraphqlRequested
) -> Wait | None:
    """By reason; a repository of which little is stored need not wait."""
    cool_down = graphql_cool_down(asked.reason, services.limits.cool_downs)
    return await recent.check_cool_down(services, home, cool_down, spares_the_incomplete=True)


async def capture_recent(
    services: Services, home: Home, asked: RepositorySyncGraphqlRequested
) -> recent.RecentPulls:
    """The pull requests created in the window, newest first, stored as the list has them.

    Old ones that were updated lately are update-pr-activity's to refresh.
    """
    since = recent.window_start(asked, now=services.clock.now(), limits=services.limits)
    wanted = min(recent.pulls_wanted(asked, services.limits), _LARGEST_PAGE)
    with asking_github(services.clock):
        page = await services.github.recent_pulls(home.owner, home.name, first=wanted)
        pulls = [pull for pull in page.items if pull.created_at >= since]
        logins = await canonical_logins(services, actors_of_pulls(pulls))
    # A full page of wanted ones with more behind it: the next may be in the window as well.
    truncated = page.next is not None and len(pulls) == len(page.items)
    return await recent.store_recent(services, pulls, Rows(home, logins), truncated=truncated)


async def choose_jobs(
    services: Services, home: Home, found: recent.RecentPulls, priority: Priority
) -> Jobs:
    """Which of them to ask about, with one question to the database."""
    pulls = await services.database.run_read(recent.stored_in_order, home, found.numbers)
    return choose_graphql_jobs(
        pulls, priority=priority, now=services.clock.now(), limits=services.limits
    )


def _request(home: Home, job: Job) -> PrDetailsGraphqlRequested:
    return PrDetailsGraphqlRequested(
        repository_id=home.id, pr_number=job.number, pr_id=job.pull_id, priority=job.priority
    )

"""capture-repository-comments-all: ask for the comments of everything that changed of late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from mainstem.catalog import EventData, Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.log_ends import end_with
from mainstem.functions.events import (
    IssueCommentsRequested,
    PrCommentsRequested,
    RepositoryCommentsRequested,
)
from mainstem.functions.home import Home, load_home
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.store import Talked, Written, issues_updated_since, pulls_updated_since

# Of each kind, the last updated first.
MOST_OF_EACH = 100


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to ask about, and how many more there were."""

    pulls: tuple[Talked, ...]
    issues: tuple[Talked, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class CommentsAsked:
    """How many jobs of each kind were queued; `left_out` fell to the cap."""

    repository_id: UUID
    repository: str
    pr_jobs: int
    issue_jobs: int
    left_out: int


@define(
    id="capture-repository-comments-all",
    name="Capture Repository Comments (All)",
    on=event(RepositoryCommentsRequested),
    sends=(PrCommentsRequested, IssueCommentsRequested),
    group="capture",
    retries=2,
    concurrency=at_most(2),
    throttle=per_minute(20),
    on_failure=records.record_failure,
)
async def capture_repository_comments_all(
    run: Run[RepositoryCommentsRequested], services: Services
) -> CommentsAsked:
    """One question to the database, one durable send of all jobs (defects D19 and D20)."""
    asked = run.data
    metadata = {"timeRange": asked.time_range, "triggerSource": asked.trigger_source}
    log = await records.begin(run, services, "repository_comments_all", metadata)
    home = await run.step("get-repository", load_home, services, asked.repository_id)
    found = await run.step("find-updated", find, services, home, asked.time_range)
    await run.send("request-comments", requests_for(home, found, asked))
    pulls, issues = len(found.pulls), len(found.issues)
    await end_with(run, services, log, pulls + issues, Written())
    return CommentsAsked(home.id, home.full_name, pulls, issues, found.left_out)


def requests_for(home: Home, found: Chosen, asked: RepositoryCommentsRequested) -> list[EventData]:
    """A job for each; one that is told apart by number and by our id."""
    return [
        *(
            PrCommentsRequested(
                repository_id=home.id, pr_number=one.number, pr_id=one.id, priority=asked.priority
            )
            for one in found.pulls
        ),
        *(
            IssueCommentsRequested(
                repository_id=home.id,
                issue_number=one.number,
                issue_id=one.id,
                priority=asked.priority,
            )
            for one in found.issues
        ),
    ]


async def find(services: Services, home: Home, days: int) -> Chosen:
    """What GitHub saw change in the last `days`. Its own times: what we looked at is not what
    changed (defect D8)."""
    since = services.clock.now() - timedelta(days=days)
    return await services.database.run_read(_find, home.id, since)


def _find(conn: Connection, repository_id: UUID, since: datetime) -> Chosen:
    pulls, all_pulls = pulls_updated_since(conn, repository_id, since=since, limit=MOST_OF_EACH)
    issues, all_issues = issues_updated_since(conn, repository_id, since=since, limit=MOST_OF_EACH)
    left_out = all_pulls - len(pulls) + all_issues - len(issues)
    return Chosen(tuple(pulls), tuple(issues), left_out)

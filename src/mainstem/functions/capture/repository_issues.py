"""capture-repository-issues: a repository's issues, and the comments on them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import records, rest_streams
from mainstem.functions.capture.history import Captured
from mainstem.functions.capture.repository_history import capture_history
from mainstem.functions.capture.rows import Rows
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.capture.whole import Path, capture_whole
from mainstem.functions.events import IssueCommentsRequested, RepositoryIssuesRequested
from mainstem.functions.home import Home, load_home
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import Gone, Issue, NotFound

OVER_REST = Path(
    (rest_streams.ISSUES, rest_streams.ISSUE_CONVERSATION),
    rest_streams.newest_issue,
    counts_as_sync=False,
)


@dataclass(frozen=True, slots=True)
class IssuesFound:
    """What a scan stored, and the numbers of those with comments."""

    with_comments: tuple[int, ...]
    truncated: bool
    tally: Tally


@dataclass(frozen=True, slots=True)
class IssuesScanned:
    """A recent scan's account; `truncated`: more changed in the window than the cap let in."""

    repository_id: UUID
    repository: str
    issues: int
    comment_jobs: int
    truncated: bool
    history: Literal["recent"] = "recent"


@define(
    id="capture-repository-issues",
    name="Capture Repository Issues",
    on=event(RepositoryIssuesRequested),
    sends=(IssueCommentsRequested, RepositoryIssuesRequested),
    group="capture",
    retries=2,
    concurrency=at_most(2),
    throttle=per_minute(20),
    on_failure=records.record_failure,
)
async def capture_repository_issues(
    run: Run[RepositoryIssuesRequested], services: Services
) -> IssuesScanned | Captured:
    """Store the issues that changed of late, and ask for the comments of those that have any.

    With `history="full"`: every issue with its comments, page by page, and later only what changed.
    Every issue found is stored, the original's two copies disagreed: an issue without comments is
    an issue still. Whether any are left out is told in the result.
    """
    asked = run.data
    log = await records.begin(run, services, "repository_issues", {"history": asked.history})
    home = await run.step("get-repository", load_home, services, asked.repository_id)
    if asked.history == "full" and asked.via == "rest":
        return await capture_whole(run, services, home, log, OVER_REST)
    if asked.history == "full":
        return await capture_history(run, services, home, log, ("issues",))
    found = await run.step("capture-issues", capture_recent, services, home, asked)
    await run.send("request-comments", [_request(home, n) for n in found.with_comments])
    await records.end(run, services, log, found.tally)
    return IssuesScanned(
        home.id, home.full_name, found.tally.read.issues, len(found.with_comments), found.truncated
    )


async def capture_recent(
    services: Services, home: Home, asked: RepositoryIssuesRequested
) -> IssuesFound:
    """Fetch and store the issues updated in the last `time_range` days, last updated first.

    A repository that is gone, or has issues switched off, has none.
    """
    since = services.clock.now() - timedelta(days=asked.time_range)
    cap = min(asked.max_items or services.limits.issues_per_scan, services.limits.issues_per_scan)
    with asking_github(services.clock):
        try:
            issues, truncated = await _list_recent(services, home, since, cap)
        except (NotFound, Gone):
            return IssuesFound((), False, Tally())
    batch = Rows(home).issues(issues)
    tally = await services.database.run_write(store_batch, batch, services.clock.now())
    with_comments = tuple(issue.number for issue in issues if issue.comments_count > 0)
    return IssuesFound(with_comments, truncated, tally)


async def _list_recent(
    services: Services, home: Home, since: datetime, cap: int
) -> tuple[list[Issue], bool]:
    """Issues updated since then, and whether the cap cut the list.

    The cap counts what GitHub lists, pull requests included: it bounds requests.
    """
    issues: list[Issue] = []
    cursor: str | None = None
    seen = 0
    while True:
        page = await services.github.issues_page(
            home.owner, home.name, since=since, sort="updated", direction="desc", next=cursor
        )
        issues += page.items
        seen += page.seen
        cursor = page.next
        if cursor is None or seen >= cap:
            return issues[:cap], cursor is not None or len(issues) > cap


def _request(home: Home, number: int) -> IssueCommentsRequested:
    return IssueCommentsRequested(
        repository_id=home.id, issue_number=number, issue_id=Rows(home).issue_id(number)
    )

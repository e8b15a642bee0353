"""capture-issue-comments: one issue's comments, over REST."""

from dataclasses import dataclass
from uuid import UUID

from mainstem.catalog import NonRetriableError, Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.rest_streams import stored_issue_numbers
from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.events import IssueCommentsRequested
from mainstem.functions.home import Home, load_home_by_name
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import Gone, NotFound


@dataclass(frozen=True, slots=True)
class IssueCommentsCaptured:
    """How many comments are stored; `truncated` if the list went beyond the client's cap."""

    repository_id: UUID
    issue_number: int
    comments: int
    truncated: bool


@define(
    id="capture-issue-comments",
    name="Capture Issue Comments",
    on=event(IssueCommentsRequested),
    sends=(),
    group="capture",
    retries=2,
    concurrency=at_most(3),
    throttle=per_minute(30),
    on_failure=records.record_failure,
)
async def capture_issue_comments(
    run: Run[IssueCommentsRequested], services: Services
) -> IssueCommentsCaptured:
    """Read and store every comment on one issue; feeds triager and first-responder figures."""
    number = run.data.issue_number
    log = await records.begin(run, services, "issue_comments", {"issueNumber": number})
    home = await run.step("get-repository", load_home_by_name, services, run.data.repository_id)
    tally = await run.step("capture-comments", capture_comments, services, home, number)
    await records.end(run, services, log, tally)
    return IssueCommentsCaptured(
        home.id, number, tally.read.comments, truncated=tally.read.truncated > 0
    )


async def capture_comments(services: Services, home: Home, number: int) -> Tally:
    """Fetch and store in one step; an issue that is gone has no comments.

    The issue itself must be stored: capture-repository-issues is what finds issues, and sends the
    event that leads here.
    """
    if not await services.database.run_read(stored_issue_numbers, home, [number]):
        raise NonRetriableError(
            f"Cannot store comments of issue #{number} of {home.full_name}: the issue is not "
            "stored. Send capture/repository.issues first."
        )
    with asking_github(services.clock):
        try:
            listing = await services.github.issue_comments(home.owner, home.name, number)
        except (NotFound, Gone):
            return Tally()
    batch = Rows(home).issues((), comments=listing.items) + Batch(truncated=listing.truncated)
    return await services.database.run_write(store_batch, batch, services.clock.now())

"""capture-pr-comments: one pull request's review comments and conversation, over REST."""

from dataclasses import dataclass
from uuid import UUID

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.parents import pull_if_unknown
from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.events import PrCommentsRequested
from mainstem.functions.home import Home, load_home_by_name
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import NotFound


@dataclass(frozen=True, slots=True)
class CommentsStored:
    """What the step stored, by kind."""

    review_comments: int
    issue_comments: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class PrCommentsCaptured:
    """How many comments are stored; `truncated` if a list went beyond the client's cap."""

    repository_id: UUID
    pr_number: int
    review_comments: int
    issue_comments: int
    truncated: bool


@define(
    id="capture-pr-comments",
    name="Capture PR Comments",
    on=event(PrCommentsRequested),
    sends=(),
    group="capture",
    retries=2,
    concurrency=at_most(3),
    throttle=per_minute(30),
    on_failure=records.record_failure,
)
async def capture_pr_comments(
    run: Run[PrCommentsRequested], services: Services
) -> PrCommentsCaptured:
    """Read and store every comment on one pull request, replies and outdated ones included."""
    number = run.data.pr_number
    log = await records.begin(run, services, "pr_comments", {"prNumber": number})
    home = await run.step("get-repository", load_home_by_name, services, run.data.repository_id)
    stored = await run.step("capture-comments", capture_comments, services, home, number)
    await records.end(run, services, log, stored.tally)
    return PrCommentsCaptured(
        home.id,
        number,
        stored.review_comments,
        stored.issue_comments,
        truncated=stored.tally.read.truncated > 0,
    )


async def capture_comments(services: Services, home: Home, number: int) -> CommentsStored:
    """Fetch both lists and store them in one step; a pull request that is gone has no comments."""
    with asking_github(services.clock):
        try:
            parent = await pull_if_unknown(services, home, number)
            on_diff = await services.github.review_comments(home.owner, home.name, number)
            spoken = await services.github.issue_comments(home.owner, home.name, number)
        except NotFound:
            return CommentsStored(0, 0, Tally())
    batch = parent + Rows(home).pulls((), comments=[*on_diff.items, *spoken.items])
    batch += Batch(truncated=on_diff.truncated + spoken.truncated)
    tally = await services.database.run_write(store_batch, batch, services.clock.now())
    return CommentsStored(len(on_diff.items), len(spoken.items), tally)

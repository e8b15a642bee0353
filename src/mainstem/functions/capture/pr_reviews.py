"""capture-pr-reviews: one pull request's reviews, over REST."""

from dataclasses import dataclass
from uuid import UUID

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.parents import pull_if_unknown
from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.events import PrReviewsRequested
from mainstem.functions.home import Home, load_home_by_name
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import NotFound


@dataclass(frozen=True, slots=True)
class ReviewsCaptured:
    """How many reviews are stored; `truncated` if the list went beyond the client's cap."""

    repository_id: UUID
    pr_number: int
    reviews: int
    truncated: bool


@define(
    id="capture-pr-reviews",
    name="Capture PR Reviews",
    on=event(PrReviewsRequested),
    sends=(),
    group="capture",
    retries=2,
    concurrency=at_most(3),
    throttle=per_minute(30),
    on_failure=records.record_failure,
)
async def capture_pr_reviews(run: Run[PrReviewsRequested], services: Services) -> ReviewsCaptured:
    """Read and store every review of one pull request; one that is gone has none, without error."""
    number = run.data.pr_number
    log = await records.begin(run, services, "pr_reviews", {"prNumber": number})
    home = await run.step("get-repository", load_home_by_name, services, run.data.repository_id)
    tally = await run.step("capture-reviews", capture_reviews, services, home, number)
    await records.end(run, services, log, tally)
    return ReviewsCaptured(home.id, number, tally.read.reviews, truncated=tally.read.truncated > 0)


async def capture_reviews(services: Services, home: Home, number: int) -> Tally:
    """Fetch and store in one step. The pull request's own times stay GitHub's (defect D8)."""
    with asking_github(services.clock):
        try:
            parent = await pull_if_unknown(services, home, number)
            listing = await services.github.reviews(home.owner, home.name, number)
        except NotFound:
            return Tally()
    batch = parent + Rows(home).pulls((), reviews=listing.items)
    batch += Batch(truncated=int(listing.truncated))
    return await services.database.run_write(store_batch, batch, services.clock.now())

"""capture-pr-details-graphql: one pull request with reviews and comments, over GraphQL."""

from dataclasses import dataclass
from uuid import UUID

from mainstem.catalog import NonRetriableError, Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.graphql_pages import rows_of_bundles
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.events import PrDetailsGraphqlRequested
from mainstem.functions.home import Home, load_home
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import NotFound


@dataclass(frozen=True, slots=True)
class PullCaptured:
    """One pull request, stored with all that belongs to it."""

    repository_id: UUID
    pr_number: int
    reviews: int
    comments: int
    method: str = "graphql"


@define(
    id="capture-pr-details-graphql",
    name="Capture PR Details (GraphQL)",
    on=event(PrDetailsGraphqlRequested),
    sends=(),
    group="capture",
    retries=2,
    concurrency=at_most(10),
    throttle=per_minute(50),
    on_failure=records.record_failure,
)
async def capture_pr_details_graphql(
    run: Run[PrDetailsGraphqlRequested], services: Services
) -> PullCaptured:
    """Read and store one pull request whole: the client follows every nested list to its end.

    A deleted author is no reason to skip it (defect D21): the original did, and lost the lot.
    """
    number = run.data.pr_number
    log = await records.begin(run, services, "pr_details_graphql", {"prNumber": number})
    home = await run.step("get-repository", load_home, services, run.data.repository_id)
    tally = await run.step("capture-pull-request", capture_pull, services, home, number)
    await records.end(run, services, log, tally)
    return PullCaptured(home.id, number, tally.read.reviews, tally.read.comments)


async def capture_pull(services: Services, home: Home, number: int) -> Tally:
    """Fetch and store in one step and one transaction."""
    with asking_github(services.clock):
        try:
            bundle = await services.github.pull_bundle(home.owner, home.name, number)
        except NotFound as error:
            raise NonRetriableError(f"Pull request not found: {error}") from error
        batch = await rows_of_bundles(services, home, [bundle], details=True)
    return await services.database.run_write(store_batch, batch, services.clock.now())

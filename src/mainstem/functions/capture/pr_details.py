"""capture-pr-details: one pull request's own fields, over REST."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from mainstem.catalog import NonRetriableError, Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.changed_storing import pushed
from mainstem.functions.capture.refresh_note import hold_refresh, load_refresh, save_refresh
from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.events import PrDetailsRequested
from mainstem.functions.home import Home, load_home_by_name
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import UNSET, NotFound, PullRequest


@dataclass(frozen=True, slots=True)
class DetailsStored:
    """Sizes as GitHub gave them; None where it gave none."""

    additions: int | None
    deletions: int | None
    changed_files: int | None
    tally: Tally


@dataclass(frozen=True, slots=True)
class PrDetailsCaptured:
    """One pull request's details, stored."""

    repository_id: UUID
    pr_number: int
    additions: int | None
    deletions: int | None
    changed_files: int | None


@define(
    id="capture-pr-details",
    name="Capture PR Details",
    on=event(PrDetailsRequested),
    sends=(),
    group="capture",
    retries=3,
    concurrency=at_most(5),
    throttle=per_minute(20),
    on_failure=records.record_failure,
)
async def capture_pr_details(run: Run[PrDetailsRequested], services: Services) -> PrDetailsCaptured:
    """Read and store one pull request: size, merge state, merger and everything else it has.

    Written under its repository and number, whatever row id the event carries (defect D24). It does
    not count as "captured whole": reviews and comments are other functions' work on this path.
    """
    number = run.data.pr_number
    log = await records.begin(run, services, "pr_details", {"prNumber": number})
    home = await run.step("get-repository", load_home_by_name, services, run.data.repository_id)
    stored = await run.step("capture-pr-details", capture_details, services, home, number)
    await records.end(run, services, log, stored.tally)
    return PrDetailsCaptured(
        home.id, number, stored.additions, stored.deletions, stored.changed_files
    )


async def capture_details(services: Services, home: Home, number: int) -> DetailsStored:
    """Fetch and store in one step: both are safe to repeat, and no text goes through a memo."""
    with asking_github(services.clock):
        try:
            pull = await services.github.pull(home.owner, home.name, number)
        except NotFound as error:
            raise NonRetriableError(f"Pull request not found: {error}") from error
    batch = Rows(home).pulls([pull], details=True)
    tally = await services.database.run_write(_store, home, pull, batch, services.clock.now())
    return DetailsStored(
        additions=None if pull.additions is UNSET else pull.additions,
        deletions=None if pull.deletions is UNSET else pull.deletions,
        changed_files=None if pull.changed_files is UNSET else pull.changed_files,
        tally=tally,
    )


def _store(conn: Connection, home: Home, pull: PullRequest, batch: Batch, at: datetime) -> Tally:
    # The places of comments are not read here, and by the commit nobody else would see the push.
    moved = pushed(conn, home, [pull])
    if moved:
        hold_refresh(conn, home.id, at)
        save_refresh(conn, home.id, load_refresh(conn, home.id).doubting(pulls=moved), at)
    return store_batch(conn, batch, at)

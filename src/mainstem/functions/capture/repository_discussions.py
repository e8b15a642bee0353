"""capture-repository-discussions: what is discussed in a repository, over GraphQL."""

from dataclasses import dataclass
from uuid import UUID

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.discussion_sweep import find_known, list_numbers, settle
from mainstem.functions.capture.discussion_walk import Spot, capture_page, find_spot
from mainstem.functions.capture.log_ends import end_with
from mainstem.functions.events import RepositoryDiscussionsRequested
from mainstem.functions.home import Home, load_home
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.store import Written


@dataclass(frozen=True, slots=True)
class DiscussionsCaptured:
    """How many were read. `finished`: all are stored; if not, the next run goes on. `skipped` says
    why none were read, `deleted` how many are gone at GitHub."""

    repository_id: UUID
    repository: str
    discussions: int
    pages: int
    finished: bool
    skipped: str | None = None
    deleted: int = 0


@define(
    id="capture-repository-discussions",
    name="Capture Repository Discussions",
    on=event(RepositoryDiscussionsRequested),
    sends=(),
    group="capture",
    retries=2,
    concurrency=at_most(2),
    throttle=per_minute(20),
    on_failure=records.record_failure,
)
async def capture_repository_discussions(
    run: Run[RepositoryDiscussionsRequested], services: Services
) -> DiscussionsCaptured:
    """A page is a step and costs a point; where nothing has changed, one page is all.

    Where GitHub then counts others than are stored, their numbers are compared.

    A repository that is gone is final (defect D3); one that has no discussions is skipped.
    """
    asked = run.data
    log = await records.begin(run, services, "repository_discussions", {"source": asked.source})
    home = await run.step("get-repository", load_home, services, asked.repository_id)
    spot: Spot | None = await run.step("find-spot", find_spot, services, home, asked.max_items)
    seen, pages, written, finished, agrees = 0, 0, Written(), False, True
    while spot is not None:
        pages += 1
        done = await run.step(f"capture-page-{pages}", capture_page, services, home, spot)
        if not done.is_enabled:
            await end_with(run, services, log, 0, Written())
            reason = f"{home.full_name} has no discussions"
            return DiscussionsCaptured(home.id, home.full_name, 0, pages, True, reason)
        seen, written = seen + done.seen, written + done.written
        spot, finished, agrees = done.next, done.is_finished, done.agrees
    deleted = 0 if agrees or not finished else await _sweep(run, services, home)
    await end_with(run, services, log, seen, written)
    return DiscussionsCaptured(home.id, home.full_name, seen, pages, finished, deleted=deleted)


async def _sweep(run: Run[RepositoryDiscussionsRequested], services: Services, home: Home) -> int:
    """Compare all numbers, a page a step; how many are gone."""
    known = await run.step("find-known-discussions", find_known, services, home)
    listed: list[int] = []
    pages, place = 0, None
    while pages == 0 or place is not None:
        pages += 1
        page = await run.step(f"list-numbers-{pages}", list_numbers, services, home, place)
        listed, place = [*listed, *page.numbers], page.next
    return await run.step("mark-gone-discussions", settle, services, home, known, listed)

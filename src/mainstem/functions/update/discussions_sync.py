"""sync-discussions-cron: every night, read the discussions of the repositories that have any."""

from dataclasses import dataclass
from uuid import UUID

from mainstem.catalog import Run, Scheduled, cron, define
from mainstem.functions.events import RepositoryDiscussionsRequested
from mainstem.functions.services import Services
from mainstem.store import repositories_with_discussions


@dataclass(frozen=True, slots=True)
class DiscussionsRequested:
    """How many repositories have discussions, all of which are read."""

    repositories: int


@define(
    id="sync-discussions-cron",
    name="Sync Discussions (Cron)",
    on=cron("0 2 * * *"),
    sends=(RepositoryDiscussionsRequested,),
    group="update",
    retries=1,
)
async def sync_discussions_cron(run: Run[Scheduled], services: Services) -> DiscussionsRequested:
    """One question to the database, one durable send (defect D19)."""
    found = await run.step("find-repositories", find, services)
    requests = [RepositoryDiscussionsRequested(repository_id=one, source="cron") for one in found]
    await run.send("request-discussions", requests)
    return DiscussionsRequested(len(found))


async def find(services: Services) -> tuple[UUID, ...]:
    """Those that GitHub says have discussions, and still shows."""
    return tuple(await services.database.run_read(repositories_with_discussions))

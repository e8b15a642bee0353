"""sync-workspace-priorities: what is in a workspace is looked at first."""

from dataclasses import dataclass

from inngest import Concurrency
from sqlalchemy import Connection

from mainstem.catalog import Run, Scheduled, any_of, cron, define, event
from mainstem.functions.events import WorkspacePrioritiesRequested
from mainstem.functions.services import Services
from mainstem.store import count_tracked, save_workspace_priorities, shared_repositories


@dataclass(frozen=True, slots=True)
class Shares:
    """What the workspaces hold, before anything is changed."""

    workspace_repositories: int
    newly_tracked: int
    tracked: int


@dataclass(frozen=True, slots=True)
class PrioritiesSynced:
    """How many tracked repositories are in a workspace, how many are not, how many are new."""

    workspace_repositories: int
    other_repositories: int
    newly_tracked: int


@define(
    id="sync-workspace-priorities",
    name="Sync Workspace Repository Priorities",
    on=any_of(cron("0 */6 * * *"), event(WorkspacePrioritiesRequested)),
    sends=(),
    group="update",
    retries=2,
    concurrency=[Concurrency(limit=1)],
)
async def sync_workspace_priorities(
    run: Run[Scheduled | WorkspacePrioritiesRequested], services: Services
) -> PrioritiesSynced:
    """All rows in one transaction: a list of errors, as the original returned it, has no use."""
    shares = await run.step("count-repositories", count, services)
    await run.step("save-priorities", save, services)
    others = shares.tracked + shares.newly_tracked - shares.workspace_repositories
    return PrioritiesSynced(shares.workspace_repositories, others, shares.newly_tracked)


async def count(services: Services) -> Shares:
    """Counted before saving, so that a step done twice changes no figure."""

    def look(conn: Connection) -> Shares:
        shared = shared_repositories(conn)
        fresh = sum(not one.is_tracked for one in shared)
        return Shares(len(shared), fresh, count_tracked(conn))

    return await services.database.run_read(look)


async def save(services: Services) -> None:
    """Mark and unmark. Doing it again changes nothing."""
    await services.database.run_write(save_workspace_priorities, at=services.clock.now())

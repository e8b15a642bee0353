"""sync-workspace-comments-cron: every four hours, read what was said in workspace repositories."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from mainstem.catalog import Run, Scheduled, cron, define
from mainstem.functions.events import RepositoryCommentsRequested
from mainstem.functions.services import Services
from mainstem.store import active_workspace_repositories

# A repository in which nothing was updated for so long has nothing to tell.
ACTIVE_WITHIN = timedelta(days=30)
_DAYS = 7


@dataclass(frozen=True, slots=True)
class CommentsRequested:
    """How many repositories of workspaces were active of late, all of which are read."""

    repositories: int


@define(
    id="sync-workspace-comments-cron",
    name="Sync Workspace Comments (Cron)",
    on=cron("0 */4 * * *"),
    sends=(RepositoryCommentsRequested,),
    group="update",
    retries=1,
)
async def sync_workspace_comments_cron(
    run: Run[Scheduled], services: Services
) -> CommentsRequested:
    """One question to the database, one durable send (defect D19).

    Active is a repository of which a stored pull request or issue was updated at GitHub of late;
    the original read a column that it did not have.
    """
    found = await run.step("find-repositories", find, services)
    requests = [
        RepositoryCommentsRequested(
            repository_id=one, time_range=_DAYS, priority="low", trigger_source="cron"
        )
        for one in found
    ]
    await run.send("request-comments", requests)
    return CommentsRequested(len(found))


async def find(services: Services) -> tuple[UUID, ...]:
    """Each repository once, in however many workspaces it is."""
    since = services.clock.now() - ACTIVE_WITHIN
    return tuple(await services.database.run_read(active_workspace_repositories, since=since))

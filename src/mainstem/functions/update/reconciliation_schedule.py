"""schedule-reconciliation: once a day, ask that every repository be held against GitHub."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from mainstem.catalog import Run, Scheduled, cron, define
from mainstem.functions.events import RepositoryReconcileRequested
from mainstem.functions.services import Services
from mainstem.store import captured_repositories


@dataclass(frozen=True, slots=True)
class ReconciliationsScheduled:
    """How many repositories are compared today."""

    repositories: int


@define(
    id="schedule-reconciliation",
    name="Schedule Reconciliation",
    # An hour and a minute at which little else is asked of GitHub; the runs themselves are spread
    # by the function's own throttle.
    on=cron("37 3 * * *"),
    sends=(RepositoryReconcileRequested,),
    group="update",
)
async def schedule_reconciliation(
    run: Run[Scheduled], services: Services
) -> ReconciliationsScheduled:
    """Tracked repositories that were captured whole, and that GitHub still shows."""
    found = await run.step("find-repositories", find_captured, services)
    await run.send(
        "request-reconciliations",
        [RepositoryReconcileRequested(repository_id=one) for one in found],
    )
    return ReconciliationsScheduled(len(found))


async def find_captured(services: Services) -> tuple[UUID, ...]:
    """Their ids."""

    def look(conn: Connection) -> tuple[UUID, ...]:
        return tuple(captured_repositories(conn))

    return await services.database.run_read(look)

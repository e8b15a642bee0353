"""scheduled-workspace-aggregation: twice a day, ask for the metrics that are out of date."""

from dataclasses import dataclass

from sqlalchemy import Connection

from mainstem.catalog import Run, Scheduled, cron, define
from mainstem.functions.events import WorkspaceMetricsRequested
from mainstem.functions.services import Services
from mainstem.functions.update.aggregation import priority_of
from mainstem.store import DueWorkspace, count_active_workspaces, due_workspaces


@dataclass(frozen=True, slots=True)
class Due:
    """How many workspaces are active, and which of them need new metrics."""

    active: int
    workspaces: tuple[DueWorkspace, ...]


@dataclass(frozen=True, slots=True)
class AggregationsScheduled:
    """The original's three figures; the last two are equal, since all go out in one send."""

    total_workspaces: int
    workspaces_needing_update: int
    aggregations_triggered: int


@define(
    id="scheduled-workspace-aggregation",
    name="Scheduled Workspace Aggregation",
    on=cron("0 6,18 * * *"),
    sends=(WorkspaceMetricsRequested,),
    group="update",
)
async def scheduled_workspace_aggregation(
    run: Run[Scheduled], services: Services
) -> AggregationsScheduled:
    """One question to the database, one durable send. `30d` brings `7d` and `90d` along."""
    due = await run.step("find-workspaces", find_due, services)
    await run.send("request-aggregations", [request_for(one) for one in due.workspaces])
    count = len(due.workspaces)
    return AggregationsScheduled(due.active, count, count)


def request_for(workspace: DueWorkspace) -> WorkspaceMetricsRequested:
    """What the schedule asks for one workspace."""
    return WorkspaceMetricsRequested(
        workspace_id=workspace.id,
        time_range="30d",
        priority=priority_of(workspace.tier),
        triggered_by="schedule",
    )


async def find_due(services: Services) -> Due:
    """Those without a usable result, which nobody is calculating."""
    now = services.clock.now()

    def look(conn: Connection) -> Due:
        return Due(count_active_workspaces(conn), tuple(due_workspaces(conn, "30d", now=now)))

    return await services.database.run_read(look)

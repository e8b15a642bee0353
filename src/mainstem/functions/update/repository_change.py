"""handle-workspace-repository-change: a workspace has other repositories now; calculate anew."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from inngest import Debounce

from mainstem.catalog import Run, define, event
from mainstem.functions.events import WorkspaceMetricsRequested, WorkspaceRepositoryChanged
from mainstem.functions.services import Services
from mainstem.store import load_workspace, mark_metrics_stale

# Before everything that a schedule or a tier asks for.
_FIRST = 1


@dataclass(frozen=True, slots=True)
class ChangeHandled:
    """`skipped` says why nothing was asked for: the workspace is gone or inactive by now."""

    workspace_id: UUID
    action: str
    repository_id: UUID
    skipped: str | None = None


@define(
    id="handle-workspace-repository-change",
    name="Handle Workspace Repository Change",
    on=event(WorkspaceRepositoryChanged),
    sends=(WorkspaceMetricsRequested,),
    group="update",
    debounce=Debounce(key="event.data.workspaceId", period=timedelta(seconds=30)),
)
async def handle_workspace_repository_change(
    run: Run[WorkspaceRepositoryChanged], services: Services
) -> ChangeHandled:
    """Whoever changes many repositories at once starts one calculation, after the last of them.

    Only the last change's name reaches the run, which does no harm: everything is calculated.
    """
    asked = run.data
    is_active = await run.step("mark-metrics-stale", mark_stale, services, asked.workspace_id)
    if not is_active:
        return ChangeHandled(
            asked.workspace_id,
            asked.action,
            asked.repository_id,
            skipped="there is no active workspace with this id",
        )
    await run.send("request-aggregation", request_after(asked))
    return ChangeHandled(asked.workspace_id, asked.action, asked.repository_id)


def request_after(asked: WorkspaceRepositoryChanged) -> WorkspaceMetricsRequested:
    """The calculation that a change asks for: at once, whatever is cached."""
    return WorkspaceMetricsRequested(
        workspace_id=asked.workspace_id,
        time_range="30d",
        priority=_FIRST,
        force_refresh=True,
        triggered_by="webhook",
        trigger_metadata={
            "action": asked.action,
            "repositoryId": str(asked.repository_id),
            "repositoryName": asked.repository_name,
        },
    )


async def mark_stale(services: Services, workspace_id: UUID) -> bool:
    """Mark every range of the workspace stale; whether there is an active workspace at all."""
    found = await services.database.run_read(load_workspace, workspace_id)
    if found is None or not found.is_active:
        return False
    await services.database.run_write(mark_metrics_stale, workspace_id)
    return True

"""aggregate-workspace-metrics: the figures of one workspace over one time range."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from inngest import Throttle

from mainstem.catalog import Run, StepError, define, event
from mainstem.functions.events import WorkspaceMetricsRequested
from mainstem.functions.services import Services
from mainstem.functions.update import aggregation


@dataclass(frozen=True, slots=True)
class WorkspaceAggregated:
    """`skipped` says why nothing was calculated (another run is at it), None if something was.

    `github_api_calls` is 0 and stays 0: the figures come from what is stored.
    """

    workspace_id: UUID
    workspace_name: str
    time_range: str
    success: bool
    cache_hit: bool = False
    calculation_time_ms: int = 0
    github_api_calls: int = 0
    skipped: str | None = None


@define(
    id="aggregate-workspace-metrics",
    name="Aggregate Workspace Metrics",
    on=event(WorkspaceMetricsRequested),
    sends=(WorkspaceMetricsRequested,),
    group="update",
    retries=3,
    throttle=Throttle(key="event.data.workspaceId", limit=1, period=timedelta(minutes=1)),
)
async def aggregate_workspace_metrics(
    run: Run[WorkspaceMetricsRequested], services: Services
) -> WorkspaceAggregated:
    """Claim the range, calculate it (or find it fresh), close the claim whatever came of it."""
    asked, key = run.data, f"{run.function_id}:{run.id}"
    workspace = await run.step("check-workspace", aggregation.check, services, asked.workspace_id)
    told = (workspace.id, workspace.name, asked.time_range)
    claim = await run.step(
        "queue-aggregation", aggregation.claim, services, asked, workspace.tier, key
    )
    if not claim.is_ours:
        return WorkspaceAggregated(*told, success=True, skipped="already being aggregated")
    try:
        done = await run.step("perform-aggregation", aggregation.perform, services, asked, claim)
    except StepError as error:
        # After the step's last attempt. A row left open would keep this range from ever being
        # calculated again (defect D2: this branch could not be reached).
        await run.step("record-failure", aggregation.fail, services, claim.id, str(error))
        raise
    await run.step("update-queue-status", aggregation.complete, services, claim.id)
    await run.send("trigger-dependent-aggregations", aggregation.dependents(asked))
    return WorkspaceAggregated(
        *told,
        success=True,
        cache_hit=done.cache_hit,
        calculation_time_ms=done.calculation_time_ms,
    )

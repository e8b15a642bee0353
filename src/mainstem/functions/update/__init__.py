"""Update: find repositories, refresh what is stored, and sum workspaces up. One file each.

They read little themselves: discovery asks GitHub for one repository and starts the capture of the
rest by events, the activity update chooses pull requests and asks capture for them, and the
aggregation calculates over what is stored.
"""

from typing import Any

from mainstem.catalog import Definition
from mainstem.functions.services import Services
from mainstem.functions.update.comments_sync import sync_workspace_comments_cron
from mainstem.functions.update.discussions_sync import sync_discussions_cron
from mainstem.functions.update.metadata_refresh import refresh_repository_metadata_cron
from mainstem.functions.update.metrics_cleanup import cleanup_workspace_metrics_data
from mainstem.functions.update.new_repository import discover_new_repository
from mainstem.functions.update.pr_activity import update_pr_activity
from mainstem.functions.update.reconciliation_schedule import schedule_reconciliation
from mainstem.functions.update.repository_change import handle_workspace_repository_change
from mainstem.functions.update.scheduled_aggregation import scheduled_workspace_aggregation
from mainstem.functions.update.workspace_metrics import aggregate_workspace_metrics
from mainstem.functions.update.workspace_priorities import sync_workspace_priorities

UPDATE: tuple[Definition[Any, Services, Any], ...] = (
    update_pr_activity,
    discover_new_repository,
    aggregate_workspace_metrics,
    scheduled_workspace_aggregation,
    handle_workspace_repository_change,
    cleanup_workspace_metrics_data,
    sync_workspace_priorities,
    refresh_repository_metadata_cron,
    sync_workspace_comments_cron,
    sync_discussions_cron,
    schedule_reconciliation,
)

__all__ = [
    "UPDATE",
    "aggregate_workspace_metrics",
    "cleanup_workspace_metrics_data",
    "discover_new_repository",
    "handle_workspace_repository_change",
    "refresh_repository_metadata_cron",
    "schedule_reconciliation",
    "scheduled_workspace_aggregation",
    "sync_discussions_cron",
    "sync_workspace_comments_cron",
    "sync_workspace_priorities",
    "update_pr_activity",
]

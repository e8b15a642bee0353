"""Every table, under its own name. What a column means is said where its table is."""

from mainstem.store.tables.base import metadata
from mainstem.store.tables.capturing import (
    capture_gaps,
    capture_plans,
    conditional_requests,
    github_budgets,
    installation_repositories,
    installations,
    webhook_deliveries,
)
from mainstem.store.tables.github import (
    comments,
    contributors,
    discussions,
    issues,
    pull_requests,
    repositories,
    reviews,
)
from mainstem.store.tables.tracking import (
    capture_cursors,
    github_events_cache,
    progressive_backfill_state,
    progressive_capture_jobs,
    sync_logs,
    tracked_repositories,
)
from mainstem.store.tables.workspaces import (
    workspace_aggregation_queue,
    workspace_metrics_cache,
    workspace_metrics_history,
    workspace_repositories,
    workspaces,
)

__all__ = [
    "capture_cursors",
    "capture_gaps",
    "capture_plans",
    "comments",
    "conditional_requests",
    "contributors",
    "discussions",
    "github_budgets",
    "github_events_cache",
    "installation_repositories",
    "installations",
    "issues",
    "metadata",
    "progressive_backfill_state",
    "progressive_capture_jobs",
    "pull_requests",
    "repositories",
    "reviews",
    "sync_logs",
    "tracked_repositories",
    "webhook_deliveries",
    "workspace_aggregation_queue",
    "workspace_metrics_cache",
    "workspace_metrics_history",
    "workspace_repositories",
    "workspaces",
]

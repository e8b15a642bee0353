"""Every table, under its own name. What a column means is said where its table is."""

from mainstem.store.tables.base import metadata
from mainstem.store.tables.github import (
    comments,
    contributors,
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
    "comments",
    "contributors",
    "github_events_cache",
    "issues",
    "metadata",
    "progressive_backfill_state",
    "progressive_capture_jobs",
    "pull_requests",
    "repositories",
    "reviews",
    "sync_logs",
    "tracked_repositories",
    "workspace_aggregation_queue",
    "workspace_metrics_cache",
    "workspace_metrics_history",
    "workspace_repositories",
    "workspaces",
]

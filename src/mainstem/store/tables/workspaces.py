"""Workspaces, the queue of their aggregations, and the metrics computed for them."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    false,
    text,
    true,
)

from mainstem.store.columns import CleanText, JsonDocument
from mainstem.store.tables.base import metadata, moment, not_negative, one_of, points_to, row_id
from mainstem.store.vocabulary import JOB_STATUSES, TIME_RANGES, VISIBILITIES

workspaces = Table(
    "workspaces",
    metadata,
    row_id(),
    Column("name", CleanText, nullable=False),
    Column("slug", CleanText, nullable=False, unique=True),
    Column("description", CleanText),
    Column("visibility", CleanText, nullable=False, server_default="public"),
    Column("tier", CleanText, nullable=False, server_default="free"),
    Column("settings", JsonDocument),
    Column("data_retention_days", Integer, comment="of daily history; NULL: by tier"),
    Column("is_active", Boolean, nullable=False, server_default=true()),
    moment("created_at", nullable=False),
    moment("last_activity_at"),
    one_of("visibility", VISIBILITIES),
    CheckConstraint("length(name) BETWEEN 1 AND 100", name="name"),
)

workspace_repositories = Table(
    "workspace_repositories",
    metadata,
    row_id(),
    points_to("workspace_id", "workspaces", cascade=True),
    points_to("repository_id", "repositories", cascade=True),
    Column("notes", CleanText),
    Column("is_pinned", Boolean, nullable=False, server_default=false()),
    moment("added_at", nullable=False),
    UniqueConstraint("workspace_id", "repository_id"),
    Index(None, "repository_id"),
)

workspace_aggregation_queue = Table(
    "workspace_aggregation_queue",
    metadata,
    row_id(),
    points_to("workspace_id", "workspaces", cascade=True),
    Column("time_range", CleanText, nullable=False),
    Column("priority", Integer, nullable=False, server_default="100", comment="lower is sooner"),
    Column("status", CleanText, nullable=False),
    # The run that holds the row: its own replay may go on, any other run must wait.
    Column("run_key", CleanText, nullable=False),
    moment("created_at", nullable=False),
    moment("started_at"),
    moment("completed_at"),
    moment("failed_at"),
    Column("takeovers", Integer, nullable=False, server_default="0"),
    Column("error_message", CleanText),
    Column("triggered_by", CleanText, nullable=False, server_default="manual"),
    Column("trigger_metadata", JsonDocument),
    one_of("time_range", TIME_RANGES),
    one_of("status", JOB_STATUSES),
    Index("ix_workspace_aggregation_queue_latest", "workspace_id", "time_range", "created_at"),
    Index(None, "status", "priority"),
)
# Any number of finished rows, at most one open: a key over (workspace, range, status) let each
# workspace complete once and then never again.
Index(
    "uq_workspace_aggregation_queue_open",
    workspace_aggregation_queue.c.workspace_id,
    workspace_aggregation_queue.c.time_range,
    unique=True,
    sqlite_where=text("status IN ('pending', 'processing')"),
    postgresql_where=text("status IN ('pending', 'processing')"),
)

workspace_metrics_cache = Table(
    "workspace_metrics_cache",
    metadata,
    row_id(),
    points_to("workspace_id", "workspaces", cascade=True),
    Column("time_range", CleanText, nullable=False),
    moment("period_start", nullable=False),
    moment("period_end", nullable=False),
    Column("metrics", JsonDocument, nullable=False),
    moment("calculated_at", nullable=False),
    moment("expires_at", nullable=False),
    Column("is_stale", Boolean, nullable=False, server_default=false()),
    Column("calculation_time_ms", Integer),
    UniqueConstraint("workspace_id", "time_range"),
    one_of("time_range", TIME_RANGES),
    Index(None, "expires_at"),
)

# One calendar day (UTC), that day's own counts; a period is a sum of days, never stored as one.
workspace_metrics_history = Table(
    "workspace_metrics_history",
    metadata,
    row_id(),
    points_to("workspace_id", "workspaces", cascade=True),
    Column("metric_date", Date, nullable=False),
    Column("daily_prs", Integer, nullable=False),
    Column("daily_merged_prs", Integer, nullable=False),
    Column("daily_issues", Integer, nullable=False),
    Column("daily_closed_issues", Integer, nullable=False),
    Column("daily_active_contributors", Integer, nullable=False),
    # Unknown until events, or stars, were captured: NULL, not a false 0.
    Column("daily_star_events", Integer),
    Column("daily_fork_events", Integer),
    Column("total_stars", Integer),
    Column("total_forks", Integer),
    Column("total_contributors", Integer),
    moment("row_synced_at", nullable=False),
    UniqueConstraint("workspace_id", "metric_date"),
    *not_negative(
        "daily_prs",
        "daily_merged_prs",
        "daily_issues",
        "daily_closed_issues",
        "daily_active_contributors",
        "daily_star_events",
        "daily_fork_events",
    ),
)

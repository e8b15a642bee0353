"""Create every table.

Types are spelled out here, apart from `mainstem.store.columns`: a migration describes the database
of its day, whatever the code becomes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _json() -> Any:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "contributors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("account_type", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("profile_url", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("bio", sa.Text(), nullable=True),
        sa.Column("blog", sa.Text(), nullable=True),
        sa.Column("public_repos", sa.Integer(), nullable=True),
        sa.Column("public_gists", sa.Integer(), nullable=True),
        sa.Column("followers", sa.Integer(), nullable=True),
        sa.Column("following", sa.Integer(), nullable=True),
        sa.Column("github_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_bot", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contributors")),
        sa.UniqueConstraint("github_id", name=op.f("uq_contributors_github_id")),
    )
    op.create_index(op.f("ix_contributors_username"), "contributors", ["username"], unique=False)
    op.create_table(
        "repositories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("homepage", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("license", sa.Text(), nullable=True),
        sa.Column("topics", _json(), nullable=True),
        sa.Column("default_branch", sa.Text(), nullable=True),
        sa.Column("stargazers_count", sa.Integer(), nullable=True),
        sa.Column("watchers_count", sa.Integer(), nullable=True),
        sa.Column("forks_count", sa.Integer(), nullable=True),
        sa.Column("open_issues_count", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True, comment="kilobytes, as GitHub counts them"),
        sa.Column("is_fork", sa.Boolean(), nullable=True),
        sa.Column("is_archived", sa.Boolean(), nullable=True),
        sa.Column("is_disabled", sa.Boolean(), nullable=True),
        sa.Column("is_private", sa.Boolean(), nullable=True),
        sa.Column("is_template", sa.Boolean(), nullable=True),
        sa.Column("has_issues", sa.Boolean(), nullable=True),
        sa.Column("has_projects", sa.Boolean(), nullable=True),
        sa.Column("has_wiki", sa.Boolean(), nullable=True),
        sa.Column("has_pages", sa.Boolean(), nullable=True),
        sa.Column("has_downloads", sa.Boolean(), nullable=True),
        sa.Column("has_discussions", sa.Boolean(), nullable=True),
        sa.Column("github_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("github_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("github_pushed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("first_tracked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("metadata_refreshed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("forks_count >= 0", name=op.f("ck_repositories_forks_count")),
        sa.CheckConstraint(
            "open_issues_count >= 0", name=op.f("ck_repositories_open_issues_count")
        ),
        sa.CheckConstraint("stargazers_count >= 0", name=op.f("ck_repositories_stargazers_count")),
        sa.CheckConstraint("watchers_count >= 0", name=op.f("ck_repositories_watchers_count")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repositories")),
        sa.UniqueConstraint("github_id", name=op.f("uq_repositories_github_id")),
    )
    op.create_index(
        "uq_repositories_owner_name",
        "repositories",
        [sa.text("lower(owner)"), sa.text("lower(name)")],
        unique=True,
    )
    op.create_table(
        "sync_logs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("sync_type", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("records_processed", sa.Integer(), nullable=True),
        sa.Column("records_inserted", sa.Integer(), nullable=True),
        sa.Column("records_updated", sa.Integer(), nullable=True),
        sa.Column("records_failed", sa.Integer(), nullable=True),
        sa.Column("github_api_calls_used", sa.Integer(), nullable=True),
        sa.Column("rate_limit_remaining", sa.Integer(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("metadata", _json(), nullable=False),
        sa.CheckConstraint(
            "status IN ('started', 'completed', 'failed', 'cancelled')",
            name=op.f("ck_sync_logs_status"),
        ),
        sa.CheckConstraint("records_failed >= 0", name=op.f("ck_sync_logs_records_failed")),
        sa.CheckConstraint("records_inserted >= 0", name=op.f("ck_sync_logs_records_inserted")),
        sa.CheckConstraint("records_processed >= 0", name=op.f("ck_sync_logs_records_processed")),
        sa.CheckConstraint("records_updated >= 0", name=op.f("ck_sync_logs_records_updated")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_logs")),
        sa.UniqueConstraint("run_key", name=op.f("uq_sync_logs_run_key")),
    )
    op.create_index(
        op.f("ix_sync_logs_repository_id_sync_type_completed_at"),
        "sync_logs",
        ["repository_id", "sync_type", "completed_at"],
        unique=False,
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), server_default="public", nullable=False),
        sa.Column("tier", sa.Text(), server_default="free", nullable=False),
        sa.Column("settings", _json(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "visibility IN ('public', 'private')", name=op.f("ck_workspaces_visibility")
        ),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 100", name=op.f("ck_workspaces_name")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspaces_slug")),
    )
    op.create_table(
        "capture_cursors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True, comment="where the next page begins; opaque"),
        sa.Column("watermark", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("pages >= 0", name=op.f("ck_capture_cursors_pages")),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_capture_cursors_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture_cursors")),
        sa.UniqueConstraint(
            "repository_id", "kind", name=op.f("uq_capture_cursors_repository_id_kind")
        ),
    )
    op.create_table(
        "github_events_cache",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("actor_github_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_login", sa.Text(), nullable=True),
        sa.Column("payload", _json(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_github_events_cache_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_github_events_cache")),
        sa.UniqueConstraint("event_id", name=op.f("uq_github_events_cache_event_id")),
    )
    op.create_index(
        op.f("ix_github_events_cache_repository_id_event_type_created_at"),
        "github_events_cache",
        ["repository_id", "event_type", "created_at"],
        unique=False,
    )
    op.create_table(
        "issues",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_login", sa.Text(), nullable=True),
        sa.Column("author_type", sa.Text(), nullable=True),
        sa.Column("labels", _json(), nullable=True, comment="list of names, sorted"),
        sa.Column("assignees", _json(), nullable=True, comment="list of logins, sorted"),
        sa.Column("milestone", sa.Text(), nullable=True),
        sa.Column("comments_count", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("html_url", sa.Text(), nullable=True),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_issues_state")),
        sa.CheckConstraint("comments_count >= 0", name=op.f("ck_issues_comments_count")),
        sa.CheckConstraint("number > 0", name=op.f("ck_issues_number")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["contributors.id"], name=op.f("fk_issues_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_issues_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.UniqueConstraint("github_id", name=op.f("uq_issues_github_id")),
        sa.UniqueConstraint("repository_id", "number", name=op.f("uq_issues_repository_id_number")),
    )
    op.create_index(op.f("ix_issues_author_id"), "issues", ["author_id"], unique=False)
    op.create_index(
        op.f("ix_issues_repository_id_created_at"),
        "issues",
        ["repository_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_issues_repository_id_state"), "issues", ["repository_id", "state"], unique=False
    )
    op.create_index(
        op.f("ix_issues_repository_id_updated_at"),
        "issues",
        ["repository_id", "updated_at"],
        unique=False,
    )
    op.create_table(
        "progressive_backfill_state",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("total_prs", sa.Integer(), nullable=True),
        sa.Column("processed_prs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_processed_cursor", sa.Text(), nullable=True),
        sa.Column("last_processed_pr_number", sa.Integer(), nullable=True),
        sa.Column("last_processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chunk_size", sa.Integer(), server_default="25", nullable=False),
        sa.Column("error_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("consecutive_errors", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("metadata", _json(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('active', 'paused', 'completed', 'failed')",
            name=op.f("ck_progressive_backfill_state_status"),
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_progressive_backfill_state_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progressive_backfill_state")),
        sa.UniqueConstraint(
            "repository_id", name=op.f("uq_progressive_backfill_state_repository_id")
        ),
    )
    op.create_table(
        "progressive_capture_jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_type", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=True),
        sa.Column("processor_type", sa.Text(), server_default="inngest", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("time_range_days", sa.Integer(), nullable=True),
        sa.Column("metadata", _json(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'failed')",
            name=op.f("ck_progressive_capture_jobs_status"),
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_progressive_capture_jobs_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progressive_capture_jobs")),
    )
    op.create_index(
        op.f("ix_progressive_capture_jobs_repository_id_created_at"),
        "progressive_capture_jobs",
        ["repository_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_progressive_capture_jobs_status_created_at"),
        "progressive_capture_jobs",
        ["status", "created_at"],
        unique=False,
    )
    op.create_table(
        "pull_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_login", sa.Text(), nullable=True),
        sa.Column("author_type", sa.Text(), nullable=True),
        sa.Column("merged_by_id", sa.Uuid(), nullable=True),
        sa.Column("merged_by_login", sa.Text(), nullable=True),
        sa.Column("base_branch", sa.Text(), nullable=True),
        sa.Column("head_branch", sa.Text(), nullable=True),
        sa.Column("draft", sa.Boolean(), nullable=True),
        sa.Column("mergeable", sa.Boolean(), nullable=True),
        sa.Column("mergeable_state", sa.Text(), nullable=True),
        sa.Column("merged", sa.Boolean(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("additions", sa.Integer(), nullable=True),
        sa.Column("deletions", sa.Integer(), nullable=True),
        sa.Column("changed_files", sa.Integer(), nullable=True),
        sa.Column("commits", sa.Integer(), nullable=True),
        sa.Column("html_url", sa.Text(), nullable=True),
        sa.Column("details_synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'closed', 'merged')", name=op.f("ck_pull_requests_state")
        ),
        sa.CheckConstraint("additions >= 0", name=op.f("ck_pull_requests_additions")),
        sa.CheckConstraint("changed_files >= 0", name=op.f("ck_pull_requests_changed_files")),
        sa.CheckConstraint("commits >= 0", name=op.f("ck_pull_requests_commits")),
        sa.CheckConstraint("deletions >= 0", name=op.f("ck_pull_requests_deletions")),
        sa.CheckConstraint("number > 0", name=op.f("ck_pull_requests_number")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["contributors.id"], name=op.f("fk_pull_requests_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["merged_by_id"], ["contributors.id"], name=op.f("fk_pull_requests_merged_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_pull_requests_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pull_requests")),
        sa.UniqueConstraint("github_id", name=op.f("uq_pull_requests_github_id")),
        sa.UniqueConstraint(
            "repository_id", "number", name=op.f("uq_pull_requests_repository_id_number")
        ),
    )
    op.create_index(
        op.f("ix_pull_requests_author_id"), "pull_requests", ["author_id"], unique=False
    )
    op.create_index(
        op.f("ix_pull_requests_merged_by_id"), "pull_requests", ["merged_by_id"], unique=False
    )
    op.create_index(
        op.f("ix_pull_requests_repository_id_created_at"),
        "pull_requests",
        ["repository_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_pull_requests_repository_id_state"),
        "pull_requests",
        ["repository_id", "state"],
        unique=False,
    )
    op.create_index(
        op.f("ix_pull_requests_repository_id_updated_at"),
        "pull_requests",
        ["repository_id", "updated_at"],
        unique=False,
    )
    op.create_table(
        "tracked_repositories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("organization_name", sa.Text(), nullable=False),
        sa.Column("repository_name", sa.Text(), nullable=False),
        sa.Column("tracking_enabled", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("size", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), server_default="low", nullable=False),
        sa.Column("metrics", _json(), nullable=True),
        sa.Column("size_calculated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "priority IN ('high', 'medium', 'low')", name=op.f("ck_tracked_repositories_priority")
        ),
        sa.CheckConstraint(
            "size IN ('small', 'medium', 'large', 'xl')", name=op.f("ck_tracked_repositories_size")
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_tracked_repositories_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracked_repositories")),
        sa.UniqueConstraint("repository_id", name=op.f("uq_tracked_repositories_repository_id")),
    )
    op.create_index(
        op.f("ix_tracked_repositories_priority"), "tracked_repositories", ["priority"], unique=False
    )
    op.create_index(
        op.f("ix_tracked_repositories_size"), "tracked_repositories", ["size"], unique=False
    )
    op.create_index(
        op.f("ix_tracked_repositories_size_calculated_at"),
        "tracked_repositories",
        ["size_calculated_at"],
        unique=False,
    )
    op.create_table(
        "workspace_aggregation_queue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("time_range", sa.Text(), nullable=False),
        sa.Column(
            "priority",
            sa.Integer(),
            server_default="100",
            nullable=False,
            comment="lower is sooner",
        ),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("takeovers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("triggered_by", sa.Text(), server_default="manual", nullable=False),
        sa.Column("trigger_metadata", _json(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'completed', 'failed')",
            name=op.f("ck_workspace_aggregation_queue_status"),
        ),
        sa.CheckConstraint(
            "time_range IN ('7d', '30d', '90d', '1y', 'all')",
            name=op.f("ck_workspace_aggregation_queue_time_range"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_workspace_aggregation_queue_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace_aggregation_queue")),
    )
    op.create_index(
        op.f("ix_workspace_aggregation_queue_status_priority"),
        "workspace_aggregation_queue",
        ["status", "priority"],
        unique=False,
    )
    op.create_index(
        "ix_workspace_aggregation_queue_latest",
        "workspace_aggregation_queue",
        ["workspace_id", "time_range", "created_at"],
        unique=False,
    )
    op.create_index(
        "uq_workspace_aggregation_queue_open",
        "workspace_aggregation_queue",
        ["workspace_id", "time_range"],
        unique=True,
        sqlite_where=sa.text("status IN ('pending', 'processing')"),
        postgresql_where=sa.text("status IN ('pending', 'processing')"),
    )
    op.create_table(
        "workspace_metrics_cache",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("time_range", sa.Text(), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metrics", _json(), nullable=False),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_stale", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("calculation_time_ms", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "time_range IN ('7d', '30d', '90d', '1y', 'all')",
            name=op.f("ck_workspace_metrics_cache_time_range"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_workspace_metrics_cache_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace_metrics_cache")),
        sa.UniqueConstraint(
            "workspace_id",
            "time_range",
            name=op.f("uq_workspace_metrics_cache_workspace_id_time_range"),
        ),
    )
    op.create_index(
        op.f("ix_workspace_metrics_cache_expires_at"),
        "workspace_metrics_cache",
        ["expires_at"],
        unique=False,
    )
    op.create_table(
        "workspace_metrics_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("metric_date", sa.Date(), nullable=False),
        sa.Column("daily_prs", sa.Integer(), nullable=False),
        sa.Column("daily_merged_prs", sa.Integer(), nullable=False),
        sa.Column("daily_issues", sa.Integer(), nullable=False),
        sa.Column("daily_closed_issues", sa.Integer(), nullable=False),
        sa.Column("daily_active_contributors", sa.Integer(), nullable=False),
        sa.Column("daily_star_events", sa.Integer(), nullable=True),
        sa.Column("daily_fork_events", sa.Integer(), nullable=True),
        sa.Column("total_stars", sa.Integer(), nullable=True),
        sa.Column("total_forks", sa.Integer(), nullable=True),
        sa.Column("total_contributors", sa.Integer(), nullable=True),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "daily_active_contributors >= 0",
            name=op.f("ck_workspace_metrics_history_daily_active_contributors"),
        ),
        sa.CheckConstraint(
            "daily_closed_issues >= 0",
            name=op.f("ck_workspace_metrics_history_daily_closed_issues"),
        ),
        sa.CheckConstraint(
            "daily_fork_events >= 0", name=op.f("ck_workspace_metrics_history_daily_fork_events")
        ),
        sa.CheckConstraint(
            "daily_issues >= 0", name=op.f("ck_workspace_metrics_history_daily_issues")
        ),
        sa.CheckConstraint(
            "daily_merged_prs >= 0", name=op.f("ck_workspace_metrics_history_daily_merged_prs")
        ),
        sa.CheckConstraint("daily_prs >= 0", name=op.f("ck_workspace_metrics_history_daily_prs")),
        sa.CheckConstraint(
            "daily_star_events >= 0", name=op.f("ck_workspace_metrics_history_daily_star_events")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_workspace_metrics_history_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace_metrics_history")),
        sa.UniqueConstraint(
            "workspace_id",
            "metric_date",
            name=op.f("uq_workspace_metrics_history_workspace_id_metric_date"),
        ),
    )
    op.create_table(
        "workspace_repositories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("is_pinned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_workspace_repositories_repository_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_workspace_repositories_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace_repositories")),
        sa.UniqueConstraint(
            "workspace_id",
            "repository_id",
            name=op.f("uq_workspace_repositories_workspace_id_repository_id"),
        ),
    )
    op.create_index(
        op.f("ix_workspace_repositories_repository_id"),
        "workspace_repositories",
        ["repository_id"],
        unique=False,
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("comment_type", sa.Text(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("pull_request_id", sa.Uuid(), nullable=True),
        sa.Column("issue_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_login", sa.Text(), nullable=True),
        sa.Column("author_type", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_github_id", sa.BigInteger(), nullable=True),
        sa.Column("in_reply_to_github_id", sa.BigInteger(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("original_position", sa.Integer(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("original_line", sa.Integer(), nullable=True),
        sa.Column("start_line", sa.Integer(), nullable=True),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("diff_hunk", sa.Text(), nullable=True),
        sa.Column("commit_id", sa.Text(), nullable=True),
        sa.Column("original_commit_id", sa.Text(), nullable=True),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "comment_type IN ('issue_comment', 'review_comment')",
            name=op.f("ck_comments_comment_type"),
        ),
        sa.CheckConstraint(
            "(pull_request_id IS NULL) <> (issue_id IS NULL)", name=op.f("ck_comments_one_parent")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["contributors.id"], name=op.f("fk_comments_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_comments_issue_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["pull_request_id"],
            ["pull_requests.id"],
            name=op.f("fk_comments_pull_request_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_comments_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint(
            "github_id", "comment_type", name=op.f("uq_comments_github_id_comment_type")
        ),
    )
    op.create_index(op.f("ix_comments_author_id"), "comments", ["author_id"], unique=False)
    op.create_index(op.f("ix_comments_issue_id"), "comments", ["issue_id"], unique=False)
    op.create_index(
        op.f("ix_comments_pull_request_id"), "comments", ["pull_request_id"], unique=False
    )
    op.create_index(
        op.f("ix_comments_repository_id_created_at"),
        "comments",
        ["repository_id", "created_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_comments_review_github_id"), "comments", ["review_github_id"], unique=False
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("github_id", sa.BigInteger(), nullable=False),
        sa.Column("repository_id", sa.Uuid(), nullable=False),
        sa.Column("pull_request_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_login", sa.Text(), nullable=True),
        sa.Column("author_type", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("commit_id", sa.Text(), nullable=True),
        sa.Column("row_synced_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('PENDING', 'APPROVED', 'CHANGES_REQUESTED', 'COMMENTED', 'DISMISSED')",
            name=op.f("ck_reviews_state"),
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["contributors.id"], name=op.f("fk_reviews_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["pull_request_id"],
            ["pull_requests.id"],
            name=op.f("fk_reviews_pull_request_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_reviews_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("github_id", name=op.f("uq_reviews_github_id")),
    )
    op.create_index(op.f("ix_reviews_author_id"), "reviews", ["author_id"], unique=False)
    op.create_index(
        op.f("ix_reviews_pull_request_id"), "reviews", ["pull_request_id"], unique=False
    )
    op.create_index(
        op.f("ix_reviews_repository_id_submitted_at"),
        "reviews",
        ["repository_id", "submitted_at"],
        unique=False,
    )


def downgrade() -> None:
    # A table takes its indexes with it; children go before parents.
    op.drop_table("reviews")
    op.drop_table("comments")
    op.drop_table("workspace_repositories")
    op.drop_table("workspace_metrics_history")
    op.drop_table("workspace_metrics_cache")
    op.drop_table("workspace_aggregation_queue")
    op.drop_table("tracked_repositories")
    op.drop_table("pull_requests")
    op.drop_table("progressive_capture_jobs")
    op.drop_table("progressive_backfill_state")
    op.drop_table("issues")
    op.drop_table("github_events_cache")
    op.drop_table("capture_cursors")
    op.drop_table("workspaces")
    op.drop_table("sync_logs")
    op.drop_table("repositories")
    op.drop_table("contributors")

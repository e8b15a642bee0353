"""What we do: who is tracked, what was synced, how far a capture came, what GitHub's feed said."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    Table,
    UniqueConstraint,
    Uuid,
    false,
    true,
)

from mainstem.store.columns import CleanText, JsonDocument
from mainstem.store.tables.base import metadata, moment, not_negative, one_of, points_to, row_id
from mainstem.store.vocabulary import (
    BACKFILL_STATUSES,
    JOB_STATUSES,
    REPOSITORY_SIZES,
    SYNC_STATUSES,
    TRACKING_PRIORITIES,
)

tracked_repositories = Table(
    "tracked_repositories",
    metadata,
    row_id(),
    points_to("repository_id", "repositories", cascade=True),
    Column("organization_name", CleanText, nullable=False),
    Column("repository_name", CleanText, nullable=False),
    Column("tracking_enabled", Boolean, nullable=False, server_default=true()),
    # NULL is "not classified yet": no default, which would hide the repositories left to do.
    Column("size", CleanText),
    Column("priority", CleanText, nullable=False, server_default="low"),
    Column("is_workspace_repo", Boolean, nullable=False, server_default=false()),
    Column("workspace_count", Integer, nullable=False, server_default="0"),
    Column("metrics", JsonDocument),
    moment("size_calculated_at"),
    moment("created_at", nullable=False),
    moment("updated_at", nullable=False),
    UniqueConstraint("repository_id"),
    one_of("size", REPOSITORY_SIZES),
    one_of("priority", TRACKING_PRIORITIES),
    Index(None, "size"),
    Index(None, "priority"),
    Index(None, "size_calculated_at"),
)

sync_logs = Table(
    "sync_logs",
    metadata,
    row_id(),
    # Function id and run id: a replay finds its own row again (domain rule: one row per run).
    Column("run_key", CleanText, nullable=False, unique=True),
    Column("sync_type", CleanText, nullable=False),
    # The log outlives a repository that is deleted, so this is no foreign key.
    Column("repository_id", Uuid()),
    Column("status", CleanText, nullable=False),
    moment("started_at", nullable=False),
    moment("completed_at"),
    Column("records_processed", Integer),
    Column("records_inserted", Integer),
    Column("records_updated", Integer),
    Column("records_failed", Integer),
    Column("github_api_calls_used", Integer),
    Column("rate_limit_remaining", Integer),
    Column("error_message", CleanText),
    Column("metadata", JsonDocument, nullable=False),
    one_of("status", SYNC_STATUSES),
    *not_negative("records_processed", "records_inserted", "records_updated", "records_failed"),
    Index(None, "repository_id", "sync_type", "completed_at"),
)

capture_cursors = Table(
    "capture_cursors",
    metadata,
    row_id(),
    points_to("repository_id", "repositories", cascade=True),
    Column("kind", CleanText, nullable=False),
    Column("cursor", CleanText, comment="where the next page begins; opaque"),
    moment("watermark"),
    Column("pages", Integer, nullable=False, server_default="0"),
    moment("completed_at"),
    # GitHub's own count of the whole list, how many of it were stored then, and when that was.
    Column("total", Integer),
    Column("stored", Integer),
    moment("counted_at"),
    # The step that stored the last page, and what it answered: tried again after it was stored but
    # before it was told, it answers the same, and no page counts twice or not at all.
    Column("last_step", CleanText),
    Column("last_result", JsonDocument),
    moment("updated_at", nullable=False),
    UniqueConstraint("repository_id", "kind"),
    *not_negative("pages"),
)

progressive_capture_jobs = Table(
    "progressive_capture_jobs",
    metadata,
    row_id(),
    Column("job_type", CleanText, nullable=False),
    points_to("repository_id", "repositories", nullable=True, cascade=True),
    Column("processor_type", CleanText, nullable=False, server_default="inngest"),
    Column("status", CleanText, nullable=False),
    Column("time_range_days", Integer),
    Column("metadata", JsonDocument),
    Column("error", CleanText),
    moment("created_at", nullable=False),
    moment("started_at"),
    moment("completed_at"),
    one_of("status", JOB_STATUSES),
    Index(None, "repository_id", "created_at"),
    Index(None, "status", "created_at"),
)

progressive_backfill_state = Table(
    "progressive_backfill_state",
    metadata,
    row_id(),
    points_to("repository_id", "repositories", cascade=True),
    Column("status", CleanText, nullable=False),
    Column("total_prs", Integer),
    Column("processed_prs", Integer, nullable=False, server_default="0"),
    Column("last_processed_cursor", CleanText),
    Column("last_processed_pr_number", Integer),
    moment("last_processed_at"),
    Column("chunk_size", Integer, nullable=False, server_default="25"),
    Column("error_count", Integer, nullable=False, server_default="0"),
    Column("consecutive_errors", Integer, nullable=False, server_default="0"),
    Column("last_error", CleanText),
    moment("last_error_at"),
    Column("metadata", JsonDocument),
    moment("created_at", nullable=False),
    moment("updated_at", nullable=False),
    UniqueConstraint("repository_id"),
    one_of("status", BACKFILL_STATUSES),
)

# Not partitioned: a missing partition lost events, and no unique key could hold across partitions.
github_events_cache = Table(
    "github_events_cache",
    metadata,
    row_id(),
    Column("event_id", CleanText, nullable=False, unique=True),
    Column("event_type", CleanText, nullable=False),
    points_to("repository_id", "repositories", cascade=True),
    Column("actor_github_id", BigInteger),
    Column("actor_login", CleanText),
    Column("payload", JsonDocument),
    moment("created_at", nullable=False),
    moment("row_synced_at", nullable=False),
    Index(None, "repository_id", "event_type", "created_at"),
)

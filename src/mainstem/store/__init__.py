"""The database: tables, migrations, one writer per table, one function per question.

`Database` opens it and runs ``fn(conn, ...)`` in one transaction; everything else here is such a
function, or the value one takes or gives. Writers save whole sets of rows without ever blanking a
known value; questions return frozen values, None where nothing is stored. Row ids follow from
GitHub's numbers (`ids`). What to capture, when, and what the numbers mean is left to `functions`
and `insights`.
"""

from mainstem.store import ids, tables
from mainstem.store.database import Database
from mainstem.store.errors import (
    BadRow,
    DatabaseUnavailable,
    KeyConflict,
    NaiveTime,
    NoRowWritten,
    SchemaOutdated,
    SchemaTooNew,
)
from mainstem.store.pulls import (
    Counts,
    StoredPull,
    count_by_pull,
    count_pulls_needing_update,
    find_pull,
    load_pulls,
    pulls_lacking_diff,
    pulls_needing_update,
    set_details_synced,
)
from mainstem.store.repositories import (
    Repository,
    count_pull_requests,
    find_repository,
    find_repository_by_github_id,
    has_complete_data,
    latest_sync_time,
    list_repositories,
    load_repository,
    mark_metadata_refreshed,
    mark_synced,
)
from mainstem.store.rows import (
    CommentRow,
    ContributorRow,
    GithubEventRow,
    IssueRow,
    MetricsDayRow,
    PullRequestRow,
    RepositoryRow,
    ReviewRow,
)
from mainstem.store.tracking import (
    TrackedRepository,
    Tracking,
    high_priority_repositories,
    load_tracking,
    save_classification,
    stale_classifications,
    track_repository,
    unclassified_repositories,
)
from mainstem.store.upsert import Written
from mainstem.store.writers import (
    save_comments,
    save_contributors,
    save_github_events,
    save_issues,
    save_metrics_days,
    save_pull_requests,
    save_repositories,
    save_reviews,
)

__all__ = [
    "BadRow",
    "CommentRow",
    "ContributorRow",
    "Counts",
    "Database",
    "DatabaseUnavailable",
    "GithubEventRow",
    "IssueRow",
    "KeyConflict",
    "MetricsDayRow",
    "NaiveTime",
    "NoRowWritten",
    "PullRequestRow",
    "Repository",
    "RepositoryRow",
    "ReviewRow",
    "SchemaOutdated",
    "SchemaTooNew",
    "StoredPull",
    "TrackedRepository",
    "Tracking",
    "Written",
    "count_by_pull",
    "count_pull_requests",
    "count_pulls_needing_update",
    "find_pull",
    "find_repository",
    "find_repository_by_github_id",
    "has_complete_data",
    "high_priority_repositories",
    "ids",
    "latest_sync_time",
    "list_repositories",
    "load_pulls",
    "load_repository",
    "load_tracking",
    "mark_metadata_refreshed",
    "mark_synced",
    "pulls_lacking_diff",
    "pulls_needing_update",
    "save_classification",
    "save_comments",
    "save_contributors",
    "save_github_events",
    "save_issues",
    "save_metrics_days",
    "save_pull_requests",
    "save_repositories",
    "save_reviews",
    "set_details_synced",
    "stale_classifications",
    "tables",
    "track_repository",
    "unclassified_repositories",
]

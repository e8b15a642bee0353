"""One writer per table of captured data; every capture path saves through these.

Each takes rows as in `rows`, writes all of them or none inside the caller's transaction, and
returns `Written`. `at` is the moment of writing: None reads the wall clock.

- A key absent from a row leaves its column alone; unchanged rows are not rewritten.
- Pull requests, issues and comments: a row whose `updated_at` is older than the stored one changes
  nothing, so late answers cannot undo newer ones.
- Contributors: once a bot, always a bot; a new login just replaces the old one.
- `first_seen_at` and `first_tracked_at` are written with the row and never again.
- The same row twice in one call counts once; the newer wins, between equals the later.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, select, update

from mainstem.store import tables
from mainstem.store.rows import (
    CommentRow,
    ContributorRow,
    DiscussionRow,
    GithubEventRow,
    IssueRow,
    MetricsDayRow,
    PullRequestRow,
    RepositoryRow,
    ReviewRow,
)
from mainstem.store.upsert import CHUNK_ROWS, Rule, Written, in_chunks, save

_REPOSITORIES = Rule(
    tables.repositories,
    ("github_id",),
    first_only=frozenset({"first_tracked_at"}),
    ours=frozenset({"row_synced_at", "last_synced_at", "metadata_refreshed_at"}),
)
_CONTRIBUTORS = Rule(
    tables.contributors,
    ("github_id",),
    never_lowered=frozenset({"is_bot"}),
    first_only=frozenset({"first_seen_at"}),
)
_PULL_REQUESTS = Rule(
    tables.pull_requests,
    ("github_id", "repository_id", "number"),
    newest_by="updated_at",
    ours=frozenset({"row_synced_at", "details_synced_at", "read_up_to", "deleted_at"}),
)
_REVIEWS = Rule(tables.reviews, ("github_id",))
_COMMENTS = Rule(tables.comments, ("github_id", "comment_type"), newest_by="updated_at")
_ISSUES = Rule(tables.issues, ("github_id", "repository_id", "number"), newest_by="updated_at")
_DISCUSSIONS = Rule(
    tables.discussions, ("github_id", "repository_id", "number"), newest_by="updated_at"
)
_GITHUB_EVENTS = Rule(tables.github_events_cache, ("event_id",))
_METRICS_DAYS = Rule(tables.workspace_metrics_history, ("workspace_id", "metric_date"))


def save_repositories(
    conn: Connection, rows: Sequence[RepositoryRow], *, at: datetime | None = None
) -> Written:
    """Repositories. A name that another stored repository holds raises `KeyConflict`."""
    return save(conn, _REPOSITORIES, rows, at=at or datetime.now(UTC))


def save_contributors(
    conn: Connection, rows: Sequence[ContributorRow], *, at: datetime | None = None
) -> Written:
    """People, bots and organisations, by GitHub's number; never by login."""
    return save(conn, _CONTRIBUTORS, rows, at=at or datetime.now(UTC))


def save_pull_requests(
    conn: Connection, rows: Sequence[PullRequestRow], *, at: datetime | None = None
) -> Written:
    """Pull requests; repository, author and merger must be stored.

    Those that are now as new as they are stored count as read (`read_up_to`).
    """
    written = save(conn, _PULL_REQUESTS, rows, at=at or datetime.now(UTC))
    _note_read(conn, {row["id"]: row["updated_at"] for row in rows if "updated_at" in row})
    return written


def save_reviews(
    conn: Connection, rows: Sequence[ReviewRow], *, at: datetime | None = None
) -> Written:
    """Reviews; pull request and author must be stored."""
    return save(conn, _REVIEWS, rows, at=at or datetime.now(UTC))


def save_comments(
    conn: Connection, rows: Sequence[CommentRow], *, at: datetime | None = None
) -> Written:
    """Comments of both types; the pull request or issue, and the author, must be stored."""
    return save(conn, _COMMENTS, rows, at=at or datetime.now(UTC))


def save_issues(
    conn: Connection, rows: Sequence[IssueRow], *, at: datetime | None = None
) -> Written:
    """Issues (not pull requests); repository and author must be stored."""
    return save(conn, _ISSUES, rows, at=at or datetime.now(UTC))


def save_discussions(
    conn: Connection, rows: Sequence[DiscussionRow], *, at: datetime | None = None
) -> Written:
    """Discussions; repository and author must be stored."""
    return save(conn, _DISCUSSIONS, rows, at=at or datetime.now(UTC))


def save_github_events(
    conn: Connection, rows: Sequence[GithubEventRow], *, at: datetime | None = None
) -> Written:
    """Entries of a repository's event feed; the repository must be stored."""
    return save(conn, _GITHUB_EVENTS, rows, at=at or datetime.now(UTC))


def save_metrics_days(
    conn: Connection, rows: Sequence[MetricsDayRow], *, at: datetime | None = None
) -> Written:
    """A workspace's true daily values; a day computed again replaces itself."""
    return save(conn, _METRICS_DAYS, rows, at=at or datetime.now(UTC))


def _note_read(conn: Connection, times: Mapping[UUID, datetime]) -> None:
    """Take the notes of deliveries off what was read since, by GitHub's times, not by ours."""
    table = tables.pull_requests
    for chunk in in_chunks(sorted(times), CHUNK_ROWS):
        told = select(table.c.id, table.c.updated_at).where(
            table.c.id.in_(chunk), table.c.read_up_to.is_not(None)
        )
        read = [row.id for row in conn.execute(told) if row.updated_at == times[row.id]]
        if read:
            conn.execute(update(table).where(table.c.id.in_(read)).values(read_up_to=None))

"""How fresh and how complete the stored data are: what a figure is worth depends on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, func, select

from mainstem.insights.durations import percentage
from mainstem.store import ListCount, is_live, list_counts, open_lists, tables

Status = Literal["no_data", "partial_data", "success"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """`newest_activity` is GitHub's latest update time of a stored pull request or issue;
    `last_synced_at` and `age_hours` say when we last looked (None: never)."""

    newest_activity: datetime | None
    last_synced_at: datetime | None
    age_hours: float | None


@dataclass(frozen=True, slots=True)
class ListCompleteness:
    """One list of a repository: GitHub's own `total`, and what was `stored` when it was counted.

    The lists are `pulls`, `issues`, `review-comments` (on diffs) and `comments` (conversations, on
    pull requests and issues together). `is_complete` is None for one that was never compared.
    """

    name: str
    total: int | None
    stored: int | None
    is_complete: bool | None
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Completeness:
    """`status` is one of the data statuses that every insight may return (domain reference,
    section 7).

    `detailed_pulls` were captured with all that belongs to them; `expected_issue_comments` is what
    the issues themselves say; `histories` names each history that was read and whether to its end;
    `open_at_github` is GitHub's count of open issues and pull requests together. `lists` holds the
    totals of each list; `open_lists` counts nested lists that were not read to their end, and
    `open_items` what is still to come of them. `expected_pull_comments` is the sum of GitHub's own
    counts on pull requests, of both kinds; it is shown and not judged by, since what GitHub counts
    there is not documented.
    """

    status: Status
    pulls: int
    detailed_pulls: int
    detailed_percentage: float | None
    expected_issue_comments: int
    stored_issue_comments: int
    open_at_github: int | None
    open_stored: int
    histories: tuple[tuple[str, bool], ...]
    lists: tuple[ListCompleteness, ...] = ()
    open_lists: int = 0
    open_items: int = 0
    expected_pull_comments: int = 0
    stored_pull_comments: int = 0


def judge(*, pulls: int, issues: int, detailed: int, expected: int, stored: int) -> Status:
    """No data, some of it, or all that the stored pull requests and issues announce.

    More comments than announced are fine: the count is as old as the issue's own row.
    """
    if pulls + issues == 0:
        return "no_data"
    return "success" if detailed >= pulls and stored >= expected else "partial_data"


def load_freshness(conn: Connection, repository_id: UUID, *, now: datetime) -> Freshness:
    """As of `now` (aware)."""
    times = [
        conn.execute(
            select(func.max(table.c.updated_at)).where(
                table.c.repository_id == repository_id, is_live(table)
            )
        ).scalar_one()
        for table in (tables.pull_requests, tables.issues)
    ]
    known: list[datetime] = [moment for moment in times if moment is not None]
    repositories = tables.repositories
    synced: datetime | None = conn.execute(
        select(repositories.c.last_synced_at).where(repositories.c.id == repository_id)
    ).scalar_one_or_none()
    age = None if synced is None else max(0.0, (now - synced).total_seconds() / 3600)
    return Freshness(max(known, default=None), synced, age)


def load_completeness(conn: Connection, repository_id: UUID) -> Completeness:
    """Compares what is stored with what GitHub said there is."""
    pulls, issues, comments = tables.pull_requests, tables.issues, tables.comments
    total, detailed, open_pulls = conn.execute(
        select(
            func.count(),
            func.count(pulls.c.details_synced_at),
            func.count().filter(pulls.c.state == "open"),
        ).where(pulls.c.repository_id == repository_id, is_live(pulls))
    ).one()
    held, expected, open_issues = conn.execute(
        select(
            func.count(),
            func.coalesce(func.sum(issues.c.comments_count), 0),
            func.count().filter(issues.c.state == "open"),
        ).where(issues.c.repository_id == repository_id, is_live(issues))
    ).one()
    stored = conn.execute(
        select(func.count()).where(
            comments.c.repository_id == repository_id,
            comments.c.issue_id.is_not(None),
            is_live(comments),
        )
    ).scalar_one()
    announced, on_pulls = _pull_comments(conn, repository_id)
    lists = tuple(completeness_of(one) for one in list_counts(conn, repository_id))
    unread = open_lists(conn, repository_id)
    status = judge(pulls=total, issues=held, detailed=detailed, expected=expected, stored=stored)
    if status == "success" and (unread.lists or any(one.is_complete is False for one in lists)):
        status = "partial_data"
    return Completeness(
        status=status,
        pulls=total,
        detailed_pulls=detailed,
        detailed_percentage=percentage(detailed, total),
        expected_issue_comments=int(expected),
        stored_issue_comments=stored,
        open_at_github=_open_at_github(conn, repository_id),
        open_stored=open_pulls + open_issues,
        histories=_histories(conn, repository_id),
        lists=lists,
        open_lists=unread.lists,
        open_items=unread.missing,
        expected_pull_comments=announced,
        stored_pull_comments=on_pulls,
    )


def completeness_of(count: ListCount) -> ListCompleteness:
    """Whether a list is all there, by the last comparison.

    More than GitHub counts is not complete either: something is gone there and not marked here.
    """
    is_known = count.total is not None and count.stored is not None
    return ListCompleteness(
        count.name,
        count.total,
        count.stored,
        count.total == count.stored if is_known else None,
        count.counted_at,
    )


def _pull_comments(conn: Connection, repository_id: UUID) -> tuple[int, int]:
    """GitHub's counts on the pull requests that have one, in sum, and what is stored on those."""
    pulls, comments = tables.pull_requests, tables.comments
    counted = (
        pulls.c.repository_id == repository_id,
        pulls.c.comments_count.is_not(None),
        is_live(pulls),
    )
    announced = conn.execute(
        select(func.coalesce(func.sum(pulls.c.comments_count), 0)).where(*counted)
    ).scalar_one()
    held = conn.execute(
        select(func.count())
        .select_from(comments.join(pulls, pulls.c.id == comments.c.pull_request_id))
        .where(*counted, is_live(comments))
    ).scalar_one()
    return int(announced), held


def _open_at_github(conn: Connection, repository_id: UUID) -> int | None:
    table = tables.repositories
    return conn.execute(
        select(table.c.open_issues_count).where(table.c.id == repository_id)
    ).scalar_one_or_none()


def _histories(conn: Connection, repository_id: UUID) -> tuple[tuple[str, bool], ...]:
    cursors = tables.capture_cursors
    rows = conn.execute(
        select(cursors.c.kind, cursors.c.completed_at.is_not(None))
        .where(
            cursors.c.repository_id == repository_id,
            # Those of a reconciliation are no histories.
            cursors.c.kind.not_like("count-%"),
            cursors.c.kind.not_like("sweep-%"),
        )
        .order_by(cursors.c.kind)
    )
    return tuple((kind, bool(completed)) for kind, completed in rows)

"""What workspace metrics are computed from: compact rows, no judgement.

Periods are half open, [start, end), by GitHub's creation times. Bots are in, flagged: leaving them
out is the reader's choice.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, Table, and_, case, func, or_, select

from mainstem.store.answers import every
from mainstem.store.tables import (
    contributors,
    github_events_cache,
    issues,
    pull_requests,
    workspace_repositories,
)


@dataclass(frozen=True, slots=True)
class PullInput:
    """A pull request; `author` is the account's present login, None for a deleted one."""

    repository_id: UUID
    number: int
    state: str
    draft: bool | None
    created_at: datetime
    merged_at: datetime | None
    closed_at: datetime | None
    author: str | None
    author_is_bot: bool
    author_avatar_url: str | None


@dataclass(frozen=True, slots=True)
class IssueInput:
    """An issue; `author` as in `PullInput`."""

    repository_id: UUID
    number: int
    state: str
    created_at: datetime
    closed_at: datetime | None
    author: str | None
    author_is_bot: bool
    author_avatar_url: str | None


@dataclass(frozen=True, slots=True)
class EventInput:
    """A star (`WatchEvent`) or fork (`ForkEvent`) seen in a repository's feed."""

    repository_id: UUID
    event_type: str
    created_at: datetime
    actor_login: str | None


def list_pull_inputs(
    conn: Connection, workspace_id: UUID, *, start: datetime, end: datetime
) -> list[PullInput]:
    """Pull requests created in the period in any repository of the workspace, oldest first."""
    table = pull_requests
    columns = (table.c.draft, table.c.merged_at)
    return every(conn, _authored(table, workspace_id, start, end, *columns), PullInput)


def list_issue_inputs(
    conn: Connection, workspace_id: UUID, *, start: datetime, end: datetime
) -> list[IssueInput]:
    """Issues created in the period in any repository of the workspace, oldest first."""
    return every(conn, _authored(issues, workspace_id, start, end), IssueInput)


def list_event_inputs(
    conn: Connection, workspace_id: UUID, *, start: datetime, end: datetime
) -> list[EventInput]:
    """Stars and forks in the period, oldest first; empty also where no feed was ever captured."""
    table = github_events_cache
    question = (
        select(table.c.repository_id, table.c.event_type, table.c.created_at, table.c.actor_login)
        .where(
            table.c.event_type.in_(["WatchEvent", "ForkEvent"]),
            *_in_workspace(table, workspace_id, start, end),
        )
        .order_by(table.c.created_at, table.c.id)
    )
    return every(conn, question, EventInput)


def has_event_feed(conn: Connection, workspace_id: UUID) -> bool:
    """Whether any event of the workspace was ever stored: is a count of them 0, or unknown?"""
    table = github_events_cache
    of_workspace = table.c.repository_id.in_(_repository_ids(workspace_id))
    return conn.execute(select(table.c.id).where(of_workspace).limit(1)).first() is not None


def _authored(
    table: Table, workspace_id: UUID, start: datetime, end: datetime, *more: Any
) -> Select[Any]:
    # An app's author has no contributor row; then what GitHub called it decides.
    looks_like_bot = or_(
        contributors.c.is_bot,
        and_(table.c.author_type == "Bot", contributors.c.id.is_(None)),
    )
    return (
        select(
            table.c.repository_id,
            table.c.number,
            table.c.state,
            table.c.created_at,
            table.c.closed_at,
            *more,
            func.coalesce(contributors.c.username, table.c.author_login).label("author"),
            case((looks_like_bot, True), else_=False).label("author_is_bot"),
            contributors.c.avatar_url.label("author_avatar_url"),
        )
        .outerjoin(contributors, contributors.c.id == table.c.author_id)
        .where(*_in_workspace(table, workspace_id, start, end))
        .order_by(table.c.created_at, table.c.id)
    )


def _in_workspace(table: Table, workspace_id: UUID, start: datetime, end: datetime) -> list[Any]:
    return [
        table.c.repository_id.in_(_repository_ids(workspace_id)),
        table.c.created_at >= start,
        table.c.created_at < end,
    ]


def _repository_ids(workspace_id: UUID) -> Select[Any]:
    return select(workspace_repositories.c.repository_id).where(
        workspace_repositories.c.workspace_id == workspace_id
    )

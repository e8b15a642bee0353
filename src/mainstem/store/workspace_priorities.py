"""Tracking follows the workspaces: what somebody has in a workspace is looked at first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, distinct, func, or_, select, update

from mainstem.store.answers import every
from mainstem.store.tables import repositories, tracked_repositories, workspace_repositories
from mainstem.store.tracking import track_repository


@dataclass(frozen=True, slots=True)
class SharedRepository:
    """A repository that is in `workspaces` workspaces; `is_tracked` says if it has a row."""

    repository_id: UUID
    owner: str
    name: str
    workspaces: int
    is_tracked: bool


def shared_repositories(conn: Connection) -> list[SharedRepository]:
    """Every repository that is in a workspace."""
    members, tracked = workspace_repositories, tracked_repositories
    counts = (
        select(
            members.c.repository_id,
            func.count(distinct(members.c.workspace_id)).label("workspaces"),
        )
        .group_by(members.c.repository_id)
        .subquery()
    )
    question = (
        select(
            repositories.c.id.label("repository_id"),
            repositories.c.owner,
            repositories.c.name,
            counts.c.workspaces,
            tracked.c.id.is_not(None).label("is_tracked"),
        )
        .join(counts, counts.c.repository_id == repositories.c.id)
        .outerjoin(tracked, tracked.c.repository_id == repositories.c.id)
        .order_by(repositories.c.id)
    )
    return every(conn, question, SharedRepository)


def count_tracked(conn: Connection) -> int:
    """How many repositories are tracked."""
    return conn.execute(select(func.count()).select_from(tracked_repositories)).scalar_one()


def save_workspace_priorities(conn: Connection, *, at: datetime) -> None:
    """Mark what is in a workspace, unmark the rest; rows that say so already stay as they are.

    A repository in a workspace that nobody tracks is tracked from now on. A row that was marked and
    has left its last workspace is unmarked whatever its priority: the original looked at the
    priority alone, so that flags stayed behind.
    """
    table = tracked_repositories
    shared = shared_repositories(conn)
    for one in shared:
        if not one.is_tracked:
            track_repository(conn, one.repository_id, owner=one.owner, name=one.name, at=at)
    members = select(workspace_repositories.c.repository_id)
    by_count: dict[int, list[UUID]] = {}
    for one in shared:
        by_count.setdefault(one.workspaces, []).append(one.repository_id)
    for count, found in by_count.items():
        # All ids of one count at a time: 500 stay far below what a statement may bind.
        for start in range(0, len(found), 500):
            _mark(conn, found[start : start + 500], count, at)
    conn.execute(
        update(table)
        .where(
            table.c.repository_id.not_in(members),
            or_(
                table.c.is_workspace_repo,
                table.c.priority != "medium",
                table.c.workspace_count != 0,
            ),
        )
        .values(is_workspace_repo=False, priority="medium", workspace_count=0, updated_at=at)
    )


def _mark(conn: Connection, found: list[UUID], count: int, at: datetime) -> None:
    table = tracked_repositories
    conn.execute(
        update(table)
        .where(
            table.c.repository_id.in_(found),
            or_(
                table.c.is_workspace_repo.is_(False),
                table.c.priority != "high",
                table.c.workspace_count != count,
            ),
        )
        .values(is_workspace_repo=True, priority="high", workspace_count=count, updated_at=at)
    )

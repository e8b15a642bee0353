"""Which repositories, pull requests and issues a schedule asks about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Table, exists, func, or_, select

from mainstem.store.answers import every
from mainstem.store.tables import issues, pull_requests, repositories, workspace_repositories


@dataclass(frozen=True, slots=True)
class Talked:
    """A stored pull request or issue that was updated of late."""

    id: UUID
    number: int


def repositories_with_discussions(conn: Connection) -> Sequence[UUID]:
    """Active repositories that GitHub shows and that have discussions, by id."""
    table = repositories
    question = select(table.c.id).where(
        table.c.has_discussions, table.c.is_active, table.c.refused.is_(None)
    )
    return conn.execute(question.order_by(table.c.id)).scalars().all()


def active_workspace_repositories(conn: Connection, *, since: datetime) -> Sequence[UUID]:
    """Repositories in any workspace of which something was updated at GitHub since then, by id."""
    table, members = repositories, workspace_repositories
    moved = or_(
        *(
            exists().where(
                part.c.repository_id == table.c.id,
                part.c.updated_at >= since,
                part.c.deleted_at.is_(None),
            )
            for part in (pull_requests, issues)
        )
    )
    question = select(table.c.id).where(
        table.c.id.in_(select(members.c.repository_id)),
        table.c.is_active,
        table.c.refused.is_(None),
        moved,
    )
    return conn.execute(question.order_by(table.c.id)).scalars().all()


def pulls_updated_since(
    conn: Connection, repository_id: UUID, *, since: datetime, limit: int
) -> tuple[list[Talked], int]:
    """The pull requests last updated since then, newest first, and how many there are in all."""
    return _updated(conn, pull_requests, repository_id, since, limit)


def issues_updated_since(
    conn: Connection, repository_id: UUID, *, since: datetime, limit: int
) -> tuple[list[Talked], int]:
    """The issues last updated since then, newest first, and how many there are in all."""
    return _updated(conn, issues, repository_id, since, limit)


def _updated(
    conn: Connection, table: Table, repository_id: UUID, since: datetime, limit: int
) -> tuple[list[Talked], int]:
    which = (
        table.c.repository_id == repository_id,
        table.c.updated_at >= since,
        table.c.deleted_at.is_(None),
    )
    total = conn.execute(select(func.count()).select_from(table).where(*which)).scalar_one()
    question = (
        select(table.c.id, table.c.number)
        .where(*which)
        .order_by(table.c.updated_at.desc(), table.c.number.desc())
        .limit(limit)
    )
    return every(conn, question, Talked), total

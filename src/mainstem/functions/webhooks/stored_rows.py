"""Rows as they are stored, and the few columns that are set apart from the writers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, func, select, update

from mainstem.store.tables import comments


def stored_row(conn: Connection, table: Table, row_id: UUID) -> Mapping[str, Any] | None:
    """The row with that id, by column; None when there is none."""
    found = conn.execute(select(table).where(table.c.id == row_id)).mappings().one_or_none()
    return None if found is None else dict(found)


def live_comments(conn: Connection, parent: str, parent_id: UUID) -> int:
    """How many comments are stored and not gone; `parent` is the column that points there."""
    question = select(func.count()).where(
        comments.c[parent] == parent_id, comments.c.deleted_at.is_(None)
    )
    return conn.execute(question).scalar_one()


def held_replies(conn: Connection, review_github_id: int) -> bool:
    """Whether replies of that review are stored, nothing but replies, and all of them are gone."""
    question = select(
        func.count(),
        func.count(comments.c.deleted_at),
        func.count(comments.c.in_reply_to_github_id),
    ).where(comments.c.review_github_id == review_github_id)
    stored, gone, replies = conn.execute(question).one()
    return bool(stored and stored == gone == replies)


def set_count(conn: Connection, table: Table, row_id: UUID, count: int, at: datetime) -> None:
    """Set GitHub's count of the comments of a pull request or issue."""
    conn.execute(
        update(table).where(table.c.id == row_id).values(comments_count=count, row_synced_at=at)
    )

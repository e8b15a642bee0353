"""GitHub's budgets, shared by all processes with this database: a row, changed by one at a time.

What a change is, is the caller's business; here it happens to the row alone, in one transaction.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, select, update

from mainstem.store.database import Database
from mainstem.store.tables import github_budgets as table
from mainstem.store.upsert import insert_into

Row = Mapping[str, Any]

_ITS_OWN = frozenset({"id", "credential", "resource", "updated_at"})
_STATE = tuple(column for column in table.c if column.name not in _ITS_OWN)


def load_budget(conn: Connection, credential: str, resource: str) -> Row | None:
    """The state of one budget by column, None where there is none yet."""
    question = select(*_STATE).where(table.c.credential == credential, table.c.resource == resource)
    row = conn.execute(question.with_for_update()).mappings().one_or_none()
    return None if row is None else dict(row)


def change_budget(
    conn: Connection,
    credential: str,
    resource: str,
    move: Callable[[Row], Row],
    *,
    at: datetime,
) -> None:
    """Put `move` of the state in its place. Others who want to change it wait for the commit."""
    conn.execute(
        insert_into(conn, table)
        .values(id=uuid4(), credential=credential, resource=resource, updated_at=at)
        .on_conflict_do_nothing(index_elements=["credential", "resource"])
    )
    now_there = load_budget(conn, credential, resource)
    conn.execute(
        update(table)
        .where(table.c.credential == credential, table.c.resource == resource)
        .values(**move(now_there or {}), updated_at=at)
    )


class StoredBudgets:
    """The same for an event loop, each change in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def change(self, credential: str, resource: str, move: Callable[[Row], Row]) -> None:
        """Change one budget alone."""
        now = datetime.now(UTC)
        await self._database.run_write(change_budget, credential, resource, move, at=now)

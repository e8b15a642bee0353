"""Whole tables, read in the order of their ids, a batch at a time: memory stays flat."""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Table, func, select, true

from mainstem.store.columns import dump_json

BATCH_ROWS = 500


def as_one_moment(conn: Connection) -> None:
    """Make everything that this transaction reads be of one moment; say so before its first read.

    SQLite's transactions are so by themselves.
    """
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def count_rows(conn: Connection, table: Table, *, where: ColumnElement[bool] | None = None) -> int:
    """How many rows there are."""
    question = select(func.count()).select_from(table)
    return conn.execute(question.where(true() if where is None else where)).scalar_one()


def batches(
    conn: Connection,
    table: Table,
    *,
    after: UUID | None = None,
    where: ColumnElement[bool] | None = None,
    rows: int | None = None,
) -> Iterator[list[Row[Any]]]:
    """The rows behind the id `after`, in order, at most `rows` (else `BATCH_ROWS`) at a time.

    Each batch is a question of its own, by the primary key: a cursor that is kept open would hold
    all rows in memory on PostgreSQL.
    """
    rows = BATCH_ROWS if rows is None else rows
    while True:
        question = (
            select(table)
            .where(
                true() if where is None else where,
                true() if after is None else table.c.id > after,
            )
            .order_by(table.c.id)
            .limit(rows)
        )
        found = list(conn.execute(question))
        if found:
            yield found
        if len(found) < rows:
            return
        after = found[-1].id


class Digest:
    """A hash of rows in their order, equal for equal values whichever database holds them."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, rows: list[Row[Any]]) -> None:
        """Take in the next rows."""
        for row in rows:
            self._hash.update(dump_json([comparable(value) for value in row]).encode())

    @property
    def value(self) -> str:
        """The hash so far, in hexadecimal digits."""
        return self._hash.hexdigest()


def comparable(value: Any) -> Any:
    """`value` as JSON, spelt one way: PostgreSQL keeps 1e3 in a document as 1000."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value

"""How a question's rows become typed values, and how a write is held to its word."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Result

from mainstem.store.errors import NoRowWritten

T = TypeVar("T")


def one(conn: Connection, question: Executable, kind: type[T]) -> T | None:
    """The one row as a `kind` (a dataclass with fields named like the columns); None if none."""
    row = conn.execute(question).mappings().one_or_none()
    return None if row is None else kind(**row)


def every(conn: Connection, question: Executable, kind: type[T]) -> list[T]:
    """All rows, in the question's order."""
    return [kind(**row) for row in conn.execute(question).mappings()]


def expect_one(result: Result[Any], *, table: str, key: Mapping[str, object]) -> None:
    """Raise `NoRowWritten`, naming table and key, when an UPDATE touched no row."""
    if isinstance(result, CursorResult) and result.rowcount == 0:
        raise NoRowWritten(table=table, key=key)

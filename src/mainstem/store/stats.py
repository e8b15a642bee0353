"""What a database holds: rows, bytes where the database tells, and the newest record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.exc import OperationalError

from mainstem.store.reading import count_rows
from mainstem.store.tables import metadata

# The first of these that a table has says when its rows were last written.
_TIMES = (
    "row_synced_at",
    "updated_at",
    "completed_at",
    "checked_at",
    "handled_at",
    "calculated_at",
    "created_at",
    "added_at",
)


@dataclass(frozen=True, slots=True)
class TableStats:
    """One table; `size_bytes`, with its indexes, is None where the database does not tell.

    `newest` is when a row of it was last written, None when it is empty or keeps no time.
    """

    rows: int
    deleted: int
    size_bytes: int | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class DatabaseStats:
    """The whole database; `size_bytes` includes what is free in its file."""

    dialect: str
    server: str
    size_bytes: int
    tables: dict[str, TableStats]


def database_stats(conn: Connection) -> DatabaseStats:
    """Count everything; reads each table once."""
    sizes = _sizes(conn)
    return DatabaseStats(
        dialect=conn.dialect.name,
        server=".".join(str(part) for part in conn.dialect.server_version_info or ()),
        size_bytes=_whole_size(conn),
        tables={
            name: _table_stats(conn, table, sizes.get(name))
            for name, table in sorted(metadata.tables.items())
        },
    )


def _table_stats(conn: Connection, table: Table, size_bytes: int | None) -> TableStats:
    time = next((name for name in _TIMES if name in table.c), None)
    newest = None if time is None else conn.execute(select(func.max(table.c[time]))).scalar()
    deleted = 0
    if "deleted_at" in table.c:
        deleted = count_rows(conn, table, where=table.c.deleted_at.is_not(None))
    return TableStats(count_rows(conn, table), deleted, size_bytes, newest)


def _whole_size(conn: Connection) -> int:
    if conn.dialect.name == "postgresql":
        return int(conn.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages, size = (
        conn.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
    )
    return int(pages * size)


def _sizes(conn: Connection) -> dict[str, int]:
    """Bytes of each table with its indexes; empty for a SQLite that was built without `dbstat`."""
    if conn.dialect.name == "postgresql":
        asked: Any = text(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
        return {row[0]: row[1] for row in conn.execute(asked)}
    asked = text(
        "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat AS s "
        "JOIN sqlite_master AS m ON m.name = s.name WHERE s.aggregate = TRUE GROUP BY m.tbl_name"
    )
    try:
        return {row[0]: row[1] for row in conn.execute(asked)}
    except OperationalError:
        return {}

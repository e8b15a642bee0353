"""A whole database into another one: SQLite into PostgreSQL, back, or into one of its own kind.

Tables are copied parents first, rows in the order of their ids, each batch in a transaction of its
own. So what a copy that was stopped left behind is always a beginning of the source, and can be
told from anything else: the next copy compares what is there row by row and goes on behind it. At
the end both sides are counted and hashed, table by table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Table

from mainstem.store.database import Database
from mainstem.store.errors import CopyRefused
from mainstem.store.reading import Digest, as_one_moment, batches, comparable, count_rows
from mainstem.store.tables import metadata

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """One table's rows: found there already, copied now; the hash that both sides have."""

    already: int
    copied: int
    digest: str

    @property
    def rows(self) -> int:
        """All that the table holds."""
        return self.already + self.copied


def copy_database(
    source: Database, target: Database, *, progress: Progress | None = None
) -> Mapping[str, CopiedTable]:
    """Copy every table; what was done, by table in the order of copying.

    The source is read as it was at one moment, and only read; its schema must be this version's.
    The target is migrated first. `progress` is told a table's name, its rows done and its rows in
    all. Copying again is harmless. Raises `CopyRefused` when the target holds anything that is not
    a beginning of the source, or when both differ at the end.
    """
    if source.url == target.url:
        raise CopyRefused(f"Cannot copy database {source.url!r} to itself. Name another target.")
    source.check_current()
    target.upgrade()
    return source.read(_copy, target, progress or (lambda _table, _done, _total: None))


def _copy(conn: Connection, target: Database, progress: Progress) -> Mapping[str, CopiedTable]:
    as_one_moment(conn)
    order = metadata.sorted_tables
    # Everything is looked at before anything is written.
    held = {table.name: target.read(_compare, conn, table, target.url) for table in order}
    done = {}
    for table in order:
        already, last, digest = held[table.name]
        total = count_rows(conn, table)
        copied = 0
        progress(table.name, already, total)
        for rows in batches(conn, table, after=last):
            target.write(_insert, table, rows)
            digest.add(rows)
            copied += len(rows)
            progress(table.name, already + copied, total)
        done[table.name] = CopiedTable(already, copied, digest.value)
    for table in order:
        expected = done[table.name]
        _verify(target, table, expected)
    return done


def _compare(
    theirs: Connection, ours: Connection, table: Table, url: str
) -> tuple[int, UUID | None, Digest]:
    """How many of the source's first rows the target holds, the last one's id, and their hash."""
    digest, count, last = Digest(), 0, None
    for rows in batches(theirs, table):
        wanted = next(batches(ours, table, after=last, rows=len(rows)), [])
        if [_plain(row) for row in rows] != [_plain(row) for row in wanted]:
            raise CopyRefused(
                f"Cannot copy to database {url!r}: its table {table.name} holds rows that are not "
                "the source's first ones, so this is no copy that was stopped (or the source has "
                "changed since). Give an empty database."
            )
        digest.add(rows)
        count += len(rows)
        last = rows[-1].id
    return count, last, digest


def _plain(row: Row[Any]) -> list[Any]:
    return [comparable(value) for value in row]


def _insert(conn: Connection, table: Table, rows: list[Row[Any]]) -> None:
    names = [column.name for column in table.columns]
    conn.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])


def _verify(target: Database, table: Table, expected: CopiedTable) -> None:
    count, found = target.read(digest_of, table)
    if (count, found) != (expected.rows, expected.digest):
        raise CopyRefused(
            f"The copy in database {target.url!r} is not the source: its table {table.name} has "
            f"{count:,} rows with hash {found[:12]}, expected are {expected.rows:,} with "
            f"{expected.digest[:12]}. Something else wrote there meanwhile; copy again into an "
            "empty database."
        )


def digest_of(conn: Connection, table: Table) -> tuple[int, str]:
    """The table's number of rows, and their hash."""
    digest, count = Digest(), 0
    for rows in batches(conn, table):
        digest.add(rows)
        count += len(rows)
    return count, digest.value

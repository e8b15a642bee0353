"""What a capture changed, counted in the database itself, not believed from anybody's report.

Row ids never move and rows are never deleted, so two counts and the time of the last change are
enough: what was not there before is inserted, what changed since the start is updated, the rest was
right already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from mainstem.store import tables

_COUNTED = (
    tables.repositories,
    tables.contributors,
    tables.pull_requests,
    tables.reviews,
    tables.comments,
    tables.issues,
)


@dataclass(frozen=True, slots=True)
class RowsWritten:
    """What became of one table's rows."""

    inserted: int
    updated: int
    unchanged: int

    @property
    def written(self) -> int:
        """Rows that were touched at all."""
        return self.inserted + self.updated


def count_rows(conn: Connection) -> dict[str, int]:
    """Rows by table, of the tables that hold what GitHub said."""
    return {
        table.name: conn.execute(select(func.count()).select_from(table)).scalar_one()
        for table in _COUNTED
    }


def count_written(
    conn: Connection, before: Mapping[str, int], since: datetime
) -> dict[str, RowsWritten]:
    """What was written by table, given the counts `before` and when it began (aware UTC)."""
    found = {}
    for table in _COUNTED:
        total, touched = conn.execute(
            select(func.count(), func.count().filter(table.c.row_synced_at >= since)).select_from(
                table
            )
        ).one()
        inserted = total - before.get(table.name, 0)
        updated = max(0, touched - inserted)
        found[table.name] = RowsWritten(inserted, updated, total - inserted - updated)
    return found

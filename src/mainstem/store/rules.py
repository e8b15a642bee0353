"""How rows of one table are saved, and what a save did."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Table

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What one save did, in rows after folding duplicates. Adds up with `+`."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def changed(self) -> int:
        """Rows that are different now."""
        return self.inserted + self.updated

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """How rows of one table are saved."""

    table: Table
    natural_key: tuple[str, ...]
    newest_by: str | None = None  # a row older by this column changes nothing
    never_lowered: frozenset[str] = frozenset()  # flags that go false to true, never back
    first_only: frozenset[str] = frozenset()  # times written with the row and never again
    # No caller writes these.
    ours: frozenset[str] = field(default=frozenset({"row_synced_at", "deleted_at"}))


@lru_cache(maxsize=64)
def required(rule: Rule) -> tuple[str, ...]:
    """Columns that allow no NULL and that neither we nor the database fill."""
    filled = rule.ours | rule.first_only
    return tuple(
        column.name
        for column in rule.table.columns
        if not column.nullable and column.server_default is None and column.name not in filled
    )

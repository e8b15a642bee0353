"""The one `MetaData`, and the column shapes that every table spells the same way."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, MetaData, Uuid

from mainstem.store.columns import UtcDateTime

# Named constraints, so that migrations and error messages can speak of them.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def row_id() -> Column[UUID]:
    """The primary key."""
    return Column("id", Uuid(), primary_key=True)


def points_to(
    name: str, table: str, *, nullable: bool = False, cascade: bool = False
) -> Column[UUID]:
    """A foreign key to `table.id`; with `cascade`, the row goes when its parent goes."""
    reference = ForeignKey(f"{table}.id", ondelete="CASCADE" if cascade else None)
    return Column(name, Uuid(), reference, nullable=nullable)


def moment(name: str, *, nullable: bool = True) -> Column[Any]:
    """A time in UTC."""
    return Column(name, UtcDateTime(), nullable=nullable)


def one_of(column: str, words: Iterable[str]) -> CheckConstraint:
    """Holds a column to a closed set; NULL passes, where the column allows it."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def not_negative(*columns: str) -> list[CheckConstraint]:
    """Counts that are known are at least zero."""
    return [CheckConstraint(f"{column} >= 0", name=column) for column in columns]

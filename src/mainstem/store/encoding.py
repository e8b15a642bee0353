"""Values as the drivers take them, a column at a time.

SQLAlchemy converts value by value, through several Python calls each: with the drivers' own
many-row statements that would be most of the time a save takes. These give the same values (a test
compares them with SQLAlchemy's); types that are not listed are converted by SQLAlchemy itself.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Dialect, Uuid

from mainstem.store.columns import (
    CleanText,
    JsonDocument,
    UtcDateTime,
    clean_json,
    clean_text,
    dump_json,
    refuse_naive,
)

Encoder = Callable[[Any], Any]


def encoder_of(column: Column[Any], dialect: Dialect) -> Encoder | None:
    """What to do with each value of the column but None; None: hand it over as it is."""
    is_sqlite = dialect.name == "sqlite"
    if isinstance(column.type, Uuid):
        return _hex if is_sqlite else None
    if isinstance(column.type, UtcDateTime):
        return _utc_text if is_sqlite else refuse_naive
    if isinstance(column.type, CleanText):
        return clean_text
    if isinstance(column.type, JsonDocument):
        return _json_text
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def encoded(values: Iterable[Any], encoder: Encoder | None) -> list[Any]:
    """The column's values for the driver."""
    if encoder is None:
        return list(values)
    return [None if value is None else encoder(value) for value in values]


def _hex(value: UUID) -> str:
    return value.hex


def _utc_text(value: datetime) -> str:
    # SQLite keeps no zone, and its texts must sort as the times do: always with microseconds.
    if value.tzinfo is not UTC:
        value = refuse_naive(value).astimezone(UTC)
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _json_text(value: Any) -> str:
    return dump_json(clean_json(value))

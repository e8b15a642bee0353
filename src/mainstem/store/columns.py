"""Column types: what we promise of a value whichever database holds it.

- times are aware and in UTC, going in and coming out (SQLite alone would drop the zone);
- text holds no NUL and no half of a surrogate pair, both of which PostgreSQL refuses and GitHub's
  users manage to type: NUL is dropped, half a pair becomes U+FFFD;
- JSON is written with sorted keys, so equal documents are equal text on SQLite.
"""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

from mainstem.store.errors import NaiveTime


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept and returned in UTC. Raises `NaiveTime` for one without a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        refuse_naive(value)
        # SQLite keeps no zone: all its times are UTC, so that their text sorts as the times do.
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text of any length that every database accepts; see the module for what is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 (SQLAlchemy's signature)
        return None if value is None else clean_text(value)


class JsonDocument(TypeDecorator[Any]):
    """A JSON value; Python's None is SQL's NULL, never the JSON word null."""

    impl = JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(JSON(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        return clean_json(value)


def refuse_naive(value: datetime) -> datetime:
    """`value`. Raises `NaiveTime` for one without a zone."""
    if value.tzinfo is None:
        raise NaiveTime(
            f"Cannot store the time {value.isoformat()!r}: it has no zone. "
            "Give an aware datetime, for example datetime.now(UTC)."
        )
    return value


def clean_text(value: str) -> str:
    """`value` without NUL characters, half surrogate pairs replaced by U+FFFD.

    >>> clean_text("a" + chr(0) + "b")
    'ab'
    """
    if "\x00" in value:
        value = value.replace("\x00", "")
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def clean_json(value: Any) -> Any:
    """`value` with every text in it, keys included, cleaned as `clean_text` does."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_json(key): clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value


def dump_json(value: Any) -> str:
    """The one spelling of a JSON value: keys sorted, no spaces, letters as they are."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

"""What can go wrong between us and the database.

StoreError
├── DatabaseUnavailable   cannot be opened, read or written at all
├── SchemaOutdated        migrations are missing: upgrade the database
├── SchemaTooNew          the database was migrated by a newer Mainstem: upgrade Mainstem
├── BadRow                a row that no table of ours can hold
├── NaiveTime             a time without a zone
├── KeyConflict           two different things claim one natural key
└── NoRowWritten          a write touched no row where one was expected
"""

# ruff: noqa: N818  the names read as what happened; the root's name says that it is an error

from collections.abc import Mapping

from sqlalchemy.exc import DontWrapMixin

from mainstem.errors import StoreError


class DatabaseUnavailable(StoreError):
    """The database cannot be opened, read or written; `url` hides its password."""

    def __init__(self, message: str, *, url: str) -> None:
        super().__init__(message)
        self.url = url


class SchemaOutdated(StoreError):
    """The database lacks migrations that this code needs; `found` is None for an empty one."""

    def __init__(self, *, url: str, found: str | None, expected: str) -> None:
        state = "has no tables yet" if found is None else f"is at migration {found!r}"
        super().__init__(
            f"Cannot use database {url!r}: it {state}, this version needs {expected!r}. "
            "Run `mainstem db upgrade`."
        )
        self.url = url
        self.found = found
        self.expected = expected


class SchemaTooNew(StoreError):
    """The database carries a migration that this code does not know."""

    def __init__(self, *, url: str, found: str, expected: str) -> None:
        super().__init__(
            f"Cannot use database {url!r}: it is at migration {found!r}, which this version "
            f"(newest migration {expected!r}) does not know. Upgrade Mainstem, or use another "
            "database."
        )
        self.url = url
        self.found = found
        self.expected = expected


class BadRow(StoreError):
    """A row handed to a writer does not fit its table."""

    def __init__(self, message: str, *, table: str) -> None:
        super().__init__(message)
        self.table = table


class NaiveTime(StoreError, DontWrapMixin):
    """A time without a zone was about to be stored; SQLAlchemy must let it through unwrapped."""


class KeyConflict(StoreError):
    """A row's natural key already belongs to another row, or points to a row not stored."""

    def __init__(self, message: str, *, table: str | None = None) -> None:
        super().__init__(message)
        self.table = table


class NoRowWritten(StoreError):
    """An UPDATE that must touch a row touched none."""

    def __init__(self, *, table: str, key: Mapping[str, object]) -> None:
        named = ", ".join(f"{name}={value!s}" for name, value in key.items())
        super().__init__(
            f"Cannot update {table}: no row has {named}. Save the row first, or check the id."
        )
        self.table = table
        self.key = dict(key)


class CopyRefused(StoreError):
    """A database was not copied: the target holds something else, or differs at the end."""


class ExportFailed(StoreError):
    """Tables could not be written to files; what was complete stays."""

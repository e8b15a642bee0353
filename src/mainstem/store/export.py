"""Tables as files: Parquet for tools of analysis, CSV for everything else.

Whole numbers have 64 bits, times their zone (UTC), ids and documents are text (documents as JSON).
A file appears under its name when it is complete, and takes the place of an earlier one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Row,
    Table,
    or_,
    select,
)

from mainstem.store.columns import JsonDocument, UtcDateTime, dump_json
from mainstem.store.errors import ExportFailed
from mainstem.store.reading import as_one_moment, batches
from mainstem.store.tables import contributors, metadata, repositories

Format = Literal["parquet", "csv"]
Progress = Callable[[str, int], None]

# What GitHub said; our own bookkeeping is exported when it is named.
EXPORTED = (
    "repositories",
    "contributors",
    "pull_requests",
    "reviews",
    "issues",
    "comments",
    "discussions",
    "github_events_cache",
)
# A row group of this many rows is compressed well, and is a few MiB in memory.
_GROUP_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One table's file."""

    table: str
    path: Path
    rows: int
    size_bytes: int


def export_tables(
    conn: Connection,
    folder: Path,
    *,
    format: Format,  # noqa: A002 (what it is called everywhere)
    names: Sequence[str] = EXPORTED,
    repository_id: UUID | None = None,
    progress: Progress | None = None,
) -> list[ExportedFile]:
    """Write each table to `folder`, which is made; all as they are at one moment.

    With `repository_id` only what belongs to that repository, and the people who had a part in it.
    Rows marked as gone are written too: their `deleted_at` says so. Raises `ExportFailed` for
    an unknown table, one that belongs to no repository, a missing pyarrow, or a folder that cannot
    be written.
    """
    tables = [_named(name) for name in names]
    wheres = [_of_repository(table, repository_id) for table in tables]
    writer = _parquet if format == "parquet" else _csv
    if format == "parquet":
        _refuse_without_pyarrow()
    as_one_moment(conn)
    made = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table, where in zip(tables, wheres, strict=True):
            path = folder / f"{table.name}.{format}"
            count = 0
            with _complete(path) as part, writer(part, table) as file:
                for rows in batches(conn, table, where=where, rows=_GROUP_ROWS):
                    file.write(rows)
                    count += len(rows)
                    if progress is not None:
                        progress(table.name, count)
            made.append(ExportedFile(table.name, path, count, path.stat().st_size))
    except OSError as error:
        reason = error.strerror or error
        raise ExportFailed(
            f"Cannot export to {str(folder)!r}: {reason}. Give a folder that can be written."
        ) from error
    return made


def _named(name: str) -> Table:
    if name not in metadata.tables:
        known = ", ".join(sorted(metadata.tables))
        raise ExportFailed(f"Cannot export table {name!r}: there is none. The tables: {known}.")
    return metadata.tables[name]


def _of_repository(table: Table, repository_id: UUID | None) -> ColumnElement[bool] | None:
    if repository_id is None:
        return None
    if table is repositories:
        return table.c.id == repository_id
    if table is contributors:
        return or_(
            *(
                contributors.c.id.in_(
                    select(other.c[column]).where(other.c.repository_id == repository_id)
                )
                for other in metadata.sorted_tables
                for column in ("author_id", "merged_by_id")
                if column in other.c and "repository_id" in other.c
            )
        )
    if "repository_id" not in table.c:
        raise ExportFailed(
            f"Cannot export table {table.name!r} of one repository: its rows belong to none. "
            "Leave the repository or the table out."
        )
    return table.c.repository_id == repository_id


class _File(Protocol):
    """Takes rows; closed by its context."""

    def write(self, rows: list[Row[Any]]) -> None: ...


@contextmanager
def _complete(path: Path) -> Iterator[Path]:
    """A file beside `path` that becomes `path` when all went well, and is removed otherwise."""
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _csv(path: Path, table: Table) -> Iterator[_File]:
    """RFC 4180; a NULL is an empty field, an empty text is two quotes, as in PostgreSQL's COPY."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(column.name for column in table.columns) + "\r\n")
        texts = [_csv_text(column) for column in table.columns]

        class Lines:
            def write(self, rows: list[Row[Any]]) -> None:
                for row in rows:
                    fields = (
                        "" if value is None else text(value)
                        for text, value in zip(texts, row, strict=True)
                    )
                    file.write(",".join(fields) + "\r\n")

        yield Lines()


def _csv_text(column: Column[Any]) -> Callable[[Any], str]:
    if isinstance(column.type, Boolean):
        return lambda value: "true" if value else "false"
    if isinstance(column.type, Integer):
        return str
    if isinstance(column.type, UtcDateTime | Date):
        return _isoformat
    if isinstance(column.type, JsonDocument):
        return lambda value: _quoted(dump_json(value))
    return lambda value: _quoted(str(value))


def _isoformat(value: datetime | date) -> str:
    return value.isoformat()


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _refuse_without_pyarrow() -> None:
    try:
        import pyarrow.parquet  # type: ignore[import-untyped]  # noqa: F401
    except ImportError as error:
        raise ExportFailed(
            "Cannot export to Parquet: pyarrow is not installed. "
            "Install mainstem[export], or choose the format csv."
        ) from error


@contextmanager
def _parquet(path: Path, table: Table) -> Iterator[_File]:
    import pyarrow as pa
    from pyarrow import parquet

    columns = list(table.columns)
    schema = pa.schema(
        [pa.field(column.name, _arrow_type(pa, column), column.nullable) for column in columns]
    )
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:

        class Groups:
            def write(self, rows: list[Row[Any]]) -> None:
                arrays = [
                    pa.array([_arrow_value(column, row[place]) for row in rows], field.type)
                    for place, (column, field) in enumerate(zip(columns, schema, strict=True))
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))

        yield Groups()


def _arrow_type(pa: Any, column: Column[Any]) -> Any:
    if isinstance(column.type, Boolean):
        return pa.bool_()
    if isinstance(column.type, BigInteger | Integer):
        return pa.int64()
    if isinstance(column.type, UtcDateTime):
        return pa.timestamp("us", tz="UTC")
    return pa.date32() if isinstance(column.type, Date) else pa.string()


def _arrow_value(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, JsonDocument):
        return dump_json(value)
    return str(value) if isinstance(value, UUID) else value

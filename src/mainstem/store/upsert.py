"""The one way rows are saved: in sets, without blanking, without rewriting what is the same.

Rows are first folded (one row per id, newest wins), then grouped by their set of keys, because one
statement names one set of columns. Each group is a single
``INSERT ... ON CONFLICT (id) DO UPDATE SET <the row's keys> WHERE <something differs>``, which both
SQLite and PostgreSQL speak, handed to the driver as columns of values (`upsert_sql`, `encoding`).

Ids follow from natural keys (see `ids`), so the conflict target is always `id`. That the natural
key really agrees is looked up before writing: without the check, an update would quietly put one
thing's data under another's name.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from mainstem.store.encoding import encoded, encoder_of
from mainstem.store.errors import BadRow, KeyConflict
from mainstem.store.folding import fold, two_owners
from mainstem.store.rules import Row, Rule, Written, required
from mainstem.store.upsert_sql import Upsert, look_up, upsert

__all__ = ["CHUNK_ROWS", "Rule", "Written", "fold", "in_chunks", "insert_into", "save"]

# Rows per round: enough that a round's own cost does not show, little enough to be small in memory
# (pull requests have bodies of up to 64 KiB).
CHUNK_ROWS = 500

T = TypeVar("T")
Key = Any  # an id as the driver gives and takes it


def save(
    conn: Connection, rule: Rule, rows: Iterable[Mapping[str, Any]], *, at: datetime
) -> Written:
    """Insert or update `rows`; all of them or, when something is wrong, none.

    `at` stamps `row_synced_at` of the rows that change, and a new row's `first_only` times unless
    the row brings them. Raises `BadRow` for an unknown or missing key, `KeyConflict` when a natural
    key belongs to another row or a parent is not stored.
    """
    folded = fold(rule, rows)
    written = Written()
    if not folded:
        return written
    for is_last in (False, True):
        try:
            with conn.begin_nested():
                for chunk in in_chunks(folded, CHUNK_ROWS):
                    written += _save_chunk(conn, rule, chunk, at=at)
            break
        except IntegrityError as error:
            # Of two writers of one new row at once, PostgreSQL may stop one at another unique key
            # than the one that its ON CONFLICT names. The other's row is there now.
            if is_last or getattr(error.orig, "sqlstate", None) != _UNIQUE_VIOLATION:
                raise _conflict(rule.table, error) from error
            written = Written()
    return written


# https://www.postgresql.org/docs/current/errcodes-appendix.html
_UNIQUE_VIOLATION = "23505"


def in_chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """`items` in order, at most `size` at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def insert_into(conn: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """The dialect's own INSERT, for its ON CONFLICT clause: both spell it alike."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


def _save_chunk(conn: Connection, rule: Rule, rows: list[Row], *, at: datetime) -> Written:
    groups: dict[tuple[str, ...], list[Row]] = {}
    sorted_keys: dict[tuple[str, ...], tuple[str, ...]] = {}
    for row in rows:
        keys = tuple(row)
        if (shape := sorted_keys.get(keys)) is None:
            shape = sorted_keys[keys] = tuple(sorted(keys))
        groups.setdefault(shape, []).append(row)
    lacking = tuple(name for name in required(rule) if any(name not in shape for shape in groups))
    stored = _stored(conn, rule, rows, lacking)
    written = Written()
    for shape, group in groups.items():
        statement = upsert(rule, shape, conn.dialect)
        columns = _values(conn, rule, statement, group, stored, at=at)
        touched, inserted = _write(conn, statement, columns, stored)
        written += Written(inserted, touched - inserted, len(group) - touched)
    return written


def _stored(
    conn: Connection, rule: Rule, rows: list[Row], lacking: tuple[str, ...]
) -> dict[Key, dict[str, Any]]:
    """The rows' stored namesakes, by id, in the driver's own values.

    Raises `KeyConflict` for a row whose id is held by another thing.
    """
    encoders = {
        name: encoder_of(rule.table.c[name], conn.dialect) for name in ("id", *rule.natural_key)
    }
    keys = encoded([row["id"] for row in rows], encoders["id"])
    asked = (keys,) if conn.dialect.name == "postgresql" else ('["' + '","'.join(keys) + '"]',)
    names = ("id", *rule.natural_key, *lacking)
    found = conn.exec_driver_sql(look_up(rule, lacking, conn.dialect), asked)
    stored = {each[0]: dict(zip(names, each, strict=True)) for each in found}
    if stored:
        named = [encoded([row[name] for row in rows], encoders[name]) for name in rule.natural_key]
        for key, row, *theirs in zip(keys, rows, *named, strict=True):
            namesake = stored.get(key)
            if namesake is not None and theirs != [namesake[name] for name in rule.natural_key]:
                raise two_owners(rule, row, _typed(conn, rule, row))
    return stored


def _typed(conn: Connection, rule: Rule, row: Row) -> Mapping[str, Any]:
    table = rule.table
    question = select(*(table.c[name] for name in rule.natural_key))
    return dict(conn.execute(question.where(table.c.id == row["id"])).mappings().one())


def _values(
    conn: Connection,
    rule: Rule,
    statement: Upsert,
    rows: list[Row],
    stored: Mapping[Key, Mapping[str, Any]],
    *,
    at: datetime,
) -> list[list[Any]]:
    """The statement's values, column by column."""
    columns = [
        encoded([row[name] for row in rows], encoder)
        for name, encoder in zip(statement.columns, statement.encoders, strict=True)
    ]
    keys = columns[statement.columns.index("id")]
    for name in statement.stamped:
        stamp = encoded([at], encoder_of(rule.table.c[name], conn.dialect))
        columns.append(stamp * len(rows))
    for name in statement.lacking:
        for key, row in zip(keys, rows, strict=True):
            if key not in stored:
                raise _incomplete(rule, row, name)
        columns.append([stored[key][name] for key in keys])
    return columns


def _write(
    conn: Connection,
    statement: Upsert,
    columns: list[list[Any]],
    stored: Mapping[Key, Mapping[str, Any]],
) -> tuple[int, int]:
    """How many rows were touched, and how many of them were inserted."""
    if conn.dialect.name == "postgresql":
        touched, inserted = conn.exec_driver_sql(statement.text, tuple(columns)).one()
        return touched, inserted
    done = conn.exec_driver_sql(statement.text, list(zip(*columns, strict=True)))
    keys = columns[statement.columns.index("id")]
    # Nobody else writes to SQLite meanwhile: what was not there was inserted.
    return done.rowcount, sum(key not in stored for key in keys)


def _incomplete(rule: Rule, row: Row, name: str) -> BadRow:
    named = ", ".join(f"{key}={row[key]!s}" for key in rule.natural_key)
    return BadRow(
        f"Cannot insert into {rule.table.name} the row with {named}: "
        f"it is new and lacks {name!r}. Give that key.",
        table=rule.table.name,
    )


def _conflict(table: Table, error: IntegrityError) -> KeyConflict:
    found = str(error.orig).splitlines()[0]
    return KeyConflict(
        f"Cannot save to {table.name}: the database found {found!r}. A unique key belongs to "
        "another row (a name that was re-used: refresh its first owner), a parent row is not "
        "stored yet (save it first), or a value is outside its set. Nothing was written.",
        table=table.name,
    )

"""The one way rows are saved: in sets, without blanking, without rewriting what is the same.

Rows are first folded (one row per id, newest wins), then grouped by their set of keys, because one
statement names one set of columns. Each group is a single
``INSERT ... ON CONFLICT (id) DO UPDATE SET <the row's keys> WHERE <something differs>``, which both
SQLite and PostgreSQL speak. It returns the ids it touched; those that were not there before were
inserted, the others updated, the rest unchanged.

Ids follow from natural keys (see `ids`), so the conflict target is always `id`. That the natural
key really agrees is looked up before writing: without the check, an update would quietly put one
thing's data under another's name.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from mainstem.store.errors import BadRow, KeyConflict

# Rows per round. The look-up binds one variable for each, and SQLAlchemy splits the insert itself
# to stay under 32,700 variables (SQLite allows 32,766, PostgreSQL 65,535).
CHUNK_ROWS = 500

T = TypeVar("T")


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
    ours: frozenset[str] = field(default=frozenset({"row_synced_at"}))  # no caller writes these


Row = dict[str, Any]


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
    try:
        with conn.begin_nested():
            for chunk in in_chunks(folded, CHUNK_ROWS):
                written += _save_chunk(conn, rule, chunk, at=at)
    except IntegrityError as error:
        raise _conflict(rule.table, error) from error
    return written


def fold(rule: Rule, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """One row per id, ordered by id: what saving them one after another would have left.

    Ordered, so that two writers that meet take their row locks in one order.
    """
    allowed = {column.name for column in rule.table.columns} - rule.ours
    by_id: dict[UUID, Row] = {}
    for row in rows:
        _check_keys(rule, row, allowed)
        known = by_id.setdefault(row["id"], {})
        if any(known.get(key, row[key]) != row[key] for key in rule.natural_key):
            raise _two_owners(rule, row, known)
        if _is_older(rule, row, known):
            continue
        raised = {
            flag: known.get(flag, False) or row[flag] for flag in rule.never_lowered & set(row)
        }
        # `first_only` columns were settled by whichever row came first.
        settled = rule.first_only & known.keys()
        known.update({key: row[key] for key in row.keys() - settled} | raised)
    return [by_id[key] for key in sorted(by_id)]


def in_chunks(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """`items` in order, at most `size` at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def insert_into(conn: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """The dialect's own INSERT, for its ON CONFLICT clause: both spell it alike."""
    return postgresql.insert(table) if conn.dialect.name == "postgresql" else sqlite.insert(table)


def _save_chunk(conn: Connection, rule: Rule, rows: list[Row], *, at: datetime) -> Written:
    stored = _stored_keys(conn, rule, rows)
    groups: dict[frozenset[str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[frozenset(row)].append(row)
    touched: set[UUID] = set()
    for keys, group in groups.items():
        params = [_insertable(rule, row, stored.get(row["id"]), at=at) for row in group]
        statement = _upsert(conn, rule, keys)
        touched.update(conn.execute(statement, params).scalars())
    inserted = len(touched - stored.keys())
    return Written(inserted, len(touched) - inserted, len(rows) - len(touched))


def _upsert(conn: Connection, rule: Rule, keys: frozenset[str]) -> Any:
    table = rule.table
    statement = insert_into(conn, table)
    new = statement.excluded
    settable = sorted(keys - {"id"} - set(rule.natural_key) - rule.first_only)
    values: dict[str, ColumnElement[Any]] = {
        name: or_(table.c[name], new[name]) if name in rule.never_lowered else new[name]
        for name in settable
    }
    if not values:
        return statement.on_conflict_do_nothing(index_elements=["id"]).returning(table.c.id)
    differs = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
    same_thing = and_(*(table.c[name] == new[name] for name in rule.natural_key))
    conditions = [same_thing, differs]
    if rule.newest_by in keys:
        conditions.append(table.c[rule.newest_by] <= new[rule.newest_by])
    return statement.on_conflict_do_update(
        index_elements=["id"],
        set_={**values, "row_synced_at": new.row_synced_at},
        where=and_(*conditions),
    ).returning(table.c.id)


def _stored_keys(conn: Connection, rule: Rule, rows: list[Row]) -> dict[UUID, Row]:
    """The rows' stored namesakes: natural key, and the columns that an INSERT cannot do without."""
    table = rule.table
    lacking = {name for row in rows for name in _required(rule) if name not in row}
    wanted = [table.c[name] for name in ("id", *rule.natural_key, *sorted(lacking))]
    question = select(*dict.fromkeys(wanted)).where(table.c.id.in_([row["id"] for row in rows]))
    stored = {row["id"]: dict(row) for row in conn.execute(question).mappings()}
    for row in rows:
        namesake = stored.get(row["id"], row)
        if any(namesake[key] != row[key] for key in rule.natural_key):
            raise _two_owners(rule, row, namesake)
    return stored


def _insertable(rule: Rule, row: Row, stored: Row | None, *, at: datetime) -> Row:
    """`row` with what an INSERT needs: databases check that before they see the conflict.

    The columns taken from the stored row only fill the VALUES list; they are not in the SET list.
    """
    complete = {**dict.fromkeys(rule.first_only, at), **row, "row_synced_at": at}
    for name in _required(rule):
        if name not in row and stored is None:
            named = ", ".join(f"{key}={row[key]!s}" for key in rule.natural_key)
            raise BadRow(
                f"Cannot insert into {rule.table.name} the row with {named}: "
                f"it is new and lacks {name!r}. Give that key.",
                table=rule.table.name,
            )
        if name not in row and stored is not None:
            complete[name] = stored[name]
    return complete


def _required(rule: Rule) -> list[str]:
    """Columns that allow no NULL and that neither we nor the database fill."""
    filled = rule.ours | rule.first_only
    return [
        column.name
        for column in rule.table.columns
        if not column.nullable and column.server_default is None and column.name not in filled
    ]


def _is_older(rule: Rule, row: Mapping[str, Any], known: Row) -> bool:
    newest = known.get(rule.newest_by or "")
    mine = row.get(rule.newest_by or "")
    return newest is not None and mine is not None and mine < newest


def _check_keys(rule: Rule, row: Mapping[str, Any], allowed: set[str]) -> None:
    table = rule.table.name
    for name in ("id", *rule.natural_key):
        if row.get(name) is None:
            raise BadRow(
                f"Cannot save a row to {table}: it has no {name!r}. Its keys: {sorted(row)}.",
                table=table,
            )
    if unknown := sorted(row.keys() - allowed):
        raise BadRow(
            f"Cannot save a row to {table}: callers may not write {unknown}. "
            f"Columns that they may: {sorted(allowed)}.",
            table=table,
        )


def _two_owners(rule: Rule, row: Mapping[str, Any], other: Mapping[str, Any]) -> KeyConflict:
    mine = ", ".join(f"{key}={row[key]!s}" for key in rule.natural_key)
    theirs = ", ".join(f"{key}={other[key]!s}" for key in rule.natural_key)
    return KeyConflict(
        f"Cannot save to {rule.table.name} the row with {mine}: its place (id {row['id']!s}) is "
        f"held by the row with {theirs}. GitHub never gives one number to two things, so one of "
        "them was read wrongly; compare both on GitHub. Nothing was written.",
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

"""The words of a save: one look-up and one upsert for each set of columns, in both dialects.

SQLite gets the values of one row and runs the statement for each; PostgreSQL gets each column as
one array (`unnest`), which measured faster than COPY into a staging table and needs no table.
There a row that would not change is left out before the conflict is seen: `ON CONFLICT` locks every
row it meets until the transaction ends, and captures of many repositories meet in the same people.
"""
# ruff: noqa: S608  (the words are names of our own columns; values are the driver's business)

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Dialect
from sqlalchemy.dialects import postgresql

from mainstem.store.encoding import Encoder, encoder_of
from mainstem.store.rules import Rule, required


@dataclass(frozen=True, slots=True)
class Upsert:
    """A statement, and its columns in the order of its values.

    `columns` come from the rows; `stamped` are the moment of writing; `lacking` are what an INSERT
    cannot do without, taken from the stored row. Databases check that before they see the
    conflict; those columns are not in the SET list.
    """

    text: str
    columns: tuple[str, ...]
    encoders: tuple[Encoder | None, ...]
    stamped: tuple[str, ...]
    lacking: tuple[str, ...]


@lru_cache(maxsize=512)
def upsert(rule: Rule, shape: tuple[str, ...], dialect: Dialect) -> Upsert:
    """The statement for rows with the keys `shape` (sorted)."""
    table = rule.table
    stamped = (*sorted(rule.first_only - set(shape)), "row_synced_at")
    lacking = tuple(name for name in required(rule) if name not in shape)
    columns = [table.c[name] for name in (*shape, *stamped, *lacking)]
    settable = sorted(set(shape) - {"id"} - set(rule.natural_key) - rule.first_only)
    words = _on_postgresql if dialect.name == "postgresql" else _on_sqlite
    return Upsert(
        text=words(rule, columns, settable),
        columns=shape,
        encoders=tuple(encoder_of(table.c[name], dialect) for name in shape),
        stamped=stamped,
        lacking=lacking,
    )


@lru_cache(maxsize=512)
def look_up(rule: Rule, lacking: tuple[str, ...], dialect: Dialect) -> str:
    """Asks for the stored namesakes of many ids: id, natural key, and the columns `lacking`."""
    wanted = _names(("id", *rule.natural_key, *lacking))
    if dialect.name == "postgresql":
        return f"SELECT {wanted} FROM {_name(rule.table.name)} WHERE id = ANY(%b::uuid[])"
    return (
        f"SELECT {wanted} FROM {_name(rule.table.name)} "
        "WHERE id IN (SELECT value FROM json_each(?))"
    )


def _on_sqlite(rule: Rule, columns: Sequence[Column[Any]], settable: Sequence[str]) -> str:
    return (
        f"INSERT INTO {_name(rule.table.name)} AS held ({_names(c.name for c in columns)}) "
        f"VALUES ({', '.join('?' * len(columns))}) "
        f"{_on_conflict(rule, settable, differs='IS NOT')}"
    )


def _on_postgresql(rule: Rule, columns: Sequence[Column[Any]], settable: Sequence[str]) -> str:
    names = [column.name for column in columns]
    arrays = ", ".join(f"%b::{_array_type(column)}" for column in columns)
    table = _name(rule.table.name)
    is_new = "seen.id IS NULL"
    if settable:
        changed = _changes(rule, settable, "seen", "given", differs="IS DISTINCT FROM")
        is_new = f"{is_new} OR ({changed})"
    return (
        f"WITH saved AS (INSERT INTO {table} AS held ({_names(names)}) "
        f"SELECT {', '.join(f'given.{_name(name)}' for name in names)} "
        f"FROM unnest({arrays}) AS given ({_names(names)}) "
        f"LEFT JOIN {table} AS seen ON seen.id = given.id WHERE {is_new} ORDER BY given.id "
        f"{_on_conflict(rule, settable, differs='IS DISTINCT FROM')} "
        # A row version made by an INSERT has no earlier one that was locked or replaced.
        "RETURNING (held.xmax = 0) AS is_new) "
        "SELECT count(*), count(*) FILTER (WHERE is_new) FROM saved"
    )


def _on_conflict(rule: Rule, settable: Sequence[str], *, differs: str) -> str:
    if not settable:
        return "ON CONFLICT (id) DO NOTHING"
    values = ", ".join(
        f"{_name(name)} = {_value(rule, name, 'held', 'excluded')}"
        for name in (*settable, "row_synced_at")
    )
    changed = _changes(rule, settable, "held", "excluded", differs=differs)
    return f"ON CONFLICT (id) DO UPDATE SET {values} WHERE {changed}"


def _changes(rule: Rule, settable: Sequence[str], old: str, new: str, *, differs: str) -> str:
    """The same thing, in a version that is not older, says something else."""
    same = [f"{old}.{_name(name)} = {new}.{_name(name)}" for name in rule.natural_key]
    other = " OR ".join(
        f"{old}.{_name(name)} {differs} {_value(rule, name, old, new)}" for name in settable
    )
    newer = []
    if rule.newest_by in settable:
        newest = _name(rule.newest_by or "")
        newer = [f"{old}.{newest} <= {new}.{newest}"]
    return " AND ".join([*same, *newer, f"({other})"])


def _value(rule: Rule, name: str, old: str, new: str) -> str:
    quoted = _name(name)
    if name in rule.never_lowered:
        return f"({old}.{quoted} OR {new}.{quoted})"
    return f"{new}.{quoted}"


def _array_type(column: Column[Any]) -> str:
    return f"{column.type.compile(postgresql.dialect())}[]"  # type: ignore[no-untyped-call]


def _name(name: str) -> str:
    return f'"{name}"'


def _names(names: Iterable[str]) -> str:
    return ", ".join(_name(name) for name in names)

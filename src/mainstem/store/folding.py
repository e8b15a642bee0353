"""Many rows to one row per id: what saving them one after another would have left."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from mainstem.store.errors import BadRow, KeyConflict
from mainstem.store.rules import Row, Rule


def fold(rule: Rule, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """One row per id, ordered by id.

    Ordered, so that two writers that meet take their row locks in one order.
    """
    allowed = {column.name for column in rule.table.columns} - rule.ours
    named = ("id", *rule.natural_key)
    by_id: dict[UUID, Row] = {}
    # Rows of one page have a few sets of keys between them: each set is looked at once.
    checked: set[tuple[str, ...]] = set()
    for row in rows:
        shape = tuple(row)
        if shape not in checked:
            _check_keys(rule, row, named, allowed)
            checked.add(shape)
        for name in named:
            if row[name] is None:
                raise _nameless(rule, row, name)
        known = by_id.get(row["id"])
        if known is None:
            by_id[row["id"]] = dict(row)
        else:
            _lay_over(rule, row, known)
    return [by_id[key] for key in sorted(by_id, key=_as_number)]


def _as_number(key: UUID) -> int:
    return key.int


def _lay_over(rule: Rule, row: Mapping[str, Any], known: Row) -> None:
    if any(known[key] != row[key] for key in rule.natural_key):
        raise two_owners(rule, row, known)
    if _is_older(rule, row, known):
        return
    raised = {flag: known.get(flag, False) or row[flag] for flag in rule.never_lowered & set(row)}
    # `first_only` columns were settled by whichever row came first.
    settled = rule.first_only & known.keys()
    known.update({key: row[key] for key in row.keys() - settled} | raised)


def _is_older(rule: Rule, row: Mapping[str, Any], known: Row) -> bool:
    newest = known.get(rule.newest_by or "")
    mine = row.get(rule.newest_by or "")
    return newest is not None and mine is not None and mine < newest


def _check_keys(
    rule: Rule, row: Mapping[str, Any], named: tuple[str, ...], allowed: set[str]
) -> None:
    for name in named:
        if name not in row:
            raise _nameless(rule, row, name)
    if unknown := sorted(row.keys() - allowed):
        table = rule.table.name
        raise BadRow(
            f"Cannot save a row to {table}: callers may not write {unknown}. "
            f"Columns that they may: {sorted(allowed)}.",
            table=table,
        )


def _nameless(rule: Rule, row: Mapping[str, Any], name: str) -> BadRow:
    table = rule.table.name
    return BadRow(
        f"Cannot save a row to {table}: it has no {name!r}. Its keys: {sorted(row)}.", table=table
    )


def two_owners(rule: Rule, row: Mapping[str, Any], other: Mapping[str, Any]) -> KeyConflict:
    """The error for two things that claim one id."""
    mine = ", ".join(f"{key}={row[key]!s}" for key in rule.natural_key)
    theirs = ", ".join(f"{key}={other[key]!s}" for key in rule.natural_key)
    return KeyConflict(
        f"Cannot save to {rule.table.name} the row with {mine}: its place (id {row['id']!s}) is "
        f"held by the row with {theirs}. GitHub never gives one number to two things, so one of "
        "them was read wrongly; compare both on GitHub. Nothing was written.",
        table=rule.table.name,
    )

"""Which runs are asked for, and the index that finds them soonest."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from mainstem.engine.api.paging import Lane, Page, page_of, span_of
from mainstem.engine.errors import UnknownFunction, UnknownThing
from mainstem.engine.lifecycle import FINAL_RUNS, RunStatus

# Every statement here seeks in an index; `tests/engine/api` asks SQLite whether that is so.
OF_ALL: Final = (
    "SELECT id, slug, status FROM runs WHERE id < ? AND id >= ? ORDER BY id DESC LIMIT ?"
)
OF_FUNCTION: Final = (
    "SELECT id, slug, status FROM runs INDEXED BY runs_by_slug"
    " WHERE slug = ? AND id < ? AND id >= ? ORDER BY id DESC LIMIT ?"
)
OF_STATUS: Final = (
    "SELECT id, slug, status FROM runs INDEXED BY runs_by_status"
    " WHERE status = ? AND id < ? AND id >= ? ORDER BY id DESC LIMIT ?"
)
OF_EVENT: Final = (
    "SELECT r.id, r.slug, r.status FROM run_events e CROSS JOIN runs r ON r.id = e.run_id"
    " WHERE e.event_id = ? AND e.run_id < ? AND e.run_id >= ? ORDER BY e.run_id DESC LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What runs must have; what is None or empty is not asked for. Moments are milliseconds.

    `since` is within the span, `until` is not; both are about when a run was created.
    """

    statuses: tuple[RunStatus, ...] = ()
    function: str | None = None
    app: str | None = None
    event: str | None = None
    since: int | None = None
    until: int | None = None


def find_runs(
    sql: sqlite3.Connection, wanted: RunFilter, *, cursor: str | None, limit: int
) -> Page[sqlite3.Row]:
    """The `id`, `slug` and `status` of the runs that fit, newest first.

    Raises `UnknownFunction` or `UnknownThing` for a function or an app that never was.
    """
    slugs = _slugs(sql, wanted)
    names, statuses = frozenset(slugs or ()), frozenset(wanted.statuses)

    def keeps(row: sqlite3.Row) -> bool:
        is_named = slugs is None or row["slug"] in names
        return is_named and (not statuses or row["status"] in statuses)

    span = span_of(cursor, wanted.since, wanted.until)
    return page_of(_lanes(sql, wanted, slugs), span, limit, keeps)


def slug_of(sql: sqlite3.Connection, function: str) -> str:
    """A function's slug, by its slug or id. Raises `UnknownFunction`."""
    row = sql.execute(
        "SELECT slug FROM functions WHERE slug = ? UNION ALL"
        " SELECT slug FROM functions WHERE id = ?",
        (function, function),
    ).fetchone()
    if row is None:
        raise UnknownFunction(function)
    return str(row["slug"])


def app_slugs(sql: sqlite3.Connection, app: str) -> list[str]:
    """The slugs of an app's functions, those it had once too. Raises `UnknownThing`."""
    known = sql.execute("SELECT id FROM apps WHERE name = ? OR id = ?", (app, app)).fetchone()
    if known is None:
        raise UnknownThing("app", app)
    rows = sql.execute("SELECT slug FROM functions WHERE app_id = ?", (known["id"],))
    return [row["slug"] for row in rows]


def _slugs(sql: sqlite3.Connection, wanted: RunFilter) -> Sequence[str] | None:
    of_app = None if wanted.app is None else app_slugs(sql, wanted.app)
    if wanted.function is None:
        return of_app
    slug = slug_of(sql, wanted.function)
    return [slug] if of_app is None or slug in of_app else []


def _lanes(
    sql: sqlite3.Connection, wanted: RunFilter, slugs: Sequence[str] | None
) -> Sequence[Lane]:
    statuses = dict.fromkeys(wanted.statuses)
    if wanted.event is not None:
        return [_lane(sql, OF_EVENT, wanted.event)]
    # Runs that have not ended are few, however many the function had.
    if statuses and (slugs is None or not FINAL_RUNS & statuses.keys()):
        return _each(sql, OF_STATUS, statuses)
    if slugs is not None:
        return _each(sql, OF_FUNCTION, slugs)
    return [_lane(sql, OF_ALL)]


def _each(sql: sqlite3.Connection, statement: str, values: Iterable[str]) -> Sequence[Lane]:
    return [_lane(sql, statement, str(value)) for value in values]


def _lane(sql: sqlite3.Connection, statement: str, *values: str) -> Lane:
    return partial(_rows, sql, statement, values)


def _rows(
    sql: sqlite3.Connection,
    statement: str,
    values: tuple[str, ...],
    before: str,
    lowest: str,
    limit: int,
) -> list[sqlite3.Row]:
    return sql.execute(statement, (*values, before, lowest, limit)).fetchall()

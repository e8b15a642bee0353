"""The last runs of every function, for a page that shows all functions at once.

One indexed look per function, however many runs there are; `runs` and `run` are for reading one.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mainstem.engine.ids import first_ulid
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.limits import DAY

Json = Any
# A run's output may have megabytes; a list shows the short ones.
MAX_SHOWN_BYTES: Final = 4096
MAX_COUNTED: Final = 10_000
# Without the hint SQLite reads the rows of all these runs; the index has all it takes.
COUNTED: Final = (
    "SELECT status, count(*) AS n FROM (SELECT status FROM runs INDEXED BY runs_by_slug"
    " WHERE slug = ? AND id >= ? ORDER BY id DESC LIMIT ?) GROUP BY status"
)
LAST: Final = (
    "SELECT id, status, created, started, ended,"
    " CASE WHEN length(output) <= ? THEN output END AS output"
    " FROM runs INDEXED BY runs_by_slug WHERE slug = ? ORDER BY id DESC LIMIT ?"
)
_SKIPPED: Final = "another run of this function held its singleton key"


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in a list; moments in milliseconds.

    `output` is its value, or its error object when it failed; None too when it is longer than
    4 KiB. `skip_reason` says why a skipped run did nothing.
    """

    id: str
    status: RunStatus
    created_at: int
    started_at: int | None
    ended_at: int | None
    output: Json
    skip_reason: str | None


@dataclass(frozen=True, slots=True)
class FunctionRuns:
    """A function's last runs, newest first, and how many were created in the last day by state.

    The counts are of at most the 10,000 newest.
    """

    function_id: str
    runs: tuple[RunSummary, ...]
    counts: Mapping[RunStatus, int]


def last_runs(sql: sqlite3.Connection, *, limit: int, now: int) -> list[FunctionRuns]:
    """The `limit` last runs of each function there is or was, in order of ids."""
    return [runs_of(sql, slug, limit=limit, now=now) for slug in slugs(sql)]


def slugs(sql: sqlite3.Connection) -> list[str]:
    """The full ids of the functions there are or were, in order."""
    return [row["slug"] for row in sql.execute("SELECT slug FROM functions ORDER BY slug")]


def runs_of(sql: sqlite3.Connection, slug: str, *, limit: int, now: int) -> FunctionRuns:
    """The `limit` last runs of one function."""
    rows = sql.execute(LAST, (MAX_SHOWN_BYTES, slug, limit))
    return FunctionRuns(slug, tuple(map(_summary, rows)), count_day(sql, slug, now))


def count_day(sql: sqlite3.Connection, slug: str, now: int) -> dict[RunStatus, int]:
    """How many runs of a function were created in the last day, by state.

    Of more than `MAX_COUNTED` only so many, the newest: a busy day must not hold the engine up.
    """
    rows = sql.execute(COUNTED, (slug, first_ulid(now - DAY), MAX_COUNTED))
    return {RunStatus(row["status"]): row["n"] for row in rows}


def _summary(row: sqlite3.Row) -> RunSummary:
    status = RunStatus(row["status"])
    return RunSummary(
        id=row["id"],
        status=status,
        created_at=row["created"],
        started_at=row["started"],
        ended_at=row["ended"],
        output=None if row["output"] is None else json.loads(row["output"]),
        skip_reason=_SKIPPED if status is RunStatus.SKIPPED else None,
    )

"""The lines that apps and harnesses log about a run, kept beside it."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from mainstem.engine.errors import NotPossible, UnknownRun

Level = Literal["debug", "info", "warning", "error"]
MAX_LINES_PER_RUN: Final = 10_000


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; `number` counts from 1 within the run, `at` is milliseconds."""

    number: int
    at: int
    level: Level
    message: str
    step_id: str | None


def append_lines(sql: sqlite3.Connection, run_id: str, lines: Sequence[LogLine]) -> int:
    """Add lines to a run, numbered anew; the number of the last one.

    Raises `UnknownRun`, or `NotPossible` when the run would have too many.
    """
    if sql.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone() is None:
        raise UnknownRun(run_id)
    last = sql.execute(
        "SELECT number FROM logs WHERE run_id = ? ORDER BY number DESC LIMIT 1", (run_id,)
    ).fetchone()
    first = 1 if last is None else last["number"] + 1
    if first + len(lines) - 1 > MAX_LINES_PER_RUN:
        raise NotPossible(
            f"Cannot keep {len(lines)} more lines of run {run_id!r}: it has {first - 1}, and a run"
            f" keeps at most {MAX_LINES_PER_RUN}. Log less, or somewhere else."
        )
    sql.executemany(
        "INSERT INTO logs (run_id, number, at, level, message, step_id) VALUES (?,?,?,?,?,?)",
        [
            (run_id, number, line.at, line.level, line.message, line.step_id)
            for number, line in enumerate(lines, start=first)
        ],
    )
    return first + len(lines) - 1


def lines_of(
    sql: sqlite3.Connection, run_id: str, *, after: int = 0, limit: int = 1000
) -> list[LogLine]:
    """The lines of a run that follow the one with the number `after`."""
    rows = sql.execute(
        "SELECT * FROM logs WHERE run_id = ? AND number > ? ORDER BY number LIMIT ?",
        (run_id, after, limit),
    )
    return [
        LogLine(row["number"], row["at"], row["level"], row["message"], row["step_id"])
        for row in rows
    ]

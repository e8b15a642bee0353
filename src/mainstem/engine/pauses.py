"""What runs listen for: events that resume a wait, cancel a run or answer an invocation.

An event is not compared with all who listen for its name, which may be thousands: a pause whose
condition allows one value of a field only is found by that value (`expressions.narrow`).
"""

import json
import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from mainstem.engine.events import Event
from mainstem.engine.expressions import key_at, narrow
from mainstem.engine.runs import event_texts
from mainstem.engine.wire import encode

Json = Any

# How large a part of the triggering event is kept beside a pause, in characters.
_MAX_PART: Final = 4096
# The path of those who are found in another way than by an event's name.
_ELSEWHERE: Final = ""

# SQLite has no skip scan without statistics; this looks once for each path that is there.
_PATHS: Final = """
WITH RECURSIVE paths (path) AS (
    SELECT min(match_path) FROM pauses WHERE event_name = :name AND match_path > ''
    UNION ALL
    SELECT (SELECT min(match_path) FROM pauses WHERE event_name = :name AND match_path > path)
    FROM paths WHERE path IS NOT NULL)
SELECT path FROM paths WHERE path IS NOT NULL
"""
_HEARING: Final = (
    "SELECT * FROM pauses INDEXED BY pauses_by_event WHERE event_name = :name AND {}"
    " AND kind NOT IN (:invoke, :signal) AND expires > :now AND armed_by <> :event"
)
_ANY: Final = _HEARING.format("match_path IS NULL")
_OF_KEY: Final = _HEARING.format("match_path = :path AND match_key = :key")


class PauseKind(StrEnum):
    """Why a run listens."""

    WAIT = "wait"
    CANCEL = "cancel"
    INVOKE = "invoke"
    SIGNAL = "signal"


@dataclass(frozen=True, slots=True)
class Pause:
    """One thing a run listens for; `armed_by` is the id of the event it must not react to.

    `first` is what its condition reads of the run's first event, as JSON; None stands for all.
    """

    kind: PauseKind
    run_id: str
    event_name: str
    expires: int
    step_id: str | None = None
    condition: str | None = None
    correlation: str | None = None
    armed_by: str = ""
    first: str | None = None


def insert_pause(sql: sqlite3.Connection, pause: Pause) -> None:
    """Listen from now on."""
    path, key, first = _found_by(sql, pause)
    sql.execute(
        "INSERT INTO pauses (kind, run_id, step_id, event_name, condition, correlation, expires,"
        " armed_by, match_path, match_key, first) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (
            pause.kind,
            pause.run_id,
            pause.step_id,
            pause.event_name,
            pause.condition,
            pause.correlation,
            pause.expires,
            pause.armed_by,
            path,
            key,
            first,
        ),
    )


def pauses_for(sql: sqlite3.Connection, event: Event, now: int) -> list[Pause]:
    """Waits and cancellations that an event may wake, oldest first; their conditions decide."""
    asked = {
        "name": event.name,
        "event": event.internal_id,
        "now": now,
        "invoke": PauseKind.INVOKE,
        "signal": PauseKind.SIGNAL,
    }
    rows = sql.execute(_ANY, asked).fetchall()
    for (path,) in sql.execute(_PATHS, asked).fetchall():
        key = key_at(path, event.body)
        if key is not None:
            rows += sql.execute(_OF_KEY, {**asked, "path": path, "key": key}).fetchall()
    rows.sort(key=lambda row: row["id"])
    return [_read(row) for row in rows]


def find_first_event(sql: sqlite3.Connection, run_id: str) -> Json:
    """The whole first event of a run; None when there is no such run."""
    row = sql.execute("SELECT events FROM runs WHERE id = ?", (run_id,)).fetchone()
    return json.loads(event_texts(row["events"])[0]) if row else None


def pauses_answered(sql: sqlite3.Connection, correlation: str) -> list[Pause]:
    """The invocations that wait for an answer with this correlation id."""
    rows = sql.execute("SELECT * FROM pauses WHERE correlation = ?", (correlation,))
    return [_read(row) for row in rows]


def signal_waiter(sql: sqlite3.Connection, name: str, now: int) -> Pause | None:
    """The step that waits for a signal; its pause has the signal's name as that of the event."""
    row = sql.execute(
        "SELECT * FROM pauses WHERE event_name = ? AND kind = ? AND expires > ?",
        (name, PauseKind.SIGNAL, now),
    ).fetchone()
    return _read(row) if row else None


def delete_pauses(sql: sqlite3.Connection, run_id: str, step_id: str | None = None) -> None:
    """Stop listening: a step of a run, or the whole run."""
    sql.execute(
        "DELETE FROM pauses WHERE run_id = :run AND (:step IS NULL OR step_id = :step)",
        {"run": run_id, "step": step_id},
    )


def _found_by(sql: sqlite3.Connection, pause: Pause) -> tuple[str | None, str | None, str | None]:
    """The path and the key a pause is found by, and what its condition reads of the first event."""
    if pause.kind not in (PauseKind.WAIT, PauseKind.CANCEL):
        return _ELSEWHERE, None, None
    if not pause.condition:
        return None, None, None
    left = narrow(pause.condition, lambda: find_first_event(sql, pause.run_id))
    part = None if left.part is None else encode(left.part)
    return left.path, left.key, part if part and len(part) <= _MAX_PART else None


def _read(row: sqlite3.Row) -> Pause:
    return Pause(
        kind=PauseKind(row["kind"]),
        run_id=row["run_id"],
        event_name=row["event_name"],
        expires=row["expires"],
        step_id=row["step_id"],
        condition=row["condition"],
        correlation=row["correlation"],
        armed_by=row["armed_by"],
        first=row["first"],
    )

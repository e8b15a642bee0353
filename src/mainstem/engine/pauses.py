"""What runs listen for: events that resume a wait, cancel a run or answer an invocation."""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum


class PauseKind(StrEnum):
    """Why a run listens."""

    WAIT = "wait"
    CANCEL = "cancel"
    INVOKE = "invoke"
    SIGNAL = "signal"


@dataclass(frozen=True, slots=True)
class Pause:
    """One thing a run listens for; `armed_by` is the id of the event it must not react to."""

    kind: PauseKind
    run_id: str
    event_name: str
    expires: int
    step_id: str | None = None
    condition: str | None = None
    correlation: str | None = None
    armed_by: str = ""


def insert_pause(sql: sqlite3.Connection, pause: Pause) -> None:
    """Listen from now on."""
    sql.execute(
        "INSERT INTO pauses (kind, run_id, step_id, event_name, condition, correlation, expires,"
        " armed_by) VALUES (?,?,?,?,?,?,?,?)",
        (
            pause.kind,
            pause.run_id,
            pause.step_id,
            pause.event_name,
            pause.condition,
            pause.correlation,
            pause.expires,
            pause.armed_by,
        ),
    )


def pauses_for(sql: sqlite3.Connection, event_name: str, internal_id: str, now: int) -> list[Pause]:
    """Waits and cancellations that listen for an event of this name."""
    rows = sql.execute(
        "SELECT * FROM pauses WHERE event_name = ? AND kind NOT IN (?, ?)"
        " AND expires > ? AND armed_by <> ? ORDER BY id",
        (event_name, PauseKind.INVOKE, PauseKind.SIGNAL, now, internal_id),
    )
    return [_read(row) for row in rows]


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
    )

"""Bulk cancellation: an order to cancel the runs of an app or function that began in a span.

An order is kept. Runs that are under way when it is given are cancelled by whoever gave it, in
portions; one whose span has not ended yet cancels each run that is created within it.
Inngest SDK protocol, "Cancellation".
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mainstem.engine.ending import cancel_run
from mainstem.engine.expressions import is_match
from mainstem.engine.ids import first_ulid
from mainstem.engine.lifecycle import FINAL_RUNS, RunStatus
from mainstem.engine.runs import Run, find_run
from mainstem.engine.work import Work

# How many runs one transaction looks at, and about how many characters of events: cancelling them
# takes some tens of milliseconds, and each run's events are written four times with its end.
PORTION: Final = 200
PORTION_TEXT: Final = 500_000
UNDER_WAY: Final = tuple(sorted(set(RunStatus) - FINAL_RUNS))

OF_STATUS: Final = (
    "SELECT id FROM runs INDEXED BY runs_by_status"
    " WHERE status = ? AND id > ? AND id >= ? AND id < ? ORDER BY id LIMIT ?"
)
STANDING: Final = (
    "SELECT * FROM cancellations INDEXED BY cancellations_by_end WHERE started_before > ?"
)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """An order; moments in milliseconds. `function_id` None means every function of the app.

    Runs created from `started_after` on and before `started_before` are meant, those whose first
    event fulfils `condition` when there is one.
    """

    id: str
    created: int
    app_id: str
    function_id: str | None
    started_after: int | None
    started_before: int
    condition: str | None
    name: str | None = None

    def covers(self, run: Run) -> bool:
        """Whether a run is among those it means."""
        return (
            run.app_id == self.app_id
            and self.function_id in (None, run.function_id)
            and (self.started_after or 0) <= run.created < self.started_before
            and (not self.condition or is_match(self.condition, json.loads(run.events[0])))
        )


@dataclass(frozen=True, slots=True)
class Portion:
    """The id that was looked at last, None when there was none, and how many were cancelled."""

    last: str | None
    cancelled: int


def insert_cancellation(sql: sqlite3.Connection, order: Cancellation) -> None:
    """Keep an order."""
    sql.execute(
        "INSERT INTO cancellations (id, created, name, app_id, function_id, started_after,"
        " started_before, condition) VALUES (?,?,?,?,?,?,?,?)",
        (
            order.id,
            order.created,
            order.name,
            order.app_id,
            order.function_id,
            order.started_after,
            order.started_before,
            order.condition,
        ),
    )


def delete_cancellation(sql: sqlite3.Connection, order_id: str) -> bool:
    """Forget an order; whether it was there. What it cancelled stays cancelled."""
    return sql.execute("DELETE FROM cancellations WHERE id = ?", (order_id,)).rowcount > 0


def find_cancellations(
    sql: sqlite3.Connection, *, before: str, limit: int
) -> Sequence[Cancellation]:
    """Orders whose id is below `before`, newest first."""
    rows = sql.execute(
        "SELECT * FROM cancellations WHERE id < ? ORDER BY id DESC LIMIT ?", (before, limit)
    )
    return [_read(row) for row in rows]


def cancel_portion(work: Work, order: Cancellation, status: RunStatus, after: str) -> Portion:
    """Cancel some of the runs of a status that the order covers, those with ids above `after`."""
    lowest = "" if order.started_after is None else first_ulid(order.started_after)
    rows = work.sql.execute(
        OF_STATUS, (status, after, lowest, first_ulid(order.started_before), PORTION)
    ).fetchall()
    last, cancelled, text = None, 0, 0
    for row in rows:
        run, last = find_run(work.sql, row["id"]), row["id"]
        if run is not None and order.covers(run) and cancel_run(work, run):
            cancelled += 1
            text += sum(map(len, run.events))
        if text >= PORTION_TEXT:
            break
    return Portion(last, cancelled)


def cancel_if_ordered(work: Work, run_id: str) -> bool:
    """Cancel a run that was created just now if a standing order covers it; whether one did."""
    for row in work.sql.execute(STANDING, (work.now,)).fetchall():
        run = find_run(work.sql, run_id)
        if run is not None and _read(row).covers(run):
            return cancel_run(work, run)
    return False


def _read(row: sqlite3.Row) -> Cancellation:
    return Cancellation(
        id=row["id"],
        created=row["created"],
        app_id=row["app_id"],
        function_id=row["function_id"],
        started_after=row["started_after"],
        started_before=row["started_before"],
        condition=row["condition"],
        name=row["name"],
    )

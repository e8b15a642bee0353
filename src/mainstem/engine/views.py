"""Runs and their steps as others see them."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mainstem.engine.errors import UnknownRun
from mainstem.engine.lifecycle import RunStatus, StepStatus
from mainstem.engine.runs import event_texts

Json = Any


@dataclass(frozen=True, slots=True)
class StepView:
    """A step as others see it; `input` is what it was given, where the SDK tells it."""

    id: str
    name: str
    op: str
    status: StepStatus
    attempt: int
    queued_at: int
    started_at: int | None
    ended_at: int | None
    output: Json
    error: Mapping[str, Json] | None
    input: Json = None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as others see it; `output` is its value, or its error object when it failed."""

    id: str
    function_id: str
    status: RunStatus
    created_at: int
    started_at: int | None
    ended_at: int | None
    output: Json
    events: tuple[Mapping[str, Json], ...]
    steps: tuple[StepView, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.ended_at is not None


def view_run(sql: sqlite3.Connection, run_id: str) -> RunView:
    """A run with its steps. Raises `UnknownRun`."""
    row = sql.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise UnknownRun(run_id)
    steps = sql.execute("SELECT * FROM steps WHERE run_id = ? ORDER BY position", (run_id,))
    return _view(row, tuple(_view_step(step) for step in steps))


def view_runs(
    sql: sqlite3.Connection,
    *,
    status: RunStatus | None,
    function: str | None,
    event: str | None,
    limit: int,
) -> list[RunView]:
    """Runs without their steps, newest first; those of a status, function slug, event."""
    asked = {
        "status = :status": status,
        "slug = :slug": function,
        "id IN (SELECT run_id FROM run_events WHERE event_id = :event)": event,
    }
    # Only what is asked for: with a clause that may be empty SQLite would read every run.
    where = " AND ".join(clause for clause, value in asked.items() if value is not None) or "true"
    rows = sql.execute(
        f"SELECT * FROM runs WHERE {where} ORDER BY id DESC LIMIT :limit",  # noqa: S608
        {"status": status, "slug": function, "event": event, "limit": limit},
    )
    return [_view(row, ()) for row in rows]


def count_by_status(sql: sqlite3.Connection) -> dict[RunStatus, int]:
    """How many runs are in each state."""
    rows = sql.execute("SELECT status, count(*) AS n FROM runs GROUP BY status")
    return {RunStatus(row["status"]): row["n"] for row in rows}


def _view(row: sqlite3.Row, steps: tuple[StepView, ...]) -> RunView:
    return RunView(
        id=row["id"],
        function_id=row["slug"],
        status=RunStatus(row["status"]),
        created_at=row["created"],
        started_at=row["started"],
        ended_at=row["ended"],
        output=None if row["output"] is None else json.loads(row["output"]),
        events=tuple(json.loads(text) for text in event_texts(row["events"])),
        steps=steps,
    )


def _view_step(row: sqlite3.Row) -> StepView:
    memo = None if row["memo"] is None else json.loads(row["memo"])
    wrapped = memo if isinstance(memo, dict) and set(memo) in ({"data"}, {"error"}) else None
    return StepView(
        id=row["id"],
        name=row["name"],
        op=row["op"],
        status=StepStatus(row["status"]),
        attempt=row["attempt"],
        queued_at=row["queued"],
        started_at=row["started"],
        ended_at=row["ended"],
        output=memo if wrapped is None else wrapped.get("data"),
        error=None if wrapped is None else wrapped.get("error"),
        input=None if row["input"] is None else json.loads(row["input"]),
    )

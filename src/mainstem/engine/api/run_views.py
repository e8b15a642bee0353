"""A run as people see it: in a list, and whole with its steps and attempts."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from mainstem.engine.api.shapes import Moment
from mainstem.engine.attempts import AttemptView, attempts_of
from mainstem.engine.errors import UnknownRun
from mainstem.engine.lifecycle import RunStatus, StepStatus
from mainstem.engine.views import RunView, StepView, view_run

Json = Any
# A run's output may have megabytes; a list shows the short ones.
MAX_SHOWN_BYTES: Final = 4096
_WHOLE: Final = 1 << 40
_SKIPPED: Final = "another run of this function held its singleton key"
_RAN: Final = frozenset({"StepRun", "StepError", "StepFailed"})

BY_ID: Final = (
    "SELECT r.id, r.function_id, r.slug, r.app_id, r.status, r.created, r.started, r.ended,"
    " r.events, r.replay_of, CASE WHEN length(r.output) <= ? THEN r.output END AS output"
    " FROM json_each(?) w CROSS JOIN runs r ON r.id = w.value ORDER BY w.key"
)


@dataclass(frozen=True, slots=True)
class RunShown:
    """A run in a list."""

    id: str
    function: Annotated[str, "The function's full id, `{app}-{function}`."]
    function_id: str
    app_id: str
    status: RunStatus
    created_at: Annotated[Moment, "When it was queued."]
    started_at: Annotated[Moment | None, "When its first request went out."]
    ended_at: Moment | None
    output: Annotated[
        Json, "Its value, or its error object when it failed; null in a list when above 4 KiB."
    ]
    event_name: str
    event_id: Annotated[str, "The id of its first event: the sender's, or the engine's."]
    replay_of: Annotated[str | None, "The run that this one does again."]
    skip_reason: Annotated[str | None, "Why a skipped run did nothing."]


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step of a run."""

    id: Annotated[str, "The hash that the SDK made of its id."]
    name: str
    op: str
    status: StepStatus
    attempt: Annotated[int, "The attempt it is at or ended with, from 0."]
    queued_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    input: Json
    output: Json
    error: Mapping[str, Json] | None
    attempts: Annotated[tuple[AttemptView, ...], "The requests in which it was run."]


@dataclass(frozen=True, slots=True)
class RunTrace:
    """A run, whole."""

    run: RunShown
    events: Annotated[tuple[Mapping[str, Json], ...], "The events that the function was given."]
    steps: tuple[StepShown, ...]
    attempts: Annotated[tuple[AttemptView, ...], "Every request to the app, in order."]
    replays: Annotated[tuple[str, ...], "Runs among the last ones that do this one again."]


@dataclass(frozen=True, slots=True)
class InngestRun:
    """A run as Inngest's own API shows it; moments are RFC 3339."""

    run_id: str
    function_id: str
    status: str
    run_started_at: str
    ended_at: str | None
    output: Json
    event_id: str


def show_runs(
    sql: sqlite3.Connection, ids: Sequence[str], *, up_to: int = MAX_SHOWN_BYTES
) -> tuple[RunShown, ...]:
    """The runs of these ids in their order; an output of more than `up_to` bytes is left out."""
    return tuple(_shown(row) for row in sql.execute(BY_ID, (up_to, json.dumps(ids))))


def whole_runs(sql: sqlite3.Connection, ids: Sequence[str]) -> tuple[RunShown, ...]:
    """The same, with their outputs however long these are."""
    return show_runs(sql, ids, up_to=_WHOLE)


def show_trace(sql: sqlite3.Connection, run_id: str) -> RunTrace:
    """A run with all that is known of it. Raises `UnknownRun`."""
    shown = whole_runs(sql, [run_id])
    if not shown:
        raise UnknownRun(run_id)
    view: RunView = view_run(sql, run_id)
    attempts = attempts_of(sql, run_id)
    of_step = _by_step(attempts)
    return RunTrace(
        run=shown[0],
        events=view.events,
        steps=tuple(
            _step(step, of_step[step.id] or _around(step, attempts)) for step in view.steps
        ),
        attempts=tuple(attempts),
        replays=_replays(sql, shown[0]),
    )


def _by_step(attempts: Sequence[AttemptView]) -> defaultdict[str, list[AttemptView]]:
    """The requests in which each step was run: its own, and those that met it on their way."""
    found: defaultdict[str, list[AttemptView]] = defaultdict(list)
    for attempt in attempts:
        ran = {attempt.step_id} if attempt.step_id else set()
        if attempt.outcome == "reported":
            ran |= {step_id for op, step_id in attempt.detail if op in _RAN}
        for step_id in ran:
            found[step_id].append(attempt)
    return found


def _around(step: StepView, attempts: Sequence[AttemptView]) -> list[AttemptView]:
    """The request that was under way when a step ended: it told of the step by a checkpoint."""
    if step.op != "StepRun" or step.ended_at is None:
        return []
    return [
        attempt
        for attempt in attempts
        if attempt.step_id is None and attempt.started_at <= step.ended_at <= attempt.ended_at
    ]


def _replays(sql: sqlite3.Connection, run: RunShown) -> tuple[str, ...]:
    rows = sql.execute(REPLAYS, (run.function, run.id, run.id))
    return tuple(row["id"] for row in rows)


# Replays are later runs of the same function; the nearest thousand are looked at.
REPLAYS: Final = (
    "SELECT r.id FROM (SELECT id FROM runs INDEXED BY runs_by_slug WHERE slug = ? AND id > ?"
    " ORDER BY id DESC LIMIT 1000) w CROSS JOIN runs r ON r.id = w.id WHERE r.replay_of = ?"
)


def _step(step: StepView, attempts: Sequence[AttemptView]) -> StepShown:
    return StepShown(
        id=step.id,
        name=step.name,
        op=step.op,
        status=step.status,
        attempt=step.attempt,
        queued_at=step.queued_at,
        started_at=step.started_at,
        ended_at=step.ended_at,
        input=step.input,
        output=step.output,
        error=step.error,
        attempts=tuple(attempts),
    )


def _shown(row: sqlite3.Row) -> RunShown:
    status = RunStatus(row["status"])
    first = _first_event(row["events"])
    return RunShown(
        id=row["id"],
        function=row["slug"],
        function_id=row["function_id"],
        app_id=row["app_id"],
        status=status,
        created_at=row["created"],
        started_at=row["started"],
        ended_at=row["ended"],
        output=None if row["output"] is None else json.loads(row["output"]),
        event_name=str(first.get("name", "")),
        event_id=str(first.get("id", "")),
        replay_of=row["replay_of"],
        skip_reason=_SKIPPED if status is RunStatus.SKIPPED else None,
    )


def _first_event(stored: str) -> Mapping[str, Json]:
    """The first of a run's events: they stand one in a line, in older files in one array."""
    first: Json = json.loads(stored.partition("\n")[0])
    found: Mapping[str, Json] = first[0] if isinstance(first, list) else first
    return found

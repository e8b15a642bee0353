"""Running a run again: a new run of the same events, from the start or from where it failed.

The function is called as it is registered now. A replay from the failure begins with the memos of
the steps that completed, so only what failed, and what was never reached, is done again. One step
may be given another input than it had: the memos of a call then hold that in place of a result.
Inngest SDK protocol, "Step state and replay".
"""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, Final, Literal

from mainstem.engine.errors import NotPossible, UnknownFunction
from mainstem.engine.events import Event
from mainstem.engine.ids import first_ulid
from mainstem.engine.lifecycle import FINAL_RUNS, RunStatus, StepStatus
from mainstem.engine.runs import Run, find_step, load_run
from mainstem.engine.starting import create_run
from mainstem.engine.wire import encode, size_of
from mainstem.engine.work import Work

Json = Any
# How the name of an SDK that takes inputs begins.
_TAKES_INPUTS: Final = "js:"
ReplayFrom = Literal["start", "failure"]

# Which events a run was tied to is kept by event. They came shortly before the run was created, so
# some steps back from that moment find them; nothing else asks from this side.
TIED: Final = (
    "SELECT event_id FROM (SELECT event_id, run_id FROM run_events WHERE event_id < ?"
    " ORDER BY event_id DESC LIMIT 20000) WHERE run_id = ? LIMIT ?"
)


def replay_run(
    work: Work,
    run_id: str,
    origin: ReplayFrom,
    inputs: Mapping[str, Sequence[Json]] | None = None,
) -> str:
    """Start the run anew; the new run's id. `inputs` are arguments by a step's own id, or hash.

    Concurrency, throttle, priority and singleton hold for it; rate limit, debounce, batch and a
    pause of the function do not, as somebody asks for this very run. Raises `UnknownRun`,
    `UnknownFunction` when its function is not registered any more, and `NotPossible`.
    """
    run = load_run(work.sql, run_id)
    function = work.registry.get(run.function_id)
    if function is None:
        raise UnknownFunction(run.slug)
    if origin == "failure":
        _expect_unfinished(run)
    kept = _completed_steps(work.sql, run_id) if origin == "failure" else []
    overrides = _overrides(work.sql, run, inputs or {})
    kept = list(takewhile(lambda step: step["id"] not in overrides, kept))
    events = _events(work.sql, run)
    new_id = create_run(work, function, events, stack_current=len(kept))
    token = None if run.token is None else secrets.token_urlsafe(24)
    work.sql.execute(
        "UPDATE runs SET replay_of = ?, token = ?, overrides = ? WHERE id = ?",
        (run_id, token, encode(overrides) if overrides else None, new_id),
    )
    _keep(work.sql, new_id, kept)
    return new_id


def _expect_unfinished(run: Run) -> None:
    if run.status not in FINAL_RUNS:
        raise NotPossible(
            f"Cannot replay run {run.id!r} from its failure: it is still {run.status}. Wait for"
            " its end, cancel it, or replay it from the start."
        )
    if run.status not in (RunStatus.FAILED, RunStatus.CANCELLED):
        raise NotPossible(
            f"Cannot replay run {run.id!r} from its failure: it did not fail, it is {run.status}."
            " Replay it from the start."
        )


def _overrides(
    sql: sqlite3.Connection, run: Run, inputs: Mapping[str, Sequence[Json]]
) -> dict[str, Sequence[Json]]:
    """The inputs by the hashes of their steps. Raises `NotPossible`."""
    if not inputs:
        return {}
    if len(inputs) > 1:
        # Several side by side would all wait to be asked for, and an SDK asks for none of them.
        raise NotPossible(f"Cannot replay run {run.id!r} with more than one step's input changed.")
    row = sql.execute("SELECT sdk FROM apps WHERE id = ?", (run.app_id,)).fetchone()
    if run.token is None and (row is None or not row["sdk"].startswith(_TAKES_INPUTS)):
        raise NotPossible(
            f"Cannot replay run {run.id!r} with other inputs: only the SDK of TypeScript takes"
            " them; another would take the input for the step's result."
        )
    ((key, given),) = inputs.items()
    # Half a pair of surrogates, which JSON may hold, is in no id of a step.
    name = key.encode("utf-8", "replace")
    hashed = hashlib.sha1(name, usedforsecurity=False).hexdigest()
    step = find_step(sql, run.id, name.decode()) or find_step(sql, run.id, hashed)
    if step is None or step.op != "StepRun":
        raise NotPossible(
            f"Cannot replay run {run.id!r} with an input for {key!r}: it ran no such step. Inputs"
            " are for steps that the app itself runs, by the id in its code or the step's hash."
        )
    return {step.id: given}


def _completed_steps(sql: sqlite3.Connection, run_id: str) -> list[sqlite3.Row]:
    """In order of completion. A step that failed is none of them, also one that was caught."""
    return sql.execute(
        "SELECT * FROM steps WHERE run_id = ? AND status = ? ORDER BY stack_index",
        (run_id, StepStatus.COMPLETED),
    ).fetchall()


def _keep(sql: sqlite3.Connection, run_id: str, steps: list[sqlite3.Row]) -> None:
    """Give a run memos it did not make; their times stay those of the run that did."""
    for index, step in enumerate(steps):
        row = {**dict(step), "run_id": run_id, "position": index, "stack_index": index}
        row["repeats"] = 0
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        # The names are the table's own columns, read from it above.
        sql.execute(f"INSERT INTO steps ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    size = sum(size_of(step["memo"] or "") for step in steps)
    sql.execute("UPDATE runs SET state_bytes = ? WHERE id = ?", (size, run_id))


def _events(sql: sqlite3.Connection, run: Run) -> list[Event]:
    """The run's events. They are tied to the new run too, by the ids they were accepted with."""
    bodies = [json.loads(text) for text in run.events]
    rows = sql.execute(TIED, (first_ulid(run.created + 1), run.id, len(bodies)))
    ids = sorted(row["event_id"] for row in rows)
    if len(ids) != len(bodies):
        # Pruned, or a batch that was collected for long: without an id of the sender's own the
        # body's id is the one it was accepted with.
        ids = [str(body["id"]) for body in bodies]
    return [Event(internal_id, body) for internal_id, body in zip(ids, bodies, strict=True)]

"""The end of a run: its state, what it leaves behind, and the events that tell of it.

Inngest SDK protocol, "Internal events".
"""

import json
from collections.abc import Mapping
from typing import Any

from mainstem.engine.defers import start_deferred
from mainstem.engine.events import (
    CANCELLATIONS,
    CANCELLED,
    ENDINGS,
    FAILED,
    FINISHED,
    internal_event,
)
from mainstem.engine.lifecycle import (
    FINAL_RUNS,
    RUN_MOVES,
    STEP_MOVES,
    RunMove,
    RunStatus,
    StepMove,
    moved,
)
from mainstem.engine.pauses import delete_pauses
from mainstem.engine.runs import Run, close_run, pending_steps, save_attempt
from mainstem.engine.wire import encode
from mainstem.engine.work import Change, Work

Json = Any


def complete_run(work: Work, run: Run, output: Json) -> None:
    """The function returned."""
    _end(work, run, RunMove.COMPLETE, output)
    start_deferred(work, run)
    _send_endings(work, run, "Completed", {"result": output})


def fail_run(work: Work, run: Run, error: Mapping[str, Json]) -> None:
    """The function failed for good; `error` is what the app sent."""
    _end(work, run, RunMove.FAIL, error)
    start_deferred(work, run)
    told = {k: error[k] for k in ("message", "name", "stack") if error.get(k) is not None}
    told["error"] = str(error.get("error") or error.get("name") or "Error")
    _send_endings(work, run, "Failed", {"error": told, "result": error})


def cancel_run(work: Work, run: Run) -> bool:
    """Stop a run; whether it was still going."""
    if run.status in FINAL_RUNS:
        return False
    _end(work, run, RunMove.CANCEL, None)
    _send_endings(work, run, "Cancelled", {})
    return True


def _end(work: Work, run: Run, move: RunMove, output: Json) -> None:
    status = moved(RUN_MOVES, run.status, move)
    text = None if status is RunStatus.CANCELLED else encode(output)
    close_run(work.sql, run.id, status, work.now, text)
    for step in pending_steps(work.sql, run.id):
        abandoned = moved(STEP_MOVES, step.status, StepMove.ABANDON)
        save_attempt(work.sql, run.id, step.id, abandoned, step.attempt)
    work.drop_jobs(run.id)
    delete_pauses(work.sql, run.id)
    work.sql.execute("DELETE FROM singletons WHERE run_id = ?", (run.id,))
    work.ended.add(run.id)
    work.tell(Change("run", run.id, run.slug, status, at=work.now))


def _send_endings(work: Work, run: Run, status: str, outcome: dict[str, Json]) -> None:
    events = [json.loads(text) for text in run.events]
    if events[0]["name"] in ENDINGS:
        return
    # One that clean-up itself is cancelled would start the clean-up again, without end.
    is_cleanup = any(event["name"] in CANCELLATIONS for event in events)
    data = {
        "_inngest": {"status": status},
        "function_id": run.slug,
        "run_id": run.id,
        "event": {**events[0], "data": events[0]["data"] or {}},
        "events": [{k: v for k, v in event.items() if k != "user" or v} for event in events],
        **outcome,
    }
    for event in [events[0], *(each for each in events[1:] if _correlation(each))]:
        correlation = _correlation(event)
        own = {**data, "correlation_id": correlation} if correlation else data
        _send(work, FINISHED, own, "")
        if status == "Failed":
            _send(work, FAILED, own, run.id)
        elif status == "Cancelled" and not is_cleanup:
            _send(work, CANCELLED, own, run.id)


def _correlation(event: Mapping[str, Json]) -> str | None:
    inner = (event.get("data") or {}).get("_inngest")
    return inner.get("correlation_id") if isinstance(inner, Mapping) else None


def _send(work: Work, name: str, data: Json, event_id: str) -> None:
    work.outbox.append(
        internal_event(name, data, internal_id=work.new_id(), ts=work.now, id=event_id)
    )

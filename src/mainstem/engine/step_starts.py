"""What a step that was met for the first time sets going: a call, a timer, a wait, an event.

Inngest SDK protocol, "Opcodes".
"""

from collections.abc import Mapping
from typing import Any, Final

from mainstem.engine import limits
from mainstem.engine.durations import parse_moment, parse_span
from mainstem.engine.errors import BadDuration, BadExpression
from mainstem.engine.events import FINISHED, INVOKED, internal_event
from mainstem.engine.expressions import check_expression
from mainstem.engine.gateway import BadRequest, read_request
from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.lifecycle import StepStatus
from mainstem.engine.ops import Op
from mainstem.engine.pauses import Pause, PauseKind, delete_pauses, insert_pause, signal_waiter
from mainstem.engine.runs import Run, Step, insert_step
from mainstem.engine.step_ends import plan_call, tell_step
from mainstem.engine.wire import encode
from mainstem.engine.work import Work

Json = Any

_FIRST_STATUS: Final[Mapping[str, StepStatus]] = {
    "Sleep": StepStatus.SLEEPING,
    "WaitForEvent": StepStatus.WAITING,
    "WaitForSignal": StepStatus.WAITING,
    "InvokeFunction": StepStatus.INVOKING,
}


class BadStep(Exception):  # noqa: N818  what it says becomes the end of a run
    """A step that cannot be begun; `error` is what its run fails with."""

    def __init__(self, error: Mapping[str, Json]) -> None:
        self.error = error
        super().__init__(str(error.get("message")))


def register_step(
    work: Work, run: Run, op: Op, *, position: int, attempt: int, started: int | None
) -> Step:
    """Store a step that was met for the first time, and what it was given.

    `position` is how many steps of the run were met before.
    """
    status = _FIRST_STATUS.get(op.op, StepStatus.PLANNED)
    kind = "StepRun" if op.op.startswith("Step") else op.op
    step = Step(run.id, op.id, op.display_name, kind, status, attempt, op.is_race, None, 0)
    given = None if op.input is None else encode(op.input)
    insert_step(work.sql, step, position=position, now=work.now, started=started, given=given)
    return step


def begin_step(work: Work, run: Run, op: Op, *, is_planned: bool) -> None:
    """Set going what a new step is for. Raises `BadStep`."""
    tell_step(work, run, op.display_name, _FIRST_STATUS.get(op.op, StepStatus.PLANNED), 0)
    try:
        match op.op:
            case "StepPlanned":
                plan_call(work, run, JobKind.TARGET, op.id, is_planned=is_planned)
            case "Sleep":
                _sleep(work, run, op)
            case "WaitForEvent":
                _wait(work, run, op)
            case "WaitForSignal":
                _wait_for_signal(work, run, op)
            case "InvokeFunction":
                _invoke(work, run, op)
            case "AIGateway" | "Gateway":
                _request(work, run, op)
    except BadExpression as error:
        raise BadStep(_bad_expression(error)) from error
    except BadRequest as error:
        raise BadStep(_named("InvalidOpcode", str(error))) from error
    except (BadDuration, OverflowError) as error:
        raise BadStep(_named("InvalidOpcode", str(error))) from error


def _sleep(work: Work, run: Run, op: Op) -> None:
    # SDKs write the moment, or a span, into the name; the specification has a `duration`.
    duration = op.opts.get("duration")
    until = _end_of(op.name if duration is None else str(duration), work.now)
    _check_bound(until, work.now, "sleep")
    work.queue(Job(0, JobKind.SLEEP, max(until, work.now), run_id=run.id, step_id=op.id))


def _end_of(text: str, now: int) -> int:
    try:
        return now + parse_span(text)
    except BadDuration:
        return parse_moment(text)


def _wait(work: Work, run: Run, op: Op) -> None:
    condition = op.opts.get("if") or None
    if condition is not None:
        condition = str(condition)
        check_expression(condition)
    expires = _wait_end(work, op)
    event_name = str(op.opts.get("event") or op.name)
    insert_pause(work.sql, Pause(PauseKind.WAIT, run.id, event_name, expires, op.id, condition))
    work.queue(Job(0, JobKind.WAIT_TIMEOUT, expires, run_id=run.id, step_id=op.id))


def _wait_for_signal(work: Work, run: Run, op: Op) -> None:
    name = str(op.opts.get("signal") or op.name)
    expires = _wait_end(work, op)
    holder = signal_waiter(work.sql, name, work.now)
    if holder is not None:
        if op.opts.get("conflict") != "replace":
            message = f"Signal conflict; run {holder.run_id} waits for signal {name!r} already"
            raise BadStep(_named("SignalConflict", message))
        delete_pauses(work.sql, holder.run_id, holder.step_id)
    insert_pause(work.sql, Pause(PauseKind.SIGNAL, run.id, name, expires, op.id))
    work.queue(Job(0, JobKind.WAIT_TIMEOUT, expires, run_id=run.id, step_id=op.id))


def _request(work: Work, run: Run, op: Op) -> None:
    job = Job(
        id=0,
        kind=JobKind.GATEWAY,
        due=work.now,
        position=run.position,
        run_id=run.id,
        step_id=op.id,
        detail=read_request(op).dump(),
    )
    work.queue(job)


def _wait_end(work: Work, op: Op) -> int:
    timeout = op.opts.get("timeout")
    expires = work.now + limits.MAX_WAIT if timeout is None else _end_of(str(timeout), work.now)
    _check_bound(expires, work.now, "wait")
    return expires


def _invoke(work: Work, run: Run, op: Op) -> None:
    timeout = op.opts.get("timeout")
    span = limits.DEFAULT_INVOKE_TIMEOUT if timeout is None else parse_span(str(timeout))
    correlation = f"{run.id}.{op.id}"
    expires = work.now + span
    _check_bound(expires, work.now, "invocation")
    insert_pause(
        work.sql,
        Pause(PauseKind.INVOKE, run.id, FINISHED, expires, op.id, None, correlation),
    )
    work.queue(Job(0, JobKind.INVOKE_TIMEOUT, expires, run_id=run.id, step_id=op.id))
    inner = {
        "fn_id": str(op.opts.get("function_id") or ""),
        "correlation_id": correlation,
        "expire": expires,
        "name": op.display_name,
        "source_app_id": run.app_id,
        "source_fn_id": run.function_id,
    }
    data = {**_invoke_data(op), "_inngest": inner}
    work.outbox.append(internal_event(INVOKED, data, internal_id=work.new_id(), ts=work.now))


def _invoke_data(op: Op) -> Mapping[str, Json]:
    payload = op.opts.get("payload") or {}
    data = payload.get("data") or {} if isinstance(payload, Mapping) else None
    if not isinstance(data, Mapping):
        message = f"Step {op.display_name!r} invokes a function with data that are no object."
        raise BadStep(_named("InvalidOpcode", message))
    return data


def _check_bound(until: int, now: int, what: str) -> None:
    if until - now > limits.MAX_WAIT:
        message = f"The {what} is longer than 366 days."
        raise BadStep(_named(limits.ERR_TIMEOUT_TOO_LONG, message))


def _named(name: str, message: str) -> Mapping[str, Json]:
    return {"error": message, "name": name, "message": message}


def _bad_expression(error: BadExpression) -> Mapping[str, Json]:
    return {
        "error": {
            "error": f"InvalidExpression: {error.reason}",
            "name": "InvalidExpression",
            "message": "Wait for event If expression failed to compile",
            "stack": error.reason,
        }
    }

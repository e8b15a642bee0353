"""How an answer moves a run on: steps planned, memos stored, the next call queued, the run ended.

Pure of network: takes a `Work` and what the app said. Inngest SDK protocol, "Opcodes", "Step state
and replay", "Parallel steps" and "Retries".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from mainstem.engine import limits
from mainstem.engine.durations import parse_moment, parse_span
from mainstem.engine.ending import complete_run, fail_run
from mainstem.engine.errors import BadDuration, BadExpression
from mainstem.engine.events import FINISHED, INVOKED, internal_event
from mainstem.engine.expressions import check_expression
from mainstem.engine.jobs import (
    Job,
    JobKind,
    decode_groups,
    has_fresh_discovery,
    has_other_calls,
)
from mainstem.engine.lifecycle import (
    FINAL_RUNS,
    STEP_MOVES,
    StepMove,
    StepStatus,
    moved,
)
from mainstem.engine.pauses import Pause, PauseKind, delete_pauses, insert_pause
from mainstem.engine.retries import has_attempts_left, next_attempt_at, retry_after_moment
from mainstem.engine.runs import (
    Run,
    Step,
    count_memos,
    count_repeat,
    count_steps,
    find_run,
    find_step,
    insert_step,
    load_run,
    pending_steps,
    save_attempt,
    save_memo,
    save_version,
)
from mainstem.engine.wire import (
    Answer,
    Broken,
    Op,
    Raised,
    Reported,
    Retry,
    Returned,
    encode,
    failure_memo,
)
from mainstem.engine.work import Change, Work

Json = Any

# A step that is done may be reported again by a call that was under way; more often than this in a
# row means that two steps share a hash, and the run would go round for ever.
_MAX_REPEATS: Final = 3

INVOKE_TIMED_OUT: Final = {
    "error": "InngestInvokeTimeoutError: Timed out waiting for invoked function to complete",
    "message": "Timed out waiting for invoked function to complete",
    "name": "InngestInvokeTimeoutError",
}


@dataclass(frozen=True, slots=True)
class Backoff:
    """How retries are spread: a constant `interval` in seconds or the rule, and the dice."""

    interval: float | None
    chance: Callable[[], float]


def apply_answer(work: Work, job: Job, answer: Answer, *, leased: int, backoff: Backoff) -> None:
    """Everything one answer changes. An answer that comes too late changes nothing."""
    run = find_run(work.sql, job.run_id or "")
    if run is None or run.status in FINAL_RUNS or not work.drop_job(job.id):
        return
    match answer:
        case Returned(output, version):
            save_version(work.sql, run.id, version)
            complete_run(work, run, output)
        case Raised(error, retry):
            _retry_or_fail(work, run, job, error, retry, backoff)
        case Broken(error):
            _retry_or_fail(work, run, job, error, Retry(), backoff)
        case Reported(ops, retry, version):
            save_version(work.sql, run.id, version)
            _apply_ops(work, run, job, ops, retry, leased, backoff)


def finish_step(
    work: Work, run: Run, step: Step, memo: str, move: StepMove, *, attempt: int = 0
) -> None:
    """Store a memo and see to it that the function gets it. The first memo of a step wins."""
    if step.memo is not None:
        count_repeat(work.sql, run.id, step.id)
        _discover(work, run)
        return
    status = moved(STEP_MOVES, step.status, move)
    save_memo(work.sql, step, status, memo, attempt=attempt, now=work.now)
    work.drop_jobs(run.id, step.id)
    delete_pauses(work.sql, run.id, step.id)
    _tell(work, run, step, status, attempt)
    if run.state_bytes + len(memo) > limits.MAX_STATE_BYTES:
        message = f"The function run exceeded the state size limit of {limits.MAX_STATE_BYTES}"
        fail_run(
            work, run, {"error": limits.ERR_STATE, "name": limits.ERR_STATE, "message": message}
        )
    elif step.is_race or not pending_steps(work.sql, run.id):
        _discover(work, run)


def resume_step(work: Work, run_id: str, step_id: str, memo: str, move: StepMove) -> None:
    """End a sleep, a wait or an invocation, if its run still waits for it."""
    run, step = find_run(work.sql, run_id), find_step(work.sql, run_id, step_id)
    if run and step and run.status not in FINAL_RUNS and step.memo is None:
        finish_step(work, run, step, memo, move)


def invocation_memo(finished: Mapping[str, Json]) -> tuple[str, StepMove]:
    """The memo a finished event gives the run that invoked, and whether that is a failure."""
    if finished.get("error"):
        return encode({"error": finished["error"]}), StepMove.FAIL
    if "result" in finished:
        return encode({"data": finished["result"]}), StepMove.COMPLETE
    error = {"name": "InngestInvokeCancelledError", "message": "The invoked function was cancelled"}
    return encode({"error": error}), StepMove.FAIL


def _apply_ops(
    work: Work,
    run: Run,
    job: Job,
    ops: tuple[Op, ...],
    retry: Retry,
    leased: int,
    backoff: Backoff,
) -> None:
    new = {op.id for op in ops if find_step(work.sql, run.id, op.id) is None}
    if count_steps(work.sql, run.id) + len(new) > limits.MAX_STEPS_PER_RUN:
        message = f"The function run exceeded the step limit of {limits.MAX_STEPS_PER_RUN} steps."
        fail_run(
            work, run, {"error": limits.ERR_STEPS, "name": limits.ERR_STEPS, "message": message}
        )
        return
    # All are registered before any is finished, or the first memo would look like the last.
    # Waits go first: a step of the same answer may have sent the event they wait for.
    ordered = sorted(ops, key=lambda op: op.op != "WaitForEvent")
    for op in ordered:
        if op.id in new:
            insert_step(work.sql, _new_step(run, op, job), now=work.now, started=_start(op, leased))
    for op in ordered:
        if op.id in new and not _begin_step(work, run, op, is_planned=len(ops) > 1):
            return
    for op in ordered:
        _settle(work, run, job, op, retry, backoff)
        if load_run(work.sql, run.id).status in FINAL_RUNS:
            return
    _ensure_progress(work, run, job)


def _new_step(run: Run, op: Op, job: Job) -> Step:
    status = {
        "Sleep": StepStatus.SLEEPING,
        "WaitForEvent": StepStatus.WAITING,
        "InvokeFunction": StepStatus.INVOKING,
    }.get(op.op, StepStatus.PLANNED)
    kind = "StepRun" if op.op.startswith("Step") else op.op
    return Step(run.id, op.id, op.display_name, kind, status, job.attempt, op.is_race, None, 0)


def _start(op: Op, leased: int) -> int | None:
    return None if op.op == "StepPlanned" else leased


def _begin_step(work: Work, run: Run, op: Op, *, is_planned: bool) -> bool:
    """What a step that was met for the first time sets going; False if that failed the run."""
    step = Step(run.id, op.id, op.display_name, op.op, StepStatus.PLANNED, 0, op.is_race, None, 0)
    _tell(work, run, step, _new_step(run, op, Job(0, JobKind.START, 0)).status, 0)
    try:
        match op.op:
            case "StepPlanned":
                work.queue(_call(work, run, JobKind.TARGET, op.id, is_planned=is_planned))
            case "Sleep":
                _sleep(work, run, op)
            case "WaitForEvent":
                _wait(work, run, op)
            case "InvokeFunction":
                _invoke(work, run, op)
    except _TooLong as error:
        fail_run(
            work,
            run,
            {"error": str(error), "name": limits.ERR_TIMEOUT_TOO_LONG, "message": str(error)},
        )
        return False
    except BadExpression as error:
        fail_run(work, run, _bad_expression(error))
        return False
    except BadDuration as error:
        fail_run(work, run, {"error": str(error), "name": "InvalidOpcode", "message": str(error)})
        return False
    return True


def _settle(work: Work, run: Run, job: Job, op: Op, retry: Retry, backoff: Backoff) -> None:
    """What a step that was run, well or badly, changes."""
    step = find_step(work.sql, run.id, op.id)
    if step is None:
        return
    match op.op:
        case "StepRun":
            memo = encode({"data": op.data})
            if len(memo) > limits.MAX_STEP_OUTPUT_BYTES:
                error = {"name": limits.ERR_OUTPUT, "message": f"the output has {len(memo)} bytes"}
                finish_step(work, run, step, failure_memo(error), StepMove.FAIL)
            else:
                finish_step(work, run, step, memo, StepMove.COMPLETE, attempt=job.attempt)
        case "StepFailed":
            finish_step(work, run, step, failure_memo(op.error), StepMove.FAIL, attempt=job.attempt)
        case "StepError" if retry.forbidden or not has_attempts_left(job.attempt, run.max_attempts):
            memo = failure_memo(op.error, is_final=retry.forbidden)
            finish_step(work, run, step, memo, StepMove.FAIL, attempt=job.attempt)
        case "StepError" if step.memo is not None:
            _discover(work, run)
        case "StepError":
            status = moved(STEP_MOVES, step.status, StepMove.ERR)
            save_attempt(work.sql, run.id, step.id, status, job.attempt + 1)
            _tell(work, run, step, status, job.attempt)
            _requeue(work, job, retry, backoff)


def _ensure_progress(work: Work, run: Run, job: Job) -> None:
    """No answer may leave a run with nothing to come: that would be a run that hangs."""
    if pending_steps(work.sql, run.id) or has_other_calls(work.sql, run.id, job.id):
        stuck = work.sql.execute(
            "SELECT name FROM steps WHERE run_id = ? AND repeats > ?", (run.id, _MAX_REPEATS)
        ).fetchone()
        if stuck is None:
            return
        message = (
            f"Step {stuck['name']!r} was reported again and again although it is done. Two steps"
            " share a hash, such as 'x:1' beside a repeated 'x'; rename one."
        )
        fail_run(work, run, {"error": "RepeatedStep", "name": "RepeatedStep", "message": message})
        return
    message = "The app answered that steps were found but reported none, and none is under way."
    fail_run(work, run, {"error": "NothingReported", "name": "NothingReported", "message": message})


def _retry_or_fail(
    work: Work, run: Run, job: Job, error: Mapping[str, Json], retry: Retry, backoff: Backoff
) -> None:
    if retry.forbidden or not has_attempts_left(job.attempt, run.max_attempts):
        fail_run(work, run, error)
        return
    _requeue(work, job, retry, backoff)
    work.tell(Change("run", run.id, run.slug, run.status, attempt=job.attempt + 1, at=work.now))


def _requeue(work: Work, job: Job, retry: Retry, backoff: Backoff) -> None:
    asked = None if retry.after is None else retry_after_moment(retry.after, now=work.now)
    due = next_attempt_at(
        job.attempt,
        now=work.now,
        chance=backoff.chance(),
        asked=asked,
        interval=backoff.interval,
    )
    # A throttle holds back starts; the retry of a started run is none.
    work.queue(replace(job, id=0, due=due, attempt=job.attempt + 1, throttle=None))


def _discover(work: Work, run: Run) -> None:
    if not has_fresh_discovery(work.sql, run.id, work.now):
        work.queue(_call(work, run, JobKind.DISCOVER, None, is_planned=False))


def _call(work: Work, run: Run, kind: JobKind, step_id: str | None, *, is_planned: bool) -> Job:
    return Job(
        id=0,
        kind=kind,
        due=work.now,
        position=run.position,
        run_id=run.id,
        step_id=step_id,
        is_planned=is_planned,
        stack_current=count_memos(work.sql, run.id),
        groups=decode_groups(run.groups),
    )


class _TooLong(Exception):  # noqa: N818  never leaves this module
    """A wait or sleep beyond the protocol's bound."""


def _sleep(work: Work, run: Run, op: Op) -> None:
    duration = op.opts.get("duration")
    until = parse_moment(op.name) if duration is None else _duration_end(str(duration), work.now)
    _check_bound(until, work.now, "sleep")
    work.queue(Job(0, JobKind.SLEEP, max(until, work.now), run_id=run.id, step_id=op.id))


def _duration_end(text: str, now: int) -> int:
    try:
        return now + parse_span(text)
    except BadDuration:
        return parse_moment(text)


def _wait(work: Work, run: Run, op: Op) -> None:
    condition = op.opts.get("if") or None
    if condition is not None:
        check_expression(condition)
    timeout = op.opts.get("timeout")
    expires = work.now + (limits.MAX_WAIT if timeout is None else parse_span(str(timeout)))
    _check_bound(expires, work.now, "wait")
    event_name = str(op.opts.get("event") or op.name)
    insert_pause(work.sql, Pause(PauseKind.WAIT, run.id, event_name, expires, op.id, condition))
    work.queue(Job(0, JobKind.WAIT_TIMEOUT, expires, run_id=run.id, step_id=op.id))


def _invoke(work: Work, run: Run, op: Op) -> None:
    timeout = op.opts.get("timeout")
    span = limits.DEFAULT_INVOKE_TIMEOUT if timeout is None else parse_span(str(timeout))
    correlation = f"{run.id}.{op.id}"
    expires = work.now + span
    insert_pause(
        work.sql,
        Pause(PauseKind.INVOKE, run.id, FINISHED, expires, op.id, None, correlation),
    )
    work.queue(Job(0, JobKind.INVOKE_TIMEOUT, expires, run_id=run.id, step_id=op.id))
    payload = op.opts.get("payload") or {}
    inner = {
        "fn_id": str(op.opts.get("function_id") or ""),
        "correlation_id": correlation,
        "expire": expires,
        "name": op.display_name,
        "source_app_id": run.app_id,
        "source_fn_id": run.function_id,
    }
    data = {**(payload.get("data") or {}), "_inngest": inner}
    work.outbox.append(internal_event(INVOKED, data, internal_id=work.new_id(), ts=work.now))


def _check_bound(until: int, now: int, what: str) -> None:
    if until - now > limits.MAX_WAIT:
        raise _TooLong(f"The {what} is longer than 366 days.")


def _bad_expression(error: BadExpression) -> dict[str, Json]:
    return {
        "error": {
            "error": f"InvalidExpression: {error.reason}",
            "name": "InvalidExpression",
            "message": "Wait for event If expression failed to compile",
            "stack": error.reason,
        }
    }


def _tell(work: Work, run: Run, step: Step, status: StepStatus, attempt: int) -> None:
    work.tell(Change("step", run.id, run.slug, status, step.name, attempt, work.now))

"""How an answer moves a run on: steps planned, memos stored, the next call queued, the run ended.

Pure of network: takes a `Work` and what the app said. What steps set going is in `step_starts`, how
they end in `step_ends`. Inngest SDK protocol, "Opcodes" and "Retries".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from mainstem.engine import limits
from mainstem.engine.adapting import renewed_groups
from mainstem.engine.defers import DEFERRALS, note_defers
from mainstem.engine.dispatches import chain_of
from mainstem.engine.ending import complete_run, fail_run
from mainstem.engine.jobs import CALLS, Job, decode_groups, has_other_calls
from mainstem.engine.lifecycle import FINAL_RUNS, STEP_MOVES, StepMove, moved
from mainstem.engine.ops import Op
from mainstem.engine.retries import has_attempts_left, next_attempt_at, retry_after_moment
from mainstem.engine.runs import (
    Run,
    Step,
    count_repeat,
    count_steps,
    find_run,
    find_step,
    is_waiting,
    save_attempt,
    save_version,
)
from mainstem.engine.step_ends import discover, finish_step, tell_step
from mainstem.engine.step_starts import BadStep, begin_step, register_step
from mainstem.engine.wire import (
    Answer,
    Broken,
    Raised,
    Reported,
    Retry,
    Returned,
    encode,
    failure_memo,
    size_of,
)
from mainstem.engine.work import Change, Work

Json = Any

# A step that is done may be reported again by a call that was under way; more often than this in a
# row means that two steps share a hash, and the run would go round for ever.
_MAX_REPEATS: Final = 3
# These are no steps: they say what becomes of the run, and nothing of them is stored.
_NO_STEPS: Final = frozenset({"RunComplete", "DiscoveryRequest", *DEFERRALS})


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
            _learn_version(work, run, version)
            complete_run(work, run, output)
        case Raised(error, retry):
            _retry_or_fail(work, run, job, error, retry, backoff)
        case Broken(error):
            _retry_or_fail(work, run, job, error, Retry(), backoff)
        case Reported(ops, retry, version):
            _learn_version(work, run, version)
            note_defers(work, run.id, ops)
            ended = next((op for op in ops if op.is_error_of_run), None)
            if ended is None:
                _apply_ops(work, run, job, ops, retry, leased, backoff)
                return
            retry = Retry(retry.forbidden or ended.op == "StepFailed", retry.after)
            _retry_or_fail(work, run, job, ended.error or {}, retry, backoff)


def _learn_version(work: Work, run: Run, version: int) -> None:
    if version != run.version:
        save_version(work.sql, run.id, version)


def _apply_ops(
    work: Work,
    run: Run,
    job: Job,
    ops: tuple[Op, ...],
    retry: Retry,
    leased: int,
    backoff: Backoff,
) -> None:
    steps = [op for op in ops if op.op not in _NO_STEPS]
    known = {op.id: find_step(work.sql, run.id, op.id) for op in steps}
    new = {step_id for step_id, step in known.items() if step is None}
    position = count_steps(work.sql, run.id)
    if position + len(new) > limits.MAX_STEPS_PER_RUN:
        message = f"The function run exceeded the step limit of {limits.MAX_STEPS_PER_RUN} steps."
        fail_run(
            work, run, {"error": limits.ERR_STEPS, "name": limits.ERR_STEPS, "message": message}
        )
        return
    # All are registered before any is finished, or the first memo would look like the last.
    # Waits go first: a step of the same answer may have sent the event they wait for.
    ordered = sorted(steps, key=lambda op: not op.op.startswith("WaitFor"))
    for op in ordered:
        if op.id in new:
            started = None if op.op == "StepPlanned" else leased
            known[op.id] = register_step(
                work, run, op, position=position, attempt=job.attempt, started=started
            )
            position += 1
    try:
        for op in ordered:
            if op.id in new:
                begin_step(work, run, op, is_planned=len(steps) > 1)
    except BadStep as error:
        fail_run(work, run, error.error)
        return
    for op in ordered:
        if (step := known[op.id]) is not None:
            _settle(work, run, job, op, step, retry, backoff, is_new=op.id in new)
        if run.id in work.ended:
            return
    _obey(work, run, ops)
    if run.id in work.ended:
        return
    is_repeated = any(step is not None and step.memo is not None for step in known.values())
    _ensure_progress(work, run, job, is_repeated=is_repeated)


def _obey(work: Work, run: Run, ops: tuple[Op, ...]) -> None:
    """What an answer says of the run itself."""
    for op in ops:
        if op.op == "RunComplete":
            complete_run(work, run, op.data)
            return
        if op.op == "DiscoveryRequest":
            discover(work, run)


def _settle(
    work: Work,
    run: Run,
    job: Job,
    op: Op,
    step: Step,
    retry: Retry,
    backoff: Backoff,
    *,
    is_new: bool,
) -> None:
    """What a step that was run, well or badly, changes."""
    end = partial(finish_step, work, run, step, attempt=job.attempt, is_new=is_new)
    match op.op:
        case "StepRun":
            memo = encode({"data": op.data})
            if size_of(memo) > limits.MAX_STEP_OUTPUT_BYTES:
                end(_too_large(memo), StepMove.FAIL)
            else:
                end(memo, StepMove.COMPLETE)
        case "StepFailed":
            end(failure_memo(op.error), StepMove.FAIL)
        case "StepError" if retry.forbidden or not has_attempts_left(job.attempt, run.max_attempts):
            end(failure_memo(op.error, is_final=retry.forbidden), StepMove.FAIL)
        case "StepError" if step.memo is not None:
            count_repeat(work.sql, run.id, step.id)
            discover(work, run)
        case "StepError":
            _try_step_again(work, run, step, job, retry, backoff)


def _too_large(memo: str) -> str:
    message = f"the output has {size_of(memo)} bytes"
    return failure_memo({"name": limits.ERR_OUTPUT, "message": message})


def _try_step_again(
    work: Work, run: Run, step: Step, job: Job, retry: Retry, backoff: Backoff
) -> None:
    status = moved(STEP_MOVES, step.status, StepMove.ERR)
    save_attempt(work.sql, run.id, step.id, status, job.attempt + 1)
    tell_step(work, run, step.name, status, job.attempt)
    _requeue(work, run, job, retry, backoff)


def _ensure_progress(work: Work, run: Run, job: Job, *, is_repeated: bool) -> None:
    """No answer may leave a run with nothing to come: that would be a run that hangs."""
    is_called = any(each.run_id == run.id and each.is_call for each in work.queued)
    if is_called or is_waiting(work.sql, run.id) or has_other_calls(work.sql, run.id, job.id):
        if not is_repeated:
            return
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
    _requeue(work, run, job, retry, backoff)
    work.tell(Change("run", run.id, run.slug, run.status, attempt=job.attempt + 1, at=work.now))


def _requeue(work: Work, run: Run, job: Job, retry: Retry, backoff: Backoff) -> None:
    asked = None if retry.after is None else retry_after_moment(retry.after, now=work.now)
    due = next_attempt_at(
        job.attempt,
        now=work.now,
        chance=backoff.chance(),
        asked=asked,
        interval=backoff.interval,
    )
    again = replace(
        job,
        id=0,
        due=due,
        attempt=job.attempt + 1,
        generation=job.generation + 1,
        detail=chain_of(job) if job.kind in CALLS else job.detail,
        # The limits may have been changed while the request was under way.
        groups=renewed_groups(job.groups, decode_groups(run.groups)),
        throttle=None,  # a throttle holds back starts; the retry of a started run is none
    )
    work.queue(again)

"""How steps end: their memo is stored, and the run gets the call that tells the function of it.

Inngest SDK protocol, "Step state and replay" and "Parallel steps".
"""

from collections.abc import Mapping
from typing import Any, Final

from mainstem.engine import limits
from mainstem.engine.ending import fail_run
from mainstem.engine.jobs import Group, Job, JobKind, decode_groups, has_fresh_discovery
from mainstem.engine.lifecycle import FINAL_RUNS, STEP_MOVES, StepMove, StepStatus, moved
from mainstem.engine.pauses import delete_pauses
from mainstem.engine.runs import (
    Run,
    Step,
    count_memos,
    count_repeat,
    find_run,
    find_step,
    is_waiting,
    load_run,
    save_memo,
)
from mainstem.engine.wire import encode, size_of
from mainstem.engine.work import Change, Work

Json = Any

INVOKE_TIMED_OUT: Final = {
    "error": "InngestInvokeTimeoutError: Timed out waiting for invoked function to complete",
    "message": "Timed out waiting for invoked function to complete",
    "name": "InngestInvokeTimeoutError",
}


def finish_step(
    work: Work,
    run: Run,
    step: Step,
    memo: str,
    move: StepMove,
    *,
    attempt: int = 0,
    is_new: bool = False,
) -> None:
    """Store a memo and see to it that the function gets it. The first memo of a step wins."""
    if step.memo is not None:
        count_repeat(work.sql, run.id, step.id)
        discover(work, run)
        return
    keep_memo(work, run, step, memo, move, attempt=attempt, is_new=is_new)
    if is_state_full(work, run, memo):
        fail_overflowed(work, run)
        return
    if step.is_race:
        # Each member of a race is told of at once, but one after the other: a step that two calls
        # find at the same time would be run by both.
        discover(work, run, Group(f"discovery:{run.id}", 1))
    elif not is_waiting(work.sql, run.id):
        discover(work, run)


def keep_memo(
    work: Work,
    run: Run,
    step: Step,
    memo: str,
    move: StepMove,
    *,
    attempt: int = 0,
    is_new: bool = False,
) -> None:
    """Store the memo of a step that has none, and end what waited for it. Asks for no call.

    Nothing waits yet for a step that `is_new` in this transaction.
    """
    status = moved(STEP_MOVES, step.status, move)
    save_memo(work.sql, step, status, memo, attempt=attempt, now=work.now)
    if not is_new:
        work.drop_jobs(run.id, step.id)
        delete_pauses(work.sql, run.id, step.id)
    tell_step(work, run, step.name, status, attempt)


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


def is_state_full(work: Work, run: Run, memo: str = "") -> bool:
    """Whether a run's memos are more than it may hold; `memo` was stored after `run` was loaded."""
    if run.state_bytes + size_of(memo) + limits.MAX_RESPONSE_BYTES <= limits.MAX_STATE_BYTES:
        return False  # one answer cannot have filled it
    return load_run(work.sql, run.id).state_bytes > limits.MAX_STATE_BYTES


def fail_overflowed(work: Work, run: Run) -> None:
    """End a run whose state has grown too large."""
    message = f"The function run exceeded the state size limit of {limits.MAX_STATE_BYTES}"
    fail_run(work, run, {"error": limits.ERR_STATE, "name": limits.ERR_STATE, "message": message})


def discover(work: Work, run: Run, *groups: Group) -> None:
    """Ask the function what comes next, unless it is about to be asked.

    `groups` bound the call besides those of its function.
    """
    if not has_fresh_discovery(work.sql, run.id, work.now):
        plan_call(work, run, JobKind.DISCOVER, None, *groups, is_planned=False)


def plan_call(
    work: Work, run: Run, kind: JobKind, step_id: str | None, *groups: Group, is_planned: bool
) -> None:
    """Queue a call to the app of a run."""
    job = Job(
        id=0,
        kind=kind,
        due=work.now,
        position=run.position,
        run_id=run.id,
        step_id=step_id,
        is_planned=is_planned,
        stack_current=count_memos(work.sql, run.id),
        groups=(*decode_groups(run.groups), *groups),
    )
    work.queue(job)


def tell_step(work: Work, run: Run, name: str, status: StepStatus, attempt: int) -> None:
    """Announce a step's move."""
    work.tell(Change("step", run.id, run.slug, status, name, attempt, work.now))

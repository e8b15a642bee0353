"""Steps that an app reports while its call is still under way, checked and stored.

The call keeps its lease and nothing is queued: the app goes on by itself. A list with one bad step
is refused whole. Inngest SDK protocol, "Checkpointing".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mainstem.engine import limits
from mainstem.engine.defers import DEFERRALS, note_defers
from mainstem.engine.dispatches import Dispatch, find_dispatch, read_generation, read_queue_item
from mainstem.engine.jobs import has_other_calls
from mainstem.engine.lifecycle import FINAL_RUNS, StepMove
from mainstem.engine.loop import Loop
from mainstem.engine.ops import BadOps, Op, read_ops
from mainstem.engine.runs import Run, Step, count_steps, find_run, find_step, is_waiting
from mainstem.engine.step_ends import discover, keep_memo
from mainstem.engine.step_starts import register_step
from mainstem.engine.wire import encode, size_of
from mainstem.engine.work import Work

Json = Any

# A planned step in a checkpoint says nothing that has to be kept; the answer will plan it.
_TAKEN: Final = frozenset({"StepRun", "StepPlanned", *DEFERRALS})


class CheckpointRefused(Exception):  # noqa: N818  an outcome, told to the app
    """A checkpoint was not taken; `status` is that of the answer.

    An SDK tries 400 and 413 again and then reports the steps in its answer; it ends a request whose
    checkpoint gets 409.
    """

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Steps that are done, and the dispatch that they are from as far as the app named it.

    `chain` is None when there is no queue item of ours, `generation` when there is no number.
    """

    run_id: str
    function_id: str
    chain: str | None
    generation: int | None
    steps: tuple[Op, ...]


def read_checkpoint(run_id: str, body: Json) -> Checkpoint:
    """The checkpoint in a body that was sent for this run. Raises `CheckpointRefused`."""
    if not isinstance(body, Mapping):
        raise CheckpointRefused(400, "A checkpoint is an object with run_id, fn_id and steps.")
    if body.get("run_id") != run_id:
        told = str(body.get("run_id"))[:80]
        raise CheckpointRefused(400, f"The body names run {told!r}, the path run {run_id!r}.")
    return Checkpoint(
        run_id=run_id,
        function_id=str(body.get("fn_id") or ""),
        chain=read_queue_item(body.get("qi_id")),
        generation=read_generation(body.get("generation_id"), body.get("request_id")),
        steps=_read_steps(body.get("steps")),
    )


class Checkpoints:
    """Takes checkpoints for the engine of a loop."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def save(self, checkpoint: Checkpoint) -> None:
        """Store what is new in it. Raises `CheckpointRefused`."""
        with self._loop.work() as work:
            is_orphan = _save(work, checkpoint)
        if is_orphan:
            # As the protocol has it: nobody waits for the answer of this call any more, but what
            # was done was done.
            raise CheckpointRefused(
                400, "The call of this checkpoint has ended; the steps are kept."
            )


def _read_steps(value: Json) -> tuple[Op, ...]:
    if value is None:
        return ()
    try:
        steps = read_ops(value)
    except BadOps as error:
        raise CheckpointRefused(400, f"The checkpoint holds a bad step: {error}") from error
    for op in steps:
        if op.op not in _TAKEN:
            reason = f"Step {op.display_name[:80]!r} ({op.op}) is none to checkpoint."
            raise CheckpointRefused(400, f"{reason} Only steps that ran well are; answer the rest.")
    return steps


def _save(work: Work, checkpoint: Checkpoint) -> bool:
    """Check and store; whether the call it is from has been answered already."""
    run = find_run(work.sql, checkpoint.run_id)
    if run is None or run.status in FINAL_RUNS:
        state = "is unknown" if run is None else f"has ended ({run.status})"
        raise CheckpointRefused(400, f"Run {checkpoint.run_id!r} {state}.")
    if checkpoint.function_id != run.function_id:
        told = checkpoint.function_id[:80]
        raise CheckpointRefused(400, f"Run {run.id!r} is none of the function {told!r}.")
    dispatch = None
    if checkpoint.chain is not None:
        dispatch = find_dispatch(work.sql, run.id, checkpoint.chain)
        _check_current(run, dispatch, checkpoint.generation)
    new = keep_steps(work, run, checkpoint.steps, dispatch)
    if new and not has_other_calls(work.sql, run.id, 0) and not is_waiting(work.sql, run.id):
        # It was the last that the run waited for, and no call is there to tell the function.
        discover(work, run)
    return checkpoint.chain is not None and dispatch is None


def keep_steps(
    work: Work, run: Run, ops: Sequence[Op], dispatch: Dispatch | None = None
) -> Sequence[Op]:
    """Store the steps among these that are done and new, and what is deferred; the new ones.

    Asks for no call. Raises `CheckpointRefused` when they are more than the run may hold.
    """
    done = [op for op in ops if op.op == "StepRun"]
    memos = {op.id: encode({"data": op.data}) for op in done}
    known = {op.id: find_step(work.sql, run.id, op.id) for op in done}
    new = [op for op in done if _is_open(known[op.id])]
    _check_limits(work, run, new, memos)
    for op in new:
        _keep(work, run, op, known[op.id], memos[op.id], dispatch)
    note_defers(work, run.id, ops)
    return new


def _check_current(run: Run, dispatch: Dispatch | None, generation: int | None) -> None:
    """Refuse a dispatch in whose place another was sent.

    While the next one waits, the results of the one before are as good as any.
    """
    if dispatch is None or dispatch.leased is None or generation is None:
        return
    if generation < dispatch.generation:
        reason = f"Generation {generation} of this call of run {run.id!r} was given up;"
        raise CheckpointRefused(409, f"{reason} generation {dispatch.generation} is under way.")


def _is_open(step: Step | None) -> bool:
    return step is None or step.memo is None


def _check_limits(work: Work, run: Run, new: Sequence[Op], memos: Mapping[str, str]) -> None:
    for op in new:
        if size_of(memos[op.id]) > limits.MAX_STEP_OUTPUT_BYTES:
            size = size_of(memos[op.id])
            reason = f"{limits.ERR_OUTPUT}: the output of step {op.display_name[:80]!r} has"
            allowed = f"{limits.MAX_STEP_OUTPUT_BYTES} are allowed"
            raise CheckpointRefused(413, f"{reason} {size} bytes, {allowed}.")
    state = run.state_bytes + sum(size_of(memos[op.id]) for op in new)
    if state > limits.MAX_STATE_BYTES:
        allowed = f"{limits.MAX_STATE_BYTES} are allowed"
        raise CheckpointRefused(413, f"{limits.ERR_STATE}: {state} bytes of state, {allowed}.")
    if count_steps(work.sql, run.id) + len(new) > limits.MAX_STEPS_PER_RUN:
        allowed = f"{limits.MAX_STEPS_PER_RUN} are allowed"
        raise CheckpointRefused(413, f"{limits.ERR_STEPS}: too many steps, {allowed}.")


def _keep(
    work: Work, run: Run, op: Op, step: Step | None, memo: str, dispatch: Dispatch | None
) -> None:
    attempt = dispatch.attempt if dispatch else 0
    is_new = step is None
    if step is None:
        began = max(work.now - op.spent, (dispatch and dispatch.leased) or run.created)
        position = count_steps(work.sql, run.id)
        step = register_step(work, run, op, position=position, attempt=attempt, started=began)
    keep_memo(work, run, step, memo, StepMove.COMPLETE, attempt=attempt, is_new=is_new)

"""The life of a run, of a step and of a job: three tables of states and moves.

Code that changes a state asks `moved` and stores what it gives; nothing else decides whether a move
is allowed. A state that moves nowhere is final. Moves a late answer might ask for (a result for a
run that was cancelled meanwhile) are absent on purpose: whoever applies an answer looks first.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from mainstem.engine.errors import BadMove


class RunStatus(StrEnum):
    """States of a run, spelt as the query API spells them."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"


class RunMove(StrEnum):
    """What can happen to a run."""

    START = "start"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"
    SKIP = "skip"


class StepStatus(StrEnum):
    """States of a step."""

    PLANNED = "planned"
    FAILING = "failing"  # an attempt failed, another is due
    SLEEPING = "sleeping"
    WAITING = "waiting"
    INVOKING = "invoking"
    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"  # its run ended before it did


class StepMove(StrEnum):
    """What can happen to a step."""

    ERR = "err"
    COMPLETE = "complete"
    FAIL = "fail"
    ABANDON = "abandon"


class JobStatus(StrEnum):
    """States of a queued job; one that is done is deleted."""

    QUEUED = "queued"
    LEASED = "leased"


class JobMove(StrEnum):
    """What can happen to a job."""

    LEASE = "lease"
    RECLAIM = "reclaim"


RUN_MOVES: Final[Mapping[tuple[RunStatus, RunMove], RunStatus]] = MappingProxyType(
    {
        (RunStatus.QUEUED, RunMove.START): RunStatus.RUNNING,
        (RunStatus.QUEUED, RunMove.CANCEL): RunStatus.CANCELLED,
        (RunStatus.QUEUED, RunMove.SKIP): RunStatus.SKIPPED,
        (RunStatus.RUNNING, RunMove.COMPLETE): RunStatus.COMPLETED,
        (RunStatus.RUNNING, RunMove.FAIL): RunStatus.FAILED,
        (RunStatus.RUNNING, RunMove.CANCEL): RunStatus.CANCELLED,
    }
)

_PENDING_STEPS: Final = (
    StepStatus.PLANNED,
    StepStatus.FAILING,
    StepStatus.SLEEPING,
    StepStatus.WAITING,
    StepStatus.INVOKING,
)

STEP_MOVES: Final[Mapping[tuple[StepStatus, StepMove], StepStatus]] = MappingProxyType(
    {
        (StepStatus.PLANNED, StepMove.ERR): StepStatus.FAILING,
        (StepStatus.FAILING, StepMove.ERR): StepStatus.FAILING,
        **{(state, StepMove.COMPLETE): StepStatus.COMPLETED for state in _PENDING_STEPS},
        **{(state, StepMove.FAIL): StepStatus.FAILED for state in _PENDING_STEPS},
        **{(state, StepMove.ABANDON): StepStatus.ABANDONED for state in _PENDING_STEPS},
    }
)

JOB_MOVES: Final[Mapping[tuple[JobStatus, JobMove], JobStatus]] = MappingProxyType(
    {
        (JobStatus.QUEUED, JobMove.LEASE): JobStatus.LEASED,
        (JobStatus.LEASED, JobMove.RECLAIM): JobStatus.QUEUED,
    }
)

FINAL_RUNS: Final = frozenset(RunStatus) - {state for state, _ in RUN_MOVES}
PENDING_STEPS: Final = frozenset(_PENDING_STEPS)

_State = TypeVar("_State", bound=StrEnum)
_Move = TypeVar("_Move", bound=StrEnum)


def moved(moves: Mapping[tuple[_State, _Move], _State], state: _State, move: _Move) -> _State:
    """The state after a move. Raises `BadMove` when the table has no such move."""
    try:
        return moves[state, move]
    except KeyError:
        raise BadMove(f"no move {move!r} from state {state!r}") from None

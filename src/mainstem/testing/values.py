"""What a test gets to see of a run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import JsonValue

R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step that was done: its id (`:n` behind for the n-th repetition), kind and memo."""

    id: str
    kind: Literal["run", "sleep", "wait", "invoke"]
    memo: JsonValue = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """One event that the run sent. `data` is as on the wire."""

    id: str
    name: str
    data: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Slept:
    """One sleep, and the moment it was to end (aware, UTC, whole milliseconds)."""

    step_id: str
    until: datetime


@dataclass(frozen=True)
class RunResult(Generic[R_co]):
    """A run that ended well: the result as its caller would get it, and what happened on the way.

    `sent` holds each event once, however often it was sent under its id. `calls` counts how often
    the handler was started from the top.
    """

    output: R_co
    steps: tuple[StepTaken, ...]
    sent: tuple[Sent, ...]
    slept: tuple[Slept, ...]
    calls: int

    @property
    def step_ids(self) -> list[str]:
        """The ids of the steps, in the order in which they were done."""
        return [step.id for step in self.steps]

"""What a harness saw: steps and their tries, events that were sent, log lines, what waits.

Plain values. Moments are aware, in UTC and of the harness's clock; `order` tells what came first at
one moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Json = Any
StepKind = Literal["run", "send", "sleep", "wait", "invoke", "infer", "other"]


@dataclass(frozen=True, slots=True)
class Try:
    """One time that a step's work was tried.

    `inputs` is what the step was given. `error` is what was raised; `is_lost` says that the answer
    never arrived, `stood_in` that a stand-in worked in place of the step.
    """

    at: datetime
    inputs: tuple[Any, ...] = ()
    error: BaseException | None = None
    is_lost: bool = False
    stood_in: bool = False
    order: int = 0


@dataclass(frozen=True, slots=True)
class SeenStep:
    """One step of a run. `id` is what the code calls it, with `:n` behind its n-th repetition.

    `output` is its value, `error` (name, message, stack) why it failed for good. One that the app
    has tried but never reported has the status `lost` (the app was lost) or `raised` (an error that
    concerns the whole call, such as `RetryAfterError`).
    """

    id: str
    kind: StepKind
    status: str
    output: Json
    error: Mapping[str, Json] | None
    queued_at: datetime
    ended_at: datetime | None
    tries: tuple[Try, ...] = ()
    order: int = 0

    @property
    def is_done(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.ended_at is not None

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What it was given when it was last tried."""
        return self.tries[-1].inputs if self.tries else ()


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event that was accepted. `run` and `step` tell who sent it; None for the test itself."""

    id: str
    name: str
    data: Mapping[str, Json]
    at: datetime
    run: str | None = None
    step: str | None = None
    order: int = 0


@dataclass(frozen=True, slots=True)
class Mishap:
    """What went wrong in a call of a function, but in none of its steps."""

    at: datetime
    text: str
    order: int = 0


@dataclass(frozen=True, slots=True)
class LogSeen:
    """A line that was logged while a run's new code was under way."""

    at: datetime
    level: str
    logger: str
    message: str
    order: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that is still to be done: for which function, run and step, why, and when.

    `reason` is the engine's word: `sleep`, `event`, `retry`, `cron`, `debounce`, `throttle`, …
    `until` is None where another one has to end first.
    """

    reason: str
    message: str
    until: datetime | None
    function: str | None
    run: str | None
    step: str | None

    def __str__(self) -> str:
        whose = " ".join(
            part for part in (self.function, self.step and f"step {self.step!r}") if part
        )
        when = f", until {self.until:%Y-%m-%d %H:%M:%S}" if self.until else ""
        return f"{whose or 'the engine'}: {self.message.rstrip('.')} ({self.reason}{when})"

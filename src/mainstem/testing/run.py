"""A run on a harness: what came of it, and what a test asserts of it."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from mainstem.engine import RunStatus, RunView
from mainstem.testing.book import Book
from mainstem.testing.errors import RunFailed, StillRunning
from mainstem.testing.records import Record
from mainstem.testing.run_views import error_text, really_raised, steps_of
from mainstem.testing.seen import LogSeen, SeenStep, SentEvent
from mainstem.testing.step_seam import moment
from mainstem.testing.trace import trace_of

Json = Any


class Desk(Protocol):
    """What a run needs of its harness."""

    @property
    def book(self) -> Book:
        """What was written down."""
        ...

    def view_of(self, run: str) -> RunView:
        """What the engine holds of a run, or held at the end of the harness."""
        ...


class SeenRun:
    """What can be seen of a run. All of it is of the moment of asking, also after the harness."""

    def __init__(self, desk: Desk, run: str) -> None:
        self.id = run
        self._desk = desk

    @property
    def _view(self) -> RunView:
        return self._desk.view_of(self.id)

    @property
    def status(self) -> RunStatus:
        """QUEUED, RUNNING, COMPLETED, FAILED, CANCELLED or SKIPPED."""
        return self._view.status

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._view.is_over

    @property
    def function(self) -> str:
        """The full id of its function, `{app}-{function}`."""
        return self._view.function_id

    @property
    def output(self) -> Json:
        """What it returned, as JSON; None while it runs, and when it failed."""
        return self._view.output if self.status is RunStatus.COMPLETED else None

    @property
    def error(self) -> Mapping[str, Json] | None:
        """Why it failed: `name`, `message`, `stack`."""
        return self._view.output if self.status is RunStatus.FAILED else None

    @property
    def events(self) -> tuple[Mapping[str, Json], ...]:
        """The events that started it; several for a batch."""
        return self._view.events

    @property
    def began_at(self) -> datetime:
        """When it was created, on the harness's clock."""
        return moment(self._view.created_at)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended."""
        ended = self._view.ended_at
        return None if ended is None else moment(ended)

    @property
    def steps(self) -> dict[str, SeenStep]:
        """Its steps by id, in the order in which they were met."""
        return steps_of(self._view, self._desk.book)

    @property
    def step_ids(self) -> list[str]:
        """The ids of its steps in the order in which they were met."""
        return list(self.steps)

    @property
    def sent(self) -> tuple[SentEvent, ...]:
        """The events that it sent."""
        return tuple(event for event in self._desk.book.sent if event.run == self.id)

    @property
    def logs(self) -> tuple[LogSeen, ...]:
        """What was logged while its new code was under way."""
        return tuple(self._desk.book.lines.get(self.id, ()))

    @property
    def raised(self) -> tuple[BaseException, ...]:
        """Every exception that left its code or a step of it, as it was raised."""
        return tuple(self._desk.book.raised.get(self.id, ()))

    def record(self) -> Record:
        """The run written down, to be played to other code (`harness.replay`)."""
        known = self._desk.book.kinds
        return Record.of(
            self._view, {key: kind for (run, key), kind in known.items() if run == self.id}
        )

    def trace(self) -> str:
        """The run as text: events, steps with their tries, what was sent and logged, the end."""
        return trace_of(self._view, self._desk.book)

    def assert_completed(self, *output: Json) -> None:
        """Raise `AssertionError`, with the trace, unless it completed (and returned `output`)."""
        if self.status is not RunStatus.COMPLETED:
            self._fail(f"the run is {self.status}, not COMPLETED")
        if output and self.output != output[0]:
            self._fail(f"the run returned {self.output!r}, not {output[0]!r}")

    def assert_failed(self, match: str | None = None) -> None:
        """Raise `AssertionError` unless it failed, with an error in which `match` is found."""
        if self.status is not RunStatus.FAILED:
            self._fail(f"the run is {self.status}, not FAILED")
        told = error_text(self.error)
        if match is not None and not re.search(match, told):
            self._fail(f"the run failed with {told!r}, in which {match!r} is not found")

    def assert_cancelled(self) -> None:
        """Raise `AssertionError` unless it was cancelled."""
        if self.status is not RunStatus.CANCELLED:
            self._fail(f"the run is {self.status}, not CANCELLED")

    def assert_steps(self, ids: Sequence[str]) -> None:
        """Raise `AssertionError` unless its steps are these, in this order."""
        if self.step_ids != list(ids):
            self._fail(f"the steps are {self.step_ids}, not {list(ids)}")

    def _fail(self, what: str) -> None:
        raise AssertionError(f"{what}\n\n{self.trace()}")

    def outcome(self, waits_for: str = "  for what `harness.pending()` tells") -> Json:
        """What it returned. Raises `StillRunning`, or `RunFailed` with what was raised as cause."""
        if not self.is_over:
            raise StillRunning(
                f"Run {self.id} of {self.function} has not ended; it waits:\n{waits_for}\nLet time"
                " pass with `await harness.advance(…)` or `await run.result(within=…)`, or send"
                f" what it waits for.\n\n{self.trace()}"
            )
        if self.status is RunStatus.COMPLETED:
            return self.output
        told = error_text(self.error) if self.error is not None else str(self.status).lower()
        raise RunFailed(f"The run did not complete: {told}\n\n{self.trace()}") from self._cause()

    def _cause(self) -> BaseException | None:
        return really_raised(self.raised) if self.status is RunStatus.FAILED else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} of {self.function}: {self.status}>"


class Journey(Protocol):
    """Who can let a run go on."""

    async def reach_end(self, run: str, within: timedelta | None) -> str:
        """Let a run go on to its end; what it waits for if it did not come there."""
        ...


class EngineRun(SeenRun):
    """A run on a harness."""

    def __init__(self, desk: Desk, run: str, journey: Journey) -> None:
        super().__init__(desk, run)
        self._journey = journey

    async def result(self, within: timedelta | None = None) -> Json:
        """What it returned. Everything due now is done first.

        `within` lets time pass that far, and no farther than needed, for sleeps, waits and retries.
        Raises `StillRunning`, or `RunFailed` with what the function raised as its cause.
        """
        return self.outcome(await self._journey.reach_end(self.id, within))

"""One step's work, tried under what the test has ordered; the same for async and sync functions."""

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import inngest

from mainstem.testing.book import Book, Call
from mainstem.testing.plan import Plan, StandIn
from mainstem.testing.process_end import AnswerLost, ended
from mainstem.testing.seen import StepKind, Try
from mainstem.testing.server import hashed


class StepWork:
    """The work of one step in one call of its function."""

    def __init__(self, plan: Plan, book: Book, call: Call, now: Callable[[], datetime]) -> None:
        self.plan = plan
        self._book = book
        self._call = call
        self._now = now
        self._counts: Counter[str] = Counter()
        self.kinds: dict[str, StepKind] = {}

    def name(self, step_id: str, kind: StepKind) -> str:
        """The step's own name in this call: `:n` behind for the n-th repetition of its id."""
        again = self._counts[step_id]
        self._counts[step_id] += 1
        name = f"{step_id}:{again}" if again else step_id
        key = (self._call.run, hashed(name))
        if key not in self._book.met:
            self._book.met[key] = (name, next(self._book.numbers))
        self._book.kinds[key] = self.kinds.pop(step_id, kind)
        return name

    def next_name(self, step_id: str) -> str:
        """The name that `name` would give, without counting."""
        again = self._counts[step_id]
        return f"{step_id}:{again}" if again else step_id

    @contextmanager
    def trying(
        self, step: str, function: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Iterator[StandIn | None]:
        """Round one try of a step: raises what is ordered, gives who stands in, writes it down."""
        error: BaseException | None = None
        stand_in = self.plan.stand_in(step, function)
        began = self._now()
        self._call.step = step
        try:
            if self.plan.take_crash(step, function, "before"):
                self._call.lost_at = step
                raise AnswerLost(  # noqa: TRY301  what is raised here is written down below
                    f"the app was lost before the work of step {step!r}"
                )
            if (failure := self.plan.take_failure(step, function)) is not None:
                raise failure  # noqa: TRY301  as above
            yield stand_in
        except SystemExit as caught:
            # Here already, as steps that are side by side have tasks of their own.
            error = caught
            self._call.lost_at = step
            raise ended(caught, self._call) from caught
        except BaseException as caught:
            error = caught
            raise
        finally:
            if self._call.lost_at is None and self.plan.take_crash(step, function, "after"):
                self._call.lost_at = step
            is_lost = self._call.lost_at is not None
            if error is not None:
                self._call.raised.append(error)
            inputs = (*args, *kwargs.values())
            order = next(self._book.numbers)
            seen = Try(began, inputs, error, is_lost, stand_in is not None, order)
            self._book.tries[self._call.run, hashed(step)].append(seen)
            self._call.step = None

    def note_end(self, step: str) -> None:
        """Write down that a step that the server does was given back for the first time."""
        key = (self._call.run, hashed(step))
        if key not in self._book.ended:
            self._book.ended[key] = next(self._book.numbers)

    def not_given(self, step: str, function: str, raised: BaseException) -> None:
        """A step that the server does was not given back, but `raised` this.

        It is reported for the first time, where the app may be ordered to be lost, or it failed.
        """
        if not hasattr(raised, "responses"):
            self.note_end(step)
        elif self.plan.take_crash(step, function, "before", "after"):
            self._call.lost_at = step
            self._book.tries[self._call.run, hashed(step)].append(
                Try(self._now(), is_lost=True, order=next(self._book.numbers))
            )


def told_of(error: BaseException, call: Call, attempt: int) -> str:
    """An attempt of the function itself that raised; nothing where a step of it tells of that."""
    name = (type(error), str(error))
    if isinstance(error, inngest.StepError) or name in [(type(e), str(e)) for e in call.raised]:
        return ""
    return f"attempt {attempt + 1} raised {type(error).__name__}: {error}"


def inputs_of(
    handler: Callable[..., Any], given: tuple[Any, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a step's handler works on: what `step.run` was given, and what was bound before.

    `functools.partial` binds; so does our catalogue, whose handlers say with what (`inputs`).
    """
    bound = getattr(handler, "inputs", None)
    if isinstance(bound, tuple) and len(bound) == 2:
        return bound
    if isinstance(handler, functools.partial):
        return (*handler.args, *given), dict(handler.keywords)
    return given, {}


def make_final(raised: BaseException) -> None:
    """Let a step that fails in a stand-in's place be over: a wait or an invocation has no retries.

    `raised` is what the SDK reports steps with; what it reports as failed may be tried again.
    """
    for response in getattr(raised, "responses", ()):
        op = response.step.op
        if op.value == "StepError":
            response.step.op = type(op)("StepFailed")

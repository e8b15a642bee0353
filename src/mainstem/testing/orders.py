"""What a test orders for steps, and what it asserts of the events that were sent."""

import json
from collections.abc import Mapping
from typing import Any

import inngest

from mainstem.testing.book import Book
from mainstem.testing.plan import Fault, Plan, StandIn, When
from mainstem.testing.seen import SentEvent

Json = Any
AnyFunction = inngest.Function[Any] | str


class Orders:
    """The part of a harness that needs no waiting. Functions are named by their local id."""

    def __init__(self) -> None:
        self.book = Book()
        self.plan = Plan()

    def stub(
        self, step: str, answer: Any = None, *, function: AnyFunction | None = None
    ) -> StandIn:
        """Let `answer` stand in for a step's work, in one function or in all.

        A value is what the step gives. A callable is called with what the step was given, and may
        be a coroutine function. An exception is raised. Its `calls` tell what it was given.
        """
        return self.plan.add_stand_in(step, answer, _local_id(function))

    def fail(
        self,
        step: str,
        error: Fault = "failed on order of the test",
        *,
        times: int | None = 1,
        function: AnyFunction | None = None,
    ) -> None:
        """Let a step fail instead of being done, so many times; None is always.

        What the server does by itself (a wait, an invocation) fails for good at once.
        """
        self.plan.add_failure(step, error, times, _local_id(function))

    def crash(
        self,
        step: str,
        *,
        when: When = "after",
        times: int = 1,
        function: AnyFunction | None = None,
    ) -> None:
        """Let the app be lost before or after a step's work, so many times: no answer arrives."""
        self.plan.add_crash(step, when, times, _local_id(function))

    def events(self, name: str | None = None) -> list[SentEvent]:
        """Events in the order in which they were sent, by the test and by functions."""
        return [event for event in self.book.sent if name is None or event.name == name]

    def assert_sent(
        self, name: str, data: Mapping[str, Json] | None = None, *, times: int | None = None
    ) -> list[SentEvent]:
        """Raise `AssertionError` unless such an event was sent (so many times); what was found.

        `data` is a part of the event's data, compared key by key.
        """
        wanted = dict(data or {})
        found = [
            event
            for event in self.events(name)
            if all(key in event.data and event.data[key] == wanted[key] for key in wanted)
        ]
        if (times is None and not found) or (times is not None and len(found) != times):
            told = [f"  {event.name} {json.dumps(event.data)}" for event in self.events()]
            asked = f"{name} {json.dumps(wanted, default=repr)}" if wanted else name
            count = "" if times is None else f", not {times}"
            raise AssertionError(
                f"{asked} was sent {len(found)} times{count}. All events:\n"
                + "\n".join(told or ["  none"])
            )
        return found

    def assert_not_sent(self, name: str, data: Mapping[str, Json] | None = None) -> None:
        """Raise `AssertionError` if such an event was sent."""
        self.assert_sent(name, data, times=0)


def _local_id(function: AnyFunction | None) -> str | None:
    return function if function is None or isinstance(function, str) else function.local_id

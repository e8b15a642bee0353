"""What a test orders for steps, and what it asserts of the events that were sent."""

import json
from collections.abc import Mapping
from typing import Any

import inngest

from mainstem.testing.book import Book
from mainstem.testing.checks import check_fault, check_order, nearest
from mainstem.testing.errors import HarnessError
from mainstem.testing.plan import Fault, Plan, StandIn, UnusedOrder, When
from mainstem.testing.seen import SentEvent

Json = Any
AnyFunction = inngest.Function[Any] | str


class Orders:
    """The part of a harness that needs no waiting.

    An order that cannot be followed is refused at once (`HarnessError`): an unknown function, a
    word or a type that means nothing. A step's id is known only when its function meets the step;
    orders that none has met are in `unused_orders`.
    """

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
        check_order("stub", step)
        return self.plan.add_stand_in(step, answer, self._ordered(function))

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
        check_order("fail", step, times)
        check_fault(step, error)
        self.plan.add_failure(step, error, times, self._ordered(function))

    def crash(
        self,
        step: str,
        *,
        when: When = "after",
        times: int | None = 1,
        function: AnyFunction | None = None,
    ) -> None:
        """Let the app be lost before or after a step's work, so many times: no answer arrives.

        None is always, until the attempts are used up.
        """
        check_order("crash", step, times, when)
        self.plan.add_crash(step, when, times, self._ordered(function))

    @property
    def unused_orders(self) -> list[UnusedOrder]:
        """Stand-ins, failures and crashes that no step has met so far."""
        return self.plan.unused()

    def assert_orders_used(self) -> None:
        """Raise `AssertionError` if a stub, a failure or a crash was for nothing, as misspelt ones
        are. A stand-in that is only there so that something is not done may well be unused.
        """
        if told := self.unused_text():
            raise AssertionError(told)

    def unused_text(self) -> str:
        """The orders that no step has met, with the names that were perhaps meant; else nothing."""
        met = sorted(self.book.names)
        told = [f"  {order}{nearest(order.step, met)}" for order in self.unused_orders]
        if not told:
            return ""
        return "\n".join(
            ("orders that no step has met:", *told, f"  steps met: {', '.join(met) or 'none'}")
        )

    def local_ids(self) -> dict[str, str]:
        """The local ids of the functions here, by local and by full id; none before its opening."""
        return {}

    def _ordered(self, function: AnyFunction | None) -> str | None:
        """The local id of the function that an order is for. Raises `HarnessError`."""
        if function is None:
            return None
        name = function if isinstance(function, str) else function.id
        known = self.local_ids()
        if name not in known:
            local = sorted(set(known.values()))
            raise HarnessError(
                f"Cannot order anything of function '{name}': there is none of that id"
                f" here{nearest(name, local)}. Functions here: {', '.join(local) or 'none'}."
            )
        return known[name]

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

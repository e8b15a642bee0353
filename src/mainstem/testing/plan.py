"""What a test has ordered for steps: stand-ins, failures, crashes. Decides; does nothing.

A step is named as the code names it. `charge` means every repetition, `charge:1` the second only.
An order may be for one function or for all; the latest that fits wins.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

When = Literal["before", "after"]
Fault = BaseException | type[BaseException] | str


@dataclass(eq=False)
class StandIn:
    """Works in place of a step. `calls` holds what the step was given, call by call."""

    step: str
    answer: Any
    function: str | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How often it has worked."""
        return len(self.calls)

    def work(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Its answer; an awaitable when it is a coroutine function. Raises an answer to raise."""
        self.calls.append((*args, *kwargs.values()))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer(*args, **kwargs) if callable(self.answer) else self.answer


@dataclass(eq=False)
class _Order:
    kind: str
    step: str
    function: str | None
    left: int | None
    used: int = 0
    fault: Callable[[], BaseException] | None = None
    when: When | None = None


@dataclass(frozen=True, slots=True)
class UnusedOrder:
    """An order (stub, fail, crash) that was for nothing so far."""

    kind: str
    step: str
    function: str | None

    def __str__(self) -> str:
        where = f" of function '{self.function}'" if self.function else ""
        return f"{self.kind} of step '{self.step}'{where}"


class Plan:
    """Every order of one harness. Safe in any thread: sync functions run in threads."""

    def __init__(self) -> None:
        self._stand_ins: list[StandIn] = []
        self._failures: list[_Order] = []
        self._crashes: list[_Order] = []
        self._lock = threading.Lock()

    def add_stand_in(self, step: str, answer: Any, function: str | None) -> StandIn:
        """Let `answer` stand in for a step."""
        stand_in = StandIn(step, answer, function)
        self._stand_ins.append(stand_in)
        return stand_in

    def add_failure(self, step: str, fault: Fault, times: int | None, function: str | None) -> None:
        """Let a step fail; None is always."""
        self._failures.append(_Order("fail", step, function, times, fault=_raiser(fault)))

    def add_crash(self, step: str, when: When, times: int | None, function: str | None) -> None:
        """Let the app be lost around a step's work; None is always."""
        self._crashes.append(_Order("crash", step, function, times, when=when))

    def clear(self) -> None:
        """Forget every order."""
        with self._lock:
            self._stand_ins.clear()
            self._failures.clear()
            self._crashes.clear()

    def unused(self) -> list[UnusedOrder]:
        """The orders that no step has met so far."""
        with self._lock:
            stubs = [
                UnusedOrder("stub", s.step, s.function) for s in self._stand_ins if not s.count
            ]
            others = [o for o in (*self._failures, *self._crashes) if not o.used]
        return stubs + [UnusedOrder(o.kind, o.step, o.function) for o in others]

    def is_concerned(self, step: str, function: str) -> bool:
        """Whether a step has a stand-in or is to fail."""
        return self.stand_in(step, function) is not None or any(
            _fits(order, step, function) and order.left != 0 for order in self._failures
        )

    def stand_in(self, step: str, function: str) -> StandIn | None:
        """Who works in place of a step."""
        for stand_in in reversed(self._stand_ins):
            if _fits(stand_in, step, function):
                return stand_in
        return None

    def take_failure(self, step: str, function: str) -> BaseException | None:
        """What a step is to fail with this time."""
        order = self._take(self._failures, step, function)
        return order.fault() if order is not None and order.fault is not None else None

    def take_crash(self, step: str, function: str, *whens: When) -> bool:
        """Whether the app is to be lost this time."""
        return self._take(self._crashes, step, function, whens) is not None

    def _take(
        self, orders: list[_Order], step: str, function: str, whens: tuple[When, ...] = ()
    ) -> _Order | None:
        with self._lock:
            for order in reversed(orders):
                if not _fits(order, step, function) or (whens and order.when not in whens):
                    continue
                if order.left == 0:
                    continue
                if order.left is not None:
                    order.left -= 1
                order.used += 1
                return order
        return None


def _fits(order: StandIn | _Order, step: str, function: str) -> bool:
    if order.function is not None and order.function != function:
        return False
    return order.step in (step, step.rpartition(":")[0])


def _raiser(fault: Fault) -> Callable[[], BaseException]:
    if isinstance(fault, str):
        return lambda: RuntimeError(fault)
    if isinstance(fault, type):
        return lambda: fault("ordered by the test")
    return lambda: fault

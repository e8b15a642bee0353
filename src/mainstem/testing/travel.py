"""Moving a virtual clock from one due moment to the next, as real time would pass them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from mainstem.engine import Engine, VirtualClock
from mainstem.testing.errors import HarnessError

# So many of the newest runs are looked at, to tell which function keeps the engine busy.
_LOOKED_AT: Final = 1000
# How often (seconds) it is seen whether the app has answered meanwhile.
_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Traveller:
    """Lets an engine do what is due, within bounds: what goes beyond them is a mistake.

    `patience` is how many seconds of real time may go by without any answer of the app,
    `most_calls` how many answers may come at one moment of the clock, `most_stops` how many moments
    one journey may stop at. `under_way` names the functions that are called.
    """

    patience: float
    most_calls: int
    most_stops: int
    under_way: Callable[[], Sequence[str]]

    async def settle(self, engine: Engine) -> None:
        """Let everything that is due now be done. Raises `HarnessError`."""
        first = engine.calls_answered
        while True:
            before = engine.calls_answered
            try:
                # In short waits, so that a chain without an end is noticed while it goes on.
                await engine.settle(min(self.patience, _LOOK_S))
            except TimeoutError:
                if engine.calls_answered - first > self.most_calls:
                    raise self._endless(engine, engine.calls_answered - first) from None
                if engine.calls_answered == before:
                    await self._wait_longer(engine, before)
            else:
                return

    async def _wait_longer(self, engine: Engine, answered: int) -> None:
        """Give an app that was silent for a while the rest of our patience."""
        left = self.patience - min(self.patience, _LOOK_S)
        while left > 0:
            try:
                await engine.settle(min(left, _LOOK_S))
            except TimeoutError:
                left -= _LOOK_S
                if engine.calls_answered != answered:
                    return
            else:
                return
        calls = ", ".join(sorted(set(self.under_way()))) or "none that has come to its code"
        raise HarnessError(
            f"The app has not answered for {self.patience:g} s: {engine.in_flight} call(s) are"
            f" under way ({calls}). A function that waits for something of the test's own would"
            " hold it up for ever; `patience` may be raised if it is only slow."
        )

    def _endless(self, engine: Engine, answered: int) -> HarnessError:
        return HarnessError(
            f"After {answered} answers the app is still being called, and no time has passed:"
            f" {_busiest(engine)}. Something goes on without an end, such as a function whose own"
            " event triggers it, or steps in an endless loop; `most_calls` may be raised if it is"
            " only much."
        )

    async def travel(
        self,
        engine: Engine,
        clock: VirtualClock,
        until: int,
        is_there: Callable[[], bool] = lambda: False,
    ) -> None:
        """Go on to the moment `until` (milliseconds), or until `is_there`, stopping wherever
        something is due and letting it be done.
        """
        for _ in range(self.most_stops):
            await self.settle(engine)
            if is_there():
                return
            due = engine.next_due
            if due is None or due > until:
                clock.advance(timedelta(milliseconds=until - clock.now()))
                await self.settle(engine)
                return
            clock.advance(timedelta(milliseconds=max(0, due - clock.now())))
        left = timedelta(milliseconds=until - clock.now())
        raise HarnessError(
            f"The clock has stopped at {self.most_stops} moments, and {left} of the journey are"
            f" left: {_busiest(engine)}. Every stop takes milliseconds of real time, so a cron of"
            " each minute is slow over months: let less time pass, leave that function out, or"
            " raise `most_stops`."
        )


def _busiest(engine: Engine) -> str:
    """The functions that the newest runs are of, and how many of them."""
    newest = Counter(view.function_id for view in engine.runs(limit=_LOOKED_AT))
    told = [f"'{slug}' {count} times" for slug, count in newest.most_common(3)]
    return f"of the last {newest.total()} runs, " + ", ".join(told) if told else "there is no run"

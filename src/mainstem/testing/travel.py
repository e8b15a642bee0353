"""Moving a virtual clock from one due moment to the next, as real time would pass them."""

from collections.abc import Callable
from datetime import timedelta

from mainstem.engine import Engine, VirtualClock
from mainstem.testing.errors import HarnessError

# A minute's cron over a month is 43,200 stops; this many without an end is a mistake.
_MOST_STOPS = 1_000_000


async def settle(engine: Engine, patience: float) -> None:
    """Let everything that is due now be done. Raises `HarnessError` after `patience` seconds."""
    try:
        await engine.settle(patience)
    except TimeoutError:
        raise HarnessError(
            f"The app has not answered for {patience:g} s: {engine.in_flight} call(s) are under"
            " way. A function that waits for something of the test's own would hold it up for ever;"
            " `patience` may be raised if it is only slow."
        ) from None


async def travel(
    engine: Engine,
    clock: VirtualClock,
    until: int,
    patience: float,
    is_there: Callable[[], bool] = lambda: False,
) -> None:
    """Go on to the moment `until` (milliseconds), or until `is_there`, stopping wherever something
    is due and letting it be done.
    """
    for _ in range(_MOST_STOPS):
        await settle(engine, patience)
        if is_there():
            return
        due = engine.next_due
        if due is None or due > until:
            clock.advance(timedelta(milliseconds=until - clock.now()))
            await settle(engine, patience)
            return
        clock.advance(timedelta(milliseconds=max(0, due - clock.now())))
    raise HarnessError(f"After {_MOST_STOPS} moments something is still due: look at `pending()`.")

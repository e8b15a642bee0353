"""Signals: named messages to the one run that waits for them.

A name has one waiter at a time; a second one fails, or takes the place of the first, which then
waits for its time-out alone. A signal that nobody waits for is lost, and its sender told.
"""

from typing import Any

from mainstem.engine.lifecycle import StepMove
from mainstem.engine.loop import Loop
from mainstem.engine.pauses import signal_waiter
from mainstem.engine.step_ends import resume_step
from mainstem.engine.wire import encode

Json = Any


class Signals:
    """Takes signals for the engine of a loop."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def send(self, name: str, data: Json) -> str | None:
        """Wake the run that waits for this signal; its id, or None when there is none."""
        with self._loop.work() as work:
            waiter = signal_waiter(work.sql, name, work.now)
            if waiter is None or waiter.step_id is None:
                return None
            memo = encode({"data": {"signal": name, "data": data}})
            resume_step(work, waiter.run_id, waiter.step_id, memo, StepMove.COMPLETE)
            return waiter.run_id

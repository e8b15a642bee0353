"""The one source of time.

The rest of the engine asks a `Clock` for the moment and waits with it, so a test can stand still or
jump a week. Moments are whole milliseconds since 1970 in UTC, as the protocol writes them.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the moment and waits for one."""

    def now(self) -> int:
        """The moment in milliseconds since 1970, UTC."""
        ...

    async def wait(self, wake: asyncio.Event, until: int | None) -> None:
        """Return when `wake` is set or the moment `until` has come; None is never."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    async def wait(self, wake: asyncio.Event, until: int | None) -> None:
        if until is None:
            await wake.wait()
            return
        # Waking a hair early would spin, as the moment is not quite due: one more millisecond.
        seconds = (until - self.now() + 1) / 1000
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            return


class VirtualClock:
    """Stands still until told to move. For tests and simulations; use it on one event loop."""

    def __init__(self, start: datetime | None = None) -> None:
        moment = start or datetime(2030, 1, 1, tzinfo=UTC)
        self._now = round(moment.timestamp() * 1000)
        self._sleepers: set[asyncio.Event] = set()

    def now(self) -> int:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move on by a span of at least nothing and wake everyone who waits on this clock."""
        if by < timedelta(0):
            raise ValueError(f"a clock cannot go back: {by}")
        self._now += round(by / timedelta(milliseconds=1))
        for sleeper in tuple(self._sleepers):
            sleeper.set()

    async def wait(self, wake: asyncio.Event, until: int | None) -> None:
        if until is not None and until <= self._now:
            return
        # The waker is set by `advance` too: the caller looks at the time again and waits anew.
        self._sleepers.add(wake)
        try:
            await wake.wait()
        finally:
            self._sleepers.discard(wake)


def as_datetime(moment: int) -> datetime:
    """The aware UTC time of a moment in milliseconds."""
    return datetime.fromtimestamp(moment / 1000, tz=UTC)


def as_text(moment: int) -> str:
    """RFC 3339 in UTC with milliseconds, as in `2030-01-01T00:00:00.000Z`."""
    return as_datetime(moment).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment % 1000:03d}Z"

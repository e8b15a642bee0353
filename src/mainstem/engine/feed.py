"""What happens, as it happens, for listeners that may be slow: the last changes, numbered.

All listeners read from one bounded history. Whoever falls behind it is told how many changes were
missed, and whoever comes back with the number it had last is given what came since. So a listener
costs no memory of its own and cannot hold the engine up.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final, Protocol

from mainstem.engine.work import Change

MAX_KEPT: Final = 2000


@dataclass(frozen=True, slots=True)
class Missed:
    """So many changes are gone that this listener has not seen; None when nobody can count them."""

    count: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A change, or that some are missed; `mark` is what a listener comes back with."""

    mark: str
    change: Change | Missed


class Listener(Protocol):
    """Takes changes as they happen, and None as their end."""

    def put_nowait(self, change: Change | None, /) -> None:
        """Take one; must not wait."""


class Feed:
    """Takes changes as a queue does (`put_nowait`) and gives them to any number of listeners.

    Invariant: the change at the end of `_kept` has the number `_last`, the one before it one less.
    """

    def __init__(self, kept: int = MAX_KEPT) -> None:
        self._kept: deque[Change] = deque(maxlen=kept)
        self._last = 0
        self._listeners: set[asyncio.Event] = set()
        self._is_closed = False
        # Numbers begin anew with every engine; marks of another one must not be taken for ours.
        self._epoch = secrets.token_hex(4)

    def put_nowait(self, change: Change | None) -> None:
        """Keep a change and wake the listeners; None ends the feed."""
        if change is None:
            self._is_closed = True
        else:
            self._last += 1
            self._kept.append(change)
        for listener in self._listeners:
            listener.set()

    def close(self) -> None:
        """End for all listeners once they have read what is kept; a second call does nothing."""
        self.put_nowait(None)

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    def listen(
        self, mark: str | None = None, *, heartbeat: float = 15.0
    ) -> AsyncGenerator[Entry | None, None]:
        """Changes from this call on, or from after `mark`, until the feed is closed.

        None after every `heartbeat` seconds without one: a sign of life.
        """
        return self._follow(*self._resume(mark), heartbeat)

    async def _follow(
        self, seen: int, missed: Missed | None, heartbeat: float
    ) -> AsyncGenerator[Entry | None, None]:
        if missed is not None:
            yield Entry(self._mark(seen), missed)
        wake = asyncio.Event()
        self._listeners.add(wake)
        try:
            while True:
                wake.clear()
                while seen < self._last:
                    first_kept = self._last - len(self._kept) + 1
                    if seen + 1 < first_kept:
                        count, seen = first_kept - 1 - seen, first_kept - 1
                        yield Entry(self._mark(seen), Missed(count))
                        continue
                    change = self._kept[seen + 1 - first_kept]
                    seen += 1
                    yield Entry(self._mark(seen), change)
                if self._is_closed:
                    return
                if not await _is_woken(wake, heartbeat):
                    yield None
        finally:
            self._listeners.discard(wake)

    def _resume(self, mark: str | None) -> tuple[int, Missed | None]:
        """The number that a listener has seen last, and what cannot be given to it any more."""
        if mark is None:
            return self._last, None
        epoch, _, number = mark.partition("-")
        if epoch != self._epoch or not number.isdigit() or int(number) > self._last:
            return self._last, Missed(None)
        return int(number), None

    def _mark(self, number: int) -> str:
        return f"{self._epoch}-{number}"


async def _is_woken(wake: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return False
    return True

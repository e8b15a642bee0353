"""Keeping up: one look at the world for all who ask at about the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from mainstem.web.status.facts import Status

MOST_STREAMS = 32


class Watch:
    """The status of now, looked at again at most every `every_s` seconds, and only while asked."""

    def __init__(self, gather: Callable[[], Awaitable[Status]], *, every_s: float) -> None:
        self.every_s = every_s
        self._gather = gather
        # What was seen last, and when. Whoever holds the lock looks; the others take its answer.
        self._seen: tuple[float, Status] | None = None
        self._lock = asyncio.Lock()
        self._closed = asyncio.Event()
        self._streams = 0

    async def now(self) -> Status:
        """The status, at most `every_s` old."""
        async with self._lock:
            if self._seen is not None and time.monotonic() - self._seen[0] < self.every_s * 0.9:
                return self._seen[1]
            status = await self._gather()
            self._seen = (time.monotonic(), status)
            return status

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[bool]:
        """Whether there is room for one more who looks on; it is taken while the block runs."""
        if self._streams >= MOST_STREAMS or self._closed.is_set():
            yield False
            return
        self._streams += 1
        try:
            yield True
        finally:
            self._streams -= 1

    async def ticks(self) -> AsyncIterator[Status]:
        """The status now, and again each time it was looked at, until the page closes."""
        while not self._closed.is_set():
            yield await self.now()
            try:
                async with asyncio.timeout(self.every_s):
                    await self._closed.wait()
            except TimeoutError:
                continue

    def close(self) -> None:
        """End all streams. Closing twice is harmless."""
        self._closed.set()

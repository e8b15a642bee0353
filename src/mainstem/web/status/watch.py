"""Keeping up: one look at the world for all who ask at about the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_STREAMS = 32
# A look that takes long is not repeated at once: it may take one part in so many of the time.
_PART = 10


class Watch(Generic[T]):
    """What `look` sees, looked at again at most every `every_s` seconds, and only while asked."""

    def __init__(self, look: Callable[[], Awaitable[T]], *, every_s: float) -> None:
        self.every_s = every_s
        self._look = look
        # What was seen last, and until when it holds. Whoever holds the lock looks; the others
        # take its answer.
        self._seen: tuple[float, T] | None = None
        self._lock = asyncio.Lock()
        self._closed = asyncio.Event()
        self._streams = 0

    async def now(self) -> T:
        """What is seen now, or was seen a moment ago."""
        async with self._lock:
            began = time.monotonic()
            if self._seen is not None and began < self._seen[0]:
                return self._seen[1]
            seen = await self._look()
            ended = time.monotonic()
            self._seen = (ended + max(self.every_s * 0.9, (ended - began) * _PART), seen)
            return seen

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

    async def ticks(self) -> AsyncIterator[T]:
        """What is seen now, and again and again, until the page closes."""
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

"""Places for requests under way: few of them, and the most urgent request takes the next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from heapq import heappop, heappush
from itertools import count

from .priorities import RANK, Priority


class Slots:
    """At most `at_once` holders; the others wait, by priority and then in the order they came.

    Invariant: while somebody waits, every place is held. It belongs to one event loop.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._arrivals = count()

    @asynccontextmanager
    async def held(self, priority: Priority) -> AsyncIterator[None]:
        """A place, for as long as the block lasts."""
        await self._take(priority)
        try:
            yield
        finally:
            self._give_back()

    async def _take(self, priority: Priority) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._waiting, (RANK[priority], next(self._arrivals), turn))
        try:
            await turn
        except asyncio.CancelledError:
            # Cancelled just as the place was handed over: it goes on to the next.
            if turn.done() and not turn.cancelled():
                self._give_back()
            raise

    def _give_back(self) -> None:
        while self._waiting:
            turn = heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

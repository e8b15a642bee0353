"""What the app's functions tell: which run has returned, and when."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Ledger:
    """Lines `done N` and `asleep N` by what and number; the first time of each counts."""

    def __init__(self) -> None:
        self.port = 0
        self._told: dict[tuple[str, int], float] = {}
        self._waited: dict[tuple[str, int], asyncio.Future[float]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Ledger]:
        """A ledger that listens on a free port of this machine."""
        ledger = cls()
        server = await asyncio.start_server(ledger._read, "127.0.0.1", 0)
        ledger.port = server.sockets[0].getsockname()[1]
        try:
            yield ledger
        finally:
            server.close()

    async def told(self, what: str, number: int) -> float:
        """Return when it is told, with the moment (`time.perf_counter`) at which it was."""
        key = (what, number)
        if key in self._told:
            return self._told[key]
        future = self._waited.setdefault(key, asyncio.get_running_loop().create_future())
        return await asyncio.shield(future)

    def count(self, what: str, numbers: range) -> int:
        """How many of these have been told."""
        return sum((what, number) in self._told for number in numbers)

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                what, number = line.decode().split()
                self._note((what, int(number)))
        finally:
            writer.close()

    def _note(self, key: tuple[str, int]) -> None:
        moment = self._told.setdefault(key, time.perf_counter())
        waited = self._waited.pop(key, None)
        if waited is not None and not waited.done():
            waited.set_result(moment)

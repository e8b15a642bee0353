"""What a measurement stands on: a server, an app beside it, and the client in this process.

The server is ours, started on a file with as many stored runs as asked for, or one that is there.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from history import count_runs, fill
from ledger import Ledger
from measured_process import MeasuredProcess
from traffic import Traffic

_HERE = Path(__file__).parent
_SETTLE_SECONDS = 3.0
_PATIENCE_SECONDS = 60.0
_STARTS = 3


@dataclass
class Engine:
    """`mainstem engine` on a file, as a process that can be killed and started again."""

    path: Path
    port: int = 0
    process: MeasuredProcess | None = None
    profile: Path | None = None

    @property
    def origin(self) -> str:
        """Its address, once it was started."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, http: aiohttp.ClientSession) -> float:
        """Start it; seconds from the start of the process to its first answer."""
        profiled = ("-m", "cProfile", "-o", str(self.profile)) if self.profile else ()
        options = ("--path", str(self.path), "--port", str(self.port))
        quiet = ("--no-discovery", "--no-poll", "--log-level", "error")
        told = (self.path.parent / "engine.log").open("w+")
        began = time.perf_counter()
        with told:
            self.process = MeasuredProcess.start(
                *profiled, "-m", "mainstem", "engine", *options, *quiet, stderr=told
            )
        await self._answer(http)
        return time.perf_counter() - began

    async def _answer(self, http: aiohttp.ClientSession) -> None:
        deadline = time.perf_counter() + _PATIENCE_SECONDS
        while time.perf_counter() < deadline and self._is_alive():
            if self.port or self._find_port():
                try:
                    async with http.get(f"{self.origin}/health") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
            await asyncio.sleep(0.002)
        raise RuntimeError(f"the engine did not come up: {self._said()}")

    def _is_alive(self) -> bool:
        child = None if self.process is None else self.process.child
        return child is not None and child.poll() is None

    def _find_port(self) -> bool:
        address = self._said().partition("http://127.0.0.1:")[2].split()
        self.port = int(address[0]) if address else 0
        return bool(address)

    def _said(self) -> str:
        return (self.path.parent / "engine.log").read_text()


@dataclass
class Stand:
    """A server with its app, and how it came up."""

    traffic: Traffic
    engine: Engine | None
    stored: int
    fill_seconds: float = 0.0
    start_seconds: float | None = None
    idle_mib: float | None = None

    async def restart(self) -> float:
        """Kill the engine as a crash would, and start it again; seconds until it answers."""
        assert self.engine is not None
        assert self.engine.process is not None
        self.engine.process.kill()
        taken = await self.engine.start(self.traffic.http)
        self.traffic.server = self.engine.process
        return taken


@asynccontextmanager
async def own_stand(stored: int, profile: Path | None = None) -> AsyncIterator[Stand]:
    """`mainstem engine` on a file of its own that holds `stored` runs already."""
    with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder:
        engine = Engine(Path(folder) / "engine.db", profile=profile)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=60)
        async with aiohttp.ClientSession(connector=connector) as http, Ledger.open() as ledger:
            try:
                began = await engine.start(http)
                app = await _start_app(http, engine.origin, ledger)
                try:
                    stand = Stand(
                        Traffic(http, engine.origin, ledger, engine.process, app), engine, stored
                    )
                    await _prepare(stand, began)
                    yield stand
                finally:
                    app.stop()
            finally:
                if engine.process is not None:
                    engine.process.stop()


async def _prepare(stand: Stand, began: float) -> None:
    """Fill the file, if asked for, and see how the engine stands there doing nothing."""
    engine, http = stand.engine, stand.traffic.http
    assert engine is not None
    assert engine.process is not None
    if stand.stored:
        engine.process.stop()
        stand.fill_seconds = await asyncio.to_thread(fill, engine.path, stand.stored)
        assert count_runs(engine.path) == stand.stored
        began = await engine.start(http)
    starts = [began]
    for _ in range(_STARTS - 1):
        engine.process.stop()
        starts.append(await engine.start(http))
    stand.start_seconds = statistics.median(starts)
    stand.traffic.server = engine.process
    await asyncio.sleep(_SETTLE_SECONDS)
    stand.idle_mib = engine.process.memory_mib()


@asynccontextmanager
async def foreign_stand(origin: str, pid: int | None) -> AsyncIterator[Stand]:
    """A server that is there already; `pid`, if known, lets its CPU and memory be measured."""
    server = MeasuredProcess(pid) if pid else None
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        Ledger.open() as ledger,
    ):
        app = await _start_app(http, origin, ledger)
        try:
            stand = Stand(Traffic(http, origin, ledger, server, app), None, 0)
            if server is not None:
                stand.idle_mib = server.memory_mib()
            yield stand
        finally:
            app.stop()


async def _start_app(http: aiohttp.ClientSession, origin: str, ledger: Ledger) -> MeasuredProcess:
    """The app's process, registered with the server."""
    app = MeasuredProcess.start(str(_HERE / "served_app.py"), origin, str(ledger.port))
    assert app.child is not None
    assert app.child.stdout is not None
    port = await asyncio.to_thread(app.child.stdout.readline)
    deadline = time.perf_counter() + _PATIENCE_SECONDS
    told = "it did not come up"
    while time.perf_counter() < deadline:
        try:
            async with http.put(f"http://127.0.0.1:{port.strip()}/api/inngest") as answer:
                told = await answer.text()
                if answer.status == 200:
                    return app
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.05)
    app.stop()
    raise RuntimeError(f"the app could not register with {origin}: {told[:300]}")

"""What a harness stands on: an engine in this process, apps on it, one clock for all of them.

Nothing listens anywhere. Clients are led to the engine while it is open and given back at the end;
functions are served by the SDK's own FastAPI adapter, or by the app that is handed in.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import inngest

from mainstem.engine import Clock, Engine, EngineOptions, SystemClock, VirtualClock, engine_app
from mainstem.testing.app_door import AppDoor, Doors
from mainstem.testing.capture import LogCapture
from mainstem.testing.checks import Functions, check_app, read_span
from mainstem.testing.client_door import ClientDoor, EngineDoor
from mainstem.testing.errors import HarnessClosed, HarnessError
from mainstem.testing.orders import Orders
from mainstem.testing.step_seam import moment, seam
from mainstem.testing.travel import Traveller

START: Final = datetime(2030, 1, 1, tzinfo=UTC)
SERVE_PATH: Final = "/api/inngest"
_MEMORY: Final = ":memory:"
_CLOSED: Final = (
    "The harness is not open: use it in `async with Harness.open(…)`, or in"
    " `with SyncHarness.open(…)`."
)


class Stage(Orders):
    """An engine with apps on it. `start`, and `aclose` at the end."""

    def __init__(
        self,
        *,
        start: datetime = START,
        clock: Literal["virtual", "real"] = "virtual",
        seed: int = 0,
        path: str | Path | None = None,
        retry_interval: float | None = None,
        log_level: int = logging.INFO,
        patience: float = 10.0,
        most_calls: int = 10_000,
        most_stops: int = 50_000,
    ) -> None:
        super().__init__()
        self._clock: Clock = VirtualClock(start) if clock == "virtual" else SystemClock()
        self._doors = Doors()
        self._options = EngineOptions(
            str(path or _MEMORY), retry_interval=retry_interval, transports=self._doors, seed=seed
        )
        self._patience = patience
        self._traveller = Traveller(patience, most_calls, most_stops, self._under_way)
        self._capture = LogCapture(self.book, lambda: self.now, log_level)
        self._engine: Engine | None = None
        self._way_in: EngineDoor | None = None
        self._clients: list[ClientDoor] = []
        self._urls: list[str] = []
        self._apps_begun = 1
        # What the engine died of, once it was raised in the test.
        self._told: BaseException | None = None

    # Opening and closing

    async def start(self) -> None:
        """Open the engine."""
        self._way_in = EngineDoor(self.book, lambda: self.now)
        self._capture.install()
        await self._open_engine()

    async def aclose(self) -> None:
        """Close the engine, give clients and logging back; a second call does nothing.

        Raises what the engine died of, unless the test has been told of it.
        """
        self.release()
        engine, self._engine = self._engine, None
        if engine is None:
            return
        async with AsyncExitStack() as ends:
            for door in self._doors.values():
                ends.push_async_callback(door.end)
            try:
                await engine.aclose()
            except BaseException as error:
                if error is not self._told:
                    raise

    def close_outside(self) -> None:
        """Close where nobody can await, as the event loop of the harness stands still or is closed.

        On a closed one nothing is left to be ended but the engine's file.
        """
        self.release()
        loop = None if self._way_in is None else self._way_in.loop
        if self._engine is None or loop is None:
            return
        if loop.is_closed():
            engine, self._engine = self._engine, None
            engine.reader.close()
        else:
            loop.run_until_complete(self.aclose())

    def release(self) -> None:
        """Give clients and logging back at once, as `aclose` does first."""
        for client in self._clients:
            client.close()
        self._capture.remove()
        if self._way_in is not None:
            self._way_in.close()

    async def add_app(
        self,
        client: inngest.Inngest,
        functions: Functions = (),
        *,
        app: Any = None,
        serve_path: str = SERVE_PATH,
    ) -> None:
        """Put an app on the engine: `functions` of `client`, or the ASGI `app` that serves them.

        An `app` that was added before, for another client, is started once and ended once.
        """
        asked = check_app(client, functions, app)
        door = self._led(client)
        try:
            origin = await self._begin(app or _served(client, asked, serve_path), is_ours=not app)
            url = f"{origin}{serve_path}"
            await self.engine.sync_app(url)
        except BaseException:
            self._clients.remove(door)
            door.close()
            raise
        self._urls.append(url)

    def add_client(self, client: inngest.Inngest) -> None:
        """Lead another client to the engine, one that only sends and has no functions."""
        self._led(client)

    def _led(self, client: inngest.Inngest) -> ClientDoor:
        door = ClientDoor(client, self.way_in, seam(self))
        door.open()
        self._clients.append(door)
        self._capture.listen_to(client.logger)
        return door

    async def _begin(self, app: Any, *, is_ours: bool) -> str:
        """The origin of an app that has begun."""
        for origin, door in self._doors.items():
            if door.app is app:
                return origin
        origin = f"http://app-{self._apps_begun}.test"
        self._apps_begun += 1
        door = AppDoor(app, self.book, lambda: self.now, is_ours=is_ours)
        await door.begin()
        self._doors[origin] = door
        return origin

    async def restart(self) -> None:
        """Stop the engine in the middle of whatever it does, and start another on its file."""
        if self._options.path == _MEMORY:
            raise HarnessError(
                "Cannot restart an engine that is in memory: nothing would be left. Open the"
                " harness with a file (`path=tmp_path / 'engine.db'`)."
            )
        await self.engine.aclose()
        await self._open_engine()
        if self.is_virtual:
            await self.drain()

    async def clear(self) -> None:
        """Forget runs, events, orders for steps and flow control; the clock goes on."""
        await self.engine.aclose()
        if self._options.path != _MEMORY:
            _remove(self._options.path)
        self.book.clear()
        self.plan.clear()
        await self._open_engine()
        for url in self._urls:
            await self.engine.sync_app(url)

    async def _open_engine(self) -> None:
        engine = Engine.open(self._options, clock=self._clock)
        self._engine = await engine.__aenter__()
        self.way_in.lead_to(engine_app(engine))

    @property
    def engine(self) -> Engine:
        """The engine itself. Raises `HarnessClosed`."""
        if self._engine is None:
            raise HarnessClosed(_CLOSED)
        return self._engine

    @property
    def way_in(self) -> EngineDoor:
        """The engine's HTTP side. Raises `HarnessClosed`."""
        if self._way_in is None:
            raise HarnessClosed(_CLOSED)
        return self._way_in

    # Time

    @property
    def now(self) -> datetime:
        """The moment on the harness's clock."""
        return moment(self._clock.now())

    @property
    def is_virtual(self) -> bool:
        """Whether time passes only by `advance`."""
        return isinstance(self._clock, VirtualClock)

    async def drain(self) -> None:
        """Let everything that is due now be done."""
        await self._settle()

    async def advance(self, *, until: datetime | None = None, **span: float) -> None:
        """Let time pass: `days=3`, `hours=1, minutes=30` (as `timedelta`), or `until` a moment.

        The clock stops wherever something is due and lets it be done before it goes on, which costs
        real time at each stop. Raises `HarnessError` for a real clock, a moment without a time zone
        or in the past, and after `most_stops` stops.
        """
        target = self._target(until, read_span(span))
        await self._travel(target)

    async def _settle(self) -> None:
        await self._remember(self._traveller.settle(self.engine))

    async def _travel(self, target: int, is_there: Callable[[], bool] = lambda: False) -> None:
        clock = self._virtual()
        await self._remember(self._traveller.travel(self.engine, clock, target, is_there))

    async def _remember(self, work: Awaitable[None]) -> None:
        try:
            await work
        except BaseException as error:
            self._told = error
            raise

    def _under_way(self) -> list[str]:
        return [self.engine.run(c.run).function_id for c in self.book.calls.values() if c.run]

    def _target(self, until: datetime | None, span: timedelta) -> int:
        if until is None:
            return self._clock.now() + round(span / timedelta(milliseconds=1))
        if span or until.tzinfo is None or until < self.now:
            raise HarnessError(
                f"Cannot go on until {until!r} (and {span} more): it is {self.now} here. Give"
                " either a span or an aware moment that is still to come."
            )
        return round(until.timestamp() * 1000)

    def _virtual(self) -> VirtualClock:
        if not isinstance(self._clock, VirtualClock):
            raise HarnessError(
                "Cannot let time pass: this harness has the machine's clock. Open it without"
                " `clock='real'`."
            )
        return self._clock


def _remove(path: str) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _served(client: inngest.Inngest, functions: Functions, path: str) -> Any:
    import warnings

    import fastapi

    with warnings.catch_warnings():
        # The SDK's own configuration classes, met when its adapter is imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        import inngest.fast_api as adapter
    app = fastapi.FastAPI(openapi_url=None)
    adapter.serve(app, client, list(functions), serve_path=path)
    return app

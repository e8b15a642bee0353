"""The engine as its users see it: apps in, events in, runs out.

The work itself is in `loop`; what a move changes is in `intake`, `starting`, `progress`, `timers`
and `ending`.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final, Self

from mainstem.engine import limits
from mainstem.engine.apps import AppView
from mainstem.engine.checkpoints import Checkpoints
from mainstem.engine.clock import Clock, SystemClock
from mainstem.engine.connect_workers import Workers
from mainstem.engine.ending import cancel_run
from mainstem.engine.endpoints import Endpoints
from mainstem.engine.errors import BadEvent, EngineNotRunning, UnknownFunction
from mainstem.engine.events import INVOKED, internal_event, is_known_event, read_event
from mainstem.engine.feed import Feed
from mainstem.engine.history import FunctionRuns, last_runs
from mainstem.engine.ids import seeded_ulid
from mainstem.engine.intake import receive
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.loop import Loop
from mainstem.engine.options import EngineOptions, EngineStats
from mainstem.engine.realtime import Realtime
from mainstem.engine.registrar import Accepted, Registrar
from mainstem.engine.registration import Registration
from mainstem.engine.registry import Registry
from mainstem.engine.runs import load_run
from mainstem.engine.signals import Signals
from mainstem.engine.storage import Storage, storage_failure
from mainstem.engine.views import RunView, count_by_status, view_run, view_runs
from mainstem.engine.work import Change, Work

Json = Any
_TOO_MANY: Final = f"a request holds at most {limits.MAX_EVENTS_PER_REQUEST} events"


class Engine:
    """The embedded engine. `Engine.open`, then `async with engine:` to make it work."""

    def __init__(self, options: EngineOptions, loop: Loop) -> None:
        self.options = options
        self._loop = loop
        self._registrar = Registrar(loop, options)
        self.checkpoints = Checkpoints(loop)
        self.endpoints = Endpoints(loop)
        self.signals = Signals(loop)
        self.realtime = Realtime(loop.clock)
        self._feed = Feed()
        self._is_closed = False

    @classmethod
    def open(cls, options: EngineOptions, *, clock: Clock | None = None) -> Self:
        """Open the file, take back what a dead engine had under way, plan what is due.

        Raises `EngineBusy` when another engine has the file, `EngineError` when it is none of
        ours, and `StorageFailed` when it is damaged or the disk is full.
        """
        storage = Storage(options.path)
        try:
            loop = Loop(options, storage, clock or SystemClock())
            loop.recover()
        except sqlite3.DatabaseError as error:
            storage.close()
            raise storage_failure(storage.path, error) from error
        except BaseException:
            storage.close()
            raise
        return cls(options, loop)

    async def __aenter__(self) -> Self:
        if self._is_closed:
            raise EngineNotRunning("This engine is closed; open a new one on the same file.")
        self._loop.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop: calls under way are given up and made again by the next engine on the file."""
        if not self._is_closed:
            self._is_closed = True
            self.realtime.close()
            await self._loop.stop()

    @property
    def clock(self) -> Clock:
        """The clock all its times come from."""
        return self._loop.clock

    @property
    def reader(self) -> sqlite3.Connection:
        """The connection, for the query API of this room; nobody writes through it."""
        return self._loop.storage.connection

    async def on_disk(self) -> None:
        """Return when all that was changed so far survives a power cut. Raises `StorageFailed`."""
        await self._loop.on_disk()

    # For the API of this room

    def work(self) -> AbstractContextManager[Work]:
        """One transaction, and after its commit everything that follows from it."""
        return self._loop.work()

    @property
    def registry(self) -> Registry:
        """The functions registered now."""
        return self._loop.registry

    @property
    def feed(self) -> Feed:
        """What happens from the first call on, for listeners that may be slow."""
        self._loop.attach(self._feed)
        return self._feed

    def in_use(self, group: str) -> int:
        """How many calls of a concurrency group are under way."""
        return self._loop.queue.in_use(group)

    @property
    def in_flight(self) -> int:
        """How many calls are under way."""
        return self._loop.in_flight

    @property
    def queued(self) -> int:
        """How many jobs are queued, now or for later."""
        return len(self._loop.queue)

    @property
    def calls_answered(self) -> int:
        """How many calls were answered since the start."""
        return self._loop.calls_answered

    # Apps

    async def sync_app(self, url: str) -> Mapping[str, Json]:
        """Ask the app at `url` to register its functions here; its answer. Raises `SyncRefused`.

        In cloud mode in-band first: the app answers with its functions instead of sending them.
        """
        return await self._registrar.sync(url)

    async def register(self, registration: Registration) -> Accepted:
        """Take an app's functions in place of those it had.

        Raises `WrongEnvironment`, or `FunctionTaken` when a function belongs to another app.
        """
        return await self._registrar.accept(registration)

    def expect_environment(self, app: str, env: str | None) -> None:
        """Refuse who belongs to another branch environment. Raises `WrongEnvironment`."""
        self._registrar.expect_environment(app, env)

    @property
    def workers(self) -> Workers:
        """The Connect workers, for the gateway of this room."""
        return self._loop.workers

    async def drain(self) -> None:
        """Tell Connect workers and listeners to go; before the server that serves them stops."""
        self.realtime.close()
        self.endpoints.close()
        self._feed.close()
        await self._loop.workers.close()

    def note_error(self, app: str, error: str) -> None:
        """Keep why an app was not registered, for `apps`."""
        self._registrar.note_error(error, name=app)

    def remove_app(self, url: str) -> bool:
        """Take away all functions of the app at `url`; whether there was one."""
        return self._registrar.remove(url)

    @property
    def registrar(self) -> Registrar:
        """Who asks apps to register, for the watch of this room."""
        return self._registrar

    async def drop_runs(self, app: str, function: str) -> int:
        """Cancel all runs that a function left behind when its app gave it up; how many.

        The app by name or id; the function by full id, by its id within the app, or by its UUID.
        Raises `UnknownFunction`, or `StillRegistered`.
        """
        return await self._registrar.drop_runs(app, function)

    def apps(self) -> list[AppView]:
        """Every app with its functions, and the other addresses that claim to be it."""
        return self._registrar.apps()

    # Events and runs

    async def send(self, events: Sequence[Mapping[str, Json]], *, seed: str = "") -> list[str]:
        """Accept events; their ids in order. They are on disk when this returns.

        Raises `BadEvent` at the first one that is refused; those before it are accepted.
        """
        try:
            return self._accept(events, seed)
        finally:
            await self.on_disk()

    def _accept(self, events: Sequence[Mapping[str, Json]], seed: str) -> list[str]:
        accepted: list[str] = []
        refusal: BadEvent | None = None
        with self._loop.work() as work:
            for position, raw in enumerate(events, start=1):
                if position > limits.MAX_EVENTS_PER_REQUEST:
                    refusal = BadEvent(_TOO_MANY)
                    break
                internal_id = (seeded_ulid(seed, position) if seed else None) or work.new_id()
                try:
                    event = read_event(raw, internal_id=internal_id, now=work.now)
                except BadEvent as error:
                    refusal = error
                    break
                if is_known_event(work.sql, internal_id):
                    # The same request again, by its seed: the SDK did not hear our answer.
                    accepted.append(internal_id)
                    continue
                receive(work, event)
                accepted.append(internal_id)
        if refusal is not None:
            raise BadEvent(refusal.reason, accepted)
        return accepted

    def invoke(self, function_id: str, data: Mapping[str, Json] | None) -> str:
        """Start one function by its id with this data; the event's id. Raises `UnknownFunction`."""
        if self._loop.registry.get(function_id) is None:
            raise UnknownFunction(function_id)
        with self._loop.work() as work:
            body = {**(data or {}), "_inngest": {"fn_id": function_id}}
            event = internal_event(INVOKED, body, internal_id=work.new_id(), ts=work.now)
            receive(work, event)
        return event.internal_id

    def runs(
        self,
        *,
        status: RunStatus | None = None,
        function: str | None = None,
        event: str | None = None,
        limit: int = 100,
    ) -> list[RunView]:
        """Runs without their steps, newest first; of a status, a function's id, an event's id."""
        sql = self.reader
        return view_runs(sql, status=status, function=function, event=event, limit=limit)

    def last_runs(self, limit_per_function: int = 3) -> list[FunctionRuns]:
        """The last runs of every function, and how many there were in the last 24 hours."""
        return last_runs(self.reader, limit=limit_per_function, now=self.clock.now())

    def run(self, run_id: str) -> RunView:
        """A run with its steps. Raises `UnknownRun`."""
        return view_run(self.reader, run_id)

    def cancel(self, run_id: str) -> bool:
        """Cancel a run; whether it was still going. Raises `UnknownRun`."""
        with self._loop.work() as work:
            return cancel_run(work, load_run(work.sql, run_id))

    def stats(self) -> EngineStats:
        """How much there is and was."""
        return EngineStats(
            runs=count_by_status(self.reader),
            steps_completed=self._loop.steps_completed,
            calls=self._loop.calls_answered,
            queued=len(self._loop.queue),
            in_flight=self._loop.in_flight,
        )

    # Waiting and watching

    async def wait_idle(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Return when nothing is under way or queued, now or for later, but cron ticks.

        Raises `TimeoutError` after `timeout` seconds, and whatever stopped the engine if it died.
        """
        async with asyncio.timeout(timeout):
            await self._loop.wait_idle()

    async def wait_over(self) -> None:
        """Return when the engine is closed; raise what stopped it if it died before."""
        await self._loop.wait_over()

    async def settle(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Return when no call is under way and nothing is due at this moment.

        What is due later stays: with a `VirtualClock`, `next_due` says how far to go for it. Raises
        `TimeoutError` after `timeout` seconds, and whatever stopped the engine if it died.
        """
        async with asyncio.timeout(timeout):
            await self._loop.wait_settled()

    @property
    def next_due(self) -> int | None:
        """The moment (milliseconds) at which something is due by itself; None is never."""
        return self._loop.queue.next_due()

    def changes(self) -> AsyncIterator[Change]:
        """Moves of runs and steps from this call on, until the engine is closed."""
        return self._loop.changes()

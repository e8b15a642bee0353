"""The harness for tests that are plain functions: the same, in a thread of its own, waiting.

The engine and async functions run on that thread's event loop; sync functions in threads, as ever.
A test of async functions that share connections with the test itself is better async too.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import wait
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import inngest

from mainstem.catalog import Catalog
from mainstem.engine import RunStatus, RunView
from mainstem.testing.book import Book
from mainstem.testing.checks import Functions
from mainstem.testing.comparison import Comparison
from mainstem.testing.errors import HarnessClosed, HarnessError
from mainstem.testing.harness import AnyEvent, Harness
from mainstem.testing.opening import Opening
from mainstem.testing.orders import AnyFunction
from mainstem.testing.plan import Fault, StandIn, UnusedOrder, When
from mainstem.testing.records import Record
from mainstem.testing.run import EngineRun, SeenRun
from mainstem.testing.seen import Pending, SentEvent
from mainstem.testing.stage import SERVE_PATH

Json = Any
T = TypeVar("T")
# How often somebody who waits looks whether the harness's thread is still alive.
_LOOK_S: Final = 0.2


class SyncRun(SeenRun):
    """A run on a harness that waits."""

    def __init__(self, harness: "SyncHarness", run: EngineRun) -> None:
        super().__init__(harness, run.id)
        self._harness = harness
        self._run = run

    def result(self, within: timedelta | None = None) -> Json:
        """What it returned; see `EngineRun.result`."""
        return self._harness.wait_for(self._run.result(within))


class SyncHarness:
    """`Harness` without `await`: `with SyncHarness.open(client, functions) as harness:`."""

    def __init__(self, opening: Callable[[], Opening[Harness]]) -> None:
        """`opening` is called in the harness's own thread."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="mainstem-testing", daemon=True)
        self._died: BaseException | None = None
        self._thread.start()
        try:
            self._inner = self.wait_for(_opened(opening))
        except BaseException:
            self._stop()
            raise

    @classmethod
    def open(cls, client: inngest.Inngest, functions: Functions = (), **options: Any) -> Self:
        """See `Harness.open`."""
        return cls(lambda: Harness.open(client, functions, **options))

    @classmethod
    def for_catalog(cls, catalog: Catalog[Any], services: Any, **options: Any) -> Self:
        """See `Harness.for_catalog`."""
        return cls(lambda: Harness.for_catalog(catalog, services, **options))

    def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives, done in the harness's thread."""
        if self._loop.is_closed() or not self._thread.is_alive():
            work.close()
            raise self._over()
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        while True:
            # With a bound, as nobody would answer once the thread has ended.
            done, _ = wait((future,), timeout=_LOOK_S)
            if done:
                return future.result()
            if not self._thread.is_alive():
                # It may be that it was never begun.
                work.close()
                raise self._over()

    def _live(self) -> None:
        try:
            self._loop.run_forever()
        except BaseException as error:  # noqa: BLE001  told to whoever waits for this thread
            self._died = error

    def _over(self) -> HarnessError:
        if self._died is None:
            return HarnessClosed("The harness is closed: use it in `with SyncHarness.open(…)`.")
        return HarnessError(
            f"The harness's thread has ended by {type(self._died).__name__}: {self._died}. The code"
            " under test must not end the process."
        )

    def close(self) -> None:
        """Close the harness and end its thread; a second call does nothing."""
        if self._loop.is_closed():
            return
        try:
            if self._thread.is_alive():
                self.wait_for(self._inner.aclose())
        finally:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _stop(self) -> None:
        try:
            if self._thread.is_alive():
                self.wait_for(self._loop.shutdown_default_executor())
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
            elif inner := getattr(self, "_inner", None):
                # Whoever waited for the thread was told why it ended. Its loop goes on here.
                self._loop.run_until_complete(inner.aclose())
        finally:
            self._loop.close()

    # Apps

    def add_app(
        self,
        client: inngest.Inngest,
        functions: Functions = (),
        *,
        app: Any = None,
        serve_path: str = SERVE_PATH,
    ) -> None:
        """Put another app on the engine; see `Harness.add_app`."""
        self.wait_for(self._inner.add_app(client, functions, app=app, serve_path=serve_path))

    def add_client(self, client: inngest.Inngest) -> None:
        """Lead another client to the engine; see `Harness.add_client`."""
        self._there(lambda: self._inner.add_client(client))

    # Time

    @property
    def now(self) -> datetime:
        """The moment on the harness's clock."""
        return self._inner.now

    def drain(self) -> None:
        """Let everything that is due now be done."""
        self.wait_for(self._inner.drain())

    def advance(self, *, until: datetime | None = None, **span: float) -> None:
        """Let time pass; see `Harness.advance`."""
        self.wait_for(self._inner.advance(until=until, **span))

    # Events and runs

    def send(self, *events: AnyEvent) -> list[str]:
        """Send events and let everything due now be done; their ids."""
        return self.wait_for(self._inner.send(*events))

    def send_one(self, event: AnyEvent, function: AnyFunction | None = None) -> SyncRun:
        """Send an event; the run that it started."""
        return SyncRun(self, self.wait_for(self._inner.send_one(event, function)))

    def invoke(self, function: AnyFunction, data: Mapping[str, Json] | None = None) -> SyncRun:
        """Start a function by itself; its run."""
        return SyncRun(self, self.wait_for(self._inner.invoke(function, data)))

    def cancel(self, run: SeenRun) -> bool:
        """Cancel a run; whether it was still going."""
        return self.wait_for(self._inner.cancel(run))

    def runs(
        self,
        *,
        function: AnyFunction | None = None,
        status: RunStatus | str | None = None,
        event: str | None = None,
    ) -> list[SyncRun]:
        """Runs, oldest first."""
        found = self._there(lambda: self._inner.runs(function=function, status=status, event=event))
        return [SyncRun(self, run) for run in found]

    def events(self, name: str | None = None) -> list[SentEvent]:
        """Events in the order in which they were sent."""
        return self._inner.events(name)

    def pending(self) -> list[Pending]:
        """What is still to be done."""
        return self.wait_for(self._inner.pending())

    def trace(self) -> str:
        """All runs as text."""
        return self._there(self._inner.trace)

    def clear(self) -> None:
        """Forget runs, events, orders for steps and flow control."""
        self.wait_for(self._inner.clear())

    def restart(self) -> None:
        """Stop the engine and start another on its file."""
        self.wait_for(self._inner.restart())

    def replay(self, record: Record, function: AnyFunction | None = None) -> Comparison:
        """Play a recorded run to the present code."""
        return self.wait_for(self._inner.replay(record, function))

    # Orders and assertions

    def stub(
        self, step: str, answer: Any = None, *, function: AnyFunction | None = None
    ) -> StandIn:
        """Let `answer` stand in for a step's work."""
        return self._there(lambda: self._inner.stub(step, answer, function=function))

    def fail(
        self,
        step: str,
        error: Fault = "failed on order of the test",
        *,
        times: int | None = 1,
        function: AnyFunction | None = None,
    ) -> None:
        """Let a step fail instead of being done."""
        self._there(lambda: self._inner.fail(step, error, times=times, function=function))

    def crash(
        self,
        step: str,
        *,
        when: When = "after",
        times: int | None = 1,
        function: AnyFunction | None = None,
    ) -> None:
        """Let the app be lost before or after a step's work."""
        self._there(lambda: self._inner.crash(step, when=when, times=times, function=function))

    @property
    def unused_orders(self) -> list[UnusedOrder]:
        """Stand-ins, failures and crashes that no step has met so far."""
        return self._inner.unused_orders

    def assert_orders_used(self) -> None:
        """Raise `AssertionError` if a stub, a failure or a crash was for nothing."""
        self._inner.assert_orders_used()

    def assert_sent(
        self, name: str, data: Mapping[str, Json] | None = None, *, times: int | None = None
    ) -> list[SentEvent]:
        """Raise `AssertionError` unless such an event was sent."""
        return self._inner.assert_sent(name, data, times=times)

    def assert_not_sent(self, name: str, data: Mapping[str, Json] | None = None) -> None:
        """Raise `AssertionError` if such an event was sent."""
        self._inner.assert_not_sent(name, data)

    # For runs

    @property
    def book(self) -> Book:
        """What was written down."""
        return self._inner.book

    def view_of(self, run: str) -> RunView:
        """What the engine holds of a run, or held at the end."""
        return self._there(lambda: self._inner.view_of(run))

    def _there(self, ask: Callable[[], T]) -> T:
        """Ask in the harness's thread, where nothing is changed meanwhile; here once it ended."""
        if self._loop.is_closed():
            return ask()

        async def asked() -> T:
            return ask()

        return self.wait_for(asked())


async def _opened(opening: Callable[[], Opening[Harness]]) -> Harness:
    return await opening()

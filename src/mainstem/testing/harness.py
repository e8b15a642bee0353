"""The engine in a test: events in, time passing, runs out. What a test holds in its hand."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

import inngest

from mainstem.catalog import Catalog, EventData
from mainstem.engine import RunStatus, RunView
from mainstem.testing.checks import Functions, check_events, check_options, check_within, nearest
from mainstem.testing.client_door import own_client
from mainstem.testing.comparison import Comparison, compare
from mainstem.testing.errors import HarnessClosed, HarnessError, NoSuchRun
from mainstem.testing.lookups import ask_all, caller_of, read_pending
from mainstem.testing.opening import Opening
from mainstem.testing.orders import AnyFunction
from mainstem.testing.records import Record
from mainstem.testing.run import EngineRun, SeenRun
from mainstem.testing.seen import Pending
from mainstem.testing.stage import SERVE_PATH, START, Stage

Json = Any
AnyEvent = inngest.Event | EventData
_MANY: Final = 1_000_000


class Harness(Stage):
    """An engine with apps on it, for one test. `Harness.open(…)`; `aclose` at the end."""

    def __init__(self, **options: Any) -> None:
        check_options(Stage.__init__, options)
        super().__init__(**options)
        self._runs: dict[str, EngineRun] = {}
        self._last_views: dict[str, RunView] = {}

    @classmethod
    def open(
        cls,
        client: inngest.Inngest,
        functions: Functions = (),
        *,
        app: Any = None,
        serve_path: str = SERVE_PATH,
        **options: Any,
    ) -> "Opening[Harness]":
        """An engine with one app on it: `functions` of `client`, or the ASGI `app` serving them.

        `options`: `start` is the first moment of the virtual clock (2030-01-01 in UTC), `clock`
        `"real"` takes the machine's; `seed` decides ids and the spread of retries; `path` is the
        engine's file, for `restart` (in memory without one); `retry_interval` (seconds) replaces
        the pauses between attempts; lines from `log_level` on are kept; the app has `patience`
        seconds of real time for each answer. At one moment of the clock there may be `most_calls`
        answers, and `advance` stops at `most_stops` moments: more is taken for an endless chain.
        """
        harness = cls(**options)
        return Opening(
            harness, lambda: harness.add_app(client, functions, app=app, serve_path=serve_path)
        )

    @classmethod
    def for_catalog(
        cls,
        catalog: Catalog[Any],
        services: Any,
        *,
        client: inngest.Inngest | None = None,
        environment: str = "local",
        **options: Any,
    ) -> "Opening[Harness]":
        """An engine with a catalogue on it, bound to `services`, and to a client of its own."""
        harness = cls(**options)

        async def fill() -> None:
            led = client or own_client()
            bound = catalog.bind(led, services, environment=environment)
            await harness.add_app(led, list(bound.functions))

        return Opening(harness, fill)

    async def aclose(self) -> None:
        """Close the engine, give clients and logging back; a second call does nothing."""
        if self._engine is not None:
            self._last_views.update({run: self._engine.run(run) for run in self._runs})
        await super().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def clear(self) -> None:
        """Forget runs, events, orders for steps and flow control; the clock goes on."""
        self._last_views.update({run: self.engine.run(run) for run in self._runs})
        self._runs.clear()
        await super().clear()

    # Events and runs

    async def send(self, *events: AnyEvent) -> list[str]:
        """Send events with the (first) client and let everything due now be done; their ids."""
        if self._engine is None or not self._clients:
            raise HarnessClosed(
                "The harness is not open, so nothing was sent: use it in `async with"
                " Harness.open(…)`."
            )
        check_events(events)
        ready = [event.to_event() if isinstance(event, EventData) else event for event in events]
        ids = await self._clients[0].client.send(ready) if ready else []
        if self.is_virtual:
            await self.drain()
        return ids

    async def send_one(self, event: AnyEvent, function: AnyFunction | None = None) -> EngineRun:
        """Send an event; the run that it started, of `function` where it started several.

        Raises `NoSuchRun` when there is none, or not one.
        """
        if function is not None:
            self._full_id(function)
        (event_id,) = await self.send(event)
        name = event.event_name if isinstance(event, EventData) else event.name
        return await self._only(name, self.runs(event=event_id, function=function))

    async def invoke(
        self, function: AnyFunction, data: Mapping[str, Json] | None = None
    ) -> EngineRun:
        """Start a function by itself, whatever its triggers are; its run."""
        event = self.engine.invoke(self._full_id(function), data)
        if self.is_virtual:
            await self.drain()
        return await self._only(self._full_id(function), self.runs(event=event))

    async def cancel(self, run: SeenRun) -> bool:
        """Cancel a run; whether it was still going."""
        was_going = self.engine.cancel(run.id)
        if self.is_virtual:
            await self.drain()
        return was_going

    def runs(
        self,
        *,
        function: AnyFunction | None = None,
        status: RunStatus | str | None = None,
        event: str | None = None,
    ) -> list[EngineRun]:
        """Runs, oldest first: of a function, a status, or started by the event with an id."""
        found = self.engine.runs(
            status=None if status is None else _status(status),
            function=None if function is None else self._full_id(function),
            event=event,
            limit=_MANY,
        )
        return [
            self._runs.setdefault(view.id, EngineRun(self, view.id, self))
            for view in reversed(found)
        ]

    async def pending(self) -> list[Pending]:
        """What is still to be done: what waits for what, until when; the next first."""
        told = [read_pending(job) for job in await ask_all(self.way_in, "/v1/queue")]
        return sorted(told, key=lambda each: (each.until is None, each.until or START))

    def trace(self) -> str:
        """All runs as text, and the orders that were for nothing."""
        told = [run.trace() for run in self.runs()]
        return "\n\n".join((*told, unused) if (unused := self.unused_text()) else told)

    async def replay(self, record: Record, function: AnyFunction | None = None) -> Comparison:
        """Play a recorded run to the present code (of `function`, if it has another name now).

        No step's work is done; the code between the steps runs.
        """
        slug = self._slug(function or record.function)
        here = {view.slug: view for app in self.engine.apps() for view in app.functions}
        if slug not in here:
            raise HarnessError(
                f"Cannot replay run {record.run}: there is no function '{slug}' here, only"
                f" {', '.join(sorted(here))}. Name the one that took its place (`function=`)."
            )
        return await compare(record, caller_of(self._doors, here[slug].config, record))

    # For runs

    def view_of(self, run: str) -> RunView:
        """What the engine holds of a run, or held at the end of the harness."""
        if self._engine is None or run in self._last_views:
            return self._last_views[run]
        return self._engine.run(run)

    async def reach_end(self, run: str, within: timedelta | None) -> str:
        """Let a run go on to its end; what it waits for if it did not come there."""
        check_within(within)
        if self.view_of(run).is_over:
            return ""
        if self.is_virtual:
            target = self._target(None, within or timedelta(0))
            await self._travel(target, lambda: self.view_of(run).is_over)
        else:
            await self._watch(run, self._patience if within is None else within.total_seconds())
        jobs = await ask_all(self.way_in, f"/v1/runs/{run}/jobs")
        return "\n".join(f"  {read_pending(job)}" for job in jobs) or "  for nothing that is queued"

    async def _watch(self, run: str, seconds: float) -> None:
        changes = self.engine.changes()
        try:
            async with asyncio.timeout(seconds):
                while not self.view_of(run).is_over:
                    await anext(changes)
        except TimeoutError:
            return

    def _full_id(self, function: AnyFunction) -> str:
        """The full id of a function here. Raises `HarnessError` when there is none of that name."""
        slug = self._slug(function)
        known = self._function_ids()
        if slug not in known:
            raise HarnessError(
                f"There is no function '{slug}' here{nearest(slug, known)}. Functions here:"
                f" {', '.join(known) or 'none'}."
            )
        return slug

    def _slug(self, function: AnyFunction) -> str:
        if not isinstance(function, str):
            return function.id
        known = self._function_ids()
        full = [f"{door.client.app_id}-{function}" for door in self._clients]
        return next((each for each in (function, *full) if each in known), function)

    def local_ids(self) -> dict[str, str]:
        """The local ids of the functions here, by local and by full id."""
        prefixes = [f"{door.client.app_id}-" for door in self._clients]
        known: dict[str, str] = {}
        for slug in self._function_ids():
            prefix = next((each for each in prefixes if slug.startswith(each)), "")
            local = slug.removeprefix(prefix)
            known[slug] = known[local] = local
        return known

    def _function_ids(self) -> list[str]:
        return sorted(view.slug for app in self.engine.apps() for view in app.functions)

    async def _only(self, name: str, runs: Sequence[EngineRun]) -> EngineRun:
        if len(runs) == 1:
            return runs[0]
        if runs:
            started = ", ".join(run.function for run in runs)
            raise NoSuchRun(
                f"'{name}' started {len(runs)} runs: {started}. Say which one (`function=`), or"
                " send it with `send` and look at `runs()`."
            )
        waiting = "\n".join(f"  {each}" for each in await self.pending())
        raise NoSuchRun(
            f"'{name}' started no run. Functions here: {', '.join(self._function_ids())}. It may"
            " be that no trigger fits, that its expression is false, that flow control dropped or"
            " holds it, or that the event is dated in the future.\n"
            f"Pending:\n{waiting or '  nothing'}"
        )


def _status(status: RunStatus | str) -> RunStatus:
    try:
        return RunStatus(status)
    except ValueError:
        raise HarnessError(
            f"There is no status {status!r}; a run is {', '.join(RunStatus)}."
        ) from None

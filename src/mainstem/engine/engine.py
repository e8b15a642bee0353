"""The engine: opens the file, takes events in, and runs the loop that gets work done.

One loop, one file, one process. The loop sleeps until something is added or the next moment is due;
it never looks twice for the same thing. Every change goes through `_work`: rows first, then, after
the commit, the queue in memory, the listeners and the loop.
"""

import asyncio
import random
import sqlite3
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from mainstem.engine import limits
from mainstem.engine.clock import Clock, SystemClock
from mainstem.engine.ending import cancel_run
from mainstem.engine.errors import BadEvent, EngineNotRunning, UnknownFunction
from mainstem.engine.events import INVOKED, internal_event, is_known_event, read_event
from mainstem.engine.executor import AppCaller, build_request
from mainstem.engine.gcra import Admission, throttle_admission
from mainstem.engine.ids import UlidSource, seeded_ulid
from mainstem.engine.intake import drain_outbox, receive
from mainstem.engine.jobs import Job, JobKind, Throttle, lease_job, queued_jobs, reclaim_jobs
from mainstem.engine.lifecycle import RUN_MOVES, RunMove, RunStatus, moved
from mainstem.engine.progress import Backoff, apply_answer
from mainstem.engine.queue import ReadyQueue
from mainstem.engine.registry import (
    AppView,
    Registration,
    Registry,
    archive_app,
    save_app,
    view_apps,
)
from mainstem.engine.runs import (
    RunView,
    count_by_status,
    load_run,
    mark_step_started,
    start_run,
    view_run,
    view_runs,
)
from mainstem.engine.starting import load_tat, save_tat
from mainstem.engine.storage import MEMORY, Storage
from mainstem.engine.timers import fire, plan_crons
from mainstem.engine.wire import Answer, no_answer
from mainstem.engine.work import Change, Work

Json = Any
_TOO_MANY: Final = f"a request holds at most {limits.MAX_EVENTS_PER_REQUEST} events"


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How an engine is set up.

    `path` is the file, `":memory:"` keeps nothing. `retry_interval` (seconds) makes every pause
    between attempts that long. `event_keys`, when there are any, are the only ones taken;
    `signing_key` makes the engine a cloud-mode server that signs its calls. `transports` maps an
    origin to an ASGI app that is called in this process instead of over the network.
    """

    path: str = MEMORY
    host: str = "127.0.0.1"
    port: int = 8288
    retry_interval: float | None = None
    event_keys: frozenset[str] = frozenset()
    signing_key: str | None = field(default=None, repr=False)
    transports: Mapping[str, Any] = field(default_factory=dict)
    max_parallel_calls: int = limits.MAX_PARALLEL_CALLS

    @property
    def server_kind(self) -> str:
        """`cloud` when there is a signing key, else `dev`."""
        return "cloud" if self.signing_key else "dev"


@dataclass(frozen=True, slots=True)
class EngineStats:
    """How much there is and was: runs by status, steps done, calls made by this process, queue."""

    runs: Mapping[RunStatus, int]
    steps_completed: int
    calls: int
    queued: int
    in_flight: int


class Engine:
    """The embedded engine. `Engine.open`, then `async with engine:` to make it work."""

    def __init__(self, options: EngineOptions, storage: Storage, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self._storage = storage
        self._registry = Registry()
        self._ulids = UlidSource()
        self._queue = ReadyQueue()
        self._caller: AppCaller | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Condition()
        self._calls: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._listeners: set[asyncio.Queue[Change | None]] = set()
        self._call_count = 0
        self._failure: BaseException | None = None
        self._is_closed = False

    @classmethod
    def open(cls, options: EngineOptions, *, clock: Clock | None = None) -> Self:
        """Open the file, take back what a dead engine had under way, plan what is due.

        Raises `EngineBusy` when another engine has the file.
        """
        engine = cls(options, Storage(options.path), clock or SystemClock())
        sql = engine._storage.connection
        engine._registry.reload(sql)
        with engine._storage.transaction():
            reclaim_jobs(sql)
        for job in queued_jobs(sql):
            engine._queue.add(job)
        with engine._work() as work:
            plan_crons(work)
        return engine

    async def __aenter__(self) -> Self:
        if self._is_closed:
            raise EngineNotRunning("This engine is closed; open a new one on the same file.")
        self._caller = AppCaller(
            transports=self.options.transports,
            signing_key=self.options.signing_key,
            parallel=self.options.max_parallel_calls,
        )
        self._loop = asyncio.create_task(self._run(), name="mainstem-engine")
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
        if self._is_closed:
            return
        self._is_closed = True
        tasks = [task for task in (self._loop, *self._calls) if task is not None]
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for listener in self._listeners:
            listener.put_nowait(None)
        if self._caller is not None:
            await self._caller.aclose()
        self._storage.close()
        for result in results:
            if isinstance(result, Exception):
                raise result

    # Apps

    async def sync_app(self, url: str) -> Mapping[str, Json]:
        """Ask the app at `url` to register its functions here; its answer. Raises `SyncRefused`."""
        kind, now = self.options.server_kind, self.clock.now()
        answer: Mapping[str, Json] = await self._calling().sync(url, kind, now=now)
        return answer

    def register(self, registration: Registration) -> bool:
        """Take an app's functions in place of those it had; whether anything changed."""
        with self._work() as work:
            is_modified = save_app(work.sql, registration, work.now)
            if is_modified:
                self._registry.reload(work.sql)
                plan_crons(work)
        return is_modified

    def new_sync_id(self) -> str:
        """An id for the answer to a registration; a new one each time."""
        return str(uuid.uuid4())

    def remove_app(self, url: str) -> bool:
        """Take away all functions of the app at `url`; whether there was one."""
        with self._work() as work:
            was_there = archive_app(work.sql, url)
            self._registry.reload(work.sql)
            plan_crons(work)
        return was_there

    def apps(self) -> list[AppView]:
        """Every app with the functions it registered."""
        return view_apps(self._storage.connection)

    # Events and runs

    async def send(self, events: Sequence[Mapping[str, Json]], *, seed: str = "") -> list[str]:
        """Accept events; their ids in order. They are on disk when this returns.

        Raises `BadEvent` at the first one that is refused; those before it are accepted.
        """
        accepted: list[str] = []
        refusal: BadEvent | None = None
        with self._work() as work:
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
        if self._registry.get(function_id) is None:
            raise UnknownFunction(function_id)
        with self._work() as work:
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
        sql = self._storage.connection
        return view_runs(sql, status=status, function=function, event=event, limit=limit)

    def run(self, run_id: str) -> RunView:
        """A run with its steps. Raises `UnknownRun`."""
        return view_run(self._storage.connection, run_id)

    def cancel(self, run_id: str) -> bool:
        """Cancel a run; whether it was still going. Raises `UnknownRun`."""
        with self._work() as work:
            return cancel_run(work, load_run(work.sql, run_id))

    def stats(self) -> EngineStats:
        """How much there is and was."""
        sql = self._storage.connection
        done = sql.execute("SELECT count(*) FROM steps WHERE memo IS NOT NULL").fetchone()[0]
        return EngineStats(
            runs=count_by_status(sql),
            steps_completed=done,
            calls=self._call_count,
            queued=len(self._queue),
            in_flight=len(self._calls),
        )

    @property
    def reader(self) -> sqlite3.Connection:
        """The connection, for the query API of this room; nobody writes through it."""
        return self._storage.connection

    # Waiting and watching

    async def wait_idle(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Return when nothing is under way or queued, now or for later, but cron ticks.

        Raises `TimeoutError` after `timeout` seconds, and whatever stopped the loop if it died.
        """
        async with asyncio.timeout(timeout), self._idle:
            await self._idle.wait_for(self._is_idle)
        if self._loop is not None and self._loop.done() and not self._loop.cancelled():
            self._loop.result()

    def changes(self) -> AsyncIterator[Change]:
        """Moves of runs and steps from this call on, until the engine is closed."""
        listener: asyncio.Queue[Change | None] = asyncio.Queue()
        self._listeners.add(listener)
        return self._follow(listener)

    async def _follow(self, listener: asyncio.Queue[Change | None]) -> AsyncIterator[Change]:
        try:
            while (change := await listener.get()) is not None:
                yield change
        finally:
            self._listeners.discard(listener)

    # The loop

    async def _run(self) -> None:
        try:
            while True:
                self._wake.clear()
                if self._failure is not None:
                    raise self._failure
                for job in self._queue.take_timers(self.clock.now()):
                    with self._work() as work:
                        fire(work, job)
                self._dispatch()
                await self._tell_idle()
                if not self._wake.is_set():
                    await self.clock.wait(self._wake, self._queue.next_due())
                await asyncio.sleep(0)
        finally:
            await self._tell_idle()

    def _dispatch(self) -> None:
        taken: deque[Job] = deque()
        with self._storage.transaction() as sql:
            now = self.clock.now()
            work = Work(sql, now, self._registry, self._ulids)
            while len(self._calls) + len(taken) < self.options.max_parallel_calls:
                job = self._queue.take_call(lambda throttle: self._admit(work, throttle))
                if job is None:
                    break
                lease_job(sql, job.id, now)
                self._note_start(work, job)
                taken.append(job)
        self._publish(work)
        for job in taken:
            task = asyncio.create_task(self._attempt(job, now), name=f"call-{job.id}")
            self._calls.add(task)
            task.add_done_callback(self._call_ended)

    def _admit(self, work: Work, throttle: Throttle) -> Admission:
        admission = throttle_admission(throttle.pace, load_tat(work, throttle.bucket), work.now)
        if admission.allowed:
            save_tat(work, throttle.bucket, admission.tat)
        return admission

    def _note_start(self, work: Work, job: Job) -> None:
        run = load_run(work.sql, job.run_id or "")
        if job.step_id is not None:
            mark_step_started(work.sql, run.id, job.step_id, work.now)
        if run.status is not RunStatus.QUEUED:
            return
        status = moved(RUN_MOVES, run.status, RunMove.START)
        start_run(work.sql, run.id, status, work.now)
        work.tell(Change("run", run.id, run.slug, status, at=work.now))
        function = self._registry.get(run.function_id)
        if function and function.config.finish_timeout_ms is not None:
            due = work.now + function.config.finish_timeout_ms
            work.queue(Job(0, JobKind.FINISH_TIMEOUT, due, run_id=run.id))

    async def _attempt(self, job: Job, leased: int) -> None:
        try:
            answer = await self._ask(job)
            self._call_count += 1
            backoff = Backoff(self.options.retry_interval, random.random)
            with self._work() as work:
                apply_answer(work, job, answer, leased=leased, backoff=backoff)
        finally:
            self._queue.release(job)

    def _call_ended(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = error
        self._wake.set()

    async def _ask(self, job: Job) -> Answer:
        run = load_run(self._storage.connection, job.run_id or "")
        function = self._registry.get(run.function_id)
        if function is None:
            return no_answer(f"function {run.slug!r} is not registered any more")
        now = self.clock.now()
        request_id = self._ulids.next(now)
        url, headers, body = build_request(self._storage.connection, run, function, job, request_id)
        return await self._calling().call(url, headers, body, now=now)

    # One transaction

    @contextmanager
    def _work(self) -> Iterator[Work]:
        work = Work(self._storage.connection, self.clock.now(), self._registry, self._ulids)
        with self._storage.transaction():
            yield work
            drain_outbox(work)
        self._publish(work)

    def _publish(self, work: Work) -> None:
        for job in work.queued:
            self._queue.add(job)
        for job_id in work.dropped:
            self._queue.drop(job_id)
        for change in work.changes:
            for listener in self._listeners:
                listener.put_nowait(change)
        if work.queued or work.dropped:
            self._wake.set()

    def _is_idle(self) -> bool:
        is_dead = self._loop is not None and self._loop.done()
        return is_dead or (not self._calls and self._queue.count_work() == 0)

    async def _tell_idle(self) -> None:
        async with self._idle:
            self._idle.notify_all()

    def _calling(self) -> AppCaller:
        if self._caller is None or self._is_closed:
            raise EngineNotRunning("The engine is not running; enter it with `async with engine:`.")
        return self._caller

"""The loop that gets work done, and the one way in which anything is changed.

The loop sleeps until something is added or the next moment is due; it never looks twice for the
same thing. Every change goes through `Loop.work`, one transaction: rows first, then the calls that
may go now are leased by the same commit, and only after it they are sent and listeners told.
"""

import asyncio
import contextvars
import logging
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from mainstem.engine.app_client import AppClient
from mainstem.engine.attempts import record_attempt
from mainstem.engine.clock import Clock
from mainstem.engine.connect_workers import Workers
from mainstem.engine.errors import EngineNotRunning, StorageBusy, StorageFailed
from mainstem.engine.executor import build_request, call_app, worker_request
from mainstem.engine.feed import Listener
from mainstem.engine.gateway import Gateway
from mainstem.engine.gcra import Admission, throttle_admission
from mainstem.engine.ids import UlidSource
from mainstem.engine.intake import drain_outbox
from mainstem.engine.jobs import Job, JobKind, Throttle, lease_job, queued_jobs, reclaim_jobs
from mainstem.engine.lifecycle import RUN_MOVES, RunMove, RunStatus, StepStatus, moved
from mainstem.engine.options import EngineOptions
from mainstem.engine.progress import Backoff, apply_answer
from mainstem.engine.queue import ReadyQueue
from mainstem.engine.registry import Registry
from mainstem.engine.runs import Run, last_id, load_run, mark_step_started, start_run
from mainstem.engine.starting import load_tat, save_tat
from mainstem.engine.storage import Storage
from mainstem.engine.sweeping import EVERY as SWEEP_EVERY
from mainstem.engine.sweeping import Sweeper
from mainstem.engine.timers import fire, plan_crons
from mainstem.engine.wire import Answer, Broken, no_answer
from mainstem.engine.work import Change, Work

_LOG = logging.getLogger(__name__)
_PORTION: Final = 100
_BUSY_PAUSE_SECONDS: Final = 0.1


class Loop:
    """The engine's heart. `recover` once, then `start`; `stop` may be called at any moment."""

    def __init__(self, options: EngineOptions, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self.clock = clock
        self.registry = Registry()
        self.ulids = UlidSource(options.seed)
        self.queue = ReadyQueue()
        self.calls_answered = 0
        self.steps_completed = 0
        self.workers = Workers(options.connect)
        self._options = options
        client = AppClient(
            transports=options.transports, signing_keys=(), parallel=options.max_parallel_calls
        )
        self._gateway = Gateway(client)
        self._chance = random.Random(options.seed).random  # noqa: S311  spreads retries, no secret
        self._caller: AppClient | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Condition()
        self._calls: set[asyncio.Task[None]] = set()
        self._slots = options.max_parallel_calls
        self._waiting = 0
        self._is_busy = False
        self._task: asyncio.Task[None] | None = None
        self._listeners: set[Listener] = set()
        self._failure: BaseException | None = None
        self._is_over = False
        self._sweep_at = 0
        self._sweeper = Sweeper(options.retention)

    # Since `start`.
    _running: asyncio.AbstractEventLoop
    _context: contextvars.Context

    def recover(self) -> None:
        """Take up what the file holds: leases of the dead, jobs, and ticks that are to come."""
        self.registry.reload(self.storage.connection)
        # Ids rise across a restart too, or runs of the same moment would change places.
        if last := last_id(self.storage.connection, self.clock.now()):
            self.ulids.resume(last)
        with self.storage.transaction() as sql:
            reclaim_jobs(sql)
        for job in queued_jobs(self.storage.connection):
            self.queue.add(job)
        with self.work() as work:
            plan_crons(work, after_a_break=True)

    def start(self) -> None:
        """Begin to work, on the running event loop."""
        self._running = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._task = self._running.create_task(self._run(), name="mainstem-engine")

    async def stop(self) -> None:
        """Give up the calls under way and end. Raises what the loop died of, if it did."""
        await self.workers.close()
        tasks = [task for task in (self._task, *self._calls) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for listener in self._listeners:
            listener.put_nowait(None)
        if self._caller is not None:
            await self._caller.aclose()
        await self._gateway.aclose()
        self.storage.close()
        self._check()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """One transaction, and after its commit everything that follows from it.

        Raises `StorageFailed` when the file cannot be written, and ever after.
        """
        if isinstance(self._failure, StorageFailed):
            raise self._failure
        work = Work(self.storage.connection, self.clock.now(), self.registry, self.ulids)
        taken: list[tuple[Job, Run]] = []
        is_ahead = False
        try:
            with self.storage.transaction():
                yield work
                drain_outbox(work)
                # From here to the commit the queue in memory is ahead of the file, so that calls
                # are leased by the same commit; one that fails now ends the engine.
                is_ahead = True
                self._enqueue(work)
                self._lease(work, taken)
        except BaseException as error:
            if is_ahead or isinstance(error, StorageFailed):
                self._fail(error)
            raise
        self._is_busy = False
        self._tell(work)
        self._send(work, taken)

    async def on_disk(self, until: int | None = None) -> None:
        """Return when all commits so far, or the first `until`, are on disk.

        Raises `StorageFailed`.
        """
        try:
            await self.storage.on_disk(until)
        except StorageFailed as error:
            self._fail(error)
            raise

    async def wait_over(self) -> None:
        """Return when the loop has ended; raise what it died of, if it did."""
        await self._wait_for(lambda: self._is_over)

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return len(self._calls)

    @property
    def backoff(self) -> Backoff:
        """How retries are spread."""
        return Backoff(self._options.retry_interval, self._chance)

    def caller(self) -> AppClient:
        """The client for calls to apps. Raises `EngineNotRunning`."""
        if self._task is None or self._is_over:
            raise EngineNotRunning("The engine is not running; enter it with `async with engine:`.")
        return self.prober()

    def prober(self) -> AppClient:
        """The same client for looking whether an app is there.

        An app may register before the loop begins, and is looked for at its old address then.
        """
        if self._caller is None:
            self._caller = AppClient(
                transports=self._options.transports,
                signing_keys=self._options.signing_keys,
                parallel=self._options.max_parallel_calls,
            )
        return self._caller

    async def wait_idle(self) -> None:
        """Return when nothing is under way or queued but cron ticks; raise if the loop died."""
        await self._wait_for(self._is_idle)

    async def wait_settled(self) -> None:
        """Return when nothing is under way and nothing is due now; raise if the loop died."""
        await self._wait_for(self._is_settled)

    async def _wait_for(self, is_so: Callable[[], bool]) -> None:
        self._waiting += 1
        try:
            async with self._idle:
                await self._idle.wait_for(is_so)
        finally:
            self._waiting -= 1
        self._check()

    def changes(self) -> AsyncIterator[Change]:
        """Moves of runs and steps from this call on, until the end."""
        listener: asyncio.Queue[Change | None] = asyncio.Queue()
        self._listeners.add(listener)
        return self._follow(listener)

    def attach(self, listener: Listener) -> None:
        """Let a feed or its like have the same; a second call changes nothing."""
        self._listeners.add(listener)

    async def _follow(self, listener: asyncio.Queue[Change | None]) -> AsyncIterator[Change]:
        try:
            while (change := await listener.get()) is not None:
                yield change
        finally:
            self._listeners.discard(listener)

    async def _run(self) -> None:
        try:
            while self._failure is None:
                self._wake.clear()
                try:
                    self._turn(self.clock.now())
                except StorageBusy as error:
                    await self._wait_for_file(error)
                await self._tell_idle()
                if not self._wake.is_set():
                    await self.clock.wait(self._wake, self.queue.next_due())
                await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001  the edge: kept for whoever waits, and `stop`
            self._fail(error)
        finally:
            self._is_over = True
            await self._tell_idle()

    def _turn(self, now: int) -> None:
        """Do what is due. Raises `StorageBusy`; what was not done is due again."""
        timers = self.queue.take_timers(now, _PORTION)
        try:
            while timers:
                with self.work() as work:
                    # A timeout of the same moment comes before the request that it forbids.
                    work.holds_calls = len(timers) > 1 or self.queue.has_due(now)
                    fire(work, timers[0])
                del timers[0]
        except StorageBusy:
            for job in timers:
                self.queue.add(job)
            raise
        if self.queue.has_due(now):
            self._wake.set()  # the rest after everyone else had a turn
        else:
            self._sweep()
            self._dispatch()

    async def _wait_for_file(self, error: StorageBusy) -> None:
        """Let another program finish with the file. It is heard of once, however long it takes."""
        if not self._is_busy:
            _LOG.warning("%s", error)
        self._is_busy = True
        await asyncio.sleep(_BUSY_PAUSE_SECONDS)
        self._wake.set()

    def _sweep(self) -> None:
        """Once in a while, and only when awake anyway: what expired makes no work of its own."""
        if self.clock.now() >= self._sweep_at:
            with self.work() as work:
                is_done = self._sweeper.sweep(work)
            self._sweep_at = work.now + SWEEP_EVERY if is_done else work.now
            if not is_done:
                self._wake.set()

    def _dispatch(self) -> None:
        """Send the calls that may go now though no change of this moment brought them."""
        if self._slots > 0 and self.queue.has_open_calls():
            # What they follow from was committed before; that one is leased may be forgotten.
            causes = self.storage.committed
            with self.work() as work:
                work.causes = causes

    def _enqueue(self, work: Work) -> None:
        """Let the queue in memory be what the transaction makes of the file's."""
        if work.is_queue_stale:
            self.queue.refill(queued_jobs(self.storage.connection))
        else:
            for job in work.queued:
                self.queue.add(job, now=work.now)
            for job_id in work.dropped:
                self.queue.drop(job_id)

    def _lease(self, work: Work, taken: list[tuple[Job, Run]]) -> None:
        """Take every call that may go now, while there are slots."""
        if self._task is None or self._is_over or work.holds_calls:
            return
        queued = len(work.queued)
        while self._slots > len(taken):
            job = self.queue.take_call(lambda throttle: _admit(work, throttle))
            if job is None:
                break
            lease_job(work.sql, job.id, work.now)
            taken.append((job, _note_start(work, job)))
        for timeout in work.queued[queued:]:
            self.queue.add(timeout, now=work.now)

    def _send(self, work: Work, taken: list[tuple[Job, Run]]) -> None:
        causes = self.storage.committed if work.causes is None else work.causes
        for job, run in taken:
            self._slots -= 1
            attempt = self._attempt(job, run, work.now, causes)
            # Not in the context of who brought it: that may be a step of an app in this process.
            task = self._running.create_task(
                attempt, name=f"call-{job.id}", context=self._context.copy()
            )
            self._calls.add(task)
            task.add_done_callback(self._call_ended)
        is_later = work.is_queue_stale or any(
            not job.is_call or job.due > work.now for job in work.queued
        )
        if is_later or self._waiting or self.queue.has_open_calls():
            self._wake.set()

    async def _attempt(self, job: Job, run: Run, leased: int, causes: int) -> None:
        """One attempt of one request, from the disk to the disk.

        Its exits: the answer is stored (whatever it says, also that there was none); the engine is
        stopped in between, and the next engine on the file makes the request again; or the file
        cannot be written, which ends the engine (`_call_ended`) with everything as it was before.
        """
        try:
            # 1. What led to this request is on disk before anyone hears of it.
            await self.on_disk(causes)
            # 2. The app is asked. No answer is an answer: it becomes a failed attempt.
            answer = await self._ask(job, run)
        finally:
            # 3. Whoever waits for this slot may go, with the next commit.
            self._slots += 1
            self.queue.release(job)
        self.calls_answered += 1
        # 4. The answer is applied, all of it or nothing.
        try:
            await self._apply(job, answer, leased)
        except Exception as error:
            if self._failure is not None or isinstance(error, sqlite3.Error):
                raise
            # An answer that breaks our own code must cost its run an attempt, not the engine.
            _LOG.exception("cannot apply the answer to job %s of run %s", job.id, job.run_id)
            await self._apply(job, _indigestible(error), leased)

    async def _apply(self, job: Job, answer: Answer, leased: int) -> None:
        while True:
            try:
                with self.work() as work:
                    record_attempt(work.sql, job, answer, started=leased, ended=work.now)
                    apply_answer(work, job, answer, leased=leased, backoff=self.backoff)
            except StorageBusy as error:
                await self._wait_for_file(error)
            else:
                return

    def _call_ended(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)
        if self._waiting:
            self._wake.set()

    def _fail(self, error: BaseException) -> None:
        """End the loop; what it died of first is what is told."""
        self._failure = self._failure or error
        self._wake.set()

    async def _ask(self, job: Job, run: Run) -> Answer:
        if job.kind is JobKind.GATEWAY:
            return await self._gateway.ask(job, run, now=self.clock.now())
        function = self.registry.called(run.function_id)
        if function is None:
            return no_answer(f"function {run.slug!r} is not registered any more")
        now = self.clock.now()
        call = build_request(self.storage.connection, run, function, job, self.ulids.next(now))
        if function.config.is_connected:
            return await self.workers.call(worker_request(run, function, call))
        return await call_app(self.caller(), call, now=now)

    def _tell(self, work: Work) -> None:
        for change in work.changes:
            self.steps_completed += change.status == StepStatus.COMPLETED
            for listener in self._listeners:
                listener.put_nowait(change)

    def _is_idle(self) -> bool:
        return self._is_over or (not self._calls and self.queue.count_work() == 0)

    def _is_settled(self) -> bool:
        if self._is_over:
            return True
        if self._calls or self._wake.is_set() or self.queue.has_open_calls():
            return False
        due = self.queue.next_due()
        return due is None or due > self.clock.now()

    async def _tell_idle(self) -> None:
        async with self._idle:
            self._idle.notify_all()

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure


def _indigestible(error: Exception) -> Broken:
    message = f"The engine could not apply the app's answer: {type(error).__name__}: {error}"
    return Broken({"error": message, "name": "InvalidResponse", "message": message})


def _admit(work: Work, throttle: Throttle) -> Admission:
    admission = throttle_admission(throttle.pace, load_tat(work, throttle.bucket), work.now)
    if admission.allowed:
        save_tat(work, throttle.bucket, admission.tat)
    return admission


def _note_start(work: Work, job: Job) -> Run:
    """The run that a call is for; the first call of a run starts it."""
    run = load_run(work.sql, job.run_id or "")
    if job.step_id is not None:
        mark_step_started(work.sql, run.id, job.step_id, work.now)
    if run.status is not RunStatus.QUEUED:
        return run
    status = moved(RUN_MOVES, run.status, RunMove.START)
    start_run(work.sql, run.id, status, work.now)
    work.tell(Change("run", run.id, run.slug, status, at=work.now))
    function = work.registry.called(run.function_id)
    if function and function.config.finish_timeout_ms is not None:
        due = work.now + function.config.finish_timeout_ms
        work.queue(Job(0, JobKind.FINISH_TIMEOUT, due, run_id=run.id))
    return run

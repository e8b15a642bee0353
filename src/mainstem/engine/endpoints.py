"""The runs of durable endpoints: begun by the app, and continued by the engine where it must.

While the request of whoever asked is under way the app runs step after step and reports each; a job
stands for that request, due when it has been silent for too long. What the app cannot do in it (a
sleep, a retry, steps side by side) ends the job, and from there on the run goes as any other, with
the endpoint called again by `endpoint_requests`. Inngest SDK protocol, "Checkpointing", the sync
variant.
"""

import asyncio
import hmac
import secrets
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mainstem.engine import ids, limits
from mainstem.engine.apps import save_endpoint
from mainstem.engine.attempts import record_attempt
from mainstem.engine.checkpoints import CheckpointRefused, keep_steps
from mainstem.engine.ending import complete_run
from mainstem.engine.endpoint_reports import NewRun
from mainstem.engine.endpoint_requests import EndpointRequest
from mainstem.engine.events import HTTP_REQUEST, insert_event, internal_event
from mainstem.engine.jobs import Job, JobKind, find_queued
from mainstem.engine.lifecycle import FINAL_RUNS, RUN_MOVES, RunMove, RunStatus, moved
from mainstem.engine.loop import Loop
from mainstem.engine.ops import Op
from mainstem.engine.progress import apply_answer
from mainstem.engine.runs import Run, find_run, insert_run, load_run, start_run, tie_events
from mainstem.engine.wire import Reported, Retry
from mainstem.engine.work import Change, Work

# What a job has as its chain that stands for the request under way; others have a number.
_REQUEST: Final = "request"
# These leave the request under way.
_GOES_ON: Final = frozenset({"StepRun", "DeferAdd", "DeferAbort"})


@dataclass(frozen=True, slots=True)
class Begun:
    """What the app is told of a run that it has begun; the token is for reading its output."""

    run_id: str
    function_id: str
    app_id: str
    token: str


class Endpoints:
    """Begins and continues such runs for the engine of a loop, and tells who waits of their end."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._ends = _Ends()
        loop.attach(self._ends)

    def begin(self, new: NewRun) -> Begun:
        """Store a run and what it has done. Raises `CheckpointRefused`."""
        try:
            with self._loop.work() as work:
                _expect_new(work, new.run_id)
                _make_known(work, new.request)
                run, token = _insert(work, new)
                self._take(work, run, new.steps)
        except BaseException:
            # What is not stored must not be known either.
            self._loop.registry.reload(self._loop.storage.connection)
            raise
        return Begun(run.id, run.function_id, run.app_id, token)

    def save(self, run_id: str, function_id: str, steps: Sequence[Op]) -> None:
        """Take what a run has done since. Raises `CheckpointRefused`."""
        with self._loop.work() as work:
            run = find_run(work.sql, run_id)
            if run is None or run.token is None or function_id != run.function_id:
                raise CheckpointRefused(400, f"Run {run_id[:80]!r} is none of this endpoint.")
            if run.status is RunStatus.COMPLETED and all(op.op == "RunComplete" for op in steps):
                return  # told again, as our answer was lost
            if run.status in FINAL_RUNS:
                raise CheckpointRefused(400, f"Run {run.id!r} has ended ({run.status}).")
            self._take(work, run, steps)

    async def over(self, run_id: str) -> bool:
        """Return when a run has ended; False when the engine ends before it."""
        return await self._ends.wait(run_id, self._loop.storage.connection)

    def close(self) -> None:
        """Let all go who wait for a run to end; a second call does nothing."""
        self._ends.put_nowait(None)

    def _take(self, work: Work, run: Run, ops: Sequence[Op]) -> None:
        request = find_queued(work.sql, run.id, JobKind.DISCOVER, _REQUEST)
        if request is None:
            _take_late(work, run, ops)
        elif all(op.op in _GOES_ON for op in ops):
            keep_steps(work, run, ops)
            work.drop_job(request.id)
            _expect_more(work, run)
        else:
            answer = Reported(tuple(ops), Retry(), run.version)
            began = run.started or work.now
            record_attempt(work.sql, request, answer, started=began, ended=work.now)
            apply_answer(work, request, answer, leased=began, backoff=self._loop.backoff)


def may_read(run: Run, token: str) -> bool:
    """Whether this is the token of an endpoint's run."""
    return run.token is not None and hmac.compare_digest(run.token.encode(), token.encode())


class _Ends:
    """Who waits for which run to end. Takes changes as a queue does."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[asyncio.Future[bool]]] = defaultdict(set)
        self._is_closed = False

    def put_nowait(self, change: Change | None) -> None:
        if change is None:
            self._is_closed = True
            for run_id in tuple(self._waiting):
                self._tell(run_id, is_over=False)
        elif change.kind == "run" and change.status in FINAL_RUNS:
            self._tell(change.run_id, is_over=True)

    async def wait(self, run_id: str, sql: sqlite3.Connection) -> bool:
        if load_run(sql, run_id).status in FINAL_RUNS:
            return True
        if self._is_closed:
            return False
        told = asyncio.get_running_loop().create_future()
        self._waiting[run_id].add(told)
        try:
            return bool(await told)
        finally:
            if waiting := self._waiting.get(run_id):
                waiting.discard(told)
                if not waiting:
                    del self._waiting[run_id]

    def _tell(self, run_id: str, *, is_over: bool) -> None:
        for told in self._waiting.pop(run_id, ()):
            if not told.done():
                told.set_result(is_over)


def _expect_new(work: Work, run_id: str) -> None:
    if find_run(work.sql, run_id) is not None:
        raise CheckpointRefused(409, f"Run {run_id!r} exists already.")


def _make_known(work: Work, request: EndpointRequest) -> None:
    """Register an endpoint with its first request."""
    if work.registry.get(ids.function_id(request.slug)) is not None:
        return
    runtime = {"type": "http", "url": f"{request.origin}{request.path}"}
    config = {
        "id": request.slug,
        "name": request.name,
        "triggers": [],
        "steps": {"step": {"id": "step", "name": "step", "runtime": runtime}},
    }
    save_endpoint(work.sql, request.app, request.origin, config, work.now)
    work.registry.reload(work.sql)


def _insert(work: Work, new: NewRun) -> tuple[Run, str]:
    event = internal_event(HTTP_REQUEST, new.data, internal_id=work.new_id(), ts=work.now)
    insert_event(work.sql, event, work.now)
    run = Run(
        id=new.run_id,
        function_id=ids.function_id(new.request.slug),
        slug=new.request.slug,
        app_id=ids.app_id(new.request.app),
        status=RunStatus.QUEUED,
        created=work.now,
        position=work.now,
        started=None,
        events=(event.text,),
        groups="[]",
        version=new.version,
        max_attempts=new.max_attempts,
        state_bytes=0,
    )
    insert_run(work.sql, run)
    tie_events(work.sql, run.id, [event.internal_id])
    token = secrets.token_urlsafe(24)
    work.sql.execute(
        "UPDATE runs SET token = ?, version = ? WHERE id = ?", (token, new.version, run.id)
    )
    status = moved(RUN_MOVES, run.status, RunMove.START)
    start_run(work.sql, run.id, status, work.now)
    work.tell(Change("run", run.id, run.slug, status, at=work.now))
    _expect_more(work, run)
    return load_run(work.sql, run.id), token


def _expect_more(work: Work, run: Run) -> None:
    """Let a job stand for the request under way; when it is due the endpoint is called again.

    So a run whose app died in the middle, or said nothing of an error that ended it, ends as well.
    """
    work.queue(
        Job(
            id=0,
            kind=JobKind.DISCOVER,
            due=work.now + limits.ENDPOINT_SILENCE,
            position=run.position,
            run_id=run.id,
            detail=_REQUEST,
        )
    )


def _take_late(work: Work, run: Run, ops: Sequence[Op]) -> None:
    """What a request tells that was given up: what is done is done, the rest is found again."""
    keep_steps(work, run, ops)
    for op in ops:
        if op.op == "RunComplete":
            complete_run(work, run, op.data)

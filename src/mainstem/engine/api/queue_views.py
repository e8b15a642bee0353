"""What waits, for what and until when: a queued job and the reason why it is not done yet."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal

from mainstem.engine.api.shapes import Moment
from mainstem.engine.configuration import FunctionConfig
from mainstem.engine.gcra import throttle_admission
from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.pausing import paused_since
from mainstem.engine.registry import Function, Registry

Json = Any
Reason = Literal[
    "under-way",
    "ready",
    "due-later",
    "retry",
    "concurrency",
    "throttle",
    "sleep",
    "event",
    "invoke",
    "timeout",
    "debounce",
    "batch",
    "cron",
    "paused",
]
_TIMERS: Final[dict[JobKind, tuple[Reason, str]]] = {
    JobKind.SLEEP: ("sleep", "The run sleeps."),
    JobKind.INVOKE_TIMEOUT: ("invoke", "The run waits for the function that it invoked."),
    JobKind.START_TIMEOUT: ("timeout", "The run is cancelled then, if it has not started."),
    JobKind.FINISH_TIMEOUT: ("timeout", "The run is cancelled then, if it has not ended."),
}

PAUSE_OF_STEP: Final = (
    "SELECT event_name, condition, expires FROM pauses WHERE run_id = ? AND step_id = ?"
)
DEBOUNCED: Final = "SELECT first FROM debounces WHERE function_id = ? AND key = ?"
BATCHED: Final = "SELECT size FROM batches WHERE function_id = ? AND key = ?"
SLUG_OF_RUN: Final = "SELECT slug FROM runs WHERE id = ?"
NAME_OF_STEP: Final = "SELECT name FROM steps WHERE run_id = ? AND id = ?"
TAT: Final = "SELECT tat FROM buckets WHERE key = ?"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a job is not done yet, until when, and the figures of that reason."""

    reason: Reason
    message: Annotated[str, "The reason for people."]
    until: Annotated[Moment | None, "When it goes on by itself; null when another must end first."]
    group: Annotated[str | None, "The concurrency group that is full, or the throttle's bucket."]
    limit: Annotated[int | None, "How many the group, the engine or the batch takes."] = None
    in_use: Annotated[int | None, "How many of these are taken."] = None
    event: Annotated[str | None, "The name of the event that is waited for."] = None
    condition: Annotated[str | None, "What that event must fulfil."] = None
    since: Annotated[Moment | None, "When it began to wait, where that is known."] = None
    key: Annotated[str | None, "The key of the debounce or batch."] = None
    schedule: Annotated[str | None, "The cron schedule."] = None


@dataclass(frozen=True, slots=True)
class JobShown:
    """Something that is to be done."""

    id: int
    kind: JobKind
    run_id: str | None
    function: Annotated[str | None, "The full id of the function that it is for."]
    step_id: str | None
    step: Annotated[str | None, "The step's name."]
    attempt: int
    at: Annotated[Moment, "When it is due."]
    position: Annotated[int, "Its place among those that are due: the lowest goes first."]
    waits: Waiting


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a job's reason depends on, besides its own row."""

    sql: sqlite3.Connection
    now: int
    registry: Registry
    in_use: Callable[[str], int]
    calls: int
    max_calls: int


def show_job(job: Job, leased: int | None, around: Surroundings) -> JobShown:
    """A job, and why it waits."""
    function_id, key = _owner(job)
    function = around.registry.get(function_id) if function_id else None
    slug = _one(around.sql, SLUG_OF_RUN, job.run_id) if job.run_id else None
    if slug is None and function is not None:
        slug = function.config.slug
    waits = _why(job, leased, around)
    if job.kind is JobKind.DEBOUNCE:
        waits = _debounce(job, around, function_id, key)
    elif job.kind is JobKind.BATCH:
        waits = _batch(job, around, function_id, key, function.config if function else None)
    elif job.kind is JobKind.CRON:
        waits = _cron(job, around, function, key)
    return JobShown(
        id=job.id,
        kind=job.kind,
        run_id=job.run_id,
        function=slug,
        step_id=job.step_id,
        step=_one(around.sql, NAME_OF_STEP, job.run_id, job.step_id) if job.step_id else None,
        attempt=job.attempt,
        at=job.due,
        position=job.position,
        waits=waits,
    )


def _owner(job: Job) -> tuple[str | None, str]:
    """The function of a job without a run, and the key or schedule it is for."""
    if job.run_id is not None or not job.detail:
        return None, ""
    function_id, key, *_ = json.loads(job.detail)
    return str(function_id), str(key)


def _why(job: Job, leased: int | None, around: Surroundings) -> Waiting:
    if leased is not None:
        return Waiting("under-way", "The app has been asked.", None, None, since=leased)
    if job.kind in _TIMERS:
        reason, message = _TIMERS[job.kind]
        return Waiting(reason, message, job.due, None)
    if job.kind is JobKind.WAIT_TIMEOUT:
        return _event(job, around)
    if job.due > around.now:
        reason = "retry" if job.attempt else "due-later"
        message = "The last attempt failed." if job.attempt else "It is planned for later."
        return Waiting(reason, message, job.due, None)
    return _held_back(job, around)


def _held_back(job: Job, around: Surroundings) -> Waiting:
    """Why a call that is due has not been sent."""
    for group in job.groups:
        used = around.in_use(group.name)
        if used >= group.limit:
            message = "As many requests as the concurrency limit allows are under way."
            return Waiting("concurrency", message, None, group.name, group.limit, used)
    if job.throttle is not None:
        tat = _one(around.sql, TAT, job.throttle.bucket)
        admission = throttle_admission(job.throttle.pace, tat, around.now)
        if not admission.allowed:
            message = "The throttle lets the next run start then."
            pace = job.throttle.pace
            until, bucket = admission.allowed_at, job.throttle.bucket
            return Waiting("throttle", message, until, bucket, limit=pace.limit)
    message = "It goes as soon as a request to an app ends, or at once when there is room."
    return Waiting("ready", message, None, None, limit=around.max_calls, in_use=around.calls)


def _event(job: Job, around: Surroundings) -> Waiting:
    row = around.sql.execute(PAUSE_OF_STEP, (job.run_id, job.step_id)).fetchone()
    plain = Waiting("event", "The run waits for an event.", job.due, None)
    if row is None:
        return plain
    return replace(plain, event=row["event_name"], condition=row["condition"])


def _debounce(job: Job, around: Surroundings, function_id: str | None, key: str) -> Waiting:
    since = _one(around.sql, DEBOUNCED, function_id, key)
    message = "The run starts then, unless another event comes first."
    return Waiting("debounce", message, job.due, None, since=since, key=key)


def _batch(
    job: Job, around: Surroundings, function_id: str | None, key: str, config: FunctionConfig | None
) -> Waiting:
    stored = _one(around.sql, BATCHED, function_id, key)
    message = "The run starts then, or as soon as the batch is full."
    return Waiting(
        "batch",
        message,
        job.due,
        None,
        limit=config.batch.max_size if config and config.batch else None,
        in_use=stored,
        key=key,
    )


def _cron(job: Job, around: Surroundings, function: Function | None, schedule: str) -> Waiting:
    since = paused_since(around.sql, function.id) if function else None
    if since is not None:
        message = "The function is paused: the tick starts nothing."
        return Waiting("paused", message, job.due, None, since=since, schedule=schedule)
    return Waiting("cron", "The next tick of its schedule.", job.due, None, schedule=schedule)


def _one(sql: sqlite3.Connection, statement: str, *values: Json) -> Json:
    row = sql.execute(statement, values).fetchone()
    return None if row is None else row[0]

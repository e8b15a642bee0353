"""From a matched event to a run: the stations of flow control, in the protocol's order.

batch → rate limit → debounce → paused → singleton → run. Each station either lets the event pass
or keeps it. Inngest SDK protocol, "Flow control".
"""

import json
from collections.abc import Sequence

from mainstem.engine import limits
from mainstem.engine.cancellations import cancel_if_ordered
from mainstem.engine.configuration import Batch, ConcurrencyLimit, Debounce, Pace, Singleton
from mainstem.engine.ending import cancel_run
from mainstem.engine.events import Event
from mainstem.engine.expressions import can_match, is_match, key_of, number_of
from mainstem.engine.gcra import rate_admission
from mainstem.engine.jobs import Group, Job, JobKind, Throttle, encode_groups
from mainstem.engine.lifecycle import RUN_MOVES, RunMove, RunStatus, moved
from mainstem.engine.pauses import Pause, PauseKind, insert_pause
from mainstem.engine.pausing import paused_since
from mainstem.engine.registry import Function
from mainstem.engine.runs import Run, close_run, insert_run, load_run, tie_events
from mainstem.engine.work import Change, Work

_EXEMPT = "false"  # a rate limit's or singleton's key that gives false takes the event out


class RateLimited(Exception):  # noqa: N818  an outcome, caught by who may have to tell of it
    """The event was dropped by the function's rate limit."""


def begin(work: Work, function: Function, event: Event, *, key: str | None = None) -> str | None:
    """Let an event start a function, now or later; the run's id if it started one at once.

    `key` replaces the event's id as what a start is deduplicated by. Raises `RateLimited`.
    """
    start_key = key or event.id
    batch = function.config.batch
    if batch and is_match(batch.condition, event.body, now=work.now):
        _append(work, function, batch, event)
        return None
    if not _claim_start(work, function, start_key):
        return None
    if not batch and not _passes_rate_limit(work, function, event):
        raise RateLimited
    if function.config.debounce:
        _debounce(work, function, function.config.debounce, event)
        return None
    return _start(work, function, [event])


def _start(work: Work, function: Function, events: Sequence[Event]) -> str | None:
    if paused_since(work.sql, function.id) is not None:
        # Before the singleton: what starts nothing must not cancel the run that holds the key.
        return None
    run_id = create_run(work, function, events)
    cancel_if_ordered(work, run_id)
    return run_id


def create_run(
    work: Work, function: Function, events: Sequence[Event], *, stack_current: int = 0
) -> str:
    """Store a run of these events and queue its first call.

    `stack_current` is how many memos that call will carry: those of a run that this one replays.
    """
    config, first = function.config, events[0]
    run_id = work.new_id()
    priority = number_of(config.priority, first.body, now=work.now) if config.priority else 0
    bound = limits.MAX_PRIORITY_SECONDS
    position = work.now - max(-bound, min(bound, priority)) * limits.SECOND
    groups = tuple(_group(work, function, limit, first) for limit in config.concurrency)
    run = Run(
        id=run_id,
        function_id=function.id,
        slug=config.slug,
        app_id=function.app_id,
        status=RunStatus.QUEUED,
        created=work.now,
        position=position,
        started=None,
        events=tuple(event.text for event in events),
        groups=encode_groups(groups),
        version=-1,
        max_attempts=config.max_attempts,
        state_bytes=0,
    )
    insert_run(work.sql, run)
    tie_events(work.sql, run_id, [event.internal_id for event in events])
    if config.singleton and not _take_lock(work, function, config.singleton, run, first):
        status = moved(RUN_MOVES, RunStatus.QUEUED, RunMove.SKIP)
        close_run(work.sql, run_id, status, work.now, None)
        work.tell(Change("run", run_id, run.slug, status, at=work.now))
        return run_id
    _listen_for_cancels(work, function, run_id, first)
    due = work.now if config.batch else max(work.now, first.ts)
    work.queue(
        Job(
            id=0,
            kind=JobKind.START,
            due=due,
            position=position,
            run_id=run_id,
            stack_current=stack_current,
            groups=groups,
            throttle=_throttle(work, function, first),
        )
    )
    if config.start_timeout_ms is not None:
        timeout = work.now + config.start_timeout_ms
        work.queue(Job(id=0, kind=JobKind.START_TIMEOUT, due=timeout, run_id=run_id))
    work.tell(Change("run", run_id, run.slug, RunStatus.QUEUED, at=work.now))
    return run_id


def debounced(work: Work, function_id: str, key: str) -> None:
    """A debounce's deadline has come: start the run with its last event."""
    row = work.sql.execute(
        "DELETE FROM debounces WHERE function_id = ? AND key = ? RETURNING event",
        (function_id, key),
    ).fetchone()
    function = work.registry.get(function_id)
    if row and function:
        _start(work, function, [_event(row["event"])])


def batched(work: Work, function_id: str, key: str) -> None:
    """A batch is full or its time is up: start the run with its events."""
    row = work.sql.execute(
        "DELETE FROM batches WHERE function_id = ? AND key = ? RETURNING events, job_id",
        (function_id, key),
    ).fetchone()
    function = work.registry.get(function_id)
    if row and function:
        work.drop_job(row["job_id"])
        _start(work, function, [_event(text) for text in json.loads(row["events"])])


def _claim_start(work: Work, function: Function, key: str) -> bool:
    work.sql.execute("DELETE FROM start_keys WHERE expires <= ?", (work.now,))
    cursor = work.sql.execute(
        "INSERT OR IGNORE INTO start_keys VALUES (?, ?, ?)",
        (function.id, key, work.now + limits.DEDUPLICATION_WINDOW),
    )
    return cursor.rowcount > 0


def _passes_rate_limit(work: Work, function: Function, event: Event) -> bool:
    pace = function.config.rate_limit
    if pace is None:
        return True
    value = _key(work, pace.key, event)
    if pace.key and value == _EXEMPT:
        return True
    bucket = f"rate:{function.id}:{value}"
    admission = rate_admission(pace, load_tat(work, bucket), work.now)
    if admission.allowed:
        save_tat(work, bucket, admission.tat)
    return admission.allowed


def load_tat(work: Work, bucket: str) -> float | None:
    """What a bucket remembers."""
    row = work.sql.execute("SELECT tat FROM buckets WHERE key = ?", (bucket,)).fetchone()
    return None if row is None else float(row["tat"])


def save_tat(work: Work, bucket: str, tat: float) -> None:
    """Let a bucket remember."""
    work.sql.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?)", (bucket, tat))


def _debounce(work: Work, function: Function, debounce: Debounce, event: Event) -> None:
    key = _key(work, debounce.key, event)
    row = work.sql.execute(
        "SELECT * FROM debounces WHERE function_id = ? AND key = ?", (function.id, key)
    ).fetchone()
    if row and event.ts < row["ts"]:
        return
    first = row["first"] if row else work.now
    due = work.now + debounce.period_ms
    if debounce.timeout_ms is not None:
        due = min(due, first + debounce.timeout_ms)
    if row:
        work.drop_job(row["job_id"])
    detail = json.dumps([function.id, key])
    job_id = work.queue(Job(id=0, kind=JobKind.DEBOUNCE, due=due, detail=detail))
    work.sql.execute(
        "INSERT OR REPLACE INTO debounces VALUES (?,?,?,?,?,?)",
        (function.id, key, _stored(event), event.ts, first, job_id),
    )


def _append(work: Work, function: Function, batch: Batch, event: Event) -> None:
    if not _claim_start(work, function, f"batch:{event.id}"):
        return
    key = _key(work, batch.key, event)
    row = work.sql.execute(
        "SELECT * FROM batches WHERE function_id = ? AND key = ?", (function.id, key)
    ).fetchone()
    if row:
        events, job_id = [*json.loads(row["events"]), _stored(event)], row["job_id"]
    else:
        detail = json.dumps([function.id, key])
        due = work.now + batch.timeout_ms
        job_id = work.queue(Job(id=0, kind=JobKind.BATCH, due=due, detail=detail))
        events = [_stored(event)]
    work.sql.execute(
        "INSERT OR REPLACE INTO batches VALUES (?,?,?,?)",
        (function.id, key, json.dumps(events), job_id),
    )
    if len(events) >= batch.max_size or sum(map(len, events)) > limits.MAX_BATCH_BYTES:
        batched(work, function.id, key)


def _take_lock(
    work: Work, function: Function, singleton: Singleton, run: Run, event: Event
) -> bool:
    key = _key(work, singleton.key, event)
    if singleton.key and key == _EXEMPT:
        return True
    holder = work.sql.execute(
        "SELECT run_id FROM singletons WHERE function_id = ? AND key = ?", (function.id, key)
    ).fetchone()
    if holder and singleton.mode == "skip":
        return False
    if holder:
        cancel_run(work, load_run(work.sql, holder["run_id"]))
    work.sql.execute("INSERT INTO singletons VALUES (?,?,?)", (function.id, key, run.id))
    return True


def _listen_for_cancels(work: Work, function: Function, run_id: str, event: Event) -> None:
    for cancel in function.config.cancel:
        if not can_match(cancel.condition, event.body):
            continue
        pause = Pause(
            kind=PauseKind.CANCEL,
            run_id=run_id,
            event_name=cancel.event,
            expires=work.now + cancel.timeout_ms,
            condition=cancel.condition,
            armed_by=event.internal_id,
        )
        insert_pause(work.sql, pause)


def _throttle(work: Work, function: Function, event: Event) -> Throttle | None:
    pace = function.config.throttle
    if pace is None:
        return None
    plain = Pace(pace.limit, pace.period_ms, pace.burst)
    return Throttle(f"throttle:{function.id}:{_key(work, pace.key, event)}", plain)


def _group(work: Work, function: Function, limit: ConcurrencyLimit, event: Event) -> Group:
    value = _key(work, limit.key, event)
    if limit.scope == "fn":
        # Two limits of one function with different keys must not share a group.
        return Group(f"fn:{function.id}:{limit.key}:{value}", limit.limit)
    return Group(f"{limit.scope}:{limit.key}:{value}", limit.limit)


def _key(work: Work, expression: str | None, event: Event) -> str:
    return "" if expression is None else key_of(expression, event.body, now=work.now)


def _stored(event: Event) -> str:
    return json.dumps([event.internal_id, event.body])


def _event(text: str) -> Event:
    internal_id, body = json.loads(text)
    return Event(internal_id, body)

"""From a matched event to a run: the stations of flow control, in the protocol's order.

batch → rate limit → debounce → paused → singleton → run. Each station either lets the event pass
or keeps it. A function starts once for an id: what counts is the run, so the id of an event that a
station dropped or replaced may come again. Inngest SDK protocol, "Flow control" and "Event API".
"""

from collections.abc import Sequence

from mainstem.engine import limits
from mainstem.engine.cancellations import cancel_if_ordered
from mainstem.engine.configuration import Batch, Debounce, Singleton
from mainstem.engine.ending import cancel_run
from mainstem.engine.events import Event
from mainstem.engine.expressions import can_match, is_match, number_of
from mainstem.engine.gathering import (
    Place,
    append,
    find_batch,
    find_held,
    hold,
    take_batch,
    take_held,
)
from mainstem.engine.gcra import rate_admission
from mainstem.engine.grouping import groups_of, is_exempt, key_text, throttle_of
from mainstem.engine.jobs import Job, JobKind, encode_groups
from mainstem.engine.lifecycle import RUN_MOVES, RunMove, RunStatus, moved
from mainstem.engine.pauses import Pause, PauseKind, insert_pause
from mainstem.engine.pausing import paused_since
from mainstem.engine.registry import Function
from mainstem.engine.runs import Run, close_run, insert_run, load_run, tie_events
from mainstem.engine.work import Change, Work


class RateLimited(Exception):  # noqa: N818  an outcome, caught by who may have to tell of it
    """The event was dropped by the function's rate limit."""


def begin(work: Work, function: Function, event: Event, *, key: str | None = None) -> str | None:
    """Let an event start a function, now or later; the run's id if it started one at once.

    `key` replaces the event's id as what a start is deduplicated by. Raises `RateLimited`.
    """
    start_key = key or event.id
    config = function.config
    if config.batch and is_match(config.batch.condition, event.body, now=work.now):
        _gather(work, function, config.batch, event, start_key)
        return None
    if (config.rate_limit or config.debounce) and _has_started(work, function, start_key):
        return None
    if not _passes_rate_limit(work, function, event):
        raise RateLimited
    if config.debounce:
        _debounce(work, function, config.debounce, event, start_key)
        return None
    return _start(work, function, [event], start_key)


def debounced(work: Work, function_id: str, key: str) -> None:
    """A debounce's deadline has come: start the run with its last event."""
    held = take_held(work, Place(function_id, key))
    function = work.registry.get(function_id)
    if held and function:
        event, start_key = held
        _start(work, function, [event], start_key)


def batched(work: Work, function_id: str, key: str) -> None:
    """A batch is full or its time is up: start the run with its events."""
    events = take_batch(work, Place(function_id, key))
    function = work.registry.get(function_id)
    if events and function:
        _start(work, function, events, None)


def _start(
    work: Work, function: Function, events: Sequence[Event], start_key: str | None
) -> str | None:
    """Start a run unless something forbids it; `start_key` None is a batch, which is all new."""
    if paused_since(work.sql, function.id) is not None:
        # Before the singleton: what starts nothing must not cancel the run that holds the key.
        return None
    window = limits.DEDUPLICATION_WINDOW
    if start_key is not None and not _claim(work, function, start_key, window):
        return None
    run_id = create_run(work, function, events, is_batch=start_key is None)
    cancel_if_ordered(work, run_id)
    return run_id


def create_run(
    work: Work,
    function: Function,
    events: Sequence[Event],
    *,
    stack_current: int = 0,
    is_batch: bool = False,
) -> str:
    """Store a run of these events and queue its first call.

    `stack_current` is how many memos that call will carry: those of a run that this one replays. A
    batch starts when it is full, whatever time its events bear.
    """
    config, first = function.config, events[0]
    run_id = work.new_id()
    priority = number_of(config.priority, first.body, now=work.now) if config.priority else 0
    bound = limits.MAX_PRIORITY_SECONDS
    position = work.now - max(-bound, min(bound, priority)) * limits.SECOND
    groups = groups_of(function, first.body, work.now)
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
    due = work.now if is_batch else max(work.now, first.ts)
    work.queue(
        Job(
            id=0,
            kind=JobKind.START,
            due=due,
            position=position,
            run_id=run_id,
            stack_current=stack_current,
            groups=groups,
            throttle=throttle_of(function, first.body, work.now),
        )
    )
    if config.start_timeout_ms is not None:
        timeout = work.now + config.start_timeout_ms
        work.queue(Job(id=0, kind=JobKind.START_TIMEOUT, due=timeout, run_id=run_id))
    work.tell(Change("run", run_id, run.slug, RunStatus.QUEUED, at=work.now))
    return run_id


def _claim(work: Work, function: Function, key: str, window: int) -> bool:
    """Take a key for `window` milliseconds; False if it is taken. One that expired is free."""
    cursor = work.sql.execute(
        "INSERT INTO start_keys VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
        " SET expires = excluded.expires WHERE expires <= ?",
        (function.id, key, work.now + window, work.now),
    )
    return cursor.rowcount > 0


def _has_started(work: Work, function: Function, key: str) -> bool:
    row = work.sql.execute(
        "SELECT 1 FROM start_keys WHERE function_id = ? AND key = ? AND expires > ?",
        (function.id, key, work.now),
    ).fetchone()
    return row is not None


def _passes_rate_limit(work: Work, function: Function, event: Event) -> bool:
    pace = function.config.rate_limit
    if pace is None:
        return True
    value = key_text(pace.key, event.body, work.now)
    if is_exempt(pace.key, value, event.body, work.now):
        return True
    bucket = f"rate:{function.id}:{value}"
    admission = rate_admission(pace, load_tat(work, bucket), work.now)
    if admission.allowed:
        save_tat(work, bucket, admission.tat)
    return admission.allowed


def load_tat(work: Work, bucket: str) -> int | None:
    """What a bucket remembers, in nanoseconds."""
    row = work.sql.execute("SELECT tat FROM buckets WHERE key = ?", (bucket,)).fetchone()
    return None if row is None else int(row["tat"])


def save_tat(work: Work, bucket: str, tat: int) -> None:
    """Let a bucket remember."""
    work.sql.execute("INSERT OR REPLACE INTO buckets VALUES (?, ?)", (bucket, tat))


def _debounce(
    work: Work, function: Function, debounce: Debounce, event: Event, start_key: str
) -> None:
    place = Place(function.id, key_text(debounce.key, event.body, work.now))
    held = find_held(work.sql, place)
    if held and held.due <= work.now:
        debounced(work, place.function_id, place.key)
        held = None
    hold(work, place, debounce, event, start_key, held)


def _gather(work: Work, function: Function, batch: Batch, event: Event, start_key: str) -> None:
    if not _claim(work, function, f"batch:{start_key}", limits.BATCH_DEDUPLICATION_WINDOW):
        return
    place = Place(function.id, key_text(batch.key, event.body, work.now))
    gathered = find_batch(work.sql, place)
    # A batch that is full already was gathered when the function still allowed a larger one.
    if gathered and (gathered.due <= work.now or gathered.size >= batch.max_size):
        batched(work, place.function_id, place.key)
        gathered = None
    if append(work, place, batch, event, gathered):
        batched(work, place.function_id, place.key)


def _take_lock(
    work: Work, function: Function, singleton: Singleton, run: Run, event: Event
) -> bool:
    key = key_text(singleton.key, event.body, work.now)
    if is_exempt(singleton.key, key, event.body, work.now):
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

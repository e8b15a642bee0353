"""Events that wait to start a run: the one that a debounce holds, and those of a batch.

Each gathering has a timer, a job whose moment is when it ends. One whose moment has come is over
even if the timer has not fired yet: whoever brings the next event ends it first.
Inngest SDK protocol, "Debounce" and "Batching".
"""

import json
import sqlite3
from dataclasses import dataclass

from mainstem.engine import limits
from mainstem.engine.configuration import Batch, Debounce
from mainstem.engine.events import Event
from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.work import Work


@dataclass(frozen=True, slots=True)
class Place:
    """Where a function gathers: one place for each value of its key."""

    function_id: str
    key: str


@dataclass(frozen=True, slots=True)
class Held:
    """What a debounce holds: the event, its own time, and when the debounce began and ends."""

    event_id: str
    ts: int
    first: int
    due: int
    job_id: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """A batch under way: how many events and bytes, and when it ends at the latest."""

    size: int
    bytes: int
    due: int
    job_id: int


def find_held(sql: sqlite3.Connection, place: Place) -> Held | None:
    """The debounce that is open at this place."""
    row = sql.execute(
        "SELECT d.*, j.due FROM debounces d JOIN jobs j ON j.id = d.job_id"
        " WHERE d.function_id = ? AND d.key = ?",
        (place.function_id, place.key),
    ).fetchone()
    if row is None:
        return None
    event_id = str(json.loads(row["event"])[1]["id"])
    return Held(event_id, row["ts"], row["first"], row["due"], row["job_id"])


def hold(
    work: Work, place: Place, debounce: Debounce, event: Event, start_key: str, held: Held | None
) -> None:
    """Let an event take the place of the one that is held, and begin the pause anew.

    An event that is older than the held one changes nothing, and so does the same one again: a
    sender that repeats itself is not news.
    """
    if held and (event.ts < held.ts or event.id == held.event_id):
        return
    first = held.first if held else work.now
    due = work.now + debounce.period_ms
    if debounce.timeout_ms is not None:
        due = min(due, first + debounce.timeout_ms)
    if held:
        work.drop_job(held.job_id)
    job_id = work.queue(Job(id=0, kind=JobKind.DEBOUNCE, due=due, detail=_detail(place)))
    work.sql.execute(
        "INSERT OR REPLACE INTO debounces VALUES (?,?,?,?,?,?)",
        (place.function_id, place.key, _written(event, start_key), event.ts, first, job_id),
    )


def take_held(work: Work, place: Place) -> tuple[Event, str] | None:
    """End a debounce: the event it held and the key of the start that it asks for."""
    row = work.sql.execute(
        "DELETE FROM debounces WHERE function_id = ? AND key = ? RETURNING event, job_id",
        (place.function_id, place.key),
    ).fetchone()
    if row is None:
        return None
    work.drop_job(row["job_id"])
    return _read(row["event"])


def find_batch(sql: sqlite3.Connection, place: Place) -> Gathered | None:
    """The batch that is under way at this place."""
    row = sql.execute(
        "SELECT b.*, j.due FROM batches b JOIN jobs j ON j.id = b.job_id"
        " WHERE b.function_id = ? AND b.key = ?",
        (place.function_id, place.key),
    ).fetchone()
    return None if row is None else Gathered(row["size"], row["bytes"], row["due"], row["job_id"])


def append(work: Work, place: Place, batch: Batch, event: Event, gathered: Gathered | None) -> bool:
    """Add an event to a batch, or begin one with it; whether the batch is full now."""
    text = _written(event, "")
    if gathered is None:
        due = work.now + batch.timeout_ms
        job_id = work.queue(Job(id=0, kind=JobKind.BATCH, due=due, detail=_detail(place)))
        gathered = Gathered(0, 0, due, job_id)
    number, size = gathered.size, gathered.size + 1
    volume = gathered.bytes + len(text.encode())
    work.sql.execute(
        "INSERT INTO batched_events VALUES (?,?,?,?)", (place.function_id, place.key, number, text)
    )
    work.sql.execute(
        "INSERT OR REPLACE INTO batches VALUES (?,?,?,?,?)",
        (place.function_id, place.key, size, volume, gathered.job_id),
    )
    return size >= batch.max_size or volume > limits.MAX_BATCH_BYTES


def take_batch(work: Work, place: Place) -> list[Event]:
    """End a batch: its events in the order in which they came; none if there is no batch."""
    row = work.sql.execute(
        "DELETE FROM batches WHERE function_id = ? AND key = ? RETURNING job_id",
        (place.function_id, place.key),
    ).fetchone()
    if row is None:
        return []
    work.drop_job(row["job_id"])
    texts = work.sql.execute(
        "SELECT event FROM batched_events WHERE function_id = ? AND key = ? ORDER BY number",
        (place.function_id, place.key),
    ).fetchall()
    work.sql.execute(
        "DELETE FROM batched_events WHERE function_id = ? AND key = ?",
        (place.function_id, place.key),
    )
    return [_read(each["event"])[0] for each in texts]


def _detail(place: Place) -> str:
    return json.dumps([place.function_id, place.key])


def _written(event: Event, start_key: str) -> str:
    return f"[{json.dumps(event.internal_id)},{event.text},{json.dumps(start_key)}]"


def _read(text: str) -> tuple[Event, str]:
    # Files of older layouts hold no key: there it was claimed when the event came.
    internal_id, body, *rest = json.loads(text)
    return Event(internal_id, body), str(rest[0]) if rest else f"{internal_id} (older layout)"

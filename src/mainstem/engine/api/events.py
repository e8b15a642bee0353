"""Events: listed with what they started, shown, sent."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from mainstem.engine.api.paging import Cursor, Lane, Limit, Page, page_of, span_of
from mainstem.engine.api.run_views import InngestRun, whole_runs
from mainstem.engine.api.runs import as_inngest
from mainstem.engine.api.shapes import AskedMoment, Moment
from mainstem.engine.engine import Engine
from mainstem.engine.errors import UnknownThing
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.limits import MINUTE

Json = Any
_MAX_RUNS: Final = 1000
# The time in an event's id is its sender's when the SDK gives a seed, a little before it is
# received: with this much on both sides the order of ids serves to look for times of receipt.
_SKEW: Final = MINUTE

OF_ALL: Final = (
    "SELECT internal_id AS id, received, is_internal FROM events"
    " WHERE internal_id < ? AND internal_id >= ? ORDER BY internal_id DESC LIMIT ?"
)
OF_NAME: Final = (
    "SELECT e.internal_id AS id, e.received, e.is_internal FROM events e INDEXED BY events_by_name"
    " WHERE e.name = ? AND e.internal_id < ? AND e.internal_id >= ?"
    " ORDER BY e.internal_id DESC LIMIT ?"
)
BY_ID: Final = (
    "SELECT e.* FROM json_each(?) w CROSS JOIN events e ON e.internal_id = w.value ORDER BY w.key"
)
STARTED: Final = (
    "SELECT r.id, r.slug, r.status FROM run_events e CROSS JOIN runs r ON r.id = e.run_id"
    " WHERE e.event_id = ? ORDER BY e.run_id LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that an event started."""

    id: str
    function: str
    status: RunStatus


@dataclass(frozen=True, slots=True)
class EventShown:
    """A stored event, as the apps get it and with what the engine knows of it."""

    internal_id: Annotated[str, "The id that the engine gave it."]
    id: Annotated[str, "The id that its sender gave it, else the engine's."]
    name: str
    data: Json
    user: Json
    ts: Annotated[Moment, "Its own time."]
    received_at: Moment
    v: str | None = None
    runs: Annotated[
        tuple[StartedRun, ...] | None, "What it started; null in a list that was not asked for it."
    ] = None


@dataclass(frozen=True, slots=True)
class EventsAsked:
    """Which events to list."""

    name: Annotated[str | None, "Only events of this name."] = None
    received_after: Annotated[AskedMoment | None, "Only those received after this moment."] = None
    received_before: Annotated[AskedMoment | None, "Only those received before it."] = None
    internal: Annotated[bool, "Also those that the engine sent (`inngest/…`)."] = False
    runs: Annotated[bool, "With the runs that each of them started."] = False
    cursor: Cursor | None = None
    limit: Limit = 20


@dataclass(frozen=True, slots=True)
class EventAsked:
    """One event, by the id that the engine gave it."""

    event_id: str


async def list_events(engine: Engine, asked: EventsAsked) -> Page[EventShown]:
    """Events, newest first; those from outside unless asked for all."""
    after, before = asked.received_after, asked.received_before

    def keeps(row: sqlite3.Row) -> bool:
        return (
            (asked.internal or not row["is_internal"])
            and (after is None or row["received"] > after)
            and (before is None or row["received"] < before)
        )

    span = span_of(
        asked.cursor,
        None if after is None else after - _SKEW,
        None if before is None else before + _SKEW,
    )
    page = page_of([_lane(engine.reader, asked.name)], span, asked.limit, keeps)
    ids = [row["id"] for row in page.items]
    shown = [
        _shown(row, _started(engine.reader, row["internal_id"]) if asked.runs else None)
        for row in engine.reader.execute(BY_ID, (json.dumps(ids),))
    ]
    return Page(tuple(shown), page.next_cursor)


async def show_event(engine: Engine, asked: EventAsked) -> EventShown:
    """One event with the runs it started."""
    rows = engine.reader.execute(BY_ID, (json.dumps([asked.event_id]),)).fetchall()
    if not rows:
        raise UnknownThing("event", asked.event_id)
    return _shown(rows[0], _started(engine.reader, asked.event_id))


async def runs_of_event(engine: Engine, asked: EventAsked) -> tuple[InngestRun, ...]:
    """The runs that an event started, oldest first, as Inngest shows them."""
    ids = [run.id for run in _started(engine.reader, asked.event_id)]
    return tuple(as_inngest(run) for run in whole_runs(engine.reader, ids))


def _lane(sql: sqlite3.Connection, name: str | None) -> Lane:
    return partial(_rows, sql, name)


def _rows(
    sql: sqlite3.Connection, name: str | None, before: str, lowest: str, limit: int
) -> list[sqlite3.Row]:
    if name is None:
        return sql.execute(OF_ALL, (before, lowest, limit)).fetchall()
    return sql.execute(OF_NAME, (name, before, lowest, limit)).fetchall()


def _started(sql: sqlite3.Connection, event_id: str) -> tuple[StartedRun, ...]:
    rows = sql.execute(STARTED, (event_id, _MAX_RUNS))
    return tuple(StartedRun(row["id"], row["slug"], RunStatus(row["status"])) for row in rows)


def _shown(row: sqlite3.Row, runs: tuple[StartedRun, ...] | None) -> EventShown:
    body: Mapping[str, Json] = json.loads(row["body"])
    return EventShown(
        internal_id=row["internal_id"],
        id=str(body["id"]),
        name=str(body["name"]),
        data=body.get("data"),
        user=body.get("user"),
        ts=body["ts"],
        received_at=row["received"],
        v=body.get("v"),
        runs=runs,
    )

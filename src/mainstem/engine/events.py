"""Events: read from a request, stored as rows.

Inngest SDK protocol, "Event API".
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mainstem.engine.errors import BadEvent
from mainstem.engine.limits import MAX_EVENT_BYTES
from mainstem.engine.parsing import whole
from mainstem.engine.wire import encode, size_of

Json = Any

INTERNAL_PREFIX: Final = "inngest/"
FINISHED: Final = "inngest/function.finished"
FAILED: Final = "inngest/function.failed"
CANCELLED: Final = "inngest/function.cancelled"
INVOKED: Final = "inngest/function.invoked"
TIMER: Final = "inngest/scheduled.timer"
DEFERRED: Final = "inngest/deferred.schedule"
HTTP_REQUEST: Final = "inngest/http.request"
# Runs started by these send none of their own, or they would go on for ever.
ENDINGS: Final = frozenset({FINISHED, FAILED})
# Runs started by these send all but these, for the same reason: they may be cancelled at once.
CANCELLATIONS: Final = frozenset({CANCELLED})

_YEAR_1980: Final = 315_532_800_000
_YEAR_2100: Final = 4_102_444_800_000


@dataclass(frozen=True, slots=True)
class Event:
    """An accepted event. `body` is what apps get; its `id` is the sender's or `internal_id`.

    `text` is the body as JSON.
    """

    internal_id: str
    body: Mapping[str, Json]
    text: str = field(init=False)

    def __post_init__(self) -> None:
        # Once, as it is stored with the event and with every run that it starts.
        object.__setattr__(self, "text", encode(self.body))

    @property
    def id(self) -> str:
        """The id that counts for deduplication."""
        return str(self.body["id"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body["name"])

    @property
    def ts(self) -> int:
        """Its own time in milliseconds."""
        return int(self.body["ts"])


def read_event(raw: object, *, internal_id: str, now: int) -> Event:
    """The event a sender means. Raises `BadEvent`."""
    if not isinstance(raw, Mapping):
        raise BadEvent("Request body must contain an event object or an array of event objects")
    try:
        text = encode(raw)
        if "\\ud" in text:  # written so only for half a surrogate pair
            mended: Mapping[str, Json] = whole(raw)
            raw, text = mended, encode(mended)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadEvent(f"event cannot be written as JSON: {error}") from error
    name = raw.get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadEvent("event name is empty")
    if name.lower().startswith(INTERNAL_PREFIX):
        raise BadEvent(f"event name is reserved for internal use: {name}")
    if (size := size_of(text)) > MAX_EVENT_BYTES:
        raise BadEvent(
            f"Event is over the max size: Max {MAX_EVENT_BYTES} bytes / Size {size} bytes"
        )
    body = {
        "data": _read_data(raw.get("data")),
        "id": _read_id(raw.get("id")) or internal_id,
        "name": name,
        "ts": _read_ts(raw.get("ts"), now),
        "user": raw.get("user") or {},
    }
    return Event(internal_id, body | ({"v": str(raw["v"])} if raw.get("v") else {}))


def internal_event(name: str, data: Json, *, internal_id: str, ts: int, id: str = "") -> Event:  # noqa: A002
    """An event the engine itself sends."""
    body = {"data": data, "id": id or internal_id, "name": name, "ts": ts, "user": {}}
    return Event(internal_id, body)


def insert_event(sql: sqlite3.Connection, event: Event, now: int) -> None:
    """Store an event."""
    sql.execute(
        "INSERT INTO events VALUES (?,?,?,?,?,?)",
        (
            event.internal_id,
            event.id,
            event.name,
            now,
            event.text,
            event.name.startswith(INTERNAL_PREFIX),
        ),
    )


def is_known_event(sql: sqlite3.Connection, internal_id: str) -> bool:
    """Whether an event with this id is stored."""
    row = sql.execute("SELECT 1 FROM events WHERE internal_id = ?", (internal_id,)).fetchone()
    return row is not None


def _read_data(data: object) -> Json:
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise BadEvent("event data is not an object")
    return {key: value for key, value in data.items() if key != "_inngest"}


def _read_id(event_id: object) -> str:
    if event_id is not None and not isinstance(event_id, str):
        raise BadEvent("event id is not a text")
    return event_id or ""


def _read_ts(ts: object, now: int) -> int:
    if ts is None or ts == 0:
        return now
    if not isinstance(ts, int) or isinstance(ts, bool):
        raise BadEvent("event ts is not a whole number of milliseconds")
    if ts < _YEAR_1980:
        raise BadEvent("timestamp is before Jan 1, 1980")
    if ts > _YEAR_2100:
        raise BadEvent("timestamp is after Jan 1, 2100")
    return ts

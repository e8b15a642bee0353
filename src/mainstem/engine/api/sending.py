"""Events sent by people and tools: with the API's token instead of an event key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from mainstem.engine.api.shapes import AskedMoment, Bounds
from mainstem.engine.engine import Engine
from mainstem.engine.errors import BadEvent, BadParameter
from mainstem.engine.limits import MAX_EVENTS_PER_REQUEST

Json = Any


@dataclass(frozen=True, slots=True)
class EventGiven:
    """An event to send."""

    name: str
    data: Mapping[str, Json] | None = None
    id: Annotated[str | None, "What a start is deduplicated by, for 24 hours."] = None
    ts: Annotated[AskedMoment | None, "When it happened; in the future, when its runs start."] = (
        None
    )
    user: Json = None
    v: str | None = None


@dataclass(frozen=True, slots=True)
class EventsGiven:
    """Events to send, in order."""

    events: Annotated[tuple[EventGiven, ...], Bounds(1, MAX_EVENTS_PER_REQUEST)]


@dataclass(frozen=True, slots=True)
class EventsSent:
    """The ids that the engine gave the events, in order."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvocationGiven:
    """A function to start, by its full id or UUID, and the data it gets."""

    function: str
    data: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class InvocationSent:
    """The id of the event that the function was started by."""

    event_id: str


async def send_events(engine: Engine, asked: EventsGiven) -> EventsSent:
    """Send events. They are on disk, and have started what they start, when this is answered.

    As with Inngest's event API those before a bad one are accepted; the answer names their ids.
    """
    raw = [
        {
            "name": event.name,
            "data": event.data,
            "id": event.id,
            "ts": event.ts,
            "user": event.user,
            "v": event.v,
        }
        for event in asked.events
    ]
    try:
        return EventsSent(tuple(await engine.send(raw)))
    except BadEvent as error:
        kept = len(error.accepted)
        problem = f"{error.reason}; {kept} before it were accepted: {', '.join(error.accepted)}"
        raise BadParameter(f"events[{kept}]", problem if kept else error.reason) from error


async def invoke_function(engine: Engine, asked: InvocationGiven) -> InvocationSent:
    """Start one function by its id, whatever its triggers are."""
    return InvocationSent(engine.invoke(asked.function, asked.data))

"""The live stream: moves of runs and steps as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Annotated

from starlette.responses import Response, StreamingResponse

from mainstem.engine.api.run_listing import slug_of
from mainstem.engine.api.runs import OfFunction
from mainstem.engine.engine import Engine
from mainstem.engine.feed import Entry, Missed
from mainstem.engine.work import Change


@dataclass(frozen=True, slots=True)
class StreamAsked:
    """What to hear of."""

    run: Annotated[str | None, "Only this run."] = None
    function: OfFunction = None
    last_event_id: Annotated[
        str | None, "The `id` that was heard last, where the header `Last-Event-ID` cannot be sent."
    ] = None


async def stream(engine: Engine, asked: StreamAsked) -> Response:
    """Moves of runs and steps as they happen, as server-sent events.

    Events are `run` and `step`, their data a JSON object (`run_id`, `function`, `status`, `step`,
    `attempt`, `at`), and `missed` when this listener was too slow or away for too long: `count`
    is how many changes it did not get, null when nobody knows. A listener that comes back with
    `Last-Event-ID` gets what came since, if it is among the last 2,000 changes of this engine.
    """
    slug = None if asked.function is None else slug_of(engine.reader, asked.function)
    return StreamingResponse(
        _told(engine.feed.listen(asked.last_event_id), asked.run, slug),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _told(
    entries: AsyncGenerator[Entry | None, None], run: str | None, slug: str | None
) -> AsyncIterator[str]:
    yield ": welcome\n\n"  # so that a browser knows at once that it is connected
    async with aclosing(entries):
        async for entry in entries:
            if entry is None:
                yield ": still here\n\n"
            elif _is_wanted(entry, run, slug):
                yield as_text(entry)


def _is_wanted(entry: Entry, run: str | None, slug: str | None) -> bool:
    change = entry.change
    return isinstance(change, Missed) or (
        (run is None or change.run_id == run) and (slug is None or change.function_id == slug)
    )


def as_text(entry: Entry) -> str:
    """An entry as a server-sent event."""
    if isinstance(entry.change, Missed):
        kind, data = "missed", asdict(entry.change)
    else:
        kind, data = entry.change.kind, _data(entry.change)
    return f"id: {entry.mark}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"


def _data(change: Change) -> dict[str, object]:
    return {
        "run_id": change.run_id,
        "function": change.function_id,
        "status": change.status,
        "step": change.step,
        "attempt": change.attempt,
        "at": change.at,
    }

"""What a harness asks of its engine and apps beside running them: lists, and calls to compare."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import httpx

from mainstem.testing.app_door import LOOKUP, Doors
from mainstem.testing.client_door import EngineDoor
from mainstem.testing.comparison import Caller
from mainstem.testing.records import Record
from mainstem.testing.seen import Pending
from mainstem.testing.step_seam import moment

Json = Any
_ENGINE: Final = "http://127.0.0.1"


async def ask_all(door: EngineDoor, path: str) -> list[Mapping[str, Json]]:
    """All items of one of the engine's lists."""
    items: list[Mapping[str, Json]] = []
    query = ""
    while True:
        body = (await door.answer(httpx.Request("GET", f"{_ENGINE}{path}{query}"))).json()
        items += body["data"]
        cursor = (body.get("metadata") or {}).get("next_cursor")
        if not cursor:
            return items
        query = f"?limit=100&cursor={cursor}"


def read_pending(job: Mapping[str, Json]) -> Pending:
    """One thing that is to be done, as the engine's API tells it."""
    waits = job["waits"]
    until = waits.get("until") or job.get("at")
    return Pending(
        reason=waits["reason"],
        message=waits["message"],
        until=None if until is None else _read_moment(until),
        function=job.get("function"),
        run=job.get("run_id"),
        step=job.get("step"),
    )


def _read_moment(value: Json) -> datetime:
    return moment(value) if isinstance(value, int) else datetime.fromisoformat(value)


def caller_of(doors: Doors, config: Mapping[str, Json], record: Record) -> Caller:
    """Calls the function with this configuration, on behalf of a recorded run."""
    (step,) = config["steps"].values()
    url = str(step["runtime"]["url"])
    door = doors.get("/".join(url.split("/", 3)[:3]))
    count = 0

    async def call(memos: Mapping[str, Json]) -> tuple[int, Any]:
        nonlocal count
        count += 1
        headers = {"x-request-id": f"{LOOKUP}-{record.run}-{count}", "x-run-id": LOOKUP}
        request = httpx.Request("POST", url, headers=headers, json=_body(record, memos))
        response = await httpx.ASGITransport(door).handle_async_request(request)
        return response.status_code, json.loads(await response.aread() or b"null")

    return call


def _body(record: Record, memos: Mapping[str, Json]) -> Json:
    """A call that has every step planned and none done."""
    return {
        "ctx": {
            "attempt": 0,
            "disable_immediate_execution": True,
            "max_attempts": 1,
            "run_id": record.run,
            "stack": {"current": len(memos), "stack": list(memos)},
        },
        "event": record.events[0],
        "events": list(record.events),
        "steps": dict(memos),
        "use_api": False,
    }

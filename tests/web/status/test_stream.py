"""The live stream: only what changed, a beat while nothing does, and an end with the server."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from mainstem.web.status import routes, watch

from .shop import Shop, shop

Json = Any


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "NEAR_S", 0.1)
    monkeypatch.setattr(routes, "BEAT_S", 0.3)


async def events(
    http: httpx.AsyncClient, there: Shop, since: str = "", **headers: str
) -> AsyncGenerator[tuple[str, Json], None]:
    """Events as they come: name and data."""
    url = f"{there.page}/status/stream?since={since}"
    async with http.stream("GET", url, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


async def revision_of(http: httpx.AsyncClient, there: Shop) -> str:
    page = (await http.get(f"{there.page}/")).text
    return str(re.findall(r'data-revision="(\w+)"', page)[0])


async def test_who_is_up_to_date_hears_a_beat_and_then_only_what_changed() -> None:
    async with shop() as there, httpx.AsyncClient(verify=False, timeout=10) as http:
        stream = events(http, there, await revision_of(http, there))
        first, _ = await anext(stream)
        there.engine.invoke("shop-sweep", None)
        name, told = await anext(stream)
        while name == "beat":
            name, told = await anext(stream)
        await stream.aclose()
    assert (first, name) == ("beat", "status")
    assert set(told["regions"]) == {"row:sweep", "details:sweep"}
    assert told["texts"].keys() == {"row:sweep"}


async def test_who_comes_back_with_an_older_revision_gets_everything() -> None:
    async with shop() as there, httpx.AsyncClient(verify=False, timeout=10) as http:
        stream = events(http, there, "older")
        name, told = await anext(stream)
        await stream.aclose()
        again = events(http, there, "older", **{"last-event-id": told["revision"]})
        second, _ = await anext(again)
        await again.aclose()
    assert (name, second) == ("status", "beat")
    assert {"facts", "findings", "counts", "unknown", "row:sweep"} <= set(told["regions"])


async def test_a_stream_that_is_open_does_not_hold_up_the_servers_end() -> None:
    async with httpx.AsyncClient(verify=False, timeout=10) as http:
        async with shop() as there:
            stream = events(http, there, "older")
            await anext(stream)
            loop = asyncio.get_running_loop()
            asked = loop.time()
        took = loop.time() - asked
        assert {name async for name, _ in stream} <= {"beat", "status"}
    # A server waits five seconds for what is open; then it breaks it off.
    assert took < 4


async def test_streams_are_counted_and_one_too_many_is_sent_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "MOST_STREAMS", 1)
    async with shop() as there, httpx.AsyncClient(verify=False, timeout=10) as http:
        stream = events(http, there, "older")
        await anext(stream)
        refused = (await http.get(f"{there.page}/status/stream")).text
        await stream.aclose()
    assert refused == "retry: 15000\n\n"


async def test_many_readers_at_once_cost_one_look() -> None:
    looks = 0

    async def gather() -> Any:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0)
        return "seen"

    watching = watch.Watch(gather, every_s=60)
    seen = await asyncio.gather(*(watching.now() for _ in range(50)))
    assert seen == ["seen"] * 50
    assert looks == 1


async def test_a_look_that_takes_long_is_not_repeated_at_once() -> None:
    looks = 0

    async def slow() -> int:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.05)
        return looks

    watching = watch.Watch(slow, every_s=0.01)
    await watching.now()
    await asyncio.sleep(0.1)  # ten times its own interval, and twice what the look took
    assert await watching.now() == 1

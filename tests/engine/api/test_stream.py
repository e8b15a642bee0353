"""The live stream: over a socket, filtered, resumed, and told to slow readers."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest

from mainstem.engine import Change, engine_app
from mainstem.engine.feed import Entry, Feed, Missed

from ..house import serving  # noqa: TID252  the helper of the room above
from .desk import desk, returning, step

Json = Any


def change(number: int) -> Change:
    """Some change."""
    return Change("run", str(number), "t-a", "RUNNING")


async def given(entries: AsyncGenerator[Entry | None, None], count: int) -> list[Entry]:
    """The next entries."""
    async with asyncio.timeout(5):
        found = [await anext(entries) for _ in range(count)]
    assert None not in found
    return [each for each in found if each is not None]


async def heard(lines: AsyncIterator[str], count: int) -> list[tuple[str, Json, str]]:
    """The next server-sent events: kind, data, id."""
    found: list[tuple[str, Json, str]] = []
    fields: dict[str, str] = {}
    async with asyncio.timeout(5):
        async for line in lines:
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                found.append((fields["event"], json.loads(fields["data"]), fields["id"]))
                fields = {}
                if len(found) == count:
                    break
    return found


async def test_moves_are_streamed_over_a_socket_and_resumed() -> None:
    def reply(body: Json) -> tuple[int, Json]:
        return (200, "done") if body["steps"] else step("load", 1)

    async with (
        desk({"a": reply}) as at,
        serving(engine_app(at.engine)) as origin,
        httpx.AsyncClient(base_url=origin, timeout=5) as http,
    ):
        async with http.stream("GET", "/v1/stream") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.aiter_lines()
            assert await anext(lines) == ": welcome"
            run = await at.run_of("a")
            moves = await heard(lines, 5)
            assert [(kind, data["status"]) for kind, data, _ in moves] == [
                ("run", "QUEUED"),
                ("run", "RUNNING"),
                ("step", "planned"),
                ("step", "completed"),
                ("run", "COMPLETED"),
            ]
            assert {(data["run_id"], data["function"]) for _, data, _ in moves} == {(run, "t-a")}
        headers = {"last-event-id": moves[2][2]}
        async with http.stream("GET", "/v1/stream", headers=headers) as answer:
            assert await heard(answer.aiter_lines(), 2) == moves[3:]
            at.engine.feed.close()  # the server ends without waiting for this listener


async def test_a_stream_can_be_of_one_function_or_run() -> None:
    async with desk({"a": returning(), "b": returning()}) as at:
        mark = (await given(listening(at.engine.feed), 1))[0].mark
        await at.run_of("a")
        other = await at.run_of("b")
        at.engine.feed.close()
        for query in ({"function": "t-b"}, {"run": other}):
            answer = await at.api.get("/v1/stream", params={**query, "last_event_id": mark})
            kinds = [line for line in answer.text.splitlines() if line.startswith("data")]
            assert [json.loads(each[6:])["run_id"] for each in kinds] == [other] * 3
        assert (await at.api.get("/v1/stream", params={"function": "x"})).status_code == 404


def listening(feed: Feed) -> AsyncGenerator[Entry | None, None]:
    """A listener that is given one change at once."""
    entries = feed.listen()
    feed.put_nowait(change(0))
    return entries


async def test_a_slow_listener_is_told_how_many_it_missed_and_holds_nobody_up() -> None:
    feed = Feed(kept=3)
    slow, quick = feed.listen(), feed.listen()
    for number in range(10):
        feed.put_nowait(change(number))
        if number == 1:
            assert [each.change for each in await given(quick, 2)] == [change(0), change(1)]
    assert [each.change for each in await given(slow, 4)] == [
        Missed(7),
        change(7),
        change(8),
        change(9),
    ]
    assert [each.change for each in await given(quick, 1)] == [Missed(5)]
    feed.close()
    assert len([each async for each in quick]) == 3


@pytest.mark.parametrize("mark", ["other-5", "nonsense", "0-99"])
async def test_who_comes_back_with_a_mark_of_another_engine_has_missed_some(mark: str) -> None:
    feed = Feed()
    feed.put_nowait(change(1))
    entries = feed.listen(mark)
    feed.put_nowait(change(2))
    assert [each.change for each in await given(entries, 2)] == [Missed(None), change(2)]


async def test_a_quiet_stream_gives_signs_of_life() -> None:
    feed = Feed()
    entries = feed.listen(heartbeat=0.001)
    assert await anext(entries) is None
    assert feed.listeners == 1
    await entries.aclose()
    assert feed.listeners == 0


async def test_a_closed_engine_ends_its_streams() -> None:
    async with desk({"a": returning()}) as at:
        entries = at.engine.feed.listen()
        await at.engine.drain()
        assert [each async for each in entries] == []

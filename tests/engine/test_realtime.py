"""Realtime: what a function publishes reaches who listens, by the real SDK over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import inngest
import pytest
from inngest.experimental import realtime
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from mainstem.engine import Engine, EngineOptions, VirtualClock, engine_app
from mainstem.engine.realtime import MAX_WAITING, Ending, Realtime
from mainstem.engine.realtime_tokens import Topic, make_token, read_token

from .house import House

KEY = "signkey-test-" + "ab" * 16
NEWS, ALERTS = Topic("user:1", "news"), Topic("user:1", "alerts")

OpenHouse = Callable[..., Awaitable[House]]


def websocket_url(house: House, token: str) -> str:
    return f"{house.origin.replace('http', 'ws')}/v1/realtime/connect?token={token}"


@asynccontextmanager
async def listening(house: House, token: object = None) -> AsyncIterator[ClientConnection]:
    """A subscriber, as a browser would be: to the news, unless a token says otherwise."""
    key = str(token or house.engine.realtime.grant([NEWS]))
    async with connect(websocket_url(house, key)) as socket:
        # Answered by the server's protocol before anything is published: it is subscribed by then.
        await (await socket.ping())
        yield socket


@asynccontextmanager
async def asked(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an engine in this process, for what says nothing of the wire."""
    async with Engine.open(EngineOptions(**options)) as engine:
        transport = httpx.ASGITransport(engine_app(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client


async def heard(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def until(is_so: Callable[[], bool]) -> None:
    """Look again at every turn of the loop; nothing tells when a frame has been read."""
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110  as said
            await asyncio.sleep(0)


def publishing(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
    async def f(ctx: inngest.Context) -> None:
        async def tell() -> None:
            await realtime.publish(client, "user:1", "news", {"n": ctx.event.data["n"]})
            await realtime.publish(client, "user:1", "other", {"n": -1})

        await ctx.step.run("tell", tell)

    return [f]


@pytest.mark.parametrize("keys", [{}, {"signing_key": KEY}], ids=["dev", "cloud"])
async def test_what_a_function_publishes_reaches_who_listens(
    open_house: OpenHouse, keys: dict[str, str]
) -> None:
    house = await open_house(**keys)
    client = await house.add_app(publishing, **keys)
    token = await realtime.get_subscription_token(client, "user:1", ["news"])
    async with listening(house, token["key"]) as socket:
        await house.run_of("a", {"n": 1})
        await house.run_of("a", {"n": 2})
        first, second = await heard(socket), await heard(socket)
    assert (first["kind"], first["channel"], first["topic"]) == ("data", "user:1", "news")
    assert (first["data"], second["data"]) == ({"n": 1}, {"n": 2})
    assert first["created_at"].endswith("Z")


async def test_server_sent_events_carry_the_same_messages(house: House) -> None:
    client = await house.add_app(publishing)
    token = await realtime.get_subscription_token(client, "user:1", ["news"])
    url = f"{house.origin}/v1/realtime/sse?token={token['key']}"
    async with httpx.AsyncClient() as asking, asking.stream("GET", url) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert await anext(lines) == ":"
        await realtime.publish(client, "user:1", "news", {"n": 3})
        async for line in lines:
            if line.startswith("data: "):
                assert json.loads(line.removeprefix("data: "))["data"] == {"n": 3}
                break


async def test_a_stream_arrives_piece_by_piece(house: House) -> None:
    gone = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield "Grüß".encode()[:3]  # a letter of two bytes is cut through
        await gone.wait()
        yield "Grüß".encode()[3:]

    async with listening(house) as socket, httpx.AsyncClient() as asking:
        url = f"{house.origin}/v1/realtime/publish?channel=user:1&topic=news"
        sent = asyncio.create_task(
            asking.post(url, content=pieces(), headers={"content-type": "text/stream"})
        )
        start, first = await heard(socket), await heard(socket)
        gone.set()
        second, end = await heard(socket), await heard(socket)
        assert (await sent).status_code == 200
    assert [each["kind"] for each in (start, first, second, end)] == [
        "datastream-start",
        "chunk",
        "chunk",
        "datastream-end",
    ]
    assert first["data"] + second["data"] == "Grüß"
    assert start["data"] == first["stream_id"] == end["data"]


async def test_a_listener_may_ask_for_more_topics_and_for_fewer(house: House) -> None:
    more = house.engine.realtime.grant([ALERTS])
    async with listening(house) as socket:
        await socket.send(json.dumps({"kind": "sub", "data": more}))
        await socket.send(json.dumps({"kind": "unsub", "data": [NEWS._asdict()]}))
        await socket.send("nonsense")
        await until(lambda: house.engine.realtime.publish(ALERTS, "wanted") == 1)
        await until(lambda: house.engine.realtime.publish(NEWS, "unwanted") == 0)
        first, last = await heard(socket), None
        house.engine.realtime.publish(ALERTS, "last")
        while last is None or last["data"] != "last":
            last = await heard(socket)
    assert first["data"] in ("wanted", "unwanted")


async def test_who_has_no_good_token_may_not_listen(house: House) -> None:
    forged = make_token(b"another secret", [NEWS], now=house.engine.clock.now())
    for token in ("", "x", "a.b.c", forged):
        with pytest.raises(InvalidStatus) as caught:
            async with connect(websocket_url(house, token)):
                pass
        assert caught.value.response.status_code in (401, 403)
    async with httpx.AsyncClient() as asking:
        answer = await asking.get(f"{house.origin}/v1/realtime/sse?token={forged}")
    assert answer.status_code == 401
    assert "POST /v1/realtime/token" in answer.json()["error"]


async def test_in_cloud_mode_tokens_and_publishing_want_the_signing_key() -> None:
    async with asked(signing_key=KEY) as asking:
        token = await asking.post("/v1/realtime/token", json=[NEWS._asdict()])
        publish = await asking.post("/v1/realtime/publish?channel=c&topic=t", json={})
    assert (token.status_code, publish.status_code) == (401, 401)


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("token", "{}", 400, "list of topics"),
        ("token", '[{"channel": 1, "name": "n"}]', 400, "list of topics"),
        ("token", "[", 400, "list of topics"),
        ("publish?channel=c", "{}", 400, "channel and a topic"),
        ("publish?channel=&topic=t", "{}", 400, "channel and a topic"),
        ("publish?channel=c&topic=t", '"' + "x" * 512 * 1024 + '"', 413, "512 KiB"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    path: str, body: str, status: int, said: str
) -> None:
    async with asked() as asking:
        answer = await asking.post(f"/v1/realtime/{path}", content=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]


async def test_an_engine_that_stops_lets_its_listeners_go(house: House) -> None:
    async with listening(house) as socket:
        house.engine.realtime.publish(NEWS, "before")
        await house.engine.drain()
        assert (await heard(socket))["data"] == "before"
        with pytest.raises(ConnectionClosed) as caught:
            await heard(socket)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1001, "closing")


async def test_who_reads_too_slowly_is_cut_off_and_told_so() -> None:
    hub = Realtime(VirtualClock())
    with hub.subscribe([NEWS]) as slow:
        for n in range(MAX_WAITING + 1):
            hub.publish(NEWS, n)
        assert [text async for text in slow] == []
        assert slow.ending is Ending.LAGGED


async def test_a_large_backlog_counts_by_its_size_as_well() -> None:
    hub = Realtime(VirtualClock())
    with hub.subscribe([NEWS]) as slow:
        for _ in range(17):
            hub.publish(NEWS, "x" * 512 * 1024)
        assert slow.ending is Ending.LAGGED


async def test_a_message_is_not_kept_for_those_who_come_later() -> None:
    hub = Realtime(VirtualClock())
    assert hub.publish(NEWS, "early") == 0
    with hub.subscribe([NEWS]) as late:
        assert hub.publish(NEWS, "late") == 1
        assert json.loads(await anext(late))["data"] == "late"
    assert hub.publish(NEWS, "nobody") == 0


def test_a_token_is_good_for_a_minute_and_for_its_topics_alone() -> None:
    clock = VirtualClock()
    hub = Realtime(clock)
    token = hub.grant([NEWS])
    clock.advance(timedelta(seconds=59))
    assert hub.granted(token) == frozenset({NEWS})
    clock.advance(timedelta(seconds=1))
    assert hub.granted(token) is None


def test_a_token_that_was_changed_is_worth_nothing() -> None:
    token = make_token(b"secret", [NEWS], now=0)
    other = make_token(b"secret", [ALERTS], now=0)
    head, _, signature = token.split(".")
    assert read_token(b"secret", f"{head}.{other.split('.')[1]}.{signature}", now=0) is None
    assert read_token(b"secret", token, now=0) == frozenset({NEWS})

"""Apps that are looked for, asked again, waited for; and functions that an app gave up."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import inngest
import pytest

from mainstem.engine import Notice, RunStatus, Sign, StillRegistered, Watch, watching
from mainstem.engine.discovery import Scout

from .house import House, Server, serve, serving

OpenHouse = Callable[..., Awaitable[House]]
QUICK = 0.02


def one(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
    async def f(ctx: inngest.Context) -> str:
        return ctx.event.name

    return [f]


def two(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    @client.create_function(fn_id="g", trigger=inngest.TriggerEvent(event="b"))
    async def g(ctx: inngest.Context) -> str:
        return ctx.event.name

    return [*one(client), g]


async def away(scope: Any, receive: Any, send: Any) -> None:
    """What answers where an app was, and is not one."""
    await send({"type": "http.response.start", "status": 502, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


@dataclass
class Told:
    """What a watch told, and a way to wait for it."""

    notices: list[Notice] = field(default_factory=list)
    _new: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._new.set()

    @property
    def signs(self) -> list[Sign]:
        return [each.sign for each in self.notices]

    async def until(self, sign: Sign) -> None:
        async with asyncio.timeout(5):
            while sign not in self.signs:
                self._new.clear()
                await self._new.wait()


@asynccontextmanager
async def watched(house: House, *urls: str, **given: Any) -> AsyncIterator[Told]:
    told = Told()
    usual: dict[str, Any] = {"interval": QUICK, "discover": False}
    async with watching(house.engine, Watch(urls, **{**usual, **given}), told):
        yield told


def replace_app(house: House, url: str, make: Any) -> None:
    """What a reload of the app's code does: the same address, other functions."""
    import fastapi

    app = fastapi.FastAPI()
    serve(app, house.clients[url], list(make(house.clients[url])))
    house.served[url].app = app


# Polling


async def test_a_function_that_was_added_is_found_by_the_next_poll(house: House) -> None:
    url = await house.serve_app(one)
    async with watched(house, url) as told:
        replace_app(house, url, two)
        await told.until(Sign.CHANGED)
    assert told.signs == [Sign.SYNCED, Sign.CHANGED]
    assert [each.slug for each in house.engine.apps()[0].functions] == ["shop-f", "shop-g"]


async def test_an_app_that_goes_and_returns_is_told_of_once_each(house: House) -> None:
    url = await house.serve_app(one)
    there = house.served[url].app
    asked = 0
    enough = asyncio.Event()

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        nonlocal asked
        asked += 1
        if asked == 5:  # several rounds, of which the first alone is told
            enough.set()
        await away(scope, receive, send)

    async with watched(house, url) as told:
        house.served[url].app = counting
        async with asyncio.timeout(5):
            await enough.wait()
        assert "not an Inngest SDK" in str(house.engine.apps()[0].last_error)
        house.served[url].app = there
        await told.until(Sign.BACK)
    assert told.signs == [Sign.SYNCED, Sign.REFUSED, Sign.BACK]
    assert house.engine.apps()[0].last_error is None


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"ok":NaN}'], ids=("deep", "NaN"))
async def test_an_app_that_answers_nonsense_is_refused_and_the_others_are_watched(
    house: House, body: bytes
) -> None:
    bad, good = await house.serve_app(one), await house.serve_app(one, app_id="good")

    async def nonsense(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"x-inngest-sdk", b"js:v9")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    house.served[bad].app = nonsense
    async with watched(house, bad, good) as told:
        replace_app(house, good, two)
        await told.until(Sign.CHANGED)
    reasons = {each.url: each.reason for each in told.notices if each.sign is Sign.REFUSED}
    assert list(reasons) == [bad]
    assert "it answered HTTP 200" in reasons[bad]


async def test_a_defect_met_at_one_app_is_told_once_and_the_others_are_watched(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good, sync = await house.serve_app(one), house.engine.registrar.sync

    async def broken(url: str) -> Mapping[str, Any]:
        if url == good:
            return await sync(url)
        raise KeyError("surprise")

    monkeypatch.setattr(house.engine.registrar, "sync", broken)
    async with watched(house, "http://127.0.0.1:9/x", good) as told:
        replace_app(house, good, two)
        await told.until(Sign.CHANGED)
    (refused,) = [each for each in told.notices if each.sign is Sign.REFUSED]
    assert refused.reason == "the engine cannot make out its answer: KeyError: 'surprise'"
    assert [each.message for each in caplog.records if each.exc_info] == [
        "cannot sync the app at http://127.0.0.1:9/x"
    ]


async def test_an_app_of_an_earlier_run_of_the_engine_is_asked_again(house: House) -> None:
    url = await house.serve_app(one)
    await house.engine.sync_app(url)
    replace_app(house, url, two)
    async with watched(house) as told:
        await told.until(Sign.SYNCED)
    assert len(house.engine.apps()[0].functions) == 2


async def test_without_polling_an_app_that_is_registered_is_left_alone(house: House) -> None:
    url = await house.serve_app(one)
    async with watched(house, url, poll=False) as told:
        replace_app(house, url, two)
        await asyncio.sleep(5 * QUICK)
    assert told.signs == [Sign.SYNCED]


async def test_an_app_that_starts_after_the_engine_is_synced_even_without_polling(
    open_house: OpenHouse,
) -> None:
    house = await open_house()
    client = house.client("shop")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api/inngest"
    import fastapi

    app = fastapi.FastAPI()
    serve(app, client, one(client))
    async with watched(house, url, poll=False) as told:
        assert told.signs == [Sign.AWAY]
        server = Server(app)
        listener = socket.create_server(("127.0.0.1", port))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await told.until(Sign.BACK)
        server.end.set()
        await task
        listener.close()
    assert told.signs == [Sign.AWAY, Sign.BACK]


async def test_a_refused_registration_is_asked_for_again(house: House) -> None:
    """As Inngest's server does; the app may have been mended meanwhile."""
    body = {"appname": "shop", "url": await house.serve_app(one), "functions": [{"id": 1}]}
    async with httpx.AsyncClient() as asking:
        answer = await asking.post(f"{house.origin}/fn/register", json=body)
    assert answer.status_code == 400
    async with watched(house) as told:
        await told.until(Sign.SYNCED)
    assert [app.name for app in house.engine.apps()] == ["shop"]


async def test_watching_leaves_the_engine_idle(house: House) -> None:
    url = await house.serve_app(one)
    async with watched(house, url):
        await house.engine.wait_idle(timeout=1)


# Discovery


async def test_an_app_that_nobody_named_is_found(house: House) -> None:
    url = await house.serve_app(one)
    async with watched(house, discover=True, ports=(port_of(url),)) as told:
        await told.until(Sign.SYNCED)
    assert [notice.url for notice in told.notices] == [url]
    assert (await house.run_of("a")).status is RunStatus.COMPLETED


async def test_a_found_app_of_another_server_is_told_of_once(house: House) -> None:
    async with serving(away) as other:
        url = await house.serve_app(one, api_base_url=other)
        async with watched(house, discover=True, ports=(port_of(url),)) as told:
            await told.until(Sign.REFUSED)
            await asyncio.sleep(5 * QUICK)
    assert told.signs == [Sign.REFUSED]


@dataclass
class Ports:
    """Open ports and what was asked of them."""

    sdks: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def is_sdk_at(self, url: str) -> bool:
        self.asked.append(url)
        return url in self.sdks


@pytest.fixture
async def open_port() -> AsyncIterator[int]:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_a_port_of_something_else_is_asked_ever_more_rarely(open_port: int) -> None:
    ports = Ports()
    scout = Scout(ports.is_sdk_at, [open_port], ["/x"])
    asked = []
    for round_number in range(30):
        before = len(ports.asked)
        await scout.look([])
        asked += [round_number] * (len(ports.asked) - before)
    assert asked == [0, 2, 5, 10, 19, 28]


async def test_paths_are_tried_in_order_until_one_is_an_sdk(open_port: int) -> None:
    origin = f"http://127.0.0.1:{open_port}"
    ports = Ports(sdks={f"{origin}/x/inngest"})
    found = await Scout(ports.is_sdk_at, [open_port]).look([])
    assert found == [f"{origin}/x/inngest"]
    assert ports.asked == [f"{origin}/api/inngest", f"{origin}/x/inngest"]


async def test_the_port_of_a_known_app_is_not_asked(open_port: int) -> None:
    ports = Ports()
    scout = Scout(ports.is_sdk_at, [open_port])
    assert await scout.look([f"http://localhost:{open_port}/somewhere"]) == ports.asked == []


async def test_closed_ports_cost_no_time() -> None:
    began = time.monotonic()
    assert await Scout(Ports().is_sdk_at, range(1, 20)).look([]) == []
    assert time.monotonic() - began < 1


# Functions that an app gave up


def sleeper(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    @client.create_function(fn_id="old", trigger=inngest.TriggerEvent(event="b"), retries=0)
    async def old(ctx: inngest.Context) -> str:
        await ctx.step.wait_for_event("wait", event="go", timeout=60_000)
        return "done"

    return [*one(client), old]


async def left_behind(house: House) -> tuple[str, str]:
    """An app whose function has a run under way, and that then gave the function up."""
    url = await house.serve_app(sleeper)
    await house.engine.sync_app(url)
    changes = house.engine.changes()
    await house.engine.send([{"name": "b"}])
    async with asyncio.timeout(5):
        async for change in changes:
            if change.kind == "step":
                return url, change.run_id
    raise AssertionError("the engine ended")


async def test_a_run_of_an_archived_function_goes_on_while_its_app_answers_for_it(
    house: House,
) -> None:
    """An app of two processes, of which one is new already: the function is still served."""
    url, run_id = await left_behind(house)
    served = house.served[url].app
    replace_app(house, url, one)
    await house.engine.sync_app(url)
    house.served[url].app = served
    (app,) = house.engine.apps()
    assert [(each.slug, each.pending_runs) for each in app.archived] == [("shop-old", 1)]
    await house.engine.send([{"name": "go"}, {"name": "b"}])
    await house.engine.wait_idle(timeout=5)
    assert house.engine.run(run_id).output == "done"
    assert len(house.engine.runs(function=house.engine.run(run_id).function_id)) == 1


async def test_a_run_whose_function_is_gone_from_the_app_fails_and_says_so(house: House) -> None:
    url, run_id = await left_behind(house)
    replace_app(house, url, one)
    await house.engine.sync_app(url)
    await house.engine.send([{"name": "go"}])
    await house.engine.wait_idle(timeout=5)
    run = house.engine.run(run_id)
    assert (run.status, run.output["code"]) == (RunStatus.FAILED, "function_not_found")


async def test_what_an_archived_function_left_can_be_dropped(house: House) -> None:
    url, run_id = await left_behind(house)
    with pytest.raises(StillRegistered, match=r"'shop-old': its app still has it"):
        await house.engine.drop_runs("shop", "old")
    replace_app(house, url, one)
    await house.engine.sync_app(url)
    async with httpx.AsyncClient(base_url=house.origin) as asking:
        dropped = await asking.post("/v1/apps/shop/functions/old/drop")
        unknown = await asking.post("/v1/apps/shop/functions/none/drop")
    assert (dropped.status_code, dropped.json()["data"]) == (200, {"cancelled": 1})
    assert unknown.status_code == 404
    assert house.engine.run(run_id).status is RunStatus.CANCELLED
    assert house.engine.apps()[0].archived[0].pending_runs == 0

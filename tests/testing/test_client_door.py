"""A client is led to the engine while a harness is open, whatever it was made for."""

import asyncio
import threading
from typing import Any

import fastapi
import inngest
import inngest.fast_api
import pytest

from mainstem.testing import Harness, HarnessError

from .shop import PLAIN, bought, open_shop


def parts(client: Any) -> tuple[Any, ...]:
    http = client._http_client
    return (
        http._http_client,
        http._http_client_sync,
        client._mode,
        client.is_production,
        client.middleware,
    )


async def test_a_client_is_given_back_as_it_was() -> None:
    shop = open_shop()
    before = parts(shop.client)
    async with Harness.open(shop.client, shop.functions):
        assert parts(shop.client)[0] is not before[0]
    assert parts(shop.client) == before


async def test_a_client_is_given_back_when_the_harness_cannot_be_opened() -> None:
    shop = open_shop()
    before = parts(shop.client)
    with pytest.raises(Exception, match="is not an Inngest SDK"):
        await Harness.open(shop.client, app=fastapi.FastAPI())
    assert parts(shop.client) == before


async def test_a_client_made_for_production_needs_no_key_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INNGEST_SERVE_ORIGIN", "https://shop.example.com")
    shop = open_shop(is_production=True)
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        assert run.steps["charge"].output
    assert shop.client.is_production


async def test_an_app_that_serves_its_functions_itself_is_tested_as_it_is() -> None:
    shop = open_shop(is_production=True, signing_key="signkey-test-0123456789abcdef")
    started: list[str] = []

    async def lifespan(app: fastapi.FastAPI) -> Any:
        started.append("begin")
        yield
        started.append("end")

    from contextlib import asynccontextmanager

    app = fastapi.FastAPI(lifespan=asynccontextmanager(lifespan))
    inngest.fast_api.serve(app, shop.client, shop.functions, serve_path="/jobs")
    async with Harness.open(shop.client, app=app, serve_path="/jobs") as harness:
        assert started == ["begin"]
        run = await harness.send_one(bought())
        assert run.steps["charge"].output
    assert started == ["begin", "end"]


async def test_a_client_has_one_harness_at_a_time() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions):
        with pytest.raises(HarnessError, match=r"app 'shop': another one that is still open"):
            await Harness.open(shop.client, shop.functions)


async def test_the_tested_client_sends_from_anywhere() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        ids = await shop.client.send(bought(1))
        ids += shop.client.send_sync(bought(2))
        await asyncio.to_thread(shop.client.send_sync, bought(3))
        other = threading.Thread(target=lambda: asyncio.run(_send(shop.client, 4)))
        other.start()
        await asyncio.to_thread(other.join)
        await harness.drain()
        assert len(harness.runs(function="buy")) == 4
        assert [run.events[0]["id"] for run in harness.runs()[:2]] == ids


async def _send(client: inngest.Inngest, order: int) -> None:
    await client.send(bought(order))


async def test_a_refused_event_is_told_as_the_sdk_tells_it() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        with pytest.raises(Exception, match="event name is empty"):
            await harness.send(inngest.Event(name=""))


async def test_on_a_file_a_sync_send_on_the_loop_says_what_to_do(tmp_path: Any) -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions, path=tmp_path / "e.db") as harness:
        with pytest.raises(HarnessError, match=r"await client\.send"):
            shop.client.send_sync(bought())
        await harness.drain()


async def test_state_too_large_for_a_request_is_fetched_in_this_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mainstem.engine.limits.MAX_STATE_IN_REQUEST_BYTES", 100)
    client = PLAIN

    async def much(n: int) -> str:
        return str(n) * 150

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> int:
        return sum([len(await ctx.step.run(f"much-{n}", much, n)) for n in range(4)])

    async with Harness.open(client, [f]) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        assert await run.result() == 600

"""Nothing of a test goes on after its harness, and nothing in it ends the test itself."""

import asyncio
import json
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import fastapi
import inngest
import inngest.fast_api
import pytest

from mainstem.testing import Harness, HarnessClosed, HarnessError, SyncHarness
from mainstem.testing.app_door import thread_pools

from .shop import PLAIN

EVENT = inngest.Event(name="e")


@pytest.fixture
def real() -> Iterator[tuple[inngest.Inngest, list[str]]]:
    """A client of a server that is really there, and the names of the events it was sent."""
    sent: list[str] = []

    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            sent.extend(event["name"] for event in body)
            answer = b'{"ids":["1"],"status":200}'
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    client = inngest.Inngest(
        app_id="real",
        is_production=True,
        event_key="k",
        signing_key="signkey-test-00ff",
        event_api_base_url=f"http://127.0.0.1:{server.server_port}",
    )
    yield client, sent
    asyncio.run(client._http_client._http_client.aclose())
    client._http_client._http_client_sync.close()
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_closed_harness_sends_nothing_to_the_real_server(
    real: tuple[inngest.Inngest, list[str]],
) -> None:
    client, sent = real

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None: ...

    async with Harness.open(client, [f]) as harness:
        await harness.send(EVENT)
    with pytest.raises(HarnessClosed, match="nothing was sent"):
        await harness.send(EVENT)
    with pytest.raises(HarnessClosed):
        await harness.send_one(EVENT)
    assert sent == []


async def test_what_functions_leave_running_asks_no_real_server_but_the_app_itself_does(
    real: tuple[inngest.Inngest, list[str]],
) -> None:
    client, sent = real
    closed = asyncio.Event()
    left: list[asyncio.Task[Any]] = []

    async def later() -> None:
        await closed.wait()
        await client.send(inngest.Event(name="left"))

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None:
        left.append(asyncio.create_task(later()))

    @client.create_function(fn_id="g", trigger=inngest.TriggerEvent(event="e"))
    def g(ctx: inngest.ContextSync) -> None: ...

    async with Harness.open(client, [f, g]) as harness:
        await harness.send(EVENT)
    closed.set()
    with pytest.raises(Exception, match="Nothing was sent"):
        await left[0]
    assert sent == []
    await client.send(inngest.Event(name="mine"))
    client.send_sync(inngest.Event(name="mine too"))
    assert sent == ["mine", "mine too"]


async def test_what_functions_leave_running_does_not_disturb_the_next_harness() -> None:
    closed = asyncio.Event()
    left: list[asyncio.Task[Any]] = []

    async def later() -> None:
        await closed.wait()
        await PLAIN.send(inngest.Event(name="left"))

    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None:
        left.append(asyncio.create_task(later()))

    async with Harness.open(PLAIN, [f]) as harness:
        await harness.send(EVENT)
    async with Harness.open(PLAIN, [f]) as harness:
        closed.set()
        with pytest.raises(Exception, match="Nothing was sent"):
            await left[0]
        assert harness.events() == []


def test_a_thread_of_an_app_sends_again_after_the_harness(
    real: tuple[inngest.Inngest, list[str]],
) -> None:
    client, sent = real

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    def f(ctx: inngest.ContextSync) -> None: ...

    app = fastapi.FastAPI()
    inngest.fast_api.serve(app, client, [f])
    with SyncHarness.open(client, app=app) as harness:
        harness.send_one(EVENT).assert_completed()
    pool = next(thread_pools(app))
    pool.submit(client.send_sync, inngest.Event(name="mine")).result()
    pool.shutdown()
    assert sent == ["mine"]


async def test_a_client_that_only_sends_is_led_here_too() -> None:
    sender = inngest.Inngest(app_id="sender", is_production=False)

    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> int:
        return 1

    async with Harness.open(PLAIN, [f]) as harness:
        harness.add_client(sender)
        await sender.send(EVENT)
        await harness.drain()
        assert [await run.result() for run in harness.runs()] == [1]
        with pytest.raises(HarnessError, match=r"harness\.add_client\(client\)"):
            await harness.add_app(inngest.Inngest(app_id="other"))


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_function_that_ends_the_process_is_a_lost_app(kind: str) -> None:
    trigger = inngest.TriggerEvent(event="e")

    @PLAIN.create_function(fn_id="async", trigger=trigger, retries=0)
    async def f(ctx: inngest.Context) -> None:
        sys.exit(3)

    @PLAIN.create_function(fn_id="sync", trigger=trigger, retries=0)
    def g(ctx: inngest.ContextSync) -> None:
        sys.exit(3)

    with SyncHarness.open(PLAIN, [f if kind == "async" else g]) as harness:
        harness.send_one(EVENT).assert_failed(r"SystemExit\(3\)")


async def test_a_step_among_others_that_ends_the_process_is_a_lost_app() -> None:
    ends = [True]

    async def end() -> None:
        if ends and ends.pop():
            sys.exit()

    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None:
        await asyncio.gather(
            asyncio.create_task(ctx.step.run("end", end)),
            return_exceptions=False,
        )

    async with Harness.open(PLAIN, [f]) as harness:
        run = await harness.send_one(EVENT)
        await harness.advance(minutes=1)
        run.assert_completed()
        assert [each.is_lost for each in run.steps["end"].tries] == [True, False]


async def test_a_function_that_cancels_itself_is_a_lost_app() -> None:
    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=0)
    async def f(ctx: inngest.Context) -> None:
        raise asyncio.CancelledError

    async with Harness.open(PLAIN, [f]) as harness:
        (await harness.send_one(EVENT)).assert_failed("cancelled its own call")


def test_a_harness_whose_thread_has_ended_says_so_and_does_not_wait() -> None:
    harness = SyncHarness.open(PLAIN, [_nothing()])
    harness._loop.call_soon_threadsafe(sys.exit, 4)
    with pytest.raises(HarnessError, match="ended by SystemExit: 4"):
        harness.wait_for(asyncio.sleep(60))
    engine = harness._inner.engine
    harness.close()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        engine.reader.execute("SELECT 1")
    with SyncHarness.open(PLAIN, [_nothing()]):
        pass


def _nothing() -> Any:
    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None: ...

    return f


async def test_a_test_that_is_failed_inside_a_stub_is_failed_once_and_all_is_closed() -> None:
    ended: list[str] = []

    @asynccontextmanager
    async def lifespan(_: fastapi.FastAPI) -> Any:
        yield
        ended.append("app")

    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None:
        await ctx.step.run("ask-bank", asyncio.sleep, 0)

    app = fastapi.FastAPI(lifespan=lifespan)
    inngest.fast_api.serve(app, PLAIN, [f])
    harness = await Harness.open(PLAIN, app=app)
    harness.stub("ask-bank", lambda _: pytest.fail("the bank must not be asked"))
    with pytest.raises(pytest.fail.Exception, match="must not be asked"):
        await harness.send(EVENT)
    await harness.aclose()
    assert ended == ["app"]


def test_threads_of_sync_functions_end_with_their_harness() -> None:
    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    def f(ctx: inngest.ContextSync) -> int:
        return ctx.step.run("one", lambda: 1)

    before = set(threading.enumerate())
    with SyncHarness.open(PLAIN, [f]) as harness:
        harness.send_one(EVENT).assert_completed()
        made = set(threading.enumerate()) - before
    for thread in made:
        thread.join(5)
    assert [thread.name for thread in made if thread.is_alive()] == []


async def test_an_app_of_two_clients_is_started_and_ended_once() -> None:
    happened: list[str] = []

    @asynccontextmanager
    async def lifespan(_: fastapi.FastAPI) -> Any:
        happened.append("up")
        yield
        happened.append("down")

    other = inngest.Inngest(app_id="other", is_production=False)

    @other.create_function(fn_id="g", trigger=inngest.TriggerEvent(event="e"))
    async def g(ctx: inngest.Context) -> None: ...

    app = fastapi.FastAPI(lifespan=lifespan)
    inngest.fast_api.serve(app, PLAIN, [_nothing()], serve_path="/api/a")
    inngest.fast_api.serve(app, other, [g], serve_path="/api/b")
    async with Harness.open(PLAIN, app=app, serve_path="/api/a") as harness:
        await harness.add_app(other, app=app, serve_path="/api/b")
        await harness.send(EVENT)
        assert sorted(run.function for run in harness.runs(status="COMPLETED")) == [
            "a-f",
            "other-g",
        ]
    assert happened == ["up", "down"]

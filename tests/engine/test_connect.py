"""Connect: the SDK's own worker, and a hand-made one for what a well-behaved worker never does."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import inngest
import pytest
import websockets
from inngest.connect import ConnectionState, connect

from mainstem.engine import ConnectTimes, Engine, RunStatus, SyncMethod, connect_workers
from mainstem.engine import connect_wire as wire
from mainstem.engine.connect_wire import Kind

from .house import House
from .processes import free_port, lines_of, process, wait_for, wait_for_lines, wait_until

KEY = "signkey-test-" + "ab" * 16
OLD = "signkey-test-" + "cd" * 16
WORKER = "connect_worker.py"
QUICK = ConnectTimes(wait=0.3, take=0.5, lease=0.8, lost=0.3)

OpenHouse = Callable[..., Awaitable[House]]


@pytest.fixture
async def quick(open_house: OpenHouse) -> House:
    """An engine whose Connect is impatient."""
    return await open_house(connect=QUICK)


@asynccontextmanager
async def working(client: inngest.Inngest, *functions: Any) -> AsyncIterator[Any]:
    """The SDK's worker, connected."""
    worker = connect([(client, list(functions))], shutdown_signals=[])
    task = asyncio.create_task(worker.start())
    try:
        async with asyncio.timeout(10):
            await worker.wait_for_state(ConnectionState.ACTIVE)
        yield worker
    finally:
        await worker.close()
        # The SDK's thread at times does not end by itself, and is then waited for for ever.
        if not (await asyncio.wait({task}, timeout=5))[0]:
            loop: Any = getattr(worker, "_loop", None)
            loop.call_soon_threadsafe(loop.stop)
        with contextlib.suppress(RuntimeError):  # what it ends with when it is stopped
            await task


class Hand:
    """A worker made by hand, on a WebSocket."""

    def __init__(self, origin: str, headers: dict[str, str] | None = None) -> None:
        self._origin, self._headers = origin, headers or {}

    async def begin(self) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self._origin) as http:
            return await http.post("/v0/connect/start", headers=self._headers)

    async def flush(self, reply: bytes) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self._origin) as http:
            return await http.post("/v0/connect/flush", content=reply, headers=self._headers)

    @asynccontextmanager
    async def opened(self, slugs: tuple[str, ...] = ("t-f",), **told: Any) -> AsyncIterator[Self]:
        start = wire.read_message("Started", (await self.begin()).content)
        auth = {"session_token": start.session_token, "sync_token": start.sync_token}
        async with websockets.connect(
            start.gateway_endpoint, subprotocols=[websockets.Subprotocol(wire.SUBPROTOCOL)]
        ) as self.socket:
            await self.expect(Kind.GATEWAY_HELLO)
            usual = {
                "connection_id": start.connection_id,
                "instance_id": "hand",
                "auth_data": auth,
                "apps": [{"app_name": "t", "functions": functions_json(slugs)}],
                "sdk_language": "py",
                "sdk_version": "0.5.19",
                "framework": "connect",
            }
            await self.say(Kind.WORKER_CONNECT, **{**usual, **told})
            yield self

    async def say(self, kind: Kind, **fields: Any) -> None:
        await self.socket.send(wire.write_frame(kind, **fields))

    async def expect(self, kind: Kind) -> Any:
        async with asyncio.timeout(5):
            frame = await self.socket.recv()
        assert isinstance(frame, bytes)
        read = wire.read_frame(frame)
        assert read.kind is kind
        return read.body


def functions_json(slugs: tuple[str, ...]) -> bytes:
    runtime = {"type": "ws", "url": "wss://connect?fnId=x&stepId=step"}
    return json.dumps(
        [
            {
                "id": slug,
                "name": slug,
                "triggers": [{"event": "a"}],
                "steps": {"step": {"id": "step", "runtime": runtime, "retries": {"attempts": 1}}},
            }
            for slug in slugs
        ]
    ).encode()


def done(request: Any, body: bytes = b'"done"') -> dict[str, Any]:
    return {
        "request_id": request.request_id,
        "status": 1,
        "body": body,
        "sdk_version": "inngest-py:v0.5.19",
        "request_version": 2,
    }


async def run_of(house: House, event_id: str) -> Any:
    await house.engine.wait_idle(timeout=10)
    (run,) = house.engine.runs(event=event_id)
    return house.engine.run(run.id)


async def test_a_run_with_steps_is_done_by_the_sdk_s_worker(house: House) -> None:
    client = house.client("shop", app_version="7")

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
    async def f(ctx: inngest.Context) -> object:
        async def one() -> int:
            return 1

        sides = await ctx.group.parallel(
            (lambda: ctx.step.run("left", one), lambda: ctx.step.run("right", one))
        )
        return [ctx.event.data["n"], *sides]

    @client.create_function(fn_id="g", trigger=inngest.TriggerEvent(event="b"), retries=0)
    async def g(ctx: inngest.Context) -> None:
        raise inngest.NonRetriableError("never")

    async with working(client, f, g):
        run = await house.run_of("a", {"n": "é"})
        failed = await house.run_of("b")
        (app,) = house.engine.apps()
    assert (run.status, run.output) == (RunStatus.COMPLETED, ["é", 1, 1])
    assert (failed.status, failed.output["message"]) == (RunStatus.FAILED, "never")
    assert (app.sync_method, app.workers, app.app_version) == (SyncMethod.CONNECT, 1, "7")
    assert (app.framework, app.sdk_language) == ("connect", "py")


async def test_a_cloud_worker_is_let_in_by_either_key(
    open_house: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await open_house(signing_key=KEY, signing_key_fallback=OLD, env="blue")
    client = house.client("shop", signing_key=OLD, env="blue")

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
    async def f(ctx: inngest.Context) -> str:
        return "done"

    async with working(client, f):
        assert (await house.run_of("a")).status is RunStatus.COMPLETED
    assert house.engine.apps()[0].env == "blue"


async def test_a_worker_with_another_key_is_not_let_in(open_house: OpenHouse) -> None:
    house = await open_house(signing_key=KEY)
    for headers in ({}, {"authorization": f"Bearer {OLD}"}):
        assert (await Hand(house.origin, headers).begin()).status_code == 401
        assert (await Hand(house.origin, headers).flush(b"")).status_code == 401


async def test_a_worker_of_another_environment_is_told_so(open_house: OpenHouse) -> None:
    house = await open_house(signing_key=KEY, env="blue")
    headers = {"authorization": f"Bearer {KEY}", "x-inngest-env": "green"}
    answer = await Hand(house.origin, headers).begin()
    assert answer.status_code == 400
    assert "it names the environment 'green'" in answer.json()["error"]


@pytest.mark.parametrize("missing", ["google.protobuf", "websockets"])
async def test_without_the_extra_a_worker_is_told_what_to_install(
    missing: str, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    answer = await Hand(house.origin).begin()
    assert answer.status_code == 501
    assert "pip install 'mainstem[connect]'" in answer.json()["error"]


async def test_a_request_without_any_worker_waits_and_fails_the_attempt(quick: House) -> None:
    async with Hand(quick.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
    run = await quick.run_of("a")
    assert run.status is RunStatus.FAILED
    assert (
        "no worker that serves function 't-f' is connected; waited 0.3 s" in (run.output["message"])
    )


async def test_a_worker_that_comes_in_time_gets_the_waiting_request(house: House) -> None:
    async with Hand(house.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
    (event_id,) = await house.engine.send([{"name": "a"}])
    async with Hand(house.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        request = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await hand.say(Kind.WORKER_REPLY, **done(request))
        confirmed = await hand.expect(Kind.WORKER_REPLY_ACK)
        assert confirmed.request_id == request.request_id
        run = await run_of(house, event_id)
    assert (run.status, run.output, run.id) == (RunStatus.COMPLETED, "done", request.run_id)


async def test_a_lease_that_is_prolonged_goes_on(quick: House) -> None:
    async with Hand(quick.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        (event_id,) = await quick.engine.send([{"name": "a"}])
        request = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        lease, leases = request.lease_id, set()
        for _ in range(3):
            await asyncio.sleep(0.35)
            await hand.say(
                Kind.WORKER_REQUEST_EXTEND_LEASE, request_id=request.request_id, lease_id=lease
            )
            lease = (await hand.expect(Kind.WORKER_REQUEST_EXTEND_LEASE_ACK)).new_lease_id
            leases.add(lease)
        await hand.say(Kind.WORKER_REPLY, **done(request))
        run = await run_of(quick, event_id)
    assert (run.status, len(leases)) == (RunStatus.COMPLETED, 3)


async def test_a_lease_that_ends_fails_the_attempt_and_is_lost(quick: House) -> None:
    async with Hand(quick.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        (event_id,) = await quick.engine.send([{"name": "a"}])
        request = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await hand.say(Kind.WORKER_REQUEST_ACK, request_id=request.request_id)
        again = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await hand.say(
            Kind.WORKER_REQUEST_EXTEND_LEASE,
            request_id=request.request_id,
            lease_id=request.lease_id,
        )
        extended = await hand.expect(Kind.WORKER_REQUEST_EXTEND_LEASE_ACK)
        await hand.say(Kind.WORKER_REPLY, **done(again, b'"second"'))
        run = await run_of(quick, event_id)
    assert extended.new_lease_id == ""
    assert (b'"attempt":0' in request.request_payload, b'"attempt":1' in again.request_payload) == (
        True,
        True,
    )
    assert (run.status, run.output) == (RunStatus.COMPLETED, "second")


async def test_a_request_nobody_took_is_offered_again_and_costs_no_attempt(quick: House) -> None:
    async with Hand(quick.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        (event_id,) = await quick.engine.send([{"name": "a"}])
        request = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        again = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await hand.say(Kind.WORKER_REPLY, **done(again))
        run = await run_of(quick, event_id)
    assert request.request_payload == again.request_payload
    assert run.status is RunStatus.COMPLETED


async def test_a_paused_worker_gets_nothing_more(quick: House) -> None:
    async with Hand(quick.origin).opened() as paused, Hand(quick.origin).opened() as other:
        for hand in (paused, other):
            await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        await paused.say(Kind.WORKER_PAUSE)
        await paused.say(Kind.WORKER_HEARTBEAT)
        await paused.expect(Kind.GATEWAY_HEARTBEAT)
        events = await quick.engine.send([{"name": "a"}, {"name": "a"}])
        for _ in events:
            request = await other.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
            await other.say(Kind.WORKER_REPLY, **done(request))
        assert (await run_of(quick, events[1])).status is RunStatus.COMPLETED


async def test_a_worker_gets_no_more_at_once_than_it_can_do(house: House) -> None:
    async with Hand(house.origin).opened(max_worker_concurrency=1) as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        await house.engine.send([{"name": "a"}, {"name": "a"}])
        first = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await hand.say(Kind.WORKER_HEARTBEAT)
        # The second request would have come before the answer to the heartbeat.
        await hand.expect(Kind.GATEWAY_HEARTBEAT)
        await hand.say(Kind.WORKER_REPLY, **done(first))
        await hand.expect(Kind.WORKER_REPLY_ACK)
        second = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await hand.say(Kind.WORKER_REPLY, **done(second))
        await house.engine.wait_idle(timeout=5)
    assert first.run_id != second.run_id


async def test_a_reply_after_the_connection_broke_comes_over_http(house: House) -> None:
    hand = Hand(house.origin)
    async with hand.opened():
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        (event_id,) = await house.engine.send([{"name": "a"}])
        request = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await hand.say(Kind.WORKER_REQUEST_ACK, request_id=request.request_id)
    answer = await hand.flush(wire.write_message("Reply", **done(request)))
    assert wire.read_message("Confirmed", answer.content).request_id == request.request_id
    assert (await run_of(house, event_id)).output == "done"


async def test_a_worker_that_is_back_in_time_goes_on_with_what_it_had(
    open_house: OpenHouse,
) -> None:
    house = await open_house(connect=ConnectTimes(lost=1.0, lease=5.0))
    hand = Hand(house.origin)
    async with hand.opened():
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        (event_id,) = await house.engine.send([{"name": "a"}])
        request = await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await hand.say(Kind.WORKER_REQUEST_ACK, request_id=request.request_id)
    async with hand.opened():
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        await asyncio.sleep(1.2)  # longer than a worker that is lost has
        await hand.say(
            Kind.WORKER_REQUEST_EXTEND_LEASE,
            request_id=request.request_id,
            lease_id=request.lease_id,
        )
        assert (await hand.expect(Kind.WORKER_REQUEST_EXTEND_LEASE_ACK)).new_lease_id
        await hand.say(Kind.WORKER_REPLY, **done(request))
        assert (await run_of(house, event_id)).output == "done"


async def test_what_a_pausing_worker_did_not_take_goes_to_another(
    open_house: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect_workers, "_AFTER_PAUSE_SECONDS", 0.1)
    house = await open_house()
    async with Hand(house.origin).opened() as pausing:
        await pausing.expect(Kind.GATEWAY_CONNECTION_READY)
        (event_id,) = await house.engine.send([{"name": "a"}])
        first = await pausing.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        async with Hand(house.origin).opened() as other:
            await other.expect(Kind.GATEWAY_CONNECTION_READY)
            await pausing.say(Kind.WORKER_PAUSE)
            second = await other.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
            await other.say(Kind.WORKER_REPLY, **done(second))
            assert (await run_of(house, event_id)).output == "done"
    assert first.request_payload == second.request_payload


async def test_an_engine_that_stops_fails_no_attempt(open_house: OpenHouse) -> None:
    house = await open_house(connect=QUICK)
    hand = Hand(house.origin)
    async with hand.opened():
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        (event_id,) = await house.engine.send([{"name": "a"}])
        await hand.expect(Kind.GATEWAY_EXECUTOR_REQUEST)
        await house.engine.drain()
        await asyncio.sleep(QUICK.take + QUICK.wait + 0.2)
    (run,) = house.engine.runs(event=event_id)
    assert (run.status, house.engine.stats().in_flight) == (RunStatus.RUNNING, 1)


async def test_a_silent_worker_is_cut_off(open_house: OpenHouse) -> None:
    house = await open_house(connect=ConnectTimes(heartbeat=1, missed=1))
    async with Hand(house.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        with pytest.raises(websockets.ConnectionClosed):
            await hand.expect(Kind.GATEWAY_HEARTBEAT)
    assert workers(house.engine) == 0


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"auth_data": {"session_token": "x"}}, "the tokens are not those of its start"),
        ({"connection_id": "x"}, "the tokens are not those of its start"),
        ({"apps": [{"app_name": "t", "functions": b"[{}]"}]}, "is invalid"),
        ({"apps": [{"app_name": "t", "functions": b"{"}]}, "is not JSON: Expecting property name"),
    ],
)
async def test_a_worker_that_is_refused_is_told_why(
    told: dict[str, Any], reason: str, house: House
) -> None:
    async with Hand(house.origin).opened(**told) as hand:
        assert reason in (await hand.expect(Kind.SYNC_FAILED)).message
        with pytest.raises(websockets.ConnectionClosed):
            await hand.expect(Kind.GATEWAY_HELLO)


async def test_nonsense_ends_the_connection(house: House) -> None:
    async with Hand(house.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        await hand.socket.send(b"\xff\xff nonsense")
        with pytest.raises(websockets.ConnectionClosed):
            await hand.expect(Kind.GATEWAY_HEARTBEAT)
    assert (await hand.flush(b"\xff nonsense")).status_code == 400


async def test_another_sub_protocol_is_not_spoken(house: House) -> None:
    start = wire.read_message("Started", (await Hand(house.origin).begin()).content)
    with pytest.raises(websockets.InvalidStatus):
        async with websockets.connect(start.gateway_endpoint):
            pass


async def test_a_gateway_that_closes_says_so_and_takes_nobody_new(house: House) -> None:
    async with Hand(house.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        await house.engine.drain()
        await hand.expect(Kind.GATEWAY_CLOSING)
        assert (await hand.begin()).status_code == 503


async def test_a_served_app_beside_its_worker_is_a_conflict(house: House) -> None:
    def make(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> None: ...

        return [f]

    async with Hand(house.origin).opened() as hand:
        await hand.expect(Kind.GATEWAY_CONNECTION_READY)
        url = await house.serve_app(make, app_id="t")
        answer = await house.engine.sync_app(url)
        assert answer["conflicts"] == [[url, "wss://connect"]]
    assert "conflicts" not in await house.engine.sync_app(url)


async def test_what_a_killed_worker_had_under_way_is_done_by_another(
    open_house: OpenHouse, tmp_path: Path
) -> None:
    house = await open_house(connect=ConnectTimes(lost=0.2))
    ledger = tmp_path / "ledger"
    names = ("one", "other")
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(process(WORKER, house.origin, name, str(ledger)))
            for name in names
        }
        await eventually(lambda: workers(house.engine) == 2)
        (event_id,) = await house.engine.send([{"name": "remote/go", "data": {"seconds": 0.5}}])
        await eventually(lambda: any("slow begun" in line for line in lines_of(ledger)))
        killed = lines_of(ledger)[-1].split()[0]
        started[killed].kill()
        run = await run_of(house, event_id)
    (heir,) = set(names) - {killed}
    assert (run.status, run.output[1:]) == (RunStatus.COMPLETED, [heir, heir])
    assert f"{killed} slow ended" not in lines_of(ledger)


def test_a_worker_finds_an_engine_that_was_killed_and_started_again(tmp_path: Path) -> None:
    path, ledger, port = tmp_path / "engine.db", tmp_path / "ledger", free_port()
    origin = f"http://127.0.0.1:{port}"
    with process(WORKER, origin, "only", str(ledger)):
        with process("durable_engine.py", str(port), str(path)):
            wait_for(f"{origin}/health")
            wait_until(lambda: worker_count(origin) == 1, "the worker is connected")
            event = {"name": "remote/go", "data": {"seconds": 0.3}}
            answer = httpx.post(f"{origin}/e/key", json=event, timeout=10).json()
            wait_for_lines(ledger, 2)
        with process("durable_engine.py", str(port), str(path)):
            wait_for(f"{origin}/health")
            url = f"{origin}/v1/events/{answer['ids'][0]}/runs"
            wait_until(lambda: is_over(url), "the run has ended")
            (run,) = httpx.get(url, timeout=5).json()["data"]
    assert (run["status"], run["output"]) == ("Completed", ["only"] * 3)


def is_over(url: str) -> bool:
    return all(run["ended_at"] for run in httpx.get(url, timeout=5).json()["data"])


def worker_count(origin: str) -> int:
    apps = httpx.get(f"{origin}/v1/apps", timeout=5).json()["data"]
    return sum(app["workers"] for app in apps)


def workers(engine: Engine) -> int:
    return sum(app.workers for app in engine.apps())


async def eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not is_so():  # noqa: ASYNC110  what is waited for is in another process
            await asyncio.sleep(0.01)

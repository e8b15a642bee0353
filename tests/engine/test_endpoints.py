"""Durable endpoints of an app that speaks the protocol by hand: begun, continued, waited for."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mainstem.engine import (
    Engine,
    EngineOptions,
    RunStatus,
    RunView,
    VirtualClock,
    engine_app,
    limits,
)
from mainstem.engine.realtime import RAW
from mainstem.engine.realtime_tokens import Topic
from mainstem.engine.signatures import is_signed

from .raw_app import answer, step

Json = Any
HOST = "http://shop.test"
RUN = "01J0000000000000000000000A"
END = "2cb54db9f79f1ba7f0d02a83ed8e5b1d0b1e4de5"  # any id: an ending is told by its op
REPLY = {"status": 201, "headers": {"x-own": "yes"}, "body": '{"n":3}', "version": 2}


@dataclass
class Shop:
    """An engine, and an app whose answers to the requests made again a test gives."""

    engine: Engine
    clock: VirtualClock
    client: httpx.AsyncClient
    answering: Callable[[Request], Response] = lambda _: answer(done())
    asked: list[tuple[Request, bytes]] = field(default_factory=list)
    told: Mapping[str, str] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.asked.append((request, await request.body()))
        await self.answering(request)(scope, receive, send)

    async def begin(self, *steps: Json, run_id: str = RUN, **data: Json) -> httpx.Response:
        request = {
            "domain": HOST,
            "method": "POST",
            "path": "/orders/17",
            "query_params": "a=1&b=%20",
            "content_type": "application/json",
            "ip": "",
            "body": '{"b": 1, "a": 2}',
            "fn": "",
        }
        body = {
            "run_id": run_id,
            "event": {"name": "inngest/http.request", "data": {**request, **data}},
            "steps": list(steps),
            "ts": 1,
            "request_version": 2,
            "retries": 3,
        }
        response = await self.client.post("/v1/checkpoint", json=body)
        if response.status_code == 200:
            self.told = response.json()["data"]
        return response

    async def save(self, *steps: Json, **changed: Json) -> httpx.Response:
        run_id = self.told["run_id"]
        names = {k: self.told[k] for k in ("run_id", "fn_id", "app_id")}
        body = {**names, "steps": list(steps), "ts": 1, **changed}
        return await self.client.post(f"/v1/checkpoint/{run_id}/steps", json=body)

    async def output(self, token: str | None = None) -> httpx.Response:
        params = {"token": self.told["token"] if token is None else token}
        path = f"/v1/http/runs/{self.told['run_id']}/output"
        return await asyncio.wait_for(self.client.get(path, params=params), 5)

    async def rest(self) -> RunView:
        """The run when nothing is left to do, with all waiting times passed over."""
        while True:
            await self.engine.settle(timeout=5)
            due = self.engine.next_due
            if due is None or self.engine.run(RUN).is_over:
                return self.engine.run(RUN)
            self.clock.advance(timedelta(milliseconds=max(0, due - self.clock.now())))

    def headers(self, name: str) -> list[str | None]:
        return [request.headers.get(name) for request, _ in self.asked]


def done(reply: Json = REPLY) -> Json:
    return {"op": "RunComplete", "id": END, "data": reply}


def failed(op: str = "StepError") -> Json:
    """How the SDK tells that the endpoint itself failed."""
    key = hashlib.sha1(b"complete", usedforsecurity=False).hexdigest()
    return {"op": op, "id": key, "error": {"name": "Error", "message": "no stock"}}


@asynccontextmanager
async def opened(path: str = ":memory:", **options: Any) -> AsyncIterator[Shop]:
    holder: list[Shop] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await holder[0](scope, receive, send)

    clock = VirtualClock(datetime(2030, 1, 1, tzinfo=UTC))
    kept = EngineOptions(path=path, transports={HOST: app}, **options)
    async with Engine.open(kept, clock=clock) as engine:
        transport = httpx.ASGITransport(engine_app(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            holder.append(Shop(engine, clock, client))
            yield holder[0]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with opened() as shop:
        yield shop


async def test_a_run_begins_with_its_first_step_and_ends_with_the_endpoints_answer(
    shop: Shop,
) -> None:
    begun = await shop.begin(step("one", data=1))
    assert sorted(begun.json()["data"]) == ["app_id", "fn_id", "realtime_token", "run_id", "token"]
    assert (await shop.save(step("two", data=2))).status_code == 200
    assert shop.engine.run(RUN).status is RunStatus.RUNNING
    assert (await shop.save(done())).status_code == 200
    run = shop.engine.run(RUN)
    assert (run.status, run.output) == (RunStatus.COMPLETED, REPLY)
    assert [(each.id, each.output) for each in run.steps] == [("one", 1), ("two", 2)]
    assert (shop.asked, shop.engine.next_due) == ([], None)


async def test_its_app_and_function_are_known_from_the_request_and_nobody_asks_them_to_register(
    shop: Shop,
) -> None:
    await shop.begin(done())
    (app,) = shop.engine.apps()
    assert (app.id, app.name, app.url, app.sync_method) == (
        shop.told["app_id"],
        "shop.test",
        HOST,
        "endpoint",
    )
    (function,) = app.functions
    assert (function.id, function.slug) == (shop.told["fn_id"], "shop.test-POST :orders:*")
    assert function.name == "POST /orders/*"
    registrar = shop.engine.registrar
    assert (registrar.polled_urls(), registrar.known_urls()) == ([], [])


async def test_requests_that_differ_in_a_key_are_runs_of_one_function(shop: Shop) -> None:
    await shop.begin(done(), path="/orders/18")
    await shop.begin(done(), run_id=RUN[:-1] + "B")
    await shop.begin(done(), run_id=RUN[:-1] + "C", fn="checkout")
    (app,) = shop.engine.apps()
    assert [each.name for each in app.functions] == ["POST /orders/*", "checkout"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/users/7/orders", "/users/*/orders"),
        ("/f/0b1e1e1e-4a5b-4c6d-8e7f-0123456789ab", "/f/*"),
        ("/f/01J0000000000000000000000A", "/f/*"),
        ("/api/v1/process-the-payment-v2", "/api/v1/process-the-payment-v2"),
        ("/", "/"),
    ],
)
async def test_only_keys_are_left_out_of_a_name(shop: Shop, path: str, name: str) -> None:
    await shop.begin(done(), path=path)
    assert [each.name for each in shop.engine.apps()[0].functions] == [f"POST {name}"]


async def test_a_run_that_exists_is_not_begun_again(shop: Shop) -> None:
    await shop.begin(step("one", data=1))
    assert (await shop.begin(step("one", data=2))).status_code == 409
    assert [each.output for each in shop.engine.run(RUN).steps] == [1]


async def test_after_a_sleep_the_same_request_is_made_again_with_the_id_of_the_run(
    shop: Shop,
) -> None:
    await shop.begin(step("one", data=1), step("nap", "Sleep", name="1h"))
    run = await shop.rest()
    ((request, body),) = shop.asked
    assert (request.method, str(request.url)) == ("POST", f"{HOST}/orders/17?a=1&b=%20")
    assert body == b'{"b": 1, "a": 2}'
    assert request.headers["x-run-id"] == RUN
    assert request.headers["x-inngest-signature"] == ""
    assert request.headers["content-type"] == "application/json"
    assert (run.status, run.output) == (RunStatus.COMPLETED, REPLY)
    assert shop.clock.now() - run.created_at == 3_600_000


async def test_memos_are_there_for_the_sdk_to_fetch_in_order(shop: Shop) -> None:
    seen: list[str] = []
    await shop.begin(step("z", data=1))
    await shop.save(step("a", data=2))
    await shop.save(step("nap", "Sleep", name="1s"))
    seen.append((await shop.client.get(f"/v0/runs/{RUN}/actions")).text)
    batch = (await shop.client.get(f"/v0/runs/{RUN}/batch")).json()
    assert json.loads(seen[0]) == {"z": {"data": 1}, "a": {"data": 2}}
    assert list(json.loads(seen[0])) == ["z", "a"]
    assert [event["data"]["path"] for event in batch] == ["/orders/17"]


async def test_a_step_that_fails_again_although_it_has_failed_for_good_ends_the_run(
    shop: Shop,
) -> None:
    error = {"name": "E", "message": "no"}
    shop.answering = lambda _: answer([step("pay", "StepError", error=error)])
    await shop.begin(step("pay", "StepFailed", error=error))
    run = await shop.rest()
    assert (run.status, run.output["name"]) == (RunStatus.FAILED, "RepeatedStep")


async def test_a_failed_step_is_tried_again_and_its_last_failure_told(shop: Shop) -> None:
    error = {"name": "E", "message": "no"}

    def answering(_: Request) -> Response:
        if len(shop.asked) < 4:
            return answer([step("pay", "StepError", error=error)])
        return answer(error, 400, x_inngest_no_retry="true")

    shop.answering = answering
    await shop.begin(step("pay", "StepError", error=error))
    run = await shop.rest()
    assert run.status is RunStatus.FAILED
    assert [(each.id, each.status) for each in run.steps] == [("pay", "failed")]
    output = await shop.output()
    assert (output.status_code, output.json()["error"]) == (500, "The endpoint failed: no")


@pytest.mark.parametrize(("op", "status"), [("StepError", "RUNNING"), ("StepFailed", "FAILED")])
async def test_a_failure_of_the_endpoint_itself_is_no_step(
    shop: Shop, op: str, status: str
) -> None:
    await shop.begin(failed(op))
    run = shop.engine.run(RUN)
    assert (run.status, run.steps) == (status, ())
    if op == "StepError":
        assert (await shop.rest()).status is RunStatus.COMPLETED
        assert shop.headers("x-inngest-generation-id") == ["2"]


async def test_steps_side_by_side_are_asked_for_one_by_one(shop: Shop) -> None:
    def answering(request: Request) -> Response:
        target = request.headers["x-inngest-step-id"]
        return answer(done() if target == "step" else [step(target, data=target)])

    shop.answering = answering
    await shop.begin(step("a", "StepPlanned"), step("b", "StepPlanned"))
    run = await shop.rest()
    assert run.status is RunStatus.COMPLETED
    assert sorted(map(str, shop.headers("x-inngest-step-id"))) == ["a", "b", "step"]
    assert shop.headers("x-inngest-force-step-plan") == ["true", "true", None]


async def test_an_app_that_falls_silent_is_asked_again(shop: Shop) -> None:
    await shop.begin(step("one", data=1))
    shop.clock.advance(timedelta(minutes=14))
    await shop.save(step("two", data=2))
    shop.clock.advance(timedelta(minutes=14))
    await shop.engine.settle(timeout=5)
    assert shop.asked == []
    shop.clock.advance(timedelta(minutes=1))
    await shop.engine.settle(timeout=5)
    assert (len(shop.asked), shop.engine.run(RUN).status) == (1, RunStatus.COMPLETED)


async def test_what_comes_after_a_run_was_given_up_is_kept_and_may_end_it(shop: Shop) -> None:
    await shop.begin(step("nap", "Sleep", name="1h"))
    assert (await shop.save(step("late", data=1))).status_code == 200
    assert shop.asked == []
    assert (await shop.save(done())).status_code == 200
    assert shop.engine.run(RUN).status is RunStatus.COMPLETED
    assert (await shop.save(done())).status_code == 200  # told twice
    assert (await shop.save(step("later"))).status_code == 400


async def test_the_output_is_the_endpoints_own_answer_and_no_page_of_the_engine(
    shop: Shop,
) -> None:
    shop.answering = lambda _: answer(done({**REPLY, "headers": {"Content-Length": "999"}}))
    await shop.begin(step("nap", "Sleep", name="1h"))
    waiting = asyncio.create_task(shop.output())
    await asyncio.sleep(0)
    assert not waiting.done()
    await shop.rest()
    output = await waiting
    assert (output.status_code, output.text) == (201, '{"n":3}')
    assert output.headers["content-length"] == "7"
    assert output.headers["content-security-policy"] == "sandbox"
    assert output.headers["access-control-allow-origin"] == "*"


async def test_the_output_is_for_who_has_the_token(shop: Shop) -> None:
    await shop.begin(done())
    assert [(await shop.output(token)).status_code for token in ("", "x", "ü")] == [404] * 3


async def test_who_waits_for_the_output_is_told_of_a_cancelled_run_and_of_an_engine_that_stops(
    shop: Shop,
) -> None:
    await shop.begin(step("nap", "Sleep", name="1h"))
    waiting = asyncio.create_task(shop.output())
    await asyncio.sleep(0.01)
    shop.engine.cancel(RUN)
    assert (await waiting).status_code == 410
    await shop.begin(step("nap", "Sleep", name="1h"), run_id=RUN[:-1] + "B")
    waiting = asyncio.create_task(shop.output())
    await asyncio.sleep(0.01)
    await shop.engine.drain()  # what a server does before it ends
    assert (await waiting).status_code == 503
    assert (await shop.output()).status_code == 503


async def test_who_waits_for_long_is_told_to_ask_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OUTPUT_WAIT_SECONDS", 0.01)
    await shop.begin(step("nap", "Sleep", name="1h"))
    assert (await shop.output()).status_code == 504


async def test_who_waits_and_goes_is_forgotten(shop: Shop) -> None:
    await shop.begin(step("nap", "Sleep", name="1h"))
    path = f"/v1/http/runs/{RUN}/output"
    messages: list[dict[str, Json]] = [
        {"type": "http.request", "body": b""},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Json]:
        return messages.pop(0)

    async def send(_: Json) -> None:
        return None

    query = f"token={shop.told['token']}".encode()
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}
    await asyncio.wait_for(engine_app(shop.engine)(scope, receive, send), 5)
    assert messages == []


async def test_a_sleeping_run_goes_on_in_the_next_engine(tmp_path: Path) -> None:
    path = str(tmp_path / "engine.db")
    async with opened(path) as first:
        await first.begin(step("one", data=1), step("nap", "Sleep", name="1h"))
        told = first.told
    async with opened(path) as second:
        second.told = told
        assert (await second.rest()).status is RunStatus.COMPLETED
        assert len(second.asked) == 1
        assert (await second.output()).status_code == 201


async def test_with_a_key_requests_are_signed_as_the_sdk_checks_them() -> None:
    key = "signkey-test-0123456789abcdef"
    async with opened(signing_key=key) as shop:
        assert (await shop.begin()).status_code == 401
        shop.client.headers["authorization"] = f"Bearer {key}"
        await shop.begin(step("nap", "Sleep", name="1s"))
        del shop.client.headers["authorization"]
        await shop.rest()
        ((request, body),) = shop.asked
        assert body == b'{"b": 1, "a": 2}'  # as it came
        assert is_signed(b'{"a":2,"b":1}', request.headers["x-inngest-signature"], [key])
        assert (await shop.output()).status_code == 201  # a token is enough


@pytest.mark.parametrize(
    "data",
    [
        {"domain": "file:///etc"},
        {"domain": "http://a:99999"},
        {"domain": f"{HOST}/x?y"},
        {"path": "orders"},
        {"path": "/a\nb"},
        {"method": "G T"},
        {"content_type": "a\r\nb"},
    ],
    ids=str,
)
async def test_a_request_that_cannot_be_made_again_is_refused(
    shop: Shop, data: dict[str, Json]
) -> None:
    response = await shop.begin(step("one"), **data)
    assert response.status_code == 400
    assert shop.engine.runs() == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"run_id":"x","event":{}}'], ids=str)
async def test_nonsense_is_refused(shop: Shop, body: bytes) -> None:
    await shop.begin()
    for path in ("/v1/checkpoint", f"/v1/checkpoint/{RUN}/steps"):
        response = await shop.client.post(path, content=body)
        assert response.status_code == 400
    assert (await shop.save(fn_id="other")).status_code == 400
    assert shop.engine.run(RUN).status is RunStatus.RUNNING


async def test_a_run_with_too_much_in_its_first_step_leaves_nothing_behind(shop: Shop) -> None:
    assert (await shop.begin(step("big", data="x" * (5 << 20)))).status_code == 413
    assert (shop.engine.runs(), shop.engine.apps()) == ([], [])
    assert (await shop.begin(done())).status_code == 200
    assert len(shop.engine.apps()[0].functions) == 1


async def test_a_run_is_done_again_as_a_request_to_the_endpoint(shop: Shop) -> None:
    await shop.begin(step("one", data=1), done())
    (response,) = [await shop.client.post(f"/v1/runs/{RUN}/replay", json={})]
    await shop.engine.settle(timeout=5)
    new = response.json()["data"]["run_id"]
    assert shop.headers("x-run-id") == [new]
    assert shop.engine.run(new).status is RunStatus.COMPLETED


async def test_what_a_run_streams_reaches_who_has_its_token_as_it_is(shop: Shop) -> None:
    await shop.begin(step("one", data=1))
    assert shop.engine.realtime.granted(shop.told["realtime_token"]) == frozenset({Topic(RUN, RAW)})
    with shop.engine.realtime.subscribe([Topic(RUN, RAW)]) as listener:
        path = f"/v1/realtime/publish/tee?channel={RUN}"
        answered = await shop.client.post(path, content=b"event: x\ndata: 1\n\n")
        assert answered.status_code == 200
        assert await anext(listener) == "event: x\ndata: 1\n\n"

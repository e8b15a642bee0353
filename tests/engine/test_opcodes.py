"""Each kind of step an app can report, and answers that are none, by an app that speaks by hand."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mainstem.engine import RunStatus, RunView, VirtualClock, limits

from .house import serving
from .raw_app import SDK, Call, RawApp, answer, done, raw_app, step

KEY = "sk-very-secret"
PROVIDER = "http://model.test"
_MEMOS = "SELECT 1 FROM steps WHERE memo IS NOT NULL"


@pytest.fixture
async def app() -> AsyncIterator[RawApp]:
    async with raw_app(VirtualClock()) as opened:
        yield opened


class Provider:
    """A pretend provider of a model: keeps what it was asked, answers as it was told."""

    def __init__(self, *answers: Response) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Request, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        content = await request.body()
        self.asked.append((request, json.loads(content) if content else None))
        await self.answers.pop(0)(scope, receive, send)


def _infer(**opts: Any) -> dict[str, Any]:
    given = {"type": "step.ai.infer", "url": f"{PROVIDER}/v1/chat", "auth_key": KEY}
    body = {"model": "m", "messages": []}
    return step("ask", "AIGateway", opts={**given, "body": body, "format": "openai-chat", **opts})


def _returning_memo(*ops: dict[str, Any]) -> Any:
    def answering(call: Call) -> Response:
        return answer([done(call.steps)] if call.steps else list(ops))

    return answering


async def _finished(app: RawApp, answering: Any) -> RunView:
    return await app.rest(await app.start(answering))


# Requests to providers


async def test_a_model_is_asked_over_the_network_and_its_answer_is_the_memo() -> None:
    provider = Provider(Response('{"choices": [1]}'))
    async with raw_app() as app, serving(provider) as origin:
        run_id = await app.start(_returning_memo(_infer(url=f"{origin}/v1/chat?x=1")))
        await app.engine.wait_idle(timeout=5)
        run = app.engine.run(run_id)
    ((request, body),) = provider.asked
    assert run.output == {"ask": {"data": {"choices": [1]}}}
    assert (request.method, request.url.path, request.url.query) == ("POST", "/v1/chat", "x=1")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert body == {"model": "m", "messages": []}


@pytest.mark.parametrize(
    ("form", "header", "value", "query"),
    [
        ("anthropic", "x-api-key", KEY, ""),
        ("bedrock", "authorization", KEY, ""),
        ("gemini", "authorization", None, f"key={KEY}"),
        (None, "authorization", f"Bearer {KEY}", ""),
    ],
)
async def test_the_key_goes_where_the_provider_looks_for_it(
    form: str | None, header: str, value: str | None, query: str
) -> None:
    provider = Provider(Response("{}"))
    async with raw_app(VirtualClock(), transports={PROVIDER: provider}) as app:
        await _finished(app, _returning_memo(_infer(format=form, headers={"X-More": "1"})))
    ((request, _),) = provider.asked
    assert (request.headers.get(header), request.url.query) == (value, query)
    assert request.headers["x-more"] == "1"


async def test_a_provider_that_fails_is_asked_again_with_the_steps_own_attempts() -> None:
    busy = Response("slow down", 429, headers={"retry-after": "60"})
    provider = Provider(busy, Response("{}"))
    clock = VirtualClock()
    async with raw_app(clock, transports={PROVIDER: provider}) as app:
        began = clock.now()
        run = await _finished(app, _returning_memo(_infer()))
        assert clock.now() - began == 60_000
    assert (run.status, run.steps[0].attempt, len(app.calls)) == (RunStatus.COMPLETED, 1, 2)


async def test_a_provider_that_fails_for_good_is_an_error_of_the_step() -> None:
    provider = Provider(*(Response('{"error": "bad"}', 500) for _ in range(5)))
    async with raw_app(VirtualClock(), transports={PROVIDER: provider}) as app:
        run = await _finished(app, _returning_memo(_infer()))
    error = run.output["ask"]["error"]
    assert error["name"] == "AIGatewayError"
    assert "unsuccessful status code: 500" in error["message"]
    assert (error["stack"], error["data"]) == ('{"error": "bad"}', {"error": "bad"})
    assert (len(provider.asked), len(app.calls)) == (5, 2)


async def test_a_request_to_a_provider_takes_no_place_of_the_functions_concurrency() -> None:
    async with raw_app(VirtualClock(), transports={PROVIDER: None}) as app:
        await app.register(concurrency=[{"limit": 1}])
        gate = asyncio.Event()

        async def provider(scope: Scope, receive: Receive, send: Send) -> None:
            await gate.wait()
            await Response("{}")(scope, receive, send)

        app.engine.options.transports[PROVIDER] = provider  # type: ignore[index]
        first = await app.start(_returning_memo(_infer()))
        await app.until(lambda: app.engine.run(first).steps != ())
        second = await app.start(lambda _: answer([done("through")]))
        await app.until(lambda: app.engine.run(second).is_over)
        assert not app.engine.run(first).is_over
        gate.set()
        assert (await app.rest(first)).is_over


async def test_keys_are_in_no_view_no_event_no_log_and_not_in_the_file_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = Provider(*(Response(f"your key {KEY} is bad", 401) for _ in range(5)))
    async with raw_app(VirtualClock(), transports={PROVIDER: provider}) as app:
        run = await _finished(app, _returning_memo(_infer(format="gemini")))
        stored = "\n".join(app.engine.reader.iterdump())
    assert len(provider.asked) == 5
    assert KEY not in f"{run} {stored} {caplog.text}"


async def test_fetch_gives_status_headers_and_body_whatever_the_status() -> None:
    provider = Provider(Response("not here", 404, headers={"x-a": "b"}))
    fetch = step("get", "Gateway", opts={"url": f"{PROVIDER}/x", "method": "PUT", "body": '"b"'})
    async with raw_app(VirtualClock(), transports={PROVIDER: provider}) as app:
        run = await _finished(app, _returning_memo(fetch))
    ((request, body),) = provider.asked
    memo = run.output["get"]["data"]
    assert (request.method, body) == ("PUT", "b")
    assert (memo["status_code"], memo["body"], memo["headers"]["x-a"]) == (404, "not here", "b")


async def _fetched(*answers: Response, **opts: Any) -> tuple[Provider, RunView]:
    """What a provider was asked, at two origins, by a fetch of `/x` with a key."""
    provider = Provider(*answers)
    given = {"url": f"{PROVIDER}/x", "headers": {"X-Key": KEY, "accept": "text/plain"}}
    fetch = step("get", "Gateway", opts={**given, **opts})
    origins = {PROVIDER: provider, "http://other.test": provider}
    async with raw_app(VirtualClock(), transports=origins) as app:
        return provider, await _finished(app, _returning_memo(fetch))


def _moved(status: int, location: str) -> Response:
    return Response("", status, headers={"location": location})


async def test_fetch_follows_redirects_and_tells_where_they_led() -> None:
    answers = (_moved(302, "/y?a=b c#d"), _moved(307, "z"), Response("here"))
    provider, run = await _fetched(*answers)
    memo = run.output["get"]["data"]
    assert [request.url.path for request, _ in provider.asked] == ["/x", "/y", "/z"]
    assert provider.asked[1][0].url.query == "a=b%20c"
    assert (memo["url"], memo["body"]) == (f"{PROVIDER}/z", "here")
    assert [request.headers["x-key"] for request, _ in provider.asked] == [KEY] * 3


@pytest.mark.parametrize(
    ("status", "method", "kept"),
    [(301, "GET", False), (303, "GET", False), (307, "POST", True), (308, "POST", True)],
)
async def test_a_redirected_post_stays_one_only_where_the_status_says_so(
    status: int, method: str, *, kept: bool
) -> None:
    answers = (_moved(status, "/y"), Response("here"))
    provider, _ = await _fetched(*answers, method="POST", body="[1]")
    (_, (request, body)) = provider.asked
    assert (request.method, body) == (method, [1] if kept else None)


async def test_no_key_goes_with_a_redirect_to_another_origin() -> None:
    provider, _ = await _fetched(_moved(307, "http://other.test/y"), Response("here"))
    (_, (request, _)) = provider.asked
    assert request.url.hostname == "other.test"
    assert "x-key" not in request.headers
    assert request.headers["accept"] == "text/plain"


@pytest.mark.parametrize(
    ("location", "told"), [("/x", "more than 20 redirects"), ("file:///etc", "no http or https")]
)
async def test_redirects_without_end_or_to_no_address_fail_the_step(
    location: str, told: str
) -> None:
    provider, run = await _fetched(*(_moved(302, location) for _ in range(105)))
    assert told in run.output["get"]["error"]["message"]
    assert len(provider.asked) == (105 if location == "/x" else 5)


async def test_a_provider_that_redirects_has_failed_and_its_key_stays_here() -> None:
    provider = Provider(*(_moved(307, "http://other.test/y") for _ in range(5)))
    async with raw_app(VirtualClock(), transports={PROVIDER: provider}) as app:
        run = await _finished(app, _returning_memo(_infer()))
    assert "status code: 307" in run.output["ask"]["error"]["message"]


@pytest.mark.parametrize(
    "opts",
    [
        {"url": "file:///etc/passwd"},
        {"url": "http://[bad"},
        {"url": 7},
        {"headers": [1]},
        {"headers": {"a\r\nb": "c"}},
        {"headers": {"a": "b\r\nc: d"}},
        {"headers": {"a": "ж"}},
    ],
    ids=str,
)
async def test_a_request_that_cannot_be_sent_fails_the_run_by_name(
    app: RawApp, opts: dict[str, Any]
) -> None:
    run = await _finished(app, _returning_memo(_infer(**opts)))
    assert (run.status, run.output["name"]) == (RunStatus.FAILED, "InvalidOpcode")
    assert KEY not in str(run)


async def test_a_provider_that_cannot_be_reached_is_retried(app: RawApp) -> None:
    run = await _finished(app, _returning_memo(_infer(url="http://127.0.0.1:1/x")))
    assert "no answer" in run.output["ask"]["error"]["message"]


# Signals


def _waiting(**opts: Any) -> dict[str, Any]:
    return step("hold", "WaitForSignal", opts={"signal": "go", "timeout": "1h", **opts})


async def _signal(app: RawApp, body: Any) -> tuple[int, Any]:
    response = await app.client.post("/v1/signals", json=body)
    return response.status_code, response.json()["data"]


async def test_a_signal_wakes_the_run_that_waits_for_it(app: RawApp) -> None:
    run = await app.run(_returning_memo(_waiting()))
    assert await _signal(app, {"signal": "other"}) == (404, None)
    assert await _signal(app, {"signal": "go", "data": {"n": 1}}) == (200, {"run_id": run.id})
    assert (await app.rest(run.id)).output == {"hold": {"data": {"signal": "go", "data": {"n": 1}}}}
    assert await _signal(app, {"signal": "go"}) == (404, None)


async def test_a_signal_that_does_not_come_gives_null(app: RawApp) -> None:
    assert (await _finished(app, _returning_memo(_waiting()))).output == {"hold": None}


async def test_an_event_of_a_signals_name_is_none(app: RawApp) -> None:
    run = await app.run(_returning_memo(_waiting()))
    await app.engine.send([{"name": "go", "data": {}}])
    await app.engine.settle(timeout=5)
    assert not app.engine.run(run.id).is_over


async def test_a_second_run_that_waits_for_a_signal_fails(app: RawApp) -> None:
    first = await app.run(_returning_memo(_waiting()))
    second = await app.run()
    assert (second.status, second.output["name"]) == (RunStatus.FAILED, "SignalConflict")
    assert (await _signal(app, {"signal": "go"}))[1] == {"run_id": first.id}


async def test_a_second_run_may_take_the_place_of_the_first(app: RawApp) -> None:
    first = await app.run(_returning_memo(_waiting()))
    second = await app.run(_returning_memo(_waiting(conflict="replace")))
    assert (await _signal(app, {"signal": "go"}))[1] == {"run_id": second.id}
    assert (await app.rest(first.id)).output == {"hold": None}


@pytest.mark.parametrize("body", [None, [], {}, {"signal": 1}, {"signal": ""}], ids=str)
async def test_what_is_no_signal_is_refused(app: RawApp, body: Any) -> None:
    assert (await _signal(app, body))[0] == 400


# Other kinds


async def test_a_sleep_may_carry_a_span_in_its_name(app: RawApp) -> None:
    clock = app.clock
    assert clock is not None
    began = clock.now()
    await _finished(app, _returning_memo(step("nap", "Sleep", name="90s")))
    assert clock.now() - began == 90_000


async def test_a_request_for_discovery_gets_a_call(app: RawApp) -> None:
    def answering(_: Call) -> Response:
        again = {"op": "DiscoveryRequest", "id": "d"}
        return answer([again] if len(app.calls) == 1 else [done("there")])

    assert (await app.run(answering)).output == "there"


async def test_nothing_from_a_branch_is_nothing(app: RawApp) -> None:
    nothing = {"op": "None", "id": "n"}
    run = await _finished(app, _returning_memo(nothing, step("one", data=1)))
    assert run.output == {"one": {"data": 1}}


@pytest.mark.parametrize("kind", ["SyncRunComplete", "StepNotFound"])
async def test_a_kind_that_is_unknown_fails_the_answer_by_name(app: RawApp, kind: str) -> None:
    run = await _finished(app, _returning_memo(step("one", data=1), step("odd", kind)))
    assert (run.status, run.output["name"]) == (RunStatus.FAILED, "UnknownOpcode")
    assert (kind in run.output["message"], run.steps, len(app.calls)) == (True, (), 5)


async def test_what_steps_were_given_is_kept(app: RawApp) -> None:
    run = await app.run(
        lambda _: answer(
            [
                step("args", "StepRun", data=1, opts={"input": [1, "two"], "type": "x"}),
                step("invoke", "InvokeFunction", opts={"payload": {"data": {"n": 1}}}),
                step("wait", "WaitForEvent", name="e", opts={"timeout": "1h", "if": None}),
                step("none", "StepRun", data=1),
            ]
        )
    )
    rows = app.engine.reader.execute("SELECT id, input FROM steps WHERE run_id = ?", (run.id,))
    kept = {row["id"]: row["input"] and json.loads(row["input"]) for row in rows}
    assert kept == {
        "args": [1, "two"],
        "invoke": {"data": {"n": 1}},
        "wait": {"event": "e", "timeout": "1h"},
        "none": None,
    }


async def test_a_step_found_by_two_calls_of_a_race_runs_once(app: RawApp) -> None:
    ran: list[str] = []
    race = {"parallelMode": "race"}
    first, release = asyncio.Event(), asyncio.Event()

    async def answering(call: Call) -> Response:
        if call.target == "b":
            await first.wait()
        if call.target != "step":
            return answer([step(call.target, data=1, opts=race)])
        if not call.steps:
            return answer([step(key, "StepPlanned", opts=race) for key in ("a", "b")])
        if "after" not in call.steps:
            ran.append("after")
            first.set()
            await release.wait()
            return answer([step("after", data=2)])
        return answer([done("end")])

    run_id = await app.start(answering)
    await app.until(lambda: bool(ran) and len(app.engine.reader.execute(_MEMOS).fetchall()) == 2)
    for _ in range(50):  # time enough for a second call, if there were one
        await asyncio.sleep(0)
    release.set()
    assert ((await app.rest(run_id)).output, ran) == ("end", ["after"])


# Answers that are none, and limits


@pytest.mark.parametrize(
    "body",
    [
        {},
        "text",
        [1],
        [{"op": "StepRun"}],
        [{"op": "StepRun", "id": 7}],
        [{"op": ["StepRun"], "id": "x"}],
        [{"op": "StepRun", "id": ""}],
        [{"op": "StepRun", "id": "x" * 10_000}],
        [{"op": "StepRun", "id": "x", "opts": []}],
        [{"op": "Sleep", "id": "x", "opts": "soon"}],
        [None],
    ],
    ids=lambda body: str(body)[:40],
)
async def test_steps_of_a_bad_shape_are_a_failed_attempt_and_nothing_of_them_is_kept(
    app: RawApp, body: Any
) -> None:
    run = await _finished(app, _returning_memo_or(body))
    assert (run.output, run.steps, len(app.calls)) == ("mended", (), 2)


def _returning_memo_or(body: Any) -> Any:
    def answering(call: Call) -> Response:
        return answer([done("mended")]) if call.ctx["attempt"] else answer(body)

    return answering


@pytest.mark.parametrize(
    "op",
    [
        step("x", "Sleep", name="never"),
        step("x", "Sleep", name=""),
        step("x", "Sleep", name="9" * 400 + "h"),
        step("x", "WaitForEvent", name="e", opts={"timeout": {"n": 1}}),
        step("x", "InvokeFunction", opts={"function_id": "f", "payload": {"data": [1]}}),
        step("x", "InvokeFunction", opts={"function_id": "f", "timeout": "999999999999999h"}),
        step("x", "WaitForSignal", opts={"signal": "s", "timeout": "never"}),
    ],
    ids=lambda op: str(op["opts"] if "opts" in op else op["name"])[:40],
)
async def test_a_step_that_cannot_be_begun_fails_its_run_by_name(
    app: RawApp, op: dict[str, Any]
) -> None:
    run = await _finished(app, _returning_memo(op))
    error = run.output.get("error", run.output)
    assert run.status is RunStatus.FAILED
    assert run.output.get("name") or error["name"]
    other = await app.run(lambda _: answer([done("alive")]))
    assert other.output == "alive"


@pytest.mark.parametrize("error", [None, "text", [1], {}, 7], ids=str)
@pytest.mark.parametrize("kind", ["StepError", "StepFailed"])
async def test_an_error_of_any_shape_is_an_error(app: RawApp, kind: str, error: Any) -> None:
    op = step("x", kind, error=error)
    answering = _returning_memo(op)
    run = await _finished(
        app, lambda call: _with_no_retry(answering(call)) if not call.steps else answering(call)
    )
    memo = run.output["x"]["error"]
    assert (memo["name"], type(memo["message"])) == ("Error", str)


def _with_no_retry(response: Response) -> Response:
    response.headers["x-inngest-no-retry"] = "true"
    return response


async def test_a_step_reported_twice_in_one_answer_counts_once(app: RawApp) -> None:
    run = await _finished(app, _returning_memo(step("x", data=1), step("x", data=2)))
    assert run.output == {"x": {"data": 1}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n ",
        b"{",
        b"[]",
        b"{}",
        b'{"status": "206", "body": "[]"}',
        b'{"status": 206, "body": 7}',
        b'{"status": 206, "body": "{"}',
        b'{"status": 206, "body": "7"}',
        b"\xff\xfe",
        b"[" * 100_000,
        b"NaN",
    ],
    ids=lambda content: repr(content)[:30],
)
async def test_a_streamed_answer_of_a_bad_shape_is_a_failed_attempt(
    app: RawApp, content: bytes
) -> None:
    def answering(call: Call) -> Response:
        return (
            answer([done("mended")]) if call.ctx["attempt"] else Response(content, 201, headers=SDK)
        )

    run = await _finished(app, answering)
    assert (run.output, len(app.calls)) == ("mended", 2)


async def test_a_streamed_answer_stands_for_what_is_in_it(app: RawApp) -> None:
    inner = {"status": 500, "body": '{"message": "no"}', "headers": {"X-Inngest-No-Retry": "true"}}
    content = b" " * 10 + json.dumps(inner).encode()
    run = await _finished(app, lambda _: Response(content, 201, headers=SDK))
    assert (run.status, run.output, len(app.calls)) == (RunStatus.FAILED, {"message": "no"}, 1)


async def test_what_is_no_sdk_is_retried_and_told_as_such(app: RawApp) -> None:
    run = await _finished(app, lambda _: Response("<html>" * 5000, 502))
    assert run.output["message"] == "Your server returned HTTP 502 before the SDK responded."
    assert run.output["name"] == "Server returned a fatal error"
    assert len(run.output["stack"]) < 9000
    assert len(app.calls) == 5


async def test_an_answer_that_is_too_large_ends_the_run_by_name(
    app: RawApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_RESPONSE_BYTES", 1000)
    run = await app.run(lambda _: answer("x" * 1000, 200))
    assert (run.output["name"], len(app.calls)) == ("output_too_large", 1)


async def test_an_output_that_is_too_large_is_an_error_of_the_step(
    app: RawApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STEP_OUTPUT_BYTES", 100)
    run = await app.run(_returning_memo(step("big", data="ä" * 60)))
    assert run.output["big"]["error"]["name"] == "output_too_large"


async def test_too_many_steps_end_the_run_by_name(
    app: RawApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STEPS_PER_RUN", 3)
    run = await app.run(lambda call: answer([step(f"s{len(call.steps)}", data=1)]))
    assert (run.output["name"], len(run.steps)) == ("InngestErrFunctionOverflowed", 3)


async def test_too_much_state_ends_the_run_by_name(
    app: RawApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STATE_BYTES", 250)
    run = await app.run(lambda call: answer([step(f"s{len(call.steps)}", data="x" * 80)]))
    assert (run.output["name"], len(run.steps)) == ("InngestErrStateOverflowed", 3)


async def test_a_state_that_fills_up_within_one_answer_ends_the_run(
    app: RawApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STATE_BYTES", 250)
    run = await app.run(lambda _: answer([step(f"s{n}", data="x" * 80) for n in range(5)]))
    assert (run.status, run.output["name"]) == (RunStatus.FAILED, "InngestErrStateOverflowed")


async def test_a_request_that_is_too_large_leaves_the_state_to_be_fetched(
    app: RawApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STATE_IN_REQUEST_BYTES", 500)

    async def answering(call: Call) -> Response:
        if not call.body["use_api"]:
            return answer([step("big", data="x" * 500)])
        state = await app.client.get(f"/v0/runs/{call.ctx['run_id']}/actions")
        return answer([done(sorted(state.json()))])

    run = await app.run(answering)
    assert (run.output, app.calls[1].steps, app.calls[1].ctx["use_api"]) == (["big"], {}, True)

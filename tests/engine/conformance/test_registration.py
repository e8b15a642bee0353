"""Rows 1 to 4, 36, 37, 42 and 47: how an app and the engine get to know and trust each other."""

import hashlib
from typing import Any

import httpx
import inngest
import pytest

from mainstem.engine import RunStatus
from mainstem.engine.signatures import is_signed, sign

from .station import KEY, Functions, Station, giving, on

pytestmark = pytest.mark.asyncio(loop_scope="session")
OLD = "signkey-test-" + "cd" * 16


def one(client: inngest.Inngest) -> Functions:
    @on("f", client, retries=0)
    async def f(ctx: inngest.Context) -> object:
        return await ctx.step.run("one", giving, 1)

    return [f]


def two(client: inngest.Inngest) -> Functions:
    @on("g", client)
    async def g(ctx: inngest.Context) -> None: ...

    return [*one(client), g]


def signed(body: bytes, now_ms: int) -> dict[str, str]:
    return {"x-inngest-signature": sign(body, KEY, now_seconds=now_ms // 1000)}


async def put(url: str, body: bytes = b"", **headers: str) -> httpx.Response:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient() as http:
        return await http.put(url, content=body, headers=told)


async def test_registration(station: Station) -> None:
    place = station.serve(one)
    first, again = await put(place.url), await put(place.url)
    station.serve(two, app_id=place.id)
    changed = await put(place.url)
    for answer in (first, again, changed):
        assert (answer.status_code, answer.json()["ok"]) == (200, True)
        assert answer.headers["x-inngest-sync-kind"] == "out_of_band"
    assert [each.json()["modified"] for each in (first, again, changed)] == [True, False, True]
    assert first.json()["app_id"] == changed.json()["app_id"]


async def test_server_kind_mismatch(station: Station) -> None:
    place = station.serve(one)
    answer = await put(place.url, x_inngest_server_kind="cloud")
    assert answer.status_code == 400
    assert answer.json()["code"] == "server_kind_mismatch"
    # An app in the other mode that is asked by somebody else: the engine refuses it.
    other = station.serve(one, signing_key=KEY)
    refused = await put(other.url, x_inngest_server_kind="cloud")
    assert refused.json() == {"error": "Expected server kind dev, got cloud"}
    assert other.id not in [app.name for app in station.engine.apps()]


async def test_in_band_sync(cloud: Station) -> None:
    place = await cloud.open(one, signing_key=KEY, app_version="1.2")
    (exchange,) = place.exchanges("PUT")
    assert exchange.headers["x-inngest-sync-kind"] == "in_band"
    assert exchange.answer_headers["x-inngest-sync-kind"] == "in_band"
    for headers in (exchange.headers, exchange.answer_headers):
        assert headers["x-inngest-signature"].startswith("t=")
    body, told = exchange.answer_text.encode(), exchange.answer_headers["x-inngest-signature"]
    assert is_signed(body, told, [KEY])
    assert [each["id"] for each in exchange.answer["functions"]] == [f"{place.id}-f"]
    assert (await place.run_of(f"{place.id}/f")).status is RunStatus.COMPLETED
    assert (await put(place.url, b'{"url":"x"}', x_inngest_sync_kind="in_band")).status_code == 401


async def test_introspection(station: Station, cloud: Station) -> None:
    dev, other = station.serve(one), cloud.serve(one, signing_key=KEY)
    async with httpx.AsyncClient() as http:
        plain = await http.get(dev.url)
        kind = await http.get(dev.url, headers={"x-inngest-server-kind": "cloud"})
        unsigned = await http.get(other.url)
        full = await http.get(other.url, headers=signed(b"", cloud.clock.now()))
    assert (plain.status_code, plain.json()["mode"], plain.json()["function_count"]) == (
        200,
        "dev",
        1,
    )
    assert (kind.status_code, kind.json(), unsigned.status_code) == (403, {}, 401)
    told = full.json()
    assert (told["authentication_succeeded"], told["app_id"]) == (True, other.id)
    assert told["event_key_hash"] == hashlib.sha256(b"k").hexdigest()


async def test_trust_probe(station: Station, cloud: Station) -> None:
    dev, other = station.serve(one), cloud.serve(one, signing_key=KEY)
    async with httpx.AsyncClient(params={"probe": "trust"}) as http:
        answers = [
            await http.post(dev.url),
            await http.post(other.url),
            await http.post(other.url, headers=signed(b"", cloud.clock.now())),
        ]
    assert [each.status_code for each in answers] == [200, 401, 200]


async def test_signed_requests(cloud: Station) -> None:
    place = await cloud.open(one, signing_key=KEY)
    run = await place.run_of(f"{place.id}/f", {"ø": 1e21})
    assert (run.status, len(place.calls(run.id))) == (RunStatus.COMPLETED, 2)
    for call in place.calls(run.id):
        assert call.headers["x-inngest-signature"].startswith("t=")
        assert "x-inngest-signature" in call.answer_headers
    async with httpx.AsyncClient() as http:
        url = f"{place.url}?fnId={place.id}-f&stepId=step"
        unsigned = await http.post(url, json={})
    assert unsigned.status_code == 401
    for door in ("/dev", "/v1/events", f"/v0/runs/{run.id}/batch"):
        assert (await cloud.http.get(door)).status_code == 401
    assert (await cloud.http.post("/fn/register", json={})).status_code == 401
    assert (await cloud.http.post("/e/other", json={"name": "a"})).status_code == 401


async def test_signing_key_rotation(
    open_station: Any, cloud: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The app's first key is unknown to the engine; it comes again with its fallback.
    monkeypatch.setenv("INNGEST_SIGNING_KEY_FALLBACK", KEY)
    place = cloud.serve(one, signing_key=OLD)
    answer = await put(place.url)
    assert answer.json()["ok"] is True
    assert (await place.run_of(f"{place.id}/f")).status is RunStatus.COMPLETED
    # And an engine in rotation lets in who has the old key alone.
    monkeypatch.delenv("INNGEST_SIGNING_KEY_FALLBACK")
    turning = await open_station(signing_key=KEY, signing_key_fallback=OLD)
    late = turning.serve(one, signing_key=OLD)
    assert (await put(late.url)).json()["ok"] is True


async def test_unknown_headers_are_ignored(station: Station) -> None:
    place = await station.open(one)
    inner = station.apps.apps[place.id]

    async def chatty(scope: Any, receive: Any, send: Any) -> None:
        async def more(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(b"x-inngest-tomorrow", b"yes"), (b"server-timing", b"garbage;;=")]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await inner(scope, receive, more)

    station.apps.apps[place.id] = chatty
    run = await place.run_of(f"{place.id}/f")
    told = place.calls(run.id)[0].answer_headers
    assert (run.status, told["x-inngest-sdk-handled"]) == (RunStatus.COMPLETED, "true")
    assert told["x-inngest-tomorrow"] == "yes"


async def test_an_empty_list_removes_all_functions_of_that_app_alone(station: Station) -> None:
    gone, other = await station.open(two), await station.open(one)
    body = {
        "appname": gone.id,
        "url": gone.url,
        "sdk": "py:v0.5.19",
        "framework": "fast_api",
        "functions": [],
    }
    # The SDK refuses to send no functions, so this is said by hand.
    answer = await station.http.post("/fn/register", json=body)
    assert (answer.status_code, answer.json()["modified"]) == (200, True)
    assert (await station.http.post("/fn/register", json=body)).json()["modified"] is False
    await gone.send(f"{gone.id}/f")
    await station.engine.settle(timeout=10)
    assert gone.runs("f") == []
    assert (await other.run_of(f"{other.id}/f")).status is RunStatus.COMPLETED

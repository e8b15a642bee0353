"""What the SDK's own adapters answer is what ours answer: status, headers and bytes."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import fastapi
import flask
import httpx
import inngest
import inngest.fast_api
import inngest.flask
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from mainstem.catalog import BoundCatalog
from mainstem.clients import client_for
from mainstem.serving import asgi
from mainstem.serving import flask as our_flask
from mainstem.settings import Settings

from .hosts import PATH, threaded, uvicorned, wsgi_server
from .house import SIGNING_KEY, settings_of
from .shop import CATALOGUE, SHOP

CTX = {
    "attempt": 0,
    "disable_immediate_execution": False,
    "run_id": "01RUN",
    "max_attempts": 1,
    "stack": {"current": 0, "stack": []},
}


def call_of(name: str, data: dict[str, Any]) -> bytes:
    event = {"name": name, "data": data, "id": "e", "ts": 1, "user": {}}
    body = {"ctx": CTX, "event": event, "events": [event], "steps": {}, "use_api": False}
    return json.dumps(body, separators=(",", ":"), sort_keys=True).encode()


PLACED = call_of("shop/order.placed", {"orderId": 7})
REQUESTS: dict[str, tuple[str, str, bytes, dict[str, str]]] = {
    "introspection": ("GET", "", b"", {}),
    "another kind of server": ("GET", "", b"", {"x-inngest-server-kind": "other"}),
    "a step": ("POST", "?fnId=shop-pack-order&stepId=step", PLACED, {}),
    "a plain function": ("POST", "?fnId=shop-print-label&stepId=step", PLACED, {}),
    "a failure": (
        "POST",
        "?fnId=shop-find-lost-order&stepId=step",
        call_of("shop/order.lost", {"orderId": 7}),
        {},
    ),
    "an unknown function": ("POST", "?fnId=shop-nobody&stepId=step", PLACED, {}),
    "no function": ("POST", "", PLACED, {}),
    "no object": ("POST", "?fnId=shop-pack-order&stepId=step", b"[1]", {}),
    "a trust probe": ("POST", "?probe=trust", b"", {}),
    "an unknown probe": ("POST", "?probe=faith", b"", {}),
    "a sync that nobody hears": ("PUT", "?deployId=d", b"{}", {}),
    "a sync in band": (
        "PUT",
        "",
        b'{"url":"https://shop.test/api/inngest"}',
        {"x-inngest-sync-kind": "in_band"},
    ),
}


def signed(body: bytes) -> dict[str, str]:
    from inngest._internal import net

    signature = net.sign_request(body or b"", SIGNING_KEY)
    assert isinstance(signature, str)
    return {"x-inngest-signature": signature}


def settings_for(mode: str, **more: Any) -> Settings:
    # Nobody listens on port 9: a sync is answered with the SDK's own error.
    settings = settings_of(
        "production" if mode == "cloud" else "local", INNGEST_BASE_URL="http://127.0.0.1:9"
    )
    return settings.model_copy(update=more)


def bound_for(settings: Settings) -> BoundCatalog[Any]:
    return CATALOGUE.bind(client_for(settings), SHOP, environment=settings.environment)


@asynccontextmanager
async def both(plain: str, ours: str) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    async with (
        httpx.AsyncClient(base_url=plain, timeout=20) as one,
        httpx.AsyncClient(base_url=ours, timeout=20) as other,
    ):
        yield one, other


def seen(response: httpx.Response) -> dict[str, Any]:
    """Everything but what differs from one moment, or from one port, to the next."""
    headers = [
        (name.lower(), value)
        for name, value in response.headers.multi_items()
        if name.lower() not in {"date", "server-timing", "x-inngest-signature"}
    ]
    text = response.text.replace(str(response.url.port), "PORT")
    text = text.split('"stack"')[0]  # a traceback names the lines that were run
    if '"stack"' in response.text:
        headers = [pair for pair in headers if pair[0] != "content-length"]
    return {
        "status": response.status_code,
        "headers": headers,
        "is_signed": "x-inngest-signature" in response.headers,
        "body": text,
    }


async def answers(http: httpx.AsyncClient, mode: str, what: str) -> dict[str, Any]:
    method, query, body, headers = REQUESTS[what]
    if mode == "cloud":
        headers = headers | signed(body)
    return seen(await http.request(method, PATH + query, content=body, headers=headers))


@pytest.mark.parametrize("mode", ["dev", "cloud"])
async def test_the_asgi_endpoint_answers_what_the_sdks_fastapi_adapter_answers(mode: str) -> None:
    settings = settings_for(mode)
    bound = bound_for(settings)
    plain = fastapi.FastAPI()
    inngest.fast_api.serve(plain, bound.client, bound.functions, serve_path=PATH)
    ours = asgi.app(CATALOGUE, SHOP, settings=settings)
    async with uvicorned(plain) as one, uvicorned(ours) as two, both(one, two) as (a, b):
        for what in REQUESTS:
            assert await answers(b, mode, what) == await answers(a, mode, what), what


async def test_an_unsigned_call_is_refused_in_the_sdks_words() -> None:
    settings = settings_for("cloud")
    bound = bound_for(settings)
    plain = fastapi.FastAPI()
    inngest.fast_api.serve(plain, bound.client, bound.functions, serve_path=PATH)
    ours = asgi.app(CATALOGUE, SHOP, settings=settings)
    async with uvicorned(plain) as one, uvicorned(ours) as two, both(one, two) as (a, b):
        for what in REQUESTS:
            assert await answers(b, "unsigned", what) == await answers(a, "unsigned", what), what


async def test_a_stream_is_the_sdks_own() -> None:
    settings = settings_for("dev", streaming=True)
    bound = bound_for(settings)
    plain = fastapi.FastAPI()
    inngest.fast_api.serve(
        plain, bound.client, bound.functions, serve_path=PATH, streaming=inngest.Streaming.FORCE
    )
    ours = asgi.app(CATALOGUE, SHOP, settings=settings)
    streams = []
    async with uvicorned(plain) as one, uvicorned(ours) as two, both(one, two) as (a, b):
        for http in (a, b):
            answer = await answers(http, "dev", "a step")
            padding, _, told = answer["body"].partition("{")
            told = json.loads("{" + told)
            told["headers"].pop("server-timing")
            streams.append({**answer, "body": told, "is_padded": padding.strip() == ""})
    assert streams[0]["status"] == 201
    assert streams[1] == streams[0]


@pytest.mark.parametrize("mode", ["dev", "cloud"])
async def test_the_flask_endpoint_answers_what_the_sdks_flask_adapter_answers(mode: str) -> None:
    settings = settings_for(mode)
    bound = bound_for(settings)
    plain, ours = flask.Flask("plain"), flask.Flask("ours")
    inngest.flask.serve(plain, bound.client, bound.functions, serve_path=PATH)
    our_flask.serve(ours, CATALOGUE, SHOP, settings=settings)
    async with (
        threaded(wsgi_server(plain)) as one,
        threaded(wsgi_server(ours)) as two,
        both(one, two) as (a, b),
    ):
        for what in REQUESTS:
            assert await answers(b, mode, what) == await answers(a, mode, what), what


async def test_below_a_prefix_the_whole_path_is_registered() -> None:
    settings = settings_for("cloud")
    app = Starlette(routes=[Mount("/shop", asgi.app(CATALOGUE, SHOP, settings=settings))])
    body = b'{"url":"https://shop.test/shop/api/inngest"}'
    async with uvicorned(app) as origin, httpx.AsyncClient(base_url=origin) as http:
        answer = await http.put(
            "/shop/api/inngest",
            content=body,
            headers=signed(body) | {"x-inngest-sync-kind": "in_band"},
        )
    assert answer.json()["url"] == "https://shop.test/shop/api/inngest"


async def test_the_settings_origin_wins_over_the_sdks_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INNGEST_SERVE_ORIGIN", "https://elsewhere.test")
    app = asgi.app(CATALOGUE, SHOP, settings=settings_for("cloud"))
    body = b'{"url":"https://shop.test/api/inngest"}'
    async with uvicorned(app) as origin, httpx.AsyncClient(base_url=origin) as http:
        answer = await http.put(
            PATH, content=body, headers=signed(body) | {"x-inngest-sync-kind": "in_band"}
        )
    assert answer.json()["url"] == "https://shop.test/api/inngest"


@pytest.mark.parametrize(("method", "path", "status"), [("DELETE", PATH, 405), ("GET", "/", 404)])
async def test_what_is_not_the_sdks_is_answered_shortly(
    method: str, path: str, status: int
) -> None:
    app = asgi.app(CATALOGUE, SHOP, settings=settings_for("dev"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as http:
        started = time.perf_counter()
        answer = await http.request(method, path)
    assert (answer.status_code, time.perf_counter() - started < 5) == (status, True)

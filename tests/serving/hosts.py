"""Every adapter on a server of its own framework, over a real socket of this machine.

    async with hosted("flask", catalog, services, settings) as url:
        await engine.sync_app(url)

For `connect`, which has no URL, a worker is started, and the block begins when it is connected.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import random
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingMixIn
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import uvicorn

from mainstem.catalog import Catalog
from mainstem.settings import Settings

PATH = "/api/inngest"
HOST = "127.0.0.1"


@asynccontextmanager
async def hosted(
    adapter: str, catalog: Catalog[Any], services: Any, settings: Settings, **options: Any
) -> AsyncIterator[str]:
    """Serve `catalog` through `adapter` while the block runs; gives the endpoint's URL."""
    host, *kind = HOSTS[adapter]
    async with host(catalog, services, *kind, settings=settings, **options) as origin:
        yield origin and origin + PATH


@asynccontextmanager
async def uvicorned(app: Any, *, port: int = 0) -> AsyncIterator[str]:
    """An ASGI app on a port, any free one by default; gives its origin."""
    # asyncio turns Nagle's algorithm off only for sockets that name TCP as their protocol; with it
    # on, an answer waits for the other side's delayed acknowledgement, some 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(128)
    config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.stop.set()
        await task
        listener.close()


def free_port() -> int:
    """A port for a process to come, outside the range from which the system gives ports away."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server((HOST, port)):
            return port


class _Server(uvicorn.Server):
    """Leaves the signals alone, and ends as soon as it is told to and nothing is under way.

    uvicorn looks for both ten times a second.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(10):
            await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        await self.lifespan.shutdown()


@asynccontextmanager
async def threaded(server: Any) -> AsyncIterator[str]:
    """A server of the standard library in a thread; gives its origin."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        await asyncio.to_thread(server.shutdown)
        thread.join()
        server.server_close()


class _Wsgi(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietWsgi(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


def wsgi_server(app: Any) -> WSGIServer:
    """The standard library's WSGI server with `app`, a thread per request."""
    server = _Wsgi((HOST, 0), _QuietWsgi)
    server.set_app(app)
    return server


@asynccontextmanager
async def _asgi(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    from mainstem.serving import asgi

    async with uvicorned(asgi.app(catalog, services, **options)) as origin:
        yield origin


@asynccontextmanager
async def _starlette(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    from starlette.applications import Starlette

    from mainstem.serving import starlette

    app = Starlette()
    starlette.serve(app, catalog, services, **options)
    async with uvicorned(app) as origin:
        yield origin


@asynccontextmanager
async def _fastapi(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    from fastapi import FastAPI

    from mainstem.serving import fastapi

    app = FastAPI()
    fastapi.serve(app, catalog, services, **options)
    async with uvicorned(app) as origin:
        yield origin


@asynccontextmanager
async def _vercel(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    from mainstem.serving import vercel

    async with uvicorned(vercel.app(catalog, services, **options)) as origin:
        yield origin


@asynccontextmanager
async def _flask(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    from flask import Flask
    from werkzeug.serving import WSGIRequestHandler, make_server

    from mainstem.serving import flask

    class Quiet(WSGIRequestHandler):
        def log(self, *_: object) -> None: ...

    app = Flask("shop")
    flask.serve(app, catalog, services, **options)
    server = make_server(HOST, 0, app, threaded=True, request_handler=Quiet)
    async with threaded(server) as origin:
        yield origin


_numbers = itertools.count()


def _django_urls(catalog: Any, services: Any, **options: Any) -> None:
    """Django as a project would have it, with a URL configuration of its own."""
    import django as framework  # type: ignore[import-untyped]
    from django.conf import settings  # type: ignore[import-untyped]

    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            DEBUG=False,
            LOGGING_CONFIG=None,
            MIDDLEWARE=[
                "django.middleware.common.CommonMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
            ],
            SECRET_KEY="not one",
        )
        framework.setup()
    from mainstem.serving import django

    urls = ModuleType(f"shop_urls_{next(_numbers)}")
    urls.urlpatterns = [django.serve(catalog, services, **options)]  # type: ignore[attr-defined]
    sys.modules[urls.__name__] = urls
    settings.ROOT_URLCONF = urls.__name__


@asynccontextmanager
async def _django_wsgi(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    _django_urls(catalog, services, **options)
    from django.core.wsgi import get_wsgi_application  # type: ignore[import-untyped]

    async with threaded(wsgi_server(get_wsgi_application())) as origin:
        yield origin


@asynccontextmanager
async def _django_asgi(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    _django_urls(catalog, services, **options)
    from django.core.asgi import get_asgi_application  # type: ignore[import-untyped]

    app = get_asgi_application()

    async def without_lifespan(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"  # Django's app knows no lifespan
        await app(scope, receive, send)

    async with uvicorned(without_lifespan) as origin:
        yield origin


@asynccontextmanager
async def _tornado(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application

    from mainstem.serving import tornado

    app = Application(xsrf_cookies=True)
    tornado.serve(app, catalog, services, **options)
    sockets = bind_sockets(0, HOST)
    server = HTTPServer(app)
    server.add_sockets(sockets)
    try:
        yield f"http://{HOST}:{sockets[0].getsockname()[1]}"
    finally:
        server.stop()
        await server.close_all_connections()


@asynccontextmanager
async def _aws_lambda(catalog: Any, services: Any, kind: str, **options: Any) -> AsyncIterator[str]:
    from mainstem.serving import aws_lambda

    handler = aws_lambda.handler(catalog, services, **options)
    make, read = EVENTS[kind]
    # A process of Lambda has one event at a time.
    one_at_a_time = threading.Lock()

    class Bridge(BaseHTTPRequestHandler):
        """API Gateway's part: a request becomes an event, the answer a response."""

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            event = make(self.command, self.path, dict(self.headers.items()), body)
            with one_at_a_time:
                answer = handler(event, None)
            self.send_response(answer["statusCode"])
            for name, value in read(answer).items():
                self.send_header(name, value)
            content = answer.get("body") or ""
            raw = base64.b64decode(content) if answer.get("isBase64Encoded") else content.encode()
            self.end_headers()
            self.wfile.write(raw)

        do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    async with threaded(ThreadingHTTPServer((HOST, 0), Bridge)) as origin:
        yield origin


@asynccontextmanager
async def _connect(catalog: Any, services: Any, **options: Any) -> AsyncIterator[str]:
    from mainstem.serving import connect

    async with connect.worker(catalog, services, **options) as worker:
        await asyncio.wait_for(worker.connected(), 20)
        yield ""


def _event_v2(method: str, target: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """API Gateway's payload 2.0, which function URLs use too."""
    parts = urlsplit(target)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": parts.path,
        "rawQueryString": parts.query,
        "headers": _lower(headers) | {"x-forwarded-proto": "http"},
        "queryStringParameters": dict(parse_qsl(parts.query)),
        "requestContext": {
            "domainName": "shop.lambda-url.test",
            "http": {"method": method, "path": parts.path, "sourceIp": "192.0.2.1"},
            "stage": "$default",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _event_v1(method: str, target: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """API Gateway's payload 1.0."""
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query))
    sent = headers | {"X-Forwarded-Proto": "http"}
    return {
        "version": "1.0",
        "resource": "/{proxy+}",
        "path": parts.path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {k: [v] for k, v in query.items()} or None,
        "requestContext": {
            "path": parts.path,
            "stage": "$default",
            "identity": {"sourceIp": "192.0.2.1"},
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def _event_alb(method: str, target: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The payload of an application load balancer; it leaves the query as it came, encoded."""
    parts = urlsplit(target)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:test"}},
        "httpMethod": method,
        "path": parts.path,
        "queryStringParameters": query,
        "headers": _lower(headers) | {"x-forwarded-proto": "http"},
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _headers(answer: dict[str, Any]) -> dict[str, str]:
    return dict(answer.get("headers") or {})


EVENTS: dict[str, tuple[Callable[..., dict[str, Any]], Callable[..., dict[str, str]]]] = {
    "v1": (_event_v1, _headers),
    "v2": (_event_v2, _headers),
    "alb": (_event_alb, _headers),
}

HOSTS: dict[str, tuple[Any, ...]] = {
    "asgi": (_asgi,),
    "starlette": (_starlette,),
    "fastapi": (_fastapi,),
    "flask": (_flask,),
    "django": (_django_wsgi,),
    "django-asgi": (_django_asgi,),
    "tornado": (_tornado,),
    "aws_lambda": (_aws_lambda, "v2"),
    "aws_lambda-v1": (_aws_lambda, "v1"),
    "aws_lambda-alb": (_aws_lambda, "alb"),
    "vercel": (_vercel,),
    "connect": (_connect,),
}

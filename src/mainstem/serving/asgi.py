"""An ASGI endpoint that needs no framework: what FastAPI, Starlette, Lambda and Vercel mount.

It parses with Starlette's `Request` and answers by itself, so that a process that starts cold
loads neither FastAPI nor a router. By itself it is an app; below a prefix it is mountable.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request as StarletteRequest
from typing_extensions import Unpack

from mainstem.catalog import Catalog
from mainstem.serving.endpoint import METHODS, Answer, Endpoint, Request, endpoint_for
from mainstem.serving.options import Options

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

S = TypeVar("S")


class InngestApp:
    """The ASGI app of one endpoint; `endpoint.bound` is what it serves.

    Requests for another path get 404, with another method 405. `answering` answers in the place of
    `endpoint.answer`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        answering: Callable[[Request], Awaitable[Answer]] | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._answering = answering or endpoint.answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] != "http":
            raise RuntimeError(f"An Inngest endpoint speaks HTTP, not {scope['type']}.")
        elif not _is_for(self.endpoint.path, scope):
            await _send(send, 404, {"content-type": "text/plain"}, b"Not Found")
        elif scope["method"] not in METHODS:
            headers = {"allow": ", ".join(METHODS), "content-type": "text/plain"}
            await _send(send, 405, headers, b"Method Not Allowed")
        else:
            await self._answer(StarletteRequest(scope, receive), send)

    async def _answer(self, request: StarletteRequest, send: Send) -> None:
        url = request.url
        answer = await self._answering(
            Request(
                method=request.method,
                url=str(url),
                path=url.path,
                headers=dict(request.headers.items()),
                query=dict(request.query_params.items()),
                body=await request.body(),
                raw=request,
            )
        )
        if answer.stream is None:
            await _send(send, answer.status, answer.headers, answer.body)
            return
        await send(_start(answer.status, answer.headers))
        async for chunk in answer.stream():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def app(catalog: Catalog[S], services: S | None = None, **options: Unpack[Options]) -> InngestApp:
    """The ASGI app that serves `catalog`, and nothing else. Raises what `endpoint_for` raises."""
    return app_of(catalog, services, options, adapter="asgi")


def app_of(
    catalog: Catalog[S], services: S | None, options: Options, *, adapter: str
) -> InngestApp:
    """The same under the name of another adapter, which is how it shows in the log."""
    return InngestApp(
        endpoint_for(
            catalog, services, options, adapter=adapter, framework="fast_api", can_stream=True
        )
    )


def _is_for(path: str, scope: Scope) -> bool:
    """Whether a request is for `path`, below whatever prefix the app is mounted at."""
    asked: str = scope["path"]
    root: str = scope.get("root_path", "")
    return asked == path or (bool(root) and asked == root.rstrip("/") + path)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    start = _start(status, headers)
    start["headers"].append((b"content-length", str(len(body)).encode()))
    await send(start)
    await send({"type": "http.response.body", "body": body})


def _start(status: int, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ],
    }

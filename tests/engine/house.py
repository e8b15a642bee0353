"""A real app of the real SDK on a real socket, and an engine on another."""

import asyncio
import socket
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import fastapi
import inngest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mainstem.engine import Engine, RunView

with warnings.catch_warnings():
    # The SDK still uses a spelling that pydantic has deprecated; that is its business.
    warnings.simplefilter("ignore", DeprecationWarning)
    from inngest.fast_api import serve

__all__ = ["House", "Make", "forging", "serve", "serving"]

Make = Callable[[inngest.Inngest], Sequence[inngest.Function[Any]]]


class Server(uvicorn.Server):
    """Ends when told, not at the next of its looks, and leaves signals to pytest."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
        )
        self.end = asyncio.Event()

    async def main_loop(self) -> None:
        await self.end.wait()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: ASGIApp, beside: list[Server] | None = None) -> AsyncIterator[str]:
    """The app on an ephemeral port of this machine; gives its origin.

    The servers in `beside`, which this one joins, begin to end when the first of them does: each
    takes a tenth of a second for it.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(app)
    together = [] if beside is None else beside
    together.append(server)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for each in together:
            each.end.set()
        await task
        listener.close()


@dataclass
class Served:
    """An app on a socket that a test may change while it is served."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def forging(app: ASGIApp) -> ASGIApp:
    """The app behind something that puts another signature on its answers."""

    async def forged(scope: Scope, receive: Receive, send: Send) -> None:
        async def change(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] != b"x-inngest-signature"]
                message["headers"] = [*kept, (b"x-inngest-signature", b"t=1&s=" + b"0" * 64)]
            await send(message)

        await app(scope, receive, change)

    return forged


@dataclass
class House:
    """An engine that is running and served, and what it takes to use it."""

    engine: Engine
    origin: str
    _stack: AsyncExitStack
    _servers: list[Server]
    clients: dict[str, inngest.Inngest] = field(default_factory=dict)
    served: dict[str, "Served"] = field(default_factory=dict)

    async def add_app(
        self,
        make: Make,
        *,
        app_id: str = "shop",
        **client: Any,
    ) -> inngest.Inngest:
        """Serve an app with these functions and sync it; `client` is what its client is given."""
        url = await self.serve_app(make, app_id=app_id, **client)
        await self.engine.sync_app(url)
        return self.clients[url]

    async def serve_app(self, make: Make, *, app_id: str = "shop", **client: Any) -> str:
        """Serve an app with these functions; its URL."""
        made = self.client(app_id, **client)
        app = fastapi.FastAPI()
        serve(app, made, list(make(made)))
        served = Served(app)
        origin = await self._stack.enter_async_context(serving(served, self._servers))
        url = f"{origin}/api/inngest"
        self.clients[url], self.served[url] = made, served
        return url

    def client(self, app_id: str, **given: Any) -> inngest.Inngest:
        """A client of this engine: in cloud mode when it is given a signing key."""
        usual = {"event_api_base_url": self.origin, "api_base_url": self.origin, "event_key": "k"}
        is_production = "signing_key" in given
        return inngest.Inngest(app_id=app_id, is_production=is_production, **{**usual, **given})

    async def run_of(self, name: str, data: Any = None, **fields: Any) -> RunView:
        """Send one event, let everything come to rest, and give the run it started."""
        (event_id,) = await self.engine.send([{"name": name, "data": data or {}, **fields}])
        await self.engine.wait_idle(timeout=20)
        (run,) = self.engine.runs(event=event_id)
        return self.engine.run(run.id)

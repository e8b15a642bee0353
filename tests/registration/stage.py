"""An engine and endpoints over sockets: what registration's questions are asked of."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import fastapi
import inngest.fast_api
import uvicorn

from mainstem.catalog import BoundCatalog, Catalog
from mainstem.cli.servers import LOOPBACK, bind, url_of
from mainstem.clients import client_for
from mainstem.engine import Engine, EngineOptions, engine_app
from mainstem.settings import Settings, load_settings

from .house import shop

SIGNING_KEY = "signkey-shop-" + "ab" * 16
OTHER_KEY = "signkey-shop-" + "cd" * 16
EVENT_KEY = "an-event-key"
PATH = "/api/inngest"


def settings_for(engine_url: str, environment: str = "local", **more: str) -> Settings:
    """The settings of an environment whose server is at `engine_url`."""
    environ = {
        "MAINSTEM_ENV": environment,
        "MAINSTEM_APP_ID": "shop",
        "INNGEST_BASE_URL": engine_url,
        **more,
    }
    if environment in {"preview", "staging", "production"}:
        environ = {"INNGEST_SIGNING_KEY": SIGNING_KEY, "INNGEST_EVENT_KEY": EVENT_KEY, **environ}
    return load_settings(environ)


def bound_for(settings: Settings, catalog: Catalog[Any] | None = None) -> BoundCatalog[Any]:
    """The catalogue as `settings` have it."""
    return (catalog or shop()).bind(
        client_for(settings), None, environment=str(settings.environment)
    )


@dataclass(frozen=True)
class Stage:
    """A running engine, and the means to put endpoints beside it."""

    engine: Engine
    url: str

    def settings(self, environment: str = "local", **more: str) -> Settings:
        """Settings that lead to this engine."""
        return settings_for(self.url, environment, **more)

    @asynccontextmanager
    async def endpoint(
        self, settings: Settings, catalog: Catalog[Any] | None = None, *, sync: bool = True
    ) -> AsyncIterator[str]:
        """Serve a catalogue with `settings`; gives the endpoint's URL."""
        bound = bound_for(settings, catalog)
        app = fastapi.FastAPI()
        inngest.fast_api.serve(app, bound.client, bound.functions, serve_path=PATH)
        async with served(app) as url:
            if sync:
                await self.engine.sync_app(url + PATH)
            yield url + PATH


@asynccontextmanager
async def stage(*, signing_key: str | None = None, **options: Any) -> AsyncIterator[Stage]:
    """An engine over a socket: in cloud mode with a key, in dev mode without."""
    listener = bind(LOOPBACK, 0, option="--engine-port")
    engine = Engine.open(EngineOptions(signing_key=signing_key, **options))
    async with engine, served(engine_app(engine), listener) as url:
        yield Stage(engine, url)


@asynccontextmanager
async def answering(app: Any) -> AsyncIterator[str]:
    """Anything else that answers where an endpoint should."""
    async with served(app) as url:
        yield url + PATH


@asynccontextmanager
async def served(app: Any, listener: socket.socket | None = None) -> AsyncIterator[str]:
    """A server over a socket that stops at once: a graceful end would take most of a test's time.

    Gives its URL. The app's lifespan is left out; the engine and the SDK's adapter have none.
    """
    listener = listener or bind(LOOPBACK, 0, option="--port")
    url = url_of(listener)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield url
    finally:
        for each in server.servers:
            each.close()
        for connection in list(server.server_state.connections):
            connection.transport.close()
        listener.close()

"""An engine and an endpoint, both over sockets: what the endpoint's tests look at from outside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette

from mainstem.cli.servers import LOOPBACK, bind, serving, url_of
from mainstem.clients import client_for
from mainstem.engine import Engine, EngineOptions, engine_app
from mainstem.functions import catalogue
from mainstem.settings import Settings
from mainstem.web import create_app, open_services

SIGNING_KEY = "ab" * 32
EVENT_KEY = "an-event-key"


@dataclass(frozen=True)
class Served:
    """An engine and an endpoint, not synced yet."""

    engine: Engine
    engine_url: str
    endpoint_url: str
    app: Starlette


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Served]:
    """Serve the catalogue for some settings, beside an engine of the same mode."""
    listener = bind(LOOPBACK, 0, option="--engine-port")
    settings = settings.model_copy(update={"inngest_base_url": url_of(listener)})
    key = settings.signing_key
    engine = Engine.open(EngineOptions(signing_key=key.get_secret_value() if key else None))
    async with open_services(settings, migrate=True) as opened, engine:
        app = create_app(
            settings,
            catalog=catalogue(),
            services=opened.services,
            client=client_for(settings),
        )
        async with (
            serving(engine_app(engine), listener) as engine_url,
            serving(app, bind(LOOPBACK, 0, option="--port")) as endpoint,
        ):
            yield Served(engine, engine_url, endpoint + "/api/inngest", app)

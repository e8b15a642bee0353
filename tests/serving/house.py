"""An engine of either mode on a socket, the settings that go with it, and runs to wait for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mainstem.engine import Clock, Engine, EngineOptions, RunView, engine_app
from mainstem.settings import Settings, load_settings

from .hosts import uvicorned

# How the keys of an environment begin: the server names them after its own environments.
_SIGNED_AS = {"preview": "branch", "staging": "staging", "production": "prod"}
EVENT_KEY = "an-event-key"
SIGNING_KEY = "signkey-prod-" + "ab" * 16


@dataclass
class House:
    """A running engine, and the settings of an environment that uses it."""

    engine: Engine
    origin: str
    settings: Settings

    async def register(self, url: str) -> None:
        """Have the app at `url` synced; a worker that connected has registered itself."""
        if url.startswith("http"):
            await self.engine.sync_app(url)

    async def runs_of(self, name: str, data: dict[str, Any]) -> dict[str, RunView]:
        """Send one event, let everything come to rest, and give the runs it started, by id."""
        (event_id,) = await self.engine.send([{"name": name, "data": data}])
        await self.engine.wait_idle(timeout=20)
        return {run.function_id: run for run in self.engine.runs(event=event_id)}

    def functions(self) -> set[str]:
        """The ids of what is registered, with the app's."""
        return {each.slug for app in self.engine.apps() for each in app.functions}


@asynccontextmanager
async def house(
    environment: str = "local", *, clock: Clock | None = None, **variables: str
) -> AsyncIterator[House]:
    """An engine for `environment`, in cloud mode where it is deployed, and settings for both."""
    key = signing_key(environment)
    options = EngineOptions(
        signing_key=key,
        event_keys=frozenset({EVENT_KEY} if key else ()),
        retry_interval=0.05,
    )
    engine = Engine.open(options, clock=clock)
    async with engine, uvicorned(engine_app(engine)) as origin:
        yield House(engine, origin, settings_of(environment, INNGEST_BASE_URL=origin, **variables))


def signing_key(environment: str) -> str | None:
    """The key of a deployed environment; None where there is none."""
    known_as = _SIGNED_AS.get(environment)
    return None if known_as is None else f"signkey-{known_as}-" + "ab" * 16


def settings_of(environment: str = "local", **variables: str) -> Settings:
    """The settings of an environment, with keys where it needs them."""
    environ = {"MAINSTEM_ENV": environment, "MAINSTEM_APP_ID": "shop", **variables}
    if key := signing_key(environment):
        environ |= {"INNGEST_SIGNING_KEY": key, "INNGEST_EVENT_KEY": EVENT_KEY}
    environ.setdefault("MAINSTEM_DATABASE_URL", "sqlite:////nowhere/shop.db")
    return load_settings(environ)

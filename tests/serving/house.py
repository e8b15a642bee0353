"""An engine of either mode on a socket, the settings that go with it, and runs to wait for."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mainstem.engine import Engine, EngineOptions, RunView, engine_app
from mainstem.settings import Settings, load_settings

from .hosts import uvicorned

SIGNING_KEY = "signkey-test-" + "ab" * 16
EVENT_KEY = "an-event-key"
MODES = ("dev", "cloud")


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
async def house(mode: str = "dev", **variables: str) -> AsyncIterator[House]:
    """An engine in `dev` or `cloud` mode, and settings of local or production for it."""
    is_cloud = mode == "cloud"
    options = EngineOptions(
        signing_key=SIGNING_KEY if is_cloud else None,
        event_keys=frozenset({EVENT_KEY} if is_cloud else ()),
        retry_interval=0.05,
    )
    engine = Engine.open(options)
    async with engine, uvicorned(engine_app(engine)) as origin:
        settings = settings_of(
            "production" if is_cloud else "local", INNGEST_BASE_URL=origin, **variables
        )
        yield House(engine, origin, settings)


def settings_of(environment: str = "local", **variables: str) -> Settings:
    """The settings of an environment, with keys where it needs them."""
    environ = {"MAINSTEM_ENV": environment, "MAINSTEM_APP_ID": "shop", **variables}
    if environment in {"preview", "staging", "production"}:
        environ |= {"INNGEST_SIGNING_KEY": SIGNING_KEY, "INNGEST_EVENT_KEY": EVENT_KEY}
    environ.setdefault("MAINSTEM_DATABASE_URL", f"sqlite:///{os.devnull}.db")
    return load_settings(environ)

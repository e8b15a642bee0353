"""Stations: one for all tests that do not change the engine itself, new ones for those that do.

All of it lives on the session's event loop, so the tests here say `asyncio(loop_scope="session")`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from mainstem.engine import Engine, EngineOptions, VirtualClock, engine_app

from ..house import Server, serving  # noqa: TID252  the helper of the room above
from .station import KEY, Apps, Station

OpenStation = Callable[..., Awaitable[Station]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def open_station(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpenStation]:
    """Opens an engine on a file with a virtual clock; `apps` are those of another station."""
    servers: list[Server] = []
    folder: Path = tmp_path_factory.mktemp("conformance")
    async with AsyncExitStack() as stack:
        count = 0

        async def open_one(
            clock: VirtualClock | None = None, apps: Station | None = None, **options: Any
        ) -> Station:
            nonlocal count
            count += 1
            clock = clock or VirtualClock()
            usual = {"path": str(folder / f"{count}.db"), "seed": 1}
            engine = Engine.open(EngineOptions(**{**usual, **options}), clock=clock)
            await stack.enter_async_context(engine)
            origin = await stack.enter_async_context(serving(engine_app(engine), servers))
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=origin))
            if apps is not None:
                return Station(engine, clock, origin, apps.apps, apps.apps_origin, http)
            served = Apps()
            apps_origin = await stack.enter_async_context(serving(served, servers))
            return Station(engine, clock, origin, served, apps_origin, http)

        yield open_one


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def station(open_station: OpenStation) -> Station:
    """The station that tests share; each opens an app of its own."""
    return await open_station()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def cloud(open_station: OpenStation) -> Station:
    """A station whose engine has keys."""
    return await open_station(signing_key=KEY, event_keys=frozenset({"k"}))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def system(open_station: OpenStation) -> Station:
    """A station whose time begins with the machine's, from which the SDK reckons sleeps."""
    return await open_station(clock=VirtualClock(datetime.now(UTC)))

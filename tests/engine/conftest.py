"""Engines for the tests of this room."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from mainstem.engine import Clock, Engine, EngineOptions, engine_app

from .house import House, Server, serving


@pytest.fixture
async def open_house(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Opens an engine on a file, served on a socket; closed after the test."""
    servers: list[Server] = []
    async with AsyncExitStack() as stack:

        async def open_one(clock: Clock | None = None, **options: Any) -> House:
            defaults = {"path": str(tmp_path / "engine.db"), "retry_interval": 0.01}
            engine = Engine.open(EngineOptions(**{**defaults, **options}), clock=clock)
            await stack.enter_async_context(engine)
            origin = await stack.enter_async_context(serving(engine_app(engine), servers))
            return House(engine, origin, stack, servers)

        yield open_one


@pytest.fixture
async def house(open_house: Callable[..., Any]) -> House:
    """An engine with quick retries."""
    opened: House = await open_house()
    return opened

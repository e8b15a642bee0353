"""A generated repository behind a pretend GitHub, and an empty database that knows of it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

import databases
from mainstem.functions.services import Services
from mainstem.github import GitHub
from mainstem.simulate import SimulatedGitHub, World, generate, simulated_github
from mainstem.store import Database

from .house import NOW, House, StillClock, save_home


class Build(Protocol):
    """Makes a house with an empty database. Those of one world share its pretend GitHub."""

    async def __call__(self, world: World | None = None) -> House: ...


async def at_once(_seconds: float) -> None:
    """The client's pauses between tries, without the waiting."""


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    async with AsyncExitStack() as stack:
        served: dict[int, SimulatedGitHub] = {}
        numbers = count()
        usual = generate(7, 40)

        async def make(world: World | None = None) -> House:
            url = databases.fresh(tmp_path / f"{next(numbers)}.db")
            world = world or usual
            if id(world) not in served:
                served[id(world)] = await stack.enter_async_context(simulated_github(world))
            github = served[id(world)]
            client = await stack.enter_async_context(
                GitHub(base_url=github.url, token="t", sleep=at_once)
            )
            database = stack.enter_context(Database(url))
            clock = StillClock()
            save_home(database, world.repository, at=NOW)
            return House(Services(database, client, clock), github, clock)

        yield make


@pytest.fixture
async def house(build: Build) -> House:
    return await build()

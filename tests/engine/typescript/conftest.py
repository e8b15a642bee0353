"""The apps of the TypeScript SDK: one process per variant and session, a new engine per test.

All of it lives on the session's event loop, so the tests here say `asyncio(loop_scope="session")`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from ..house import serving  # noqa: TID252  the helper of the room above
from .packages import NoPackages, packages
from .shop import NO_ENGINE, VARIANTS, Door, Node, Shop, copy_app, opened

AppOf = Callable[[str], Awaitable[tuple[Node, Door]]]


@pytest.fixture(scope="session")
def app_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the app can be started; skips where it cannot."""
    try:
        node_modules = packages()
    except NoPackages as reason:
        pytest.skip(f"the TypeScript SDK is not to be had: {reason}")
    folder = tmp_path_factory.mktemp("typescript")
    copy_app(node_modules, folder)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def app_of(app_folder: Path) -> AsyncIterator[AppOf]:
    """Gives the running app of a variant and the door at which it asks."""
    started: dict[str, tuple[Node, Door]] = {}
    async with AsyncExitStack() as stack:

        async def start(variant: str) -> tuple[Node, Door]:
            if variant not in started:
                door = Door(NO_ENGINE)
                origin = await stack.enter_async_context(serving(door))
                node = Node(app_folder, variant, origin, app_folder / f"{variant}.ledger")
                stack.callback(node.kill)
                started[variant] = (await node.start(), door)
            return started[variant]

        yield start


@pytest_asyncio.fixture(loop_scope="session", params=["v4", "v3"])
async def flow(request: pytest.FixtureRequest, app_of: AppOf) -> AsyncIterator[Shop]:
    """The functions with flow control: how a client goes on within a request is nothing to them."""
    node, door = await app_of(request.param)
    async with opened(node, door, "flow") as shop:
        yield shop


@pytest_asyncio.fixture(loop_scope="session", params=VARIANTS)
async def shop(request: pytest.FixtureRequest, app_of: AppOf) -> AsyncIterator[Shop]:
    """Every variant of the app with a new engine."""
    node, door = await app_of(request.param)
    async with opened(node, door) as shop:
        yield shop

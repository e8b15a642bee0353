"""A worker of the TypeScript SDK that opens a connection instead of serving a port."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mainstem.engine import Engine, EngineOptions, RunStatus, VirtualClock, engine_app

from ..house import serving  # noqa: TID252  the helper of the room above
from .packages import node_version
from .shop import NO_ENGINE, Door, Node, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

# A WebSocket is not yet there by itself in node 20 and 21.
_OPTIONS = ("--experimental-websocket",)


async def test_a_worker_over_connect_runs_and_checkpoints(app_folder: Path, tmp_path: Path) -> None:
    options = _OPTIONS if node_version() < 22 else ()
    clock, door = VirtualClock(datetime.now(UTC)), Door(NO_ENGINE)
    async with serving(door) as origin, Engine.open(EngineOptions(), clock=clock) as engine:
        door.open_to(engine_app(engine))
        node = Node(app_folder, "connect", origin, tmp_path / "ledger", *options, "worker.mjs")
        try:
            await node.start()
            (app,) = engine.apps()
            assert (app.sync_method, app.workers) == ("connect", 1)
            assert app.sdk_version.startswith("4.")
            shop = Shop("remote", engine, clock, node, door)
            run = await shop.run_of("remote/go")
            # The sleep ends the first request; checkpoints go over HTTP all the same.
            assert (shop.calls, shop.checkpoints()) == (2, [["a"], ["b"]])
        finally:
            node.kill()
    assert (run.status, run.output) == (RunStatus.COMPLETED, ["a", "b"])
    assert node.ran(run.id) == ["a", "b"]

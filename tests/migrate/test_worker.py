"""A worker of the SDK's does the same work before and after, as a process beside an engine."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from mainstem.cli.servers import LOOPBACK, bind, serving
from mainstem.engine import Engine, EngineOptions, engine_app

from .awkward import case, migrated, put

# The SDK's pauses, in seconds, are made for a server far away.
HASTE = """
from inngest.connect._internal import conn_init_starter, isolated_worker

vars(conn_init_starter).update(CONN_INIT_RETRY_INTERVAL_SEC=0.1, MAX_CONN_INIT_ATTEMPTS=200)
vars(isolated_worker).update(POST_CONNECT_SETTLE_SEC=0.1, RECONNECTION_DELAY_SEC=0.1)
"""


@asynccontextmanager
async def _engine() -> AsyncIterator[tuple[Engine, str]]:
    listener = bind(LOOPBACK, 0, option="--engine-port")
    engine = Engine.open(EngineOptions())
    async with engine, serving(engine_app(engine), listener) as url:
        yield engine, url


async def _registered(engine: Engine) -> None:
    while True:
        if engine.apps():
            return
        await asyncio.sleep(0.02)


@contextmanager
def _working(folder: Path, url: str) -> Iterator[None]:
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    paths = f"{folder}{os.pathsep}{Path(__file__).parents[2] / 'src'}"
    variables = {**kept, "INNGEST_DEV": url, "MAINSTEM_APP_ID": "shop", "PYTHONPATH": paths}
    (folder / "sitecustomize.py").write_text(HASTE, encoding="utf-8")
    worker = subprocess.Popen([sys.executable, "worker.py"], cwd=folder, env=variables)
    try:
        yield
    finally:
        worker.kill()  # the SDK takes ten seconds to end by a signal
        worker.wait(timeout=20)


@pytest.mark.parametrize("is_migrated", [False, True])
async def test_a_worker_works_before_and_after(is_migrated: bool, tmp_path: Path) -> None:
    put(tmp_path, case("worker_in_all_its_uses").before)
    (tmp_path / "watched.py").unlink()
    if is_migrated:
        migrated(tmp_path)
    async with _engine() as (engine, url):
        with _working(tmp_path, url):
            async with asyncio.timeout(20):
                await _registered(engine)
            await engine.send([{"name": "order/paid", "data": {}}])
            await engine.wait_idle(timeout=20)
            ran = [(run.function_id, run.status.value) for run in engine.runs()]
    assert ran == [("shop-pack", "COMPLETED")]

"""A workflow of three steps, durable on disk, in one process: on the engine or on DBOS.

`three_steps.py WHO FOLDER RUNS AT_ONCE` prints its figures as JSON. WHO is `mainstem`, `dbos` (as
it comes) or `dbos-wal` (its file put into WAL mode beforehand, which SQLite keeps). Everybody waits
for the disk: DBOS at each commit (`synchronous=FULL`), the engine before it asks for the next step
and, here, before a run counts as ended.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import sqlite3
import sys
import time
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainstem.engine import Engine

RunOne = Callable[[int], Awaitable[None]]
_WARM_UP = 10


async def find_out(number: int) -> dict[str, object]:
    """What each step does: next to nothing."""
    return {"number": number, "text": "what a step found out " * 4}


async def timed(run_one: RunOne, runs: int, at_once: int) -> float:
    """Runs per second, that many under way at a time."""
    for number in range(_WARM_UP):
        await run_one(number)
    numbers = itertools.count(_WARM_UP)
    last = _WARM_UP + runs

    async def keep_going() -> None:
        while (number := next(numbers)) < last:
            await run_one(number)

    began = time.perf_counter()
    await asyncio.gather(*(keep_going() for _ in range(at_once)))
    return runs / (time.perf_counter() - began)


async def on_mainstem(folder: Path, runs: int, at_once: int) -> dict[str, object]:
    """The engine and an app of the SDK, called in the process."""
    import fastapi
    import inngest

    from mainstem.engine import Engine, EngineOptions, RunStatus

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from inngest.fast_api import serve

    number_of: dict[str, int] = {}
    ended: dict[int, asyncio.Future[None]] = {}
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    client = inngest.Inngest(app_id="bench", is_production=False, api_base_url=origin)

    @client.create_function(fn_id="three", trigger=inngest.TriggerEvent(event="bench/three"))
    async def three(ctx: inngest.Context) -> int:
        number_of[ctx.run_id] = int(str(ctx.event.data["n"]))
        for number in range(3):
            await ctx.step.run(f"work-{number}", find_out, number)
        return 3

    app = fastapi.FastAPI()
    serve(app, client, [three])
    engine = Engine.open(
        EngineOptions(path=str(folder / "engine.db"), transports={"http://app": app})
    )

    async def follow() -> None:
        async for change in engine.changes():
            if change.kind == "run" and change.status == RunStatus.COMPLETED:
                ended[number_of.pop(change.run_id)].set_result(None)

    async def run_one(number: int) -> None:
        ended[number] = asyncio.get_running_loop().create_future()
        await engine.send([{"name": "bench/three", "data": {"n": number}}])
        await ended[number]
        del ended[number]
        await engine.on_disk()

    async with engine:
        await _register(engine, listener)
        following = asyncio.create_task(follow())
        rate = await timed(run_one, runs, at_once)
    await following
    return {"runs_per_second": rate, "how": "journal_mode=wal, one fdatasync for many commits"}


async def _register(engine: Engine, listener: socket.socket) -> None:
    """Have the app register, for which the SDK needs the engine on a socket."""
    import uvicorn

    from mainstem.engine import engine_app

    config = uvicorn.Config(engine_app(engine), log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await engine.sync_app("http://app/api/inngest")
    server.should_exit = True
    await serving


async def on_dbos(folder: Path, runs: int, at_once: int, *, wal: bool) -> dict[str, object]:
    """DBOS on SQLite: async steps in an async workflow, awaited where it is started."""
    import sqlalchemy
    from dbos import DBOS

    path = folder / "dbos.sqlite"
    if wal:
        made = sqlite3.connect(path)
        made.execute("PRAGMA journal_mode=WAL")
        made.close()
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    DBOS(config={"name": "bench", "system_database_url": str(engine.url), "log_level": "ERROR"})
    step = DBOS.step()(find_out)

    @DBOS.workflow()
    async def three(event: dict[str, dict[str, int]]) -> int:
        for number in range(3):
            await step(number)
        return event["data"]["n"]

    async def run_one(number: int) -> None:
        await three({"data": {"n": number}})

    DBOS.launch()
    try:
        # The mode is the file's; how a commit waits is SQLite's default, which DBOS leaves alone.
        with engine.connect() as connection:
            pragmas = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous")
            }
        rate = await timed(run_one, runs, at_once)
    finally:
        DBOS.destroy()
    how = f"journal_mode={pragmas['journal_mode']}, synchronous={pragmas['synchronous']}"
    return {"runs_per_second": rate, "how": how}


async def main(who: str, folder: str, runs: str, at_once: str) -> None:
    """Measure one of them, and print what was found."""
    if who == "mainstem":
        found = await on_mainstem(Path(folder), int(runs), int(at_once))
    else:
        found = await on_dbos(Path(folder), int(runs), int(at_once), wal=who == "dbos-wal")
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""What a call costs through `serving.fastapi` and `serving.asgi`, against the SDK's own adapter.

The plain side is the SDK on FastAPI; `serving.fastapi` is in a FastAPI app too, `serving.asgi`
does without. All serve the same thirteen functions. Calls go in turns, in process (no sockets) and
over a socket to uvicorn; medians in microseconds. Ratios matter, not the microseconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import fastapi
import httpx
import uvicorn
from rich.console import Console
from rich.table import Table

from mainstem.settings import Settings

sys.path.insert(0, str(Path(__file__).parent / "serving"))
CALLS = 600
TARGET = "/api/inngest?fnId={}-work-{}&stepId=step"


def body() -> bytes:
    """The server's call of a function."""
    event = {"name": "bench/order.placed", "data": {"orderId": 7}, "id": "e", "ts": 1, "user": {}}
    ctx = {
        "attempt": 0,
        "disable_immediate_execution": False,
        "run_id": "01BENCH",
        "max_attempts": 1,
        "stack": {"current": 0, "stack": []},
    }
    sent = {"ctx": ctx, "event": event, "events": [event], "steps": {}, "use_api": False}
    return json.dumps(sent).encode()


def apps() -> dict[str, Any]:
    """The plain app and ours, by name, in dev mode."""
    os.environ["INNGEST_DEV"] = "1"
    from mainstem_functions import catalog
    from plain_fastapi import app as plain

    from mainstem.serving import asgi
    from mainstem.serving.fastapi import serve

    ours = fastapi.FastAPI()
    serve(ours, catalog, settings=Settings(app_id="bench-fastapi", guard_rails=False))
    bare = asgi.app(catalog, settings=Settings(app_id="bench", guard_rails=False))
    return {"plain": plain, "fastapi": ours, "asgi": bare}


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """`app` on a socket of this machine."""
    # asyncio turns Nagle's algorithm off only for sockets that name TCP as their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def medians(clients: Mapping[str, httpx.AsyncClient], number: int) -> dict[str, float]:
    """Median microseconds of a call of function `number`, in turns, by the name of the app."""
    taken: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(CALLS):
        for name, http in clients.items():
            target = TARGET.format("bench-fastapi" if name == "fastapi" else "bench", number)
            began = time.perf_counter()
            answer = await http.post(target, content=body())
            taken[name].append((time.perf_counter() - began) * 1e6)
            assert answer.status_code in {200, 206}, answer.text
    return {name: statistics.median(times) for name, times in taken.items()}


async def measure() -> dict[str, dict[str, float]]:
    """In process and over sockets, a function without steps and one with."""
    made = apps()
    found = {}
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        in_process = {
            name: await enter(
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench")
            )
            for name, app in made.items()
        }
        sockets = {
            name: await enter(httpx.AsyncClient(base_url=await enter(served(app))))
            for name, app in made.items()
        }
        for where, clients in (("in process", in_process), ("over a socket", sockets)):
            for what, number in (("no step", 0), ("one step", 5)):
                await medians(clients, number)  # warm
                taken = await medians(clients, number)
                for name in ("fastapi", "asgi"):
                    found[f"serving.{name}, {where}, {what}"] = {
                        "plain_us": round(taken["plain"], 1),
                        "mainstem_us": round(taken[name], 1),
                        "ratio": round(taken[name] / taken["plain"], 3),
                    }
    return found


def main() -> None:
    """Measure, and print a table and JSON."""
    found = asyncio.run(measure())
    table = Table("one call (µs, median)", "the SDK on FastAPI", "Mainstem", "ratio")
    for name, figures in found.items():
        table.add_row(name, *(f"{value:g}" for value in figures.values()))
    Console().print(table)
    print(json.dumps({"serving_calls": found}))


if __name__ == "__main__":
    main()

"""The app that the benchmark's servers call: the SDK on FastAPI, in a process of its own.

`served_app.py SERVER LEDGER_PORT` listens on a free port of this machine, prints it as one line,
and registers with the server when it is asked to. Each function tells the ledger, a socket of the
benchmark, when it has returned: the one moment of a run that can be seen with any server, without
asking it.
"""

from __future__ import annotations

import os
import socket
import sys
import warnings
from contextlib import suppress
from datetime import timedelta
from typing import Any

import fastapi
import inngest
import uvicorn

APP_ID = "bench"
STEPS = {"one": 1, "ten": 10, "parallel": 10}
ASLEEP_SECONDS = 3


def make_functions(client: inngest.Inngest, ledger: socket.socket) -> list[inngest.Function[Any]]:
    """What is measured: `one` and `ten` steps in a row, ten in `parallel`, and a `sleeper`."""

    def tell(what: str, ctx: inngest.Context) -> None:
        ledger.sendall(f"{what} {ctx.event.data['n']}\n".encode())

    async def work(number: int) -> dict[str, object]:
        return {"number": number, "text": "what a step found out " * 4}

    @client.create_function(fn_id="one", trigger=inngest.TriggerEvent(event="bench/one"))
    async def one(ctx: inngest.Context) -> int:
        await ctx.step.run("work", work, 0)
        tell("done", ctx)
        return 1

    @client.create_function(fn_id="ten", trigger=inngest.TriggerEvent(event="bench/ten"))
    async def ten(ctx: inngest.Context) -> int:
        for number in range(10):
            await ctx.step.run(f"work-{number}", work, number)
        tell("done", ctx)
        return 10

    @client.create_function(fn_id="parallel", trigger=inngest.TriggerEvent(event="bench/parallel"))
    async def parallel(ctx: inngest.Context) -> int:
        def part(number: int) -> Any:
            return lambda: ctx.step.run(f"work-{number}", work, number)

        await ctx.group.parallel(tuple(part(number) for number in range(10)))
        tell("done", ctx)
        return 10

    @client.create_function(fn_id="sleeper", trigger=inngest.TriggerEvent(event="bench/sleeper"))
    async def sleeper(ctx: inngest.Context) -> int:
        tell("asleep", ctx)
        await ctx.step.sleep("nap", timedelta(seconds=ASLEEP_SECONDS))
        tell("done", ctx)
        return 0

    return [one, ten, parallel, sleeper]


def main(server: str, ledger_port: str) -> None:
    """Serve until told to stop."""
    os.environ["INNGEST_DEV"] = server
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from inngest.fast_api import serve

    ledger = socket.create_connection(("127.0.0.1", int(ledger_port)))
    ledger.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client = inngest.Inngest(app_id=APP_ID)
    app = fastapi.FastAPI()
    serve(app, client, make_functions(client, ledger))
    # asyncio turns Nagle's algorithm off only for sockets that name TCP as their protocol.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(app, log_level="error", lifespan="off", access_log=False)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])

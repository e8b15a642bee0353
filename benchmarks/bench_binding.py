"""What late binding costs, against the same functions written plainly, side by side in one run.

Measured:

- binding 13, 100 and 1,000 functions: `client.create_function` by hand, and `Catalog.bind`;
  median milliseconds of several rounds, and the memory that the functions then hold;
- adopting 100 functions made at import time;
- one call through the SDK's own FastAPI adapter, in process: a function without steps, and one
  that replays ten memos; plain and bound, taken in turns, as production has it (no guard rails) and
  as development does. Median microseconds.

Ratios matter, not the times: machines differ and are noisy.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import fastapi
import httpx
import inngest
import inngest.fast_api
from rich.console import Console
from rich.table import Table

from mainstem.catalog import Catalog, Definition, EventData, Run, adopt, define, event

SIZES = (13, 100, 1_000)
ROUNDS = 7
CALLS = 600
STEPS = 10


class Ping(EventData, name="bench/ping"):
    """The event of every function here."""

    n: int


async def nothing() -> int:
    """The work of every step here; it is never done, only replayed."""
    return 1


def client() -> inngest.Inngest:
    """A client that reads nothing from the environment that matters here."""
    return inngest.Inngest(app_id="bench", is_production=False)


def definitions(count: int, *, steps: int = 0) -> list[Definition[Ping, None, int]]:
    """Definitions that do what the functions of `plain` do."""

    def one(number: int) -> Definition[Ping, None, int]:
        @define(id=f"answer-{number}", on=event(Ping))
        async def answer(run: Run[Ping], services: None) -> int:
            del services
            for step in range(steps):
                await run.step(f"step {step}", nothing)
            return run.data.n

        return answer

    return [one(number) for number in range(count)]


def plain(owner: inngest.Inngest, count: int, *, steps: int = 0) -> list[inngest.Function[Any]]:
    """The same, written with the SDK alone."""

    def one(number: int) -> inngest.Function[Any]:
        @owner.create_function(
            fn_id=f"answer-{number}", trigger=inngest.TriggerEvent(event="bench/ping")
        )
        async def answer(ctx: inngest.Context) -> Any:
            for step in range(steps):
                await ctx.step.run(f"step {step}", nothing)
            return ctx.event.data["n"]

        return answer

    return [one(number) for number in range(count)]


def milliseconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    gc.collect()
    start = time.perf_counter()
    kept = work()
    taken = (time.perf_counter() - start) * 1e3
    del kept
    return taken


def kibibytes(work: Callable[[], object]) -> float:
    """How much memory what `work` makes goes on holding."""
    gc.collect()
    tracemalloc.start()
    kept = work()
    held = tracemalloc.get_traced_memory()[0] / 1024
    tracemalloc.stop()
    del kept
    return held


def binding(count: int) -> dict[str, float]:
    """Time and memory for making `count` functions, both ways."""
    # Binding again to the same client gives the same functions, so each round has a fresh one, made
    # beforehand: a client costs tens of milliseconds and is not what is measured.
    clients = [client() for _ in range(ROUNDS + 1)]
    catalog = Catalog(definitions(count))
    # Both without the handlers, which are there before: what making the functions adds.
    by_hand = [milliseconds(lambda: plain(clients[0], count)) for _ in range(ROUNDS)]
    bound = [milliseconds(partial(catalog.bind, clients[n], None)) for n in range(ROUNDS)]
    return {
        "plain_ms": statistics.median(by_hand),
        "mainstem_ms": statistics.median(bound),
        "plain_kib": kibibytes(lambda: plain(clients[0], count)),
        "mainstem_kib": kibibytes(lambda: catalog.bind(clients[-1], None)),
    }


def adopting(count: int) -> float:
    """Milliseconds for adopting `count` functions."""
    old = plain(client(), count)
    return statistics.median(milliseconds(lambda: [adopt(each) for each in old]) for _ in range(3))


def memo_id(step: str) -> str:
    """The protocol's key of a step's memo."""
    return hashlib.sha1(step.encode(), usedforsecurity=False).hexdigest()


def body(steps: int) -> bytes:
    """A call request with every memo there, so that the function runs to its end."""
    ping = {"name": "bench/ping", "data": {"n": 1}, "id": "e", "ts": 1, "user": {}}
    memos = {memo_id(f"step {step}"): {"data": 1} for step in range(steps)}
    call = {
        "ctx": {
            "attempt": 0,
            "disable_immediate_execution": False,
            "run_id": "01BENCH",
            "stack": {"current": 0, "stack": []},
            "max_attempts": 1,
            "use_api": False,
        },
        "event": ping,
        "events": [ping],
        "steps": memos,
        "use_api": False,
        "version": -1,
    }
    return json.dumps(call).encode()


async def calling(steps: int, environment: str) -> dict[str, float]:
    """Median microseconds of one call, both ways, taken in turns."""
    owners = client(), client()
    bound = Catalog(definitions(1, steps=steps)).bind(owners[1], None, environment=environment)
    times: tuple[list[float], list[float]] = ([], [])
    https = []
    for owner, functions in zip(
        owners, (plain(owners[0], 1, steps=steps), bound.functions), strict=True
    ):
        app = fastapi.FastAPI()
        inngest.fast_api.serve(app, owner, functions)
        transport = httpx.ASGITransport(app=app)
        https.append(httpx.AsyncClient(transport=transport, base_url="http://bench"))
    sent = body(steps)
    for _ in range(CALLS):
        for taken, http in zip(times, https, strict=True):
            start = time.perf_counter()
            answer = await http.post("/api/inngest?fnId=bench-answer-0&stepId=step", content=sent)
            taken.append((time.perf_counter() - start) * 1e6)
            answer.raise_for_status()
    for http in https:
        await http.aclose()
    return {
        "plain_us": statistics.median(times[0][50:]),
        "mainstem_us": statistics.median(times[1][50:]),
    }


def main() -> None:
    """Measure, and print tables and JSON."""
    made = {count: binding(count) for count in SIZES}
    calls = {
        (steps, environment): asyncio.run(calling(steps, environment))
        for steps in (0, STEPS)
        for environment in ("production", "local")
    }
    adopted = adopting(100)
    console = Console()
    table = Table("functions", "plain ms", "bind ms", "ratio", "plain KiB", "bound KiB")
    for count, of in made.items():
        ratio = of["mainstem_ms"] / of["plain_ms"]
        table.add_row(
            f"{count:,}",
            f"{of['plain_ms']:.2f}",
            f"{of['mainstem_ms']:.2f}",
            f"{ratio:.2f}",
            f"{of['plain_kib']:,.0f}",
            f"{of['mainstem_kib']:,.0f}",
        )
    console.print(table)
    table = Table("one call", "environment", "plain µs", "Mainstem µs", "ratio")
    for (steps, environment), of in calls.items():
        of["ratio"] = of["mainstem_us"] / of["plain_us"]
        table.add_row(
            f"{steps} memos",
            environment,
            f"{of['plain_us']:.0f}",
            f"{of['mainstem_us']:.0f}",
            f"{of['ratio']:.3f}",
        )
    console.print(table)
    console.print(f"adopting 100 functions: {adopted:.1f} ms")
    print(
        json.dumps(
            {
                "bind": {str(count): of for count, of in made.items()},
                "call": {f"{steps} memos, {env}": of for (steps, env), of in calls.items()},
                "adopt_100_ms": adopted,
            }
        )
    )


if __name__ == "__main__":
    main()

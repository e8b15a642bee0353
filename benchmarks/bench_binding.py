"""What late binding costs, against the plain SDK, side by side in one run.

Measured, each as the median of several rounds in microseconds:

- making one function: `client.create_function` by hand; `Catalog.bind` divided by its functions;
- one call of a function without steps through the SDK's own handler, plain and bound.

Ratios matter, not the microseconds: machines differ and are noisy.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import fastapi
import httpx
import inngest
import inngest.fast_api
from rich.console import Console
from rich.table import Table

from mainstem.catalog import AnyDefinition, Catalog, EventData, Run, define, event

FUNCTIONS = 50
ROUNDS = 15
CALLS = 200


class Ping(EventData, name="bench/ping"):
    """The event of every function here."""

    n: int


def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="bench", is_production=False)


def definitions() -> list[AnyDefinition]:
    def one(number: int) -> AnyDefinition:
        @define(id=f"answer-{number}", on=event(Ping))
        async def answer(run: Run[Ping], services: None) -> int:
            del services
            return run.data.n

        return answer

    return [one(number) for number in range(FUNCTIONS)]


def plain(owner: inngest.Inngest) -> list[inngest.Function[Any]]:
    made = []
    for number in range(FUNCTIONS):

        @owner.create_function(
            fn_id=f"answer-{number}", trigger=inngest.TriggerEvent(event="bench/ping")
        )
        async def answer(ctx: inngest.Context) -> Any:
            return ctx.event.data["n"]

        made.append(answer)
    return made


def microseconds(work: Callable[[], object], per: int) -> float:
    """Median time of `work` over the rounds, divided by `per`."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) / per * 1e6)
    return statistics.median(times)


async def call_time(functions: list[inngest.Function[Any]], owner: inngest.Inngest) -> float:
    """Median microseconds of one call over the SDK's endpoint, in process."""
    app = fastapi.FastAPI()
    inngest.fast_api.serve(app, owner, functions)
    body = {
        "ctx": {
            "attempt": 0,
            "disable_immediate_execution": False,
            "run_id": "01BENCH",
            "stack": {"current": 0, "stack": []},
            "max_attempts": 1,
            "use_api": False,
        },
        "event": {"name": "bench/ping", "data": {"n": 1}, "id": "e", "ts": 1, "user": {}},
        "events": [{"name": "bench/ping", "data": {"n": 1}, "id": "e", "ts": 1, "user": {}}],
        "steps": {},
        "use_api": False,
        "version": -1,
    }
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bench") as http:

        async def once() -> None:
            answer = await http.post("/api/inngest?fnId=bench-answer-0&stepId=step", json=body)
            answer.raise_for_status()

        return await _median(once)


async def _median(once: Callable[[], Awaitable[None]]) -> float:
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        await once()
        times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


def main() -> None:
    """Measure, and print a table and JSON."""
    by_hand, bound = client(), client()
    # Binding again to the same client gives the same functions, so each round has a fresh one, made
    # beforehand: a client costs tens of milliseconds and is not what is measured.
    fresh = [client() for _ in range(ROUNDS)]
    catalogue = Catalog(definitions())
    found = {
        "making one function": (
            microseconds(lambda: plain(by_hand), FUNCTIONS),
            microseconds(lambda: catalogue.bind(fresh.pop(), None), FUNCTIONS),
        ),
        "one call without steps": (
            asyncio.run(call_time(plain(by_hand), by_hand)),
            asyncio.run(call_time(catalogue.bind(bound, None).functions, bound)),
        ),
    }
    table = Table("measured (µs, median)", "plain SDK", "Mainstem", "ratio")
    for name, (plain_us, ours_us) in found.items():
        table.add_row(name, f"{plain_us:.1f}", f"{ours_us:.1f}", f"{ours_us / plain_us:.2f}")
    Console().print(table)
    print(
        json.dumps(
            {
                name: {"plain_us": a, "mainstem_us": b, "ratio": b / a}
                for name, (a, b) in found.items()
            }
        )
    )


if __name__ == "__main__":
    main()

"""Rows 28, 29, 32, 33, 43 and 44: flow control, limits and restarts, with the SDK's own classes."""

import asyncio
import datetime as dt
from typing import Any

import inngest
import pytest
from inngest._internal.errors import SendEventsError

from mainstem.engine import RunStatus

from .station import Functions, Place, Station, giving, on

pytestmark = pytest.mark.asyncio(loop_scope="session")
MINUTE = dt.timedelta(minutes=1)


def flow(**given: Any) -> Any:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, **given)
        async def f(ctx: inngest.Context) -> object:
            data: Any = ctx.event.data
            if data.get("wait"):
                await ctx.step.wait_for_event("wait", event="never", timeout=dt.timedelta(days=1))
            return data.get("n")

        return [f]

    return make


async def sent(place: Place, *each: Any) -> None:
    """Send events one after the other and let what is due now happen."""
    await place.client.send([inngest.Event(name=f"{place.id}/f", data=data) for data in each])
    await place.engine.settle(timeout=10)


async def test_debounce(station: Station) -> None:
    place = await station.open(flow(debounce=inngest.Debounce(period=MINUTE)))
    for n in range(3):
        await sent(place, {"n": n})
        await station.advance(seconds=50)
    assert place.runs("f") == []
    await station.advance(minutes=1)
    assert [run.output for run in place.runs("f")] == [2]


async def test_singleton_skip(station: Station) -> None:
    place = await station.open(flow(singleton=inngest.Singleton(mode="skip", key="event.data.k")))
    await sent(place, {"k": 1, "wait": True}, {"k": 1, "n": 2}, {"k": 2, "n": 3})
    assert [run.status for run in place.runs("f")] == ["RUNNING", "SKIPPED", "COMPLETED"]


async def test_singleton_cancel(station: Station) -> None:
    place = await station.open(flow(singleton=inngest.Singleton(mode="cancel")))
    await sent(place, {"wait": True})
    await sent(place, {"n": 2})
    assert [run.status for run in place.runs("f")] == ["CANCELLED", "COMPLETED"]


async def test_concurrency_limits_steps_that_execute_by_key_and_scope(station: Station) -> None:
    busy: dict[Any, int] = {}
    most: dict[Any, int] = {}

    def make(client: inngest.Inngest) -> Functions:
        limit = inngest.Concurrency(limit=2, key="event.data.user", scope="env")

        async def work(user: Any) -> None:
            busy[user] = busy.get(user, 0) + 1
            most[user] = max(most.get(user, 0), busy[user])
            await asyncio.sleep(0.01)
            busy[user] -= 1

        @on("f", client, concurrency=[limit])
        async def f(ctx: inngest.Context) -> None:
            await ctx.step.run("work", work, ctx.event.data["user"])

        @client.create_function(
            fn_id="g",
            trigger=inngest.TriggerEvent(event=f"{client.app_id}/f"),
            concurrency=[limit],
        )
        async def g(ctx: inngest.Context) -> None:
            await ctx.step.run("work", work, ctx.event.data["user"])

        return [f, g]

    place = await station.open(make)
    await sent(place, *({"user": user} for user in ("a", "b") for _ in range(4)))
    assert most == {"a": 2, "b": 2}
    assert len(place.runs("f")) + len(place.runs("g")) == 16


async def test_throttle(station: Station) -> None:
    place = await station.open(flow(throttle=inngest.Throttle(limit=1, period=MINUTE)))
    began = station.clock.now()
    await sent(place, *({"n": n} for n in range(4)))
    await station.advance(minutes=5)
    starts = [run.started_at - began for run in place.runs("f") if run.started_at is not None]
    assert sorted(starts) == [0, 0, 60_000, 120_000]


async def test_rate_limit(station: Station) -> None:
    limit = inngest.RateLimit(limit=1, period=MINUTE, key="event.data.k")
    place = await station.open(flow(rate_limit=limit))
    await sent(place, {"k": 1, "n": 1}, {"k": 1, "n": 2}, {"k": 2, "n": 3})
    await station.advance(seconds=61)
    await sent(place, {"k": 1, "n": 4})
    assert [run.output for run in place.runs("f")] == [1, 3, 4]


async def test_idempotency(station: Station) -> None:
    place = await station.open(flow(idempotency="event.data.k"))
    await sent(place, {"k": 1, "n": 1}, {"k": 1, "n": 2})
    await station.advance(hours=23)
    await sent(place, {"k": 1, "n": 3})
    await station.advance(hours=2)
    await sent(place, {"k": 1, "n": 4})
    assert [run.output for run in place.runs("f")] == [1, 4]


async def test_priority(station: Station) -> None:
    order: list[Any] = []

    def make(client: inngest.Inngest) -> Functions:
        @on(
            "f",
            client,
            concurrency=[inngest.Concurrency(limit=1)],
            priority=inngest.Priority(run="event.data.p"),
        )
        async def f(ctx: inngest.Context) -> None:
            order.append(ctx.event.data["p"])
            await asyncio.sleep(0.01)

        return [f]

    place = await station.open(make)
    await sent(place, *({"p": p} for p in (0, 0, 100, 50)))
    assert order == [100, 50, 0, 0]


@pytest.mark.parametrize("kind", ["start", "finish"])
async def test_timeouts(station: Station, kind: str) -> None:
    given: dict[str, Any] = {kind: MINUTE}
    limits = {"throttle": inngest.Throttle(limit=1, period=dt.timedelta(hours=1), burst=0)}
    more: dict[str, Any] = limits if kind == "start" else {}
    place = await station.open(flow(timeouts=inngest.Timeouts(**given), **more))
    began = station.clock.now()
    await sent(place, {"n": 1}, {"wait": True})
    await station.advance(hours=2)
    (ended,) = [run for run in place.runs("f") if run.status is RunStatus.CANCELLED]
    assert ended.ended_at == began + 60_000


async def test_a_step_output_that_is_too_large_is_named(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=0)
        async def f(ctx: inngest.Context) -> None:
            await ctx.step.run("large", giving, "x" * 4 * 2**20)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    assert (run.status, run.output["name"]) == (RunStatus.FAILED, "output_too_large")


async def test_an_event_that_is_too_large_is_refused_by_its_size(station: Station) -> None:
    place = await station.open(flow())
    with pytest.raises(SendEventsError, match="Event is over the max size: Max 3145728"):
        await place.send(f"{place.id}/f", {"text": "x" * 3 * 2**20})


async def test_a_restart_loses_nothing(open_station: Any) -> None:
    fails: list[int] = []

    def make(client: inngest.Inngest) -> Functions:
        until = dt.datetime(2030, 1, 2, tzinfo=dt.UTC)

        @on("sleep", client)
        async def sleep(ctx: inngest.Context) -> None:
            await ctx.step.sleep_until("nap", until)

        @on("wait", client)
        async def wait(ctx: inngest.Context) -> None:
            await ctx.step.wait_for_event("wait", event="go", timeout=dt.timedelta(days=9))

        @on("backoff", client)
        async def backoff(ctx: inngest.Context) -> None:
            fails.append(ctx.attempt)
            if ctx.attempt == 0:
                raise ValueError("not yet")

        @on("queued", client, throttle=inngest.Throttle(limit=1, period=MINUTE, burst=0))
        async def queued(ctx: inngest.Context) -> None: ...

        return [sleep, wait, backoff, queued]

    first = await open_station()
    place = await first.open(make)
    names = ["sleep", "wait", "backoff", "queued", "queued"]
    await place.client.send([inngest.Event(name=f"{place.id}/{name}") for name in names])
    await first.engine.settle(timeout=10)
    assert sum(run.is_over for run in first.engine.runs()) == 1
    await first.engine.aclose()
    second = await open_station(clock=first.clock, apps=first, path=first.engine.options.path)
    await second.engine.send([{"name": "go"}])
    await second.advance(days=2)
    assert [run.status for run in second.engine.runs()] == [RunStatus.COMPLETED] * 5
    assert fails == [0, 1]

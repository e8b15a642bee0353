"""What users of the SDK rely on: failures, events, limits. Real SDK, real sockets."""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import inngest
import pytest

from mainstem.engine import RunStatus, SyncRefused

from .house import House

Functions = list[inngest.Function[Any]]


async def test_a_step_that_fails_once_is_tried_again(house: House) -> None:
    attempts: list[int] = []

    def make(client: inngest.Inngest) -> Functions:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> object:
            async def flaky() -> str:
                attempts.append(ctx.attempt)
                if ctx.attempt == 0:
                    raise ValueError("not yet")
                return "ok"

            return await ctx.step.run("flaky", flaky)

        return [f]

    await house.add_app(make)
    run = await house.run_of("a")
    assert (run.output, attempts) == ("ok", [0, 1])
    assert run.steps[0].attempt == 1


async def test_on_failure_runs_once_with_the_failed_event(house: House) -> None:
    failures: list[Any] = []

    def make(client: inngest.Inngest) -> Functions:
        async def on_failure(ctx: inngest.Context) -> None:
            failures.append(ctx.event.data["event"])

        @client.create_function(
            fn_id="f",
            trigger=inngest.TriggerEvent(event="a"),
            retries=1,
            on_failure=on_failure,
        )
        async def f(ctx: inngest.Context) -> None:
            raise ValueError("broke")

        return [f]

    await house.add_app(make)
    run = await house.run_of("a", {"n": 1})
    assert (run.status, run.output["message"]) == (RunStatus.FAILED, "broke")
    assert [each["data"] for each in failures] == [{"n": 1}]


async def test_an_error_marked_as_final_is_not_retried(house: House) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> None:
            raise inngest.NonRetriableError("never")

        return [f]

    await house.add_app(make)
    run = await house.run_of("a")
    assert (run.status, house.engine.stats().calls) == (RunStatus.FAILED, 1)


def _counting(limit: inngest.Concurrency) -> tuple[Callable[..., Functions], dict[str, int]]:
    busy: dict[str, int] = {}
    most: dict[str, int] = {}

    def make(client: inngest.Inngest) -> Functions:
        @client.create_function(
            fn_id="f", trigger=inngest.TriggerEvent(event="a"), concurrency=[limit]
        )
        async def f(ctx: inngest.Context) -> None:
            async def work() -> None:
                for name in (str(ctx.event.data["user"]), "all"):
                    busy[name] = busy.get(name, 0) + 1
                    most[name] = max(most.get(name, 0), busy[name])
                await asyncio.sleep(0.02)
                for name in (str(ctx.event.data["user"]), "all"):
                    busy[name] -= 1

            await ctx.step.run("work", work)

        return [f]

    return make, most


async def test_a_concurrency_limit_holds_for_a_function(house: House) -> None:
    make, most = _counting(inngest.Concurrency(limit=3))
    await house.add_app(make)
    await house.engine.send([{"name": "a", "data": {"user": "x"}} for _ in range(20)])
    await house.engine.wait_idle(timeout=20)
    assert most["all"] == 3
    assert house.engine.stats().runs == {RunStatus.COMPLETED: 20}


async def test_a_concurrency_key_gives_each_value_its_own_slots(house: House) -> None:
    make, most = _counting(inngest.Concurrency(limit=1, key="event.data.user"))
    await house.add_app(make)
    await house.engine.send([{"name": "a", "data": {"user": n % 4}} for n in range(16)])
    await house.engine.wait_idle(timeout=20)
    assert max(most[str(user)] for user in range(4)) == 1
    assert 1 < most["all"] <= 4


async def test_a_wait_gets_the_event_that_matches(house: House) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> object:
            paid = await ctx.step.wait_for_event(
                "wait",
                event="paid",
                if_exp="event.data.id == async.data.id",
                timeout=dt.timedelta(hours=1),
            )
            return None if paid is None else paid.data

        return [f]

    await house.add_app(make)
    (event_id,) = await house.engine.send([{"name": "a", "data": {"id": 7}}])
    async for change in house.engine.changes():
        if change.step == "wait":
            break
    await house.engine.send([{"name": "paid", "data": {"id": n, "sum": n}} for n in (6, 7)])
    await house.engine.wait_idle(timeout=20)
    (run,) = house.engine.runs(event=event_id)
    assert run.output == {"id": 7, "sum": 7}


async def test_a_function_sends_events_and_invokes_another(house: House) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @client.create_function(fn_id="child", trigger=inngest.TriggerEvent(event="b"))
        async def child(ctx: inngest.Context) -> object:
            return {"double": int(str(ctx.event.data["n"])) * 2}

        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> object:
            ids = await ctx.step.send_event("tell", inngest.Event(name="b", data={"n": 1}))
            doubled = await ctx.step.invoke("ask", function=child, data={"n": 4})
            return [len(ids), doubled]

        return [f, child]

    await house.add_app(make)
    run = await house.run_of("a")
    assert run.output == [1, {"double": 8}]
    assert len(house.engine.runs(function="shop-child")) == 2


async def test_the_same_sync_again_modifies_nothing(house: House) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> None: ...

        return [f]

    await house.add_app(make)
    (app,) = house.engine.apps()
    answer = await house.engine.sync_app(app.url)
    assert (answer["ok"], answer["modified"]) == (True, False)
    assert [each.slug for each in app.functions] == ["shop-f"]
    assert app.functions[0].triggers == ({"event": "a"},)


async def test_syncing_what_is_not_there_says_what_to_check(house: House) -> None:
    with pytest.raises(SyncRefused, match=r"cannot be reached.*Check that it is running"):
        await house.engine.sync_app("http://127.0.0.1:9/api/inngest")

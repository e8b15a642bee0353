"""Stand-ins, failures and crashes, in every kind of step."""

from datetime import timedelta
from typing import Any, cast

import inngest
import pytest
from inngest.experimental import ai

from mainstem.testing import Harness

from .shop import PLAIN, bought, open_shop

LONG = timedelta(days=30)


async def test_a_stand_in_works_in_place_of_a_step_and_is_given_its_inputs() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        stand_in = harness.stub("charge", lambda order, currency: {"currency": currency * order})
        run = await harness.send_one(bought(2))
        assert run.steps["charge"].output == {"currency": "CHFCHF"}
        assert (stand_in.calls, stand_in.count) == ([(2, "CHF")], 1)
        assert run.steps["charge"].tries[0].stood_in
    assert shop.done == []


async def test_stand_ins_answer_waits_sleeps_sends_and_invocations() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        nap = harness.stub("cool-off")
        told = harness.stub("tell", ["an-id"])
        review = harness.stub("review", inngest.Event(name="shop/reviewed", data={"stars": 4}))
        price = harness.stub("ask-price", lambda data: cast("Any", data)["count"] + 100)
        run = await harness.send_one(bought())
        quote = await harness.send_one(inngest.Event(name="shop/quoted"))
        assert await run.result() == {"paid": "CHF", "review": 4}
        assert await quote.result() == 103
        harness.assert_not_sent("shop/paid")
        assert [s.kind for s in run.steps.values()] == ["run", "sleep", "send", "wait"]
        assert [s.count for s in (nap, told, review, price)] == [1, 1, 1, 1]
        assert told.calls[0][0][0].name == "shop/paid"
        assert nap.calls == [(harness.now + timedelta(days=3),)]


async def test_a_wait_is_answered_by_data_alone_or_by_its_timeout() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.stub("cool-off")
        harness.stub("review", {"stars": 1})
        first = await harness.send_one(bought())
        harness.stub("review", None)
        second = await harness.send_one(bought())
        assert [(await run.result())["review"] for run in (first, second)] == [1, None]


async def test_sync_functions_have_stand_ins_too() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.stub("weigh", lambda count, each: count + each)
        harness.stub("rest")
        harness.stub("tell", [])
        harness.stub("seen", {"by": "eve"})
        run = await harness.send_one(inngest.Event(name="shop/packed"))
        assert await run.result() == [5, "eve"]


async def test_a_stand_in_may_be_for_one_function_or_one_repetition() -> None:
    client = PLAIN

    async def one() -> int:
        return 1

    def make(fn_id: str) -> Any:
        @client.create_function(fn_id=fn_id, trigger=inngest.TriggerEvent(event="e"))
        async def f(ctx: inngest.Context) -> list[int]:
            return [await ctx.step.run("load", one) for _ in range(3)]

        return f

    async with Harness.open(client, [make("f"), make("g")]) as harness:
        harness.stub("load:1", 20, function="f")
        await harness.send(inngest.Event(name="e"))
        outputs = {run.function: await run.result() for run in harness.runs()}
        assert outputs == {"a-f": [1, 20, 1], "a-g": [1, 1, 1]}
        assert harness.runs()[0].step_ids == ["load", "load:1", "load:2"]


async def test_parallel_steps_have_stand_ins_and_failures() -> None:
    client = PLAIN

    async def one() -> int:
        return 1

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> Any:
        return await ctx.group.parallel(
            (
                lambda: ctx.step.run("left", one),
                lambda: ctx.step.run("right", one),
                lambda: ctx.step.sleep("nap", timedelta(hours=1)),
            )
        )

    async with Harness.open(client, [f]) as harness:
        harness.stub("left", 10)
        harness.stub("nap")
        harness.fail("right", times=1)
        run = await harness.send_one(inngest.Event(name="e"))
        assert await run.result(within=timedelta(minutes=1)) == [10, 1, None]
        assert [try_.error is None for try_ in run.steps["right"].tries] == [False, True]


async def test_inference_is_answered_without_a_model() -> None:
    client = PLAIN

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> Any:
        adapter = ai.openai.Adapter(auth_key="k", model="m")
        return await ctx.step.ai.infer("ask", adapter=adapter, body={"messages": ["hello"]})

    async with Harness.open(client, [f]) as harness:
        asked = harness.stub("ask", lambda body: {"said": body["messages"][0]})
        run = await harness.send_one(inngest.Event(name="e"))
        assert await run.result() == {"said": "hello"}
        assert (run.steps["ask"].kind, asked.calls[0][0]["model"]) == ("infer", "m")


async def test_a_failing_step_is_retried_by_the_engine_as_often_as_it_is_to_fail() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.fail("charge", ConnectionError("busy"), times=2)
        run = await harness.send_one(bought())
        await run.result(within=LONG)
        tries = run.steps["charge"].tries
        assert [str(t.error) if t.error else None for t in tries] == ["busy", "busy", None]
        assert timedelta(seconds=15) <= tries[1].at - tries[0].at < timedelta(seconds=46)


async def test_a_step_that_always_fails_fails_its_run() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.fail("charge", ValueError, times=None)
        run = await harness.send_one(bought())
        await harness.advance(days=1)
        run.assert_failed("ValueError")
        assert len(run.steps["charge"].tries) == 4


async def test_a_failing_invocation_is_caught_by_the_function_at_once() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.fail("ask-price", "closed")
        run = await harness.send_one(inngest.Event(name="shop/quoted"))
        assert await run.result() == "no price: closed"


@pytest.mark.parametrize(("when", "done"), [("before", 1), ("after", 2)])
async def test_an_app_lost_around_a_step_is_asked_again(when: Any, done: int) -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.crash("charge", when=when)
        run = await harness.send_one(bought())
        assert run.steps["charge"].status == "lost"
        await harness.advance(minutes=1)
        assert run.steps["charge"].output == {"order": 7, "currency": "CHF"}
        assert [t.is_lost for t in run.steps["charge"].tries] == [True, False]
    assert shop.done == ["charge 7 CHF"] * done


async def test_an_app_that_is_always_lost_fails_its_run() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.crash("charge", when="before", times=None)
        run = await harness.send_one(bought())
        await harness.advance(days=1)
        run.assert_failed()
    assert shop.done == []


async def test_an_app_may_be_lost_in_a_thread_and_at_a_step_of_the_server() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.crash("weigh")
        harness.crash("rest")
        run = await harness.send_one(inngest.Event(name="shop/packed"))
        assert await run.result(within=LONG) == [6, None]
        assert [t.is_lost for t in run.steps["rest"].tries] == [True]


async def test_a_coroutine_function_cannot_stand_in_for_a_sync_step() -> None:
    shop = open_shop()

    async def weigh(*_: int) -> int:
        return 1

    async with Harness.open(shop.client, shop.functions) as harness:
        harness.stub("weigh", weigh)
        run = await harness.send_one(inngest.Event(name="shop/packed"))
        await harness.advance(days=1)
        run.assert_failed("Give it a plain one")


async def test_a_handler_of_failures_runs_on_the_engine_as_well() -> None:
    client = PLAIN

    async def mourn(ctx: inngest.Context) -> Any:
        error = cast("Any", ctx.event.data)["error"]
        return await ctx.step.run("note", _note, error["message"])

    @client.create_function(
        fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=0, on_failure=mourn
    )
    async def f(ctx: inngest.Context) -> None:
        await ctx.step.run("work", _note, "x")

    async with Harness.open(client, [f]) as harness:
        harness.fail("work", LookupError("gone"), function=f)
        run = await harness.send_one(inngest.Event(name="e"))
        run.assert_failed("LookupError: gone")
        (mourned,) = harness.runs(function="f-failure")
        assert await mourned.result() == "noted gone"


async def _note(what: str) -> str:
    return f"noted {what}"

"""A harness runs any app of the SDK on the engine, in this process."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import inngest
import pytest

from mainstem.testing import (
    Harness,
    HarnessClosed,
    HarnessError,
    NoSuchRun,
    RunFailed,
    StillRunning,
)

from .shop import PLAIN, bought, open_shop


async def test_an_event_starts_a_run_which_is_seen_step_by_step() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        assert (run.status, run.step_ids) == ("RUNNING", ["charge", "cool-off"])
        charge = run.steps["charge"]
        assert charge.output == {"order": 7, "currency": "CHF"}
        assert (charge.kind, charge.inputs, len(charge.tries)) == ("run", (7, "CHF"), 1)
        await harness.advance(days=3)
        await harness.send(inngest.Event(name="shop/reviewed", data={"stars": 5}))
        assert await run.result() == {"paid": "CHF", "review": 5}
        assert run.steps["tell"].kind == "send"
        assert run.events[0]["data"] == {"order": 7}
    assert shop.done == ["charge 7 CHF"]


async def test_a_run_can_be_looked_at_after_the_harness_is_closed() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
    assert (run.status, run.step_ids) == ("RUNNING", ["charge", "cool-off"])
    with pytest.raises(HarnessClosed, match=r"async with Harness\.open"):
        harness.runs()


async def test_the_result_of_a_run_that_waits_says_for_what_and_until_when() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        with pytest.raises(
            StillRunning, match=r"step 'cool-off'.*until 2030-01-04 00:00:00"
        ) as told:
            await run.result()
        assert "step charge (run)" in str(told.value)
        assert harness.now == datetime(2030, 1, 1, tzinfo=UTC)


async def test_a_result_may_let_time_pass_but_no_more_than_it_needs() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        assert await run.result(within=timedelta(days=30)) == {"paid": "CHF", "review": None}
        assert harness.now == datetime(2030, 1, 11, tzinfo=UTC)


async def test_a_failed_run_gives_what_was_raised_and_its_trace() -> None:
    client = PLAIN

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=0)
    async def f(ctx: inngest.Context) -> None:
        async def load() -> None:
            raise LookupError("no such row")

        await ctx.step.run("load", load)

    async with Harness.open(client, [f]) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        with pytest.raises(RunFailed, match="LookupError: no such row") as told:
            await run.result()
        assert isinstance(told.value.__cause__, LookupError)
        run.assert_failed("no such row")
        with pytest.raises(AssertionError, match=r"FAILED, not COMPLETED\n\nrun .*\n"):
            run.assert_completed()


async def test_sync_functions_run_and_send_from_their_threads() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(inngest.Event(name="shop/packed"))
        await harness.advance(hours=1)
        await harness.send(inngest.Event(name="shop/seen", data={"by": "ada"}))
        assert await run.result() == [6, "ada"]
        (sent,) = harness.assert_sent("shop/sent", {"weight": 6})
        assert (sent.run, sent.step, sent.at) == (run.id, "tell", harness.now)


async def test_what_a_function_and_the_test_sent_is_told_in_order() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        await harness.advance(days=3)
        assert [(e.name, e.run) for e in harness.events()] == [
            ("shop/bought", None),
            ("shop/paid", run.id),
        ]
        assert [event.data for event in run.sent] == [{"order": 7}]
        harness.assert_sent("shop/paid", times=1)
        harness.assert_not_sent("shop/paid", {"order": 8})
        with pytest.raises(AssertionError, match=r"shop/lost was sent 0 times.*\n  shop/bought"):
            harness.assert_sent("shop/lost")


async def test_an_event_dated_now_by_the_machine_is_dated_now_on_the_clock() -> None:
    client = PLAIN

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> int:
        return ctx.event.ts

    start = datetime(2001, 1, 1, tzinfo=UTC)
    async with Harness.open(client, [f], start=start) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        assert await run.result() == round(start.timestamp() * 1000)


async def test_an_event_that_starts_nothing_or_too_much_is_told() -> None:
    shop = open_shop()

    @shop.client.create_function(fn_id="two", trigger=inngest.TriggerEvent(event="shop/asked"))
    async def two(ctx: inngest.Context) -> None: ...

    async with Harness.open(shop.client, [*shop.functions, two]) as harness:
        with pytest.raises(
            NoSuchRun, match=r"'shop/none' started no run\. Functions here: shop-buy"
        ):
            await harness.send_one(inngest.Event(name="shop/none"))
        with pytest.raises(NoSuchRun, match="started 2 runs: shop-"):
            await harness.send_one(inngest.Event(name="shop/asked"))
        run = await harness.send_one(inngest.Event(name="shop/asked"), function="price")
        assert await run.result() == 5


async def test_a_function_is_invoked_by_itself_and_a_run_is_cancelled() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        priced = await harness.invoke("price", {"count": 4})
        assert await priced.result() == 20
        run = await harness.invoke(shop.functions[0], {"order": 1})
        assert await harness.cancel(run)
        run.assert_cancelled()
        assert [r.function for r in harness.runs()] == ["shop-price", "shop-buy"]
        assert harness.runs(status="CANCELLED") == [run]


async def test_invocations_between_functions_go_through_the_engine() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(inngest.Event(name="shop/quoted"))
        assert await run.result() == 15
        assert [r.function for r in harness.runs()] == ["shop-quote", "shop-price"]


async def test_clear_forgets_everything_but_the_time() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        harness.fail("charge", times=None)
        await harness.advance(days=1)
        await harness.clear()
        assert (harness.runs(), harness.events()) == ([], [])
        assert harness.now == datetime(2030, 1, 2, tzinfo=UTC)
        assert run.status == "RUNNING"
        again = await harness.send_one(bought())
        assert again.steps["charge"].output == {"order": 7, "currency": "CHF"}


async def test_logs_of_a_run_are_kept_once_each_and_logging_is_left_as_it_was() -> None:
    shop = open_shop()
    before = (logging.getLogger().level, list(logging.getLogger().handlers))
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        await run.result(within=timedelta(days=30))
        assert [(line.level, line.message) for line in run.logs] == [
            ("INFO", "order 7"),
            ("WARNING", "reviewed: False"),
        ]
    assert (logging.getLogger().level, list(logging.getLogger().handlers)) == before


async def test_an_app_that_never_answers_is_told_in_real_time() -> None:
    import asyncio

    client = PLAIN

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None:
        await asyncio.Event().wait()

    async with Harness.open(client, [f], patience=0.05) as harness:
        with pytest.raises(HarnessError, match=r"has not answered for 0\.05 s: 1 call"):
            await harness.send(inngest.Event(name="e"))


async def test_with_the_real_clock_a_result_is_waited_for() -> None:
    client = PLAIN

    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", timedelta(milliseconds=30))
        return "rested"

    async with Harness.open(client, [f], clock="real") as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        assert await run.result() == "rested"
        with pytest.raises(HarnessError, match="the machine's clock"):
            await harness.advance(days=1)


async def test_an_app_needs_functions_or_an_app_that_serves_them() -> None:
    shop = open_shop()
    with pytest.raises(HarnessError, match=r"give either its functions, or the ASGI app"):
        await Harness.open(shop.client)


async def test_two_apps_share_an_engine() -> None:
    shop, other = open_shop(), inngest.Inngest(app_id="bank", is_production=False)

    @other.create_function(fn_id="book", trigger=inngest.TriggerEvent(event="shop/paid"))
    async def book(ctx: inngest.Context) -> Any:
        return ctx.event.data["order"]

    async with Harness.open(shop.client, shop.functions) as harness:
        await harness.add_app(other, [book])
        await harness.send_one(bought())
        await harness.advance(days=3)
        (booked,) = harness.runs(function="book")
        assert (booked.function, await booked.result()) == ("bank-book", 7)

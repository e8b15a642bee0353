"""A mistake in a test is told in the test's words, where it is made."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import fastapi
import inngest
import pytest

from mainstem.testing import Harness, HarnessClosed, HarnessError, SyncHarness

from .shop import PLAIN, bought, open_shop

NAIVE = datetime(2030, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"strt": 1}, r"no option 'strt' \(did you mean 'start'\?\)"),
        ({"start": NAIVE}, "`start` is an aware moment"),
        ({"clock": "fake"}, "'virtual' or 'real', not 'fake'"),
    ],
)
def test_an_option_that_there_is_not_is_told(options: dict[str, Any], told: str) -> None:
    shop = open_shop()
    with pytest.raises(HarnessError, match=told):
        Harness.open(shop.client, shop.functions, **options)


@pytest.mark.parametrize(
    ("opened", "told"),
    [
        (lambda shop: ("client", shop.functions), "'client': it is no client"),
        (lambda shop: (shop.client, shop.functions[0]), r"as a list, `\[buy\]`"),
        (lambda shop: (shop.client, [print]), "is none of its functions"),
        (lambda shop: (shop.client, []), "0 functions and no app"),
    ],
)
async def test_what_is_no_app_is_told(opened: Any, told: str) -> None:
    with pytest.raises(HarnessError, match=told):
        await Harness.open(*opened(open_shop()))


@pytest.mark.parametrize(
    ("span", "told"),
    [
        ({"months": 1}, "by months=1: a span is made of the numbers weeks, days"),
        ({"days": "x"}, "by days='x'"),
        ({"days": -1}, "time does not go back"),
    ],
)
async def test_a_span_that_is_none_is_told(span: dict[str, Any], told: str) -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        with pytest.raises(HarnessError, match=told):
            await harness.advance(**span)


async def test_a_result_is_waited_for_within_a_span() -> None:
    shop = open_shop()
    within: Any = 5
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        with pytest.raises(HarnessError, match=r"within 5: give a span"):
            await run.result(within=within)


async def test_what_is_no_event_is_told_and_no_event_is_nothing() -> None:
    shop = open_shop()
    event: Any = {"name": "shop/bought"}
    async with Harness.open(shop.client, shop.functions) as harness:
        with pytest.raises(HarnessError, match=r"Cannot send \{'name': .*`inngest\.Event"):
            await harness.send(event)
        assert await harness.send() == []


async def test_an_opening_that_was_not_awaited_says_so() -> None:
    shop = open_shop()
    opening: Any = Harness.open(shop.client, shop.functions)
    with pytest.raises(AttributeError, match=r"no 'send': `await` what opens it"):
        opening.send(bought())
    with pytest.raises(HarnessError, match="entered with `async with`"), opening:
        pass


def test_a_closed_harness_that_waits_says_so() -> None:
    shop = open_shop()
    harness = SyncHarness.open(shop.client, shop.functions)
    harness.close()
    for asked in (lambda: harness.send(bought()), harness.drain, harness.runs, harness.trace):
        with pytest.raises(HarnessClosed, match=r"The harness is (closed|not open)"):
            asked()


async def test_an_app_that_cannot_be_added_leaves_its_client_free() -> None:
    shop, other = open_shop(), inngest.Inngest(app_id="other", is_production=False)

    @other.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None: ...

    async with Harness.open(shop.client, shop.functions) as harness:
        with pytest.raises(Exception, match="is not an Inngest SDK"):
            await harness.add_app(other, app=fastapi.FastAPI())
        await harness.add_app(other, [f])
        assert (await harness.invoke("f")).status == "COMPLETED"


def test_a_harness_that_waits_takes_other_apps_and_clients() -> None:
    shop, other = open_shop(), inngest.Inngest(app_id="other", is_production=False)

    @other.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    def f(ctx: inngest.ContextSync) -> None: ...

    sender = inngest.Inngest(app_id="sender", is_production=False)
    with SyncHarness.open(shop.client, shop.functions) as harness:
        harness.add_app(other, [f])
        harness.add_client(sender)
        sender.send_sync(inngest.Event(name="e"))
        harness.drain()
        assert harness.runs(function="f")[0].status == "COMPLETED"


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (lambda h: h.crash("charge", when="during"), "`when` is 'before' or 'after'"),
        (lambda h: h.crash("charge", times=0), "0 times: give a number from 1"),
        (lambda h: h.fail("charge", 3), "'charge' with 3: give an exception"),
        (lambda h: h.fail("charge", times="2"), "'2' times: give a number"),
        (lambda h: h.stub(open_shop), "a step is named by its id"),
        (lambda h: h.stub("charge", 1, function="bye"), r"'bye'.*\(did you mean 'buy'\?\)"),
    ],
)
async def test_an_order_that_cannot_be_followed_is_refused_at_once(order: Any, told: str) -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        with pytest.raises(HarnessError, match=told):
            order(harness)


async def test_an_order_may_name_its_function_in_full() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.stub("charge", {"currency": "USD"}, function="shop-buy")
        run = await harness.send_one(bought())
        assert run.steps["charge"].output == {"currency": "USD"}


async def test_orders_that_no_step_has_met_are_told() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.stub("charge", {"currency": "USD"})
        harness.crash("charge")
        harness.fail("chrage", function="buy")
        harness.crash("review")
        await harness.send(bought())
        assert [str(order) for order in harness.unused_orders] == [
            "fail of step 'chrage' of function 'buy'",
            "crash of step 'review'",
        ]
        with pytest.raises(AssertionError, match=r"'chrage'.* \(did you mean 'charge'\?\)\n"):
            harness.assert_orders_used()
        assert "orders that no step has met:\n  fail of step 'chrage'" in harness.trace()
        await harness.clear()
        harness.assert_orders_used()


async def test_a_function_or_a_status_that_there_is_not_is_told() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        with pytest.raises(HarnessError, match=r"no function 'bye' here.*Functions here: shop-buy"):
            await harness.send_one(bought(), "bye")
        assert harness.events() == []
        with pytest.raises(HarnessError, match=r"no function 'shop-bye' here .*'shop-buy'"):
            harness.runs(function="shop-bye")
        with pytest.raises(HarnessError, match="no status 'DONE'; a run is QUEUED"):
            harness.runs(status="DONE")


@pytest.mark.parametrize("look", [1.0, 0.03])
async def test_each_answer_has_the_whole_of_our_patience(
    look: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainstem.testing.travel._LOOK_S", look)

    async def nap() -> None:
        await asyncio.sleep(0.06)

    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None:
        for number in range(4):
            await ctx.step.run(f"nap-{number}", nap)

    async with Harness.open(PLAIN, [f], patience=0.15) as harness:
        (await harness.send_one(inngest.Event(name="e"))).assert_completed()


async def test_a_silent_app_is_told_with_the_function_that_holds_it_up() -> None:
    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"))
    async def f(ctx: inngest.Context) -> None:
        await asyncio.Event().wait()

    async with Harness.open(PLAIN, [f], patience=0.05) as harness:
        with pytest.raises(HarnessError, match=re.escape("1 call(s) are under way (a-f)")):
            await harness.send(inngest.Event(name="e"))


async def test_a_function_that_triggers_itself_is_named() -> None:
    @PLAIN.create_function(fn_id="again", trigger=inngest.TriggerEvent(event="e"))
    async def again(ctx: inngest.Context) -> None:
        await ctx.step.send_event("again", inngest.Event(name="e"))

    async with Harness.open(PLAIN, [again], patience=0.1, most_calls=20) as harness:
        with pytest.raises(HarnessError, match=r"no time has passed: .*'a-again'"):
            await harness.send(inngest.Event(name="e"))


async def test_a_journey_with_too_many_stops_is_told_with_who_makes_them() -> None:
    @PLAIN.create_function(fn_id="tick", trigger=inngest.TriggerCron(cron="* * * * *"))
    async def tick(ctx: inngest.Context) -> None: ...

    async with Harness.open(PLAIN, [tick], most_stops=5) as harness:
        with pytest.raises(HarnessError, match=r"stopped at 5 moments.*'a-tick'.*most_stops"):
            await harness.advance(days=30)
        assert harness.now < datetime(2030, 1, 1, tzinfo=UTC) + timedelta(minutes=6)

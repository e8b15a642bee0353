"""An app made with the `inngest` package alone, as anybody's tests would have it."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import inngest

LOG = logging.getLogger("shop")
# Made once, as a module of an app makes its client: that takes the SDK longer than a test.
CLIENT = inngest.Inngest(app_id="shop", is_production=False)
PLAIN = inngest.Inngest(app_id="a", is_production=False)


@dataclass
class Shop:
    """A client, its functions, and what was really done."""

    client: inngest.Inngest
    functions: list[inngest.Function[Any]]
    done: list[str] = field(default_factory=list)


def open_shop(**client: Any) -> Shop:
    """A shop; with a client of its own if that is to be another than usual."""
    made = inngest.Inngest(app_id="shop", **client) if client else CLIENT
    shop = Shop(made, [])

    async def charge(order: int, *, currency: str = "EUR") -> dict[str, Any]:
        shop.done.append(f"charge {order} {currency}")
        return {"order": order, "currency": currency}

    @made.create_function(fn_id="buy", trigger=inngest.TriggerEvent(event="shop/bought"), retries=3)
    async def buy(ctx: inngest.Context) -> Any:
        order = int(ctx.event.data["order"])  # type: ignore[arg-type]
        ctx.logger.info("order %s", order)
        paid = await ctx.step.run("charge", partial(charge, currency="CHF"), order)
        await ctx.step.sleep("cool-off", timedelta(days=3))
        await ctx.step.send_event("tell", inngest.Event(name="shop/paid", data={"order": order}))
        answer = await ctx.step.wait_for_event(
            "review", event="shop/reviewed", timeout=timedelta(days=7)
        )
        LOG.warning("reviewed: %s", bool(answer))
        return {"paid": paid["currency"], "review": answer.data["stars"] if answer else None}

    @made.create_function(fn_id="pack", trigger=inngest.TriggerEvent(event="shop/packed"))
    def pack(ctx: inngest.ContextSync) -> Any:
        weight = ctx.step.run("weigh", _weigh, 2, 3)
        ctx.step.sleep("rest", timedelta(hours=1))
        ctx.step.send_event("tell", inngest.Event(name="shop/sent", data={"weight": weight}))
        seen = ctx.step.wait_for_event("seen", event="shop/seen", timeout=timedelta(hours=1))
        return [weight, seen.data["by"] if seen else None]

    @made.create_function(fn_id="price", trigger=inngest.TriggerEvent(event="shop/asked"))
    async def price(ctx: inngest.Context) -> int:
        return int(ctx.event.data.get("count", 1)) * 5  # type: ignore[arg-type]

    @made.create_function(fn_id="quote", trigger=inngest.TriggerEvent(event="shop/quoted"))
    async def quote(ctx: inngest.Context) -> Any:
        try:
            return await ctx.step.invoke("ask-price", function=price, data={"count": 3})
        except inngest.StepError as error:
            return f"no price: {error.message}"

    @made.create_function(fn_id="report", trigger=inngest.TriggerCron(cron="0 6 * * 1"))
    async def report(ctx: inngest.Context) -> None:
        shop.done.append("report")

    shop.functions = [buy, pack, price, quote, report]
    return shop


def _weigh(count: int, each: int) -> int:
    return count * each


def bought(order: int = 7) -> inngest.Event:
    return inngest.Event(name="shop/bought", data={"order": order})

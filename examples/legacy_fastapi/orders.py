"""From the basket to the courier."""

import datetime as dt
from typing import Any

import inngest

from legacy_fastapi import gateway
from legacy_fastapi.core import inngest_client
from legacy_fastapi.payments import charge_card


async def order_failed(ctx: inngest.Context) -> dict[str, Any]:
    """Runs when an order could not be placed at all."""
    order = ctx.event.data["event"]["data"]
    await ctx.step.send_event(
        "tell-support",
        inngest.Event(
            name="support/ticket.opened", data={"order": order["order"], "about": "order"}
        ),
    )
    return {"order": order["order"], "reason": ctx.event.data["error"]["message"]}


@inngest_client.create_function(
    fn_id="place-order",
    name="Place an order",
    trigger=inngest.TriggerEvent(event="order/placed"),
    retries=1,
    # One order of a customer at a time: two windows, one basket.
    concurrency=[inngest.Concurrency(limit=1, key="event.data.email")],
    cancel=[
        inngest.Cancel(event="order/cancelled", if_exp="async.data.order == event.data.order"),
    ],
    on_failure=order_failed,
)
async def place_order(ctx: inngest.Context) -> dict[str, Any]:
    order = ctx.event.data
    price = await ctx.step.run("price-order", gateway.price_of, order["items"])
    if order.get("hold"):
        await ctx.step.sleep("hold-order", dt.timedelta(hours=1))

    async def reserve() -> list[str]:
        return [f"{item}-reserved" for item in order["items"]]

    async def book_courier() -> str:
        return "van" if len(order["items"]) > 2 else "bicycle"

    # Neither needs the other.
    reserved, courier = await ctx.group.parallel(
        (
            lambda: ctx.step.run("reserve-stock", reserve),
            lambda: ctx.step.run("book-courier", book_courier),
        )
    )
    paid = await ctx.step.invoke(
        "charge-card",
        function=charge_card,
        data={"order": order["order"], "card": order["card"], "amount": price},
    )
    await ctx.step.send_event(
        "confirm",
        inngest.Event(
            name="order/confirmed",
            data={"order": order["order"], "email": order["email"], "price": price},
        ),
    )
    return {
        "email": order["email"],
        "payment": paid["payment"],
        "reserved": reserved,
        "courier": courier,
    }


# Bound here, served at /api/inngest-local. Nobody remembers why.
@inngest_client.create_function(
    fn_id="audit-order", trigger=inngest.TriggerEvent(event="order/confirmed")
)
async def audit_order(ctx: inngest.Context) -> dict[str, Any]:
    """The book-keeper needs the address in full: this one must not be behind `HideAddresses`."""
    kept = ctx.event.data
    return {"email": kept["email"], "booked": kept["price"]}

"""Taking money. Nothing here listens to the shop's pages; others ask for it."""

from inngest import Context, ContextSync, Event, TriggerEvent

from legacy_fastapi import gateway
from legacy_fastapi.core import inngest_client


@inngest_client.create_function(
    fn_id="charge-card",
    name="Charge a card",
    trigger=TriggerEvent(event="payment/requested"),
    retries=2,
)
def charge_card(ctx: ContextSync) -> dict:
    """Charge once, however often we are asked; the gateway is not always there."""
    wanted = ctx.event.data
    number = ctx.step.run(
        "charge", gateway.charge, wanted["order"], wanted["card"], wanted["amount"]
    )
    return {"payment": number, "amount": wanted["amount"]}


async def refund_failed(ctx: Context) -> dict:
    """Somebody has to look at it."""
    first = ctx.event.data["event"]["data"]
    await ctx.step.send_event(
        "tell-support",
        Event(name="support/ticket.opened", data={"order": first["order"], "about": "refund"}),
    )
    return {"order": first["order"], "escalated": True}


@inngest_client.create_function(
    fn_id="refund-order",
    trigger=TriggerEvent(event="order/returned", expression="event.data.order != ''"),
    retries=0,
    on_failure=refund_failed,
)
async def refund_order(ctx: Context) -> dict:
    """Give the money back, within the first fortnight."""

    async def pay_back() -> str:
        if int(ctx.event.data["days"]) > 14:
            raise ValueError(f"order {ctx.event.data['order']} came back too late")
        return f"back-{ctx.event.data['order']}"

    return {"refund": await ctx.step.run("pay-back", pay_back), "email": ctx.event.data["email"]}

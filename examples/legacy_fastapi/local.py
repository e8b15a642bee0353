"""Functions to try things with on one's own machine; an app of their own, so nothing clashes."""

import inngest

from legacy_fastapi.payments import charge_card

dev_client = inngest.Inngest(app_id="pottery-local", is_production=False)


@dev_client.create_function(
    fn_id="hello-local", trigger=inngest.TriggerEvent(event="local/hello"), retries=0
)
def hello_local(ctx: inngest.ContextSync) -> str:
    return f"hello {ctx.event.data.get('name', 'potter')}"


@dev_client.create_function(
    fn_id="rehearse-order", trigger=inngest.TriggerEvent(event="local/rehearse"), retries=0
)
async def rehearse_order(ctx: inngest.Context) -> dict:
    """A whole payment, with play money."""
    paid = await ctx.step.invoke(
        "charge-card",
        function=charge_card,
        data={"order": ctx.event.data["order"], "card": "play-money", "amount": 1},
    )
    return {"rehearsed": paid["payment"]}

"""A team on its way: its wiring from before stays, to go back to with MAINSTEM_FUNCTIONS=off."""

import fastapi
import inngest
import inngest.fast_api
from shop import catalog

from mainstem.serving.fastapi import serve

app = fastapi.FastAPI()
old_client = inngest.Inngest(app_id="shop-before")


@old_client.create_function(
    fn_id="pack-order", trigger=inngest.TriggerEvent(event="shop/order.placed")
)
async def pack_order_before(ctx: inngest.Context) -> str:
    """As it was."""
    return f"packed {ctx.event.data['orderId']} as before"


serve(app, catalog, old=lambda: inngest.fast_api.serve(app, old_client, [pack_order_before]))

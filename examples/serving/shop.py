"""The catalogue that the examples serve: two functions, bound to nothing."""

from __future__ import annotations

from typing import Any

import inngest

from mainstem.catalog import Catalog, EventData, Run, define, event, sdk_function


class OrderPlaced(EventData, name="shop/order.placed"):
    """Somebody ordered something."""

    order_id: int


@define(id="pack-order", on=event(OrderPlaced), group="warehouse")
async def pack_order(run: Run[OrderPlaced], services: None) -> str:  # noqa: ARG001
    """Typed: the event is a class, the result what the annotation says."""
    order_id = await run.step("find-order", _find, run.data.order_id)
    return f"packed {order_id}"


@sdk_function(
    fn_id="print-label", trigger=inngest.TriggerEvent(event="shop/order.placed"), group="office"
)
def print_label(ctx: inngest.ContextSync) -> Any:
    """In the SDK's own style, and not async: every adapter takes the two side by side."""
    return ctx.step.run("print", lambda: f"label {ctx.event.data['orderId']}")


async def _find(order_id: int) -> int:
    return order_id


catalog: Catalog[None] = Catalog([pack_order, print_label])

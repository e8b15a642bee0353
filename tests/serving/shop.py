"""A small catalogue with one function of every kind: what every adapter has to serve."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import inngest

from mainstem.catalog import (
    Catalog,
    EventData,
    FunctionFailed,
    NonRetriableError,
    Run,
    Scheduled,
    Version,
    cron,
    define,
    event,
    rollout,
    sdk_function,
)


class OrderPlaced(EventData, name="shop/order.placed"):
    """Somebody ordered."""

    order_id: int


class OrderLost(EventData, name="shop/order.lost"):
    """An order that nobody can find."""

    order_id: int


class OrderPacked(EventData, name="shop/order.packed"):
    """An order stands ready."""

    order_id: int


@dataclass(frozen=True)
class Shop:
    """The services of the functions here."""

    name: str


@define(id="pack-order", on=event(OrderPlaced), group="warehouse", tags=("light",))
async def pack_order(run: Run[OrderPlaced], shop: Shop) -> str:
    """Two steps, a pause and a step that sends."""
    order = await run.step("find", _find, run.data.order_id)
    await run.sleep("rest", timedelta(milliseconds=1))
    await run.send("tell", OrderPacked(order_id=order))
    return f"{shop.name} packed {order}"


async def _find(order_id: int) -> int:
    return order_id


async def note_loss(run: Run[FunctionFailed[OrderLost]], shop: Shop) -> None:
    """Runs when `find-lost-order` has failed."""
    await run.step("note", _note)


async def _note() -> str:
    return "noted"


@define(id="find-lost-order", on=event(OrderLost), group="office", retries=0, on_failure=note_loss)
async def find_lost_order(run: Run[OrderLost], shop: Shop) -> str:
    """Always fails for good."""
    raise NonRetriableError(f"order {run.data.order_id} is nowhere")


@define(id="count-stock", on=cron("0 6 * * *"), group="warehouse", tags=("heavy",))
async def count_stock(run: Run[Scheduled], shop: Shop) -> int:
    """Every morning."""
    return 3


async def _greet_anew(run: Run[OrderPacked], shop: Shop) -> str:
    return "anew"


@define(
    id="greet-customer",
    on=event(OrderPacked),
    group="office",
    versions=(Version("2", _greet_anew, rollout(1.0)),),
)
async def greet_customer(run: Run[OrderPacked], shop: Shop) -> str:
    """All runs take the second version."""
    return "as ever"


@sdk_function(
    fn_id="write-invoice",
    trigger=inngest.TriggerEvent(event="shop/order.placed"),
    group="office",
    tags=("light",),
)
async def write_invoice(ctx: inngest.Context) -> Any:
    """In the SDK's own style, async."""
    return await ctx.step.run("write", _write, int(str(ctx.event.data["orderId"])))


async def _write(order_id: int) -> str:
    return f"invoice {order_id}"


@sdk_function(
    fn_id="print-label", trigger=inngest.TriggerEvent(event="shop/order.placed"), group="warehouse"
)
def print_label(ctx: inngest.ContextSync) -> Any:
    """In the SDK's own style, not async."""
    return ctx.step.run("print", lambda: f"label {ctx.event.data['orderId']}")


ASYNC = (pack_order, find_lost_order, count_stock, greet_customer, write_invoice)
CATALOGUE: Catalog[Shop] = Catalog([*ASYNC, print_label])
SYNC_ONLY: Catalog[Shop] = Catalog([print_label])
SHOP = Shop("The shop")

"""The same thirteen functions as definitions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import inngest

from mainstem.catalog import AnyDefinition, Catalog, EventData, Run, define, event


class OrderPlaced(EventData, name="bench/order.placed"):
    order_id: int


class OrderPaid(EventData, name="bench/order.paid"):
    order_id: int


class OrderPacked(EventData, name="bench/order.packed"):
    order_id: int


class OrderSent(EventData, name="bench/order.sent"):
    order_id: int


class OrderReturned(EventData, name="bench/order.returned"):
    order_id: int


_EVENTS = (OrderPlaced, OrderPaid, OrderPacked, OrderSent, OrderReturned)


async def _double(n: int) -> int:
    return n * 2


def _make(number: int) -> AnyDefinition:
    @define(
        id=f"work-{number}",
        on=event(_EVENTS[number % 5]),
        retries=3,
        concurrency=[inngest.Concurrency(limit=5, key="event.data.orderId")],
        throttle=inngest.Throttle(limit=10, period=timedelta(minutes=1)),
    )
    async def work(run: Run[Any], services: None) -> int:  # noqa: ARG001
        order_id: int = run.data.order_id
        if number:
            return await run.step("double", _double, order_id)
        return order_id

    return work


catalog: Catalog[None] = Catalog(_make(number) for number in range(13))

"""Thirteen functions written plainly with the SDK, as its documentation shows them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import inngest

client = inngest.Inngest(app_id="bench")
functions: list[inngest.Function[Any]] = []
_EVENTS = ("placed", "paid", "packed", "sent", "returned")


async def _double(n: int) -> int:
    return n * 2


def _make(number: int) -> inngest.Function[Any]:
    @client.create_function(
        fn_id=f"work-{number}",
        trigger=inngest.TriggerEvent(event=f"bench/order.{_EVENTS[number % 5]}"),
        retries=3,
        concurrency=[inngest.Concurrency(limit=5, key="event.data.orderId")],
        throttle=inngest.Throttle(limit=10, period=timedelta(minutes=1)),
    )
    async def work(ctx: inngest.Context) -> Any:
        order_id = int(str(ctx.event.data["orderId"]))
        if number:
            return await ctx.step.run("double", _double, order_id)
        return order_id

    return work


functions.extend(_make(number) for number in range(13))

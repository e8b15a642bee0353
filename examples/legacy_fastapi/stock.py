"""What is on the shelves."""

import inngest

from legacy_fastapi.core import inngest_client


@inngest_client.create_function(
    fn_id="restock-alert",
    trigger=inngest.TriggerEvent(event="stock/changed"),
    # Counting a shelf sends an event for each pot. The last one counts.
    debounce=inngest.Debounce(key="event.data.sku", period=1000),
)
async def restock_alert(ctx: inngest.Context) -> dict:
    left = int(ctx.event.data["left"])
    return {"sku": ctx.event.data["sku"], "left": left, "order_more": left < 5}


@inngest_client.create_function(
    fn_id="count-stock",
    name="Count the stock",
    trigger=[
        inngest.TriggerCron(cron="TZ=Europe/Lisbon 15 4 * * 1"),
        inngest.TriggerEvent(event="stock/count.asked"),
    ],
    priority=inngest.Priority(run="100"),
)
def count_stock(ctx: inngest.ContextSync) -> int:
    """Every Monday before the shop opens, and when somebody asks."""
    shelves = ctx.step.run("list-shelves", lambda: ["kitchen", "garden"])
    return sum(ctx.step.run(f"count-{shelf}", lambda: 12) for shelf in shelves)

"""The printed catalogue's list of pots, read once a season."""

import inngest

from legacy_fastapi.background.client import client


@client.create_function(
    fn_id="import-catalogue",
    trigger=inngest.TriggerEvent(event="catalogue/printed"),
    rate_limit=inngest.RateLimit(limit=20, period=60_000),
)
async def import_catalogue(ctx: inngest.Context) -> dict:
    """Read every page, then tell the rest of the shop what is left of what."""
    left: dict[str, int] = {}
    for page in ctx.event.data["pages"]:
        left[page["sku"]] = await ctx.step.run(f"read-{page['sku']}", _read, page)
    await ctx.step.send_event(
        "tell-shop",
        [
            inngest.Event(name="stock/changed", data={"sku": sku, "left": count})
            for sku, count in left.items()
        ],
    )
    return {"left": left}


async def _read(page: dict) -> int:
    return int(page["printed"]) - int(page["sold"])

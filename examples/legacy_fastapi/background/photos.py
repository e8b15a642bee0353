"""Pictures of pots."""

from datetime import timedelta

import inngest

from legacy_fastapi.background.client import client
from legacy_fastapi.background.tracing import traced

WIDTHS = (320, 1280)


@client.create_function(
    fn_id="resize-photo",
    trigger=inngest.TriggerEvent(event="photo/uploaded"),
    throttle=inngest.Throttle(limit=60, period=timedelta(minutes=1), burst=30),
    singleton=inngest.Singleton(key="event.data.photo", mode="skip"),
)
@traced
async def resize_photo(ctx: inngest.Context) -> dict:
    photo = ctx.event.data["photo"]
    sizes = []
    for width in WIDTHS:

        async def resize(width: int = width) -> str:
            return f"{photo}@{width}"

        sizes.append(await ctx.step.run(f"resize-{width}", resize))
    return {"sizes": sizes}

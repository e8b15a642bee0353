"""Invoking in the SDK's way gives what the definition returns."""

import inngest

from mainstem.catalog import sdk_function


@sdk_function(fn_id="x", trigger=inngest.TriggerEvent(event="a/b"))
async def one(ctx: inngest.Context) -> int:
    return 1


@sdk_function(fn_id="y", trigger=inngest.TriggerEvent(event="a/b"))
async def two(ctx: inngest.Context) -> None:
    result = await ctx.step.invoke("one", function=one)
    result.upper()  # error: [attr-defined] "int" has no attribute "upper"

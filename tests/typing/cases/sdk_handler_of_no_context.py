"""A handler in the SDK's style takes the SDK's context."""

import inngest

from mainstem.catalog import sdk_function


@sdk_function(fn_id="x", trigger=inngest.TriggerEvent(event="a/b"))  # error: [arg-type] Context
async def one(run: int) -> None: ...

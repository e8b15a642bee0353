"""Notes on how long things take."""

import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any

TIMINGS: dict[str, float] = {}


def traced(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Time a handler, and say in its result that this was done."""

    @functools.wraps(handler)
    async def timed(ctx: Any) -> Any:
        begin = time.perf_counter()
        try:
            return {**await handler(ctx), "traced": handler.__name__}
        finally:
            TIMINGS[handler.__name__] = time.perf_counter() - begin

    return timed

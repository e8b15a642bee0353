"""What the SDK looks at when a definition is handed to it in a function's place."""

from dataclasses import dataclass
from typing import Final

# Asked of a function that is to be served, which a definition is not yet.
SDKS_OWN: Final = frozenset(
    {"get_id", "get_config", "local_id", "is_handler_async", "on_failure_fn_id"}
)


@dataclass(frozen=True, slots=True)
class InvokedBySdk:
    """The id that `ctx.step.invoke("…", function=definition)` reads, without the app's.

    The SDK puts the app's id of the serving client before it, so that an invocation always stays
    with the one client.
    """

    local_id: str

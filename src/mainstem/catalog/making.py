"""Making the SDK's functions: a definition, a client and what the client is to call."""

from collections.abc import Callable
from typing import Any, Final

import inngest

from mainstem.catalog.sdk_definition import NOT_GIVEN, AnyDefinition, SdkDefinition

RETIRED: Final = "mainstem/retired"
"""The event of functions kept for an older id; nothing sends it, and its expression is false."""


def create_function(
    definition: AnyDefinition,
    client: inngest.Inngest,
    *,
    handler: Callable[..., Any],
    on_failure: Callable[..., Any] | None,
) -> inngest.Function[Any]:
    """The SDK's function for `definition`, as its environment has it, that calls `handler`."""
    return _create(
        definition,
        client,
        handler=handler,
        fn_id=definition.id,
        name=definition.name,
        trigger=list(definition.triggers),
        on_failure=on_failure,
        batch_events=definition.config.batch,
        cancel=list(definition.config.cancel) or None,
    )


def create_retired(
    definition: AnyDefinition,
    client: inngest.Inngest,
    previous_id: str,
    *,
    handler: Callable[..., Any],
    on_failure: Callable[..., Any] | None,
) -> inngest.Function[Any]:
    """The same under an id that the function had: it starts nothing, and ends what has begun."""
    return _create(
        definition,
        client,
        handler=handler,
        fn_id=previous_id,
        name=f"{definition.name} (was {previous_id})",
        trigger=[inngest.TriggerEvent(event=RETIRED, expression="false")],
        on_failure=on_failure,
        batch_events=None,
        cancel=list(definition.config.cancel) or None,
    )


def _create(
    definition: AnyDefinition,
    client: inngest.Inngest,
    *,
    handler: Callable[..., Any],
    **differing: Any,
) -> inngest.Function[Any]:
    config = definition.config
    given: dict[str, Any] = {
        **differing,
        "retries": config.retries,
        "concurrency": list(config.concurrency) or None,
        "throttle": config.throttle,
        "rate_limit": config.rate_limit,
        "debounce": config.debounce,
        "priority": config.priority,
        "idempotency": config.idempotency,
        "timeouts": config.timeouts,
        "singleton": config.singleton,
    }
    if isinstance(definition, SdkDefinition):
        given["middleware"] = list(definition.middleware) or None
        if definition.output_type is not NOT_GIVEN:
            given["output_type"] = definition.output_type
    # What is not set is not handed over: a release that lacks the argument then still serves
    # every function that does without it.
    set_ones = {name: value for name, value in given.items() if value is not None}
    made: inngest.Function[Any] = client.create_function(**set_ones)(handler)
    return made

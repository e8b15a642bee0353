"""Adoption: a function that a client created at import time, given back without its client.

What it was made of is read from the SDK's public `get_config` as far as that goes, and its handler,
failure handler, middleware and output type from `sdk_internals`. The proof is in the result: the
function is made anew for a client of the same name, and must be configured exactly like the one
that was adopted.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import inngest

from mainstem.catalog.config import Config, Override
from mainstem.catalog.definition import place_of
from mainstem.catalog.making import create_function
from mainstem.catalog.sdk_definition import SdkDefinition
from mainstem.catalog.sdk_internals import NO_OUTPUT_TYPE, parts_of, serialises
from mainstem.errors import AdoptionRefused, UnknownSdk

R = TypeVar("R")

_ANYWHERE = "http://127.0.0.1/api/inngest"


def adopt(
    function: inngest.Function[R],
    *,
    client: inngest.Inngest | None = None,
    group: str | None = None,
    tags: Sequence[str] = (),
    environments: Mapping[str, Override] = MappingProxyType({}),
) -> SdkDefinition[R]:
    """`function`, made with `client.create_function`, as a definition that is bound to nothing.

    Id, name, triggers, configuration, middleware, output type and failure handler are unchanged.
    The middleware of its client is not part of it: hand the `client` in to take that over too, in
    front of the function's own. A serializer cannot be taken over: it is the client's. Raises
    `AdoptionRefused` for anything that is no function of the SDK, and for one that would not come
    out the same under the installed release or without its client's serializer.
    """
    if not isinstance(function, inngest.Function):
        raise AdoptionRefused(
            f"a {type(function).__name__}",
            "it is no function of the SDK. Hand in what `client.create_function(…)(handler)` gave.",
        )
    try:
        parts = parts_of(function)
        main = function.get_config(_ANYWHERE).main
    except UnknownSdk as error:
        raise AdoptionRefused(f"function '{function.local_id}'", str(error)) from error
    if client is not None and serialises(client) and parts["output_type"] is not NO_OUTPUT_TYPE:
        raise AdoptionRefused(
            f"function '{function.local_id}'",
            "its results pass through its client's serializer, which is the client's alone. Make "
            "the one client with it, client_for(settings, serializer=…), hand that to "
            "serve(client=…), and adopt the function without client=.",
        )
    app_id = function.id.removesuffix(f"-{function.local_id}")
    middleware = [*(client.middleware if client is not None else ()), *parts["middleware"]]
    retries = main.steps["step"].retries
    definition: SdkDefinition[R] = SdkDefinition(
        id=function.local_id,
        name=function.name,
        triggers=tuple(main.triggers),
        handler=parts["handler"],
        config=Config(
            retries=None if retries is None else retries.attempts,
            concurrency=tuple(main.concurrency or ()),
            throttle=main.throttle,
            rate_limit=main.rate_limit,
            debounce=main.debounce,
            batch=main.batch_events,
            priority=main.priority,
            cancel=tuple(main.cancel or ()),
            idempotency=main.idempotency,
            timeouts=main.timeouts,
            singleton=main.singleton,
        ),
        place=place_of(parts["handler"]),
        on_failure=parts["on_failure"],
        middleware=tuple(middleware),
        output_type=parts["output_type"],
        group=group,
        tags=tuple(tags),
        environments=MappingProxyType(dict(environments)),
        is_adopted=True,
    )
    _prove(function, definition, app_id)
    return definition


class _Named(inngest.Inngest):
    """As much of a client as `create_function` looks at: its app's id.

    A whole one would open connection pools, for each function that is adopted.
    """

    def __init__(self, app_id: str) -> None:
        self.app_id = app_id


def _prove(function: inngest.Function[Any], definition: SdkDefinition[Any], app_id: str) -> None:
    """Refuse a definition that would not give back `function` as it was."""
    again = create_function(
        definition, _Named(app_id), handler=definition.handler, on_failure=definition.on_failure
    )
    before, after = (_registered(each) for each in (function, again))
    differing = sorted(name for name in before.keys() | after.keys()
                       if before.get(name) != after.get(name))  # fmt: skip
    if differing:
        raise AdoptionRefused(
            f"function '{definition.id}'",
            f"made anew it would differ in {', '.join(differing)}. Rewrite it as a definition by "
            "hand (sdk_function takes the same arguments), or report this release of the SDK.",
        )


def _registered(function: inngest.Function[Any]) -> dict[str, Any]:
    config = function.get_config(_ANYWHERE)
    told: dict[str, Any] = config.main.model_dump(mode="json", by_alias=True, exclude_none=True)
    # An empty list and none at all are the same to the server.
    told = {name: value for name, value in told.items() if value not in ([], {})}
    if config.on_failure is not None:
        told["on_failure"] = config.on_failure.model_dump(mode="json", by_alias=True)
    return told

"""Verifying: ask every side, and compare."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from mainstem.catalog import BoundCatalog
from mainstem.registration.asking import asking
from mainstem.registration.comparison import Comparison, compare
from mainstem.registration.endpoints import ask_endpoint
from mainstem.registration.keys import keys_of
from mainstem.registration.servers import ask_server
from mainstem.registration.sides import Wanted
from mainstem.registration.wanted import wanted
from mainstem.settings import Settings, without_password


async def verify(settings: Settings, bound: BoundCatalog[Any], urls: Sequence[str]) -> Comparison:
    """Compare what `bound` says with the endpoints at `urls` and with their server.

    None at all means Connect workers, which have no address.

    Several endpoints are parts of one catalogue, whose union must be all of it. Asks only: nothing
    is registered, no function is called. What cannot be reached is a finding, not an error.
    """
    keys = keys_of(settings)
    branch = settings.inngest_env
    async with asking() as http:
        endpoints = await asyncio.gather(*(ask_endpoint(http, url, keys) for url in urls))
        names = {one.app_id for one in endpoints if one.app_id is not None}
        server = await ask_server(
            http, settings.api_origin, keys, names | {bound.client.app_id}, branch=branch
        )
    server = replace(server, origin=without_password(server.origin))
    return compare(expected(settings, bound), endpoints, server)


def expected(settings: Settings, bound: BoundCatalog[Any]) -> Wanted:
    """What should be, by `bound` and by the settings of its environment."""
    keys = keys_of(settings)
    return Wanted(
        environment=str(settings.environment),
        app_id=bound.client.app_id,
        mode="dev" if settings.inngest_dev else "cloud",
        functions=wanted(bound),
        branch=settings.inngest_env,
        sdk=f"py:v{version('inngest')}",
        app_version=settings.app_version,
        signing_hashes=keys.signing_hashes,
        event_hash=keys.event_hash,
        api_origin=without_password(settings.api_origin),
        event_origin=without_password(settings.event_origin),
        groups=tuple(sorted({one.group for one in bound.definitions if one.group})),
        tags=tuple(sorted({tag for one in bound.definitions for tag in one.tags})),
    )

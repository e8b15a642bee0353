"""Where a catalogue meets the settings: one place, the same for every adapter."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, TypeVar, cast

import inngest

from mainstem.catalog import BoundCatalog, Catalog, Switches, check_served_by
from mainstem.clients import client_for
from mainstem.errors import CatalogError
from mainstem.serving.selection import check_disabled, part_of, part_settings
from mainstem.settings import Settings, shares_of

S = TypeVar("S")

Check = Callable[[BoundCatalog[Any]], object]
"""What else must hold before anything is served; it raises when it does not."""


class OtherClient(CatalogError):  # noqa: N818  it says what happened
    """The client handed in is not of the app, or not in the mode, that the settings say."""

    def __init__(self, *, found: str, expected: str, mend: str) -> None:
        super().__init__(
            f"Cannot serve with the client handed in: it is {found}, the settings say {expected}. "
            f"{mend}, or leave out `client=` to take the settings' own."
        )


def bind_for(
    settings: Settings,
    catalog: Catalog[S],
    services: S | None = None,
    *,
    client: inngest.Inngest | None = None,
    groups: Collection[str] = (),
    tags: Collection[str] = (),
    check: Check | None = None,
) -> BoundCatalog[S]:
    """`catalog`, or the part of it in `groups` and `tags`, bound as `settings` have it.

    The settings choose the environment, the client, what is switched off or down, and the part
    where none is named. `check` is called with the result, to refuse it. Raises `UnknownFunction`
    and `UnknownPart` for names that fit nothing, `OtherClient` for a client of somebody else.
    """
    check_disabled(settings.disabled_functions, catalog.ids)
    if not groups and not tags:
        groups, tags = _part(settings)
    own = part_settings(settings, groups=groups, tags=tags)
    if client is None:
        client = client_for(own)
    else:
        _check_client(client, settings, own)
    part = part_of(catalog, groups=groups, tags=tags)
    catalog.check_switches(switches := switches_of(settings))
    bound = part.bind(
        client,
        cast("S", services),  # None is what services of type None are
        environment=settings.environment,
        switches=_for_part(switches, part),
    )
    check_served_by(client, bound.functions)
    if check is not None:
        check(bound)
    return bound


def switches_of(settings: Settings) -> Switches:
    """What `settings` switch off or down."""
    return Switches(
        disabled=settings.disabled_functions,
        is_off=not settings.functions_on,
        shares=shares_of(settings),
        strict=settings.strict,
        guard=settings.guard_rails,
    )


def _for_part(switches: Switches, part: Catalog[Any]) -> Switches:
    """The same without the names that are not in `part`, which refuses names that it has not."""
    ids = frozenset(part.ids)
    return replace(
        switches,
        disabled=switches.disabled & ids,
        shares={name: shares for name, shares in switches.shares.items() if name in ids},
    )


def _part(settings: Settings) -> tuple[Collection[str], Collection[str]]:
    return settings.serve_groups, settings.serve_tags


def _check_client(client: inngest.Inngest, settings: Settings, own: Settings) -> None:
    if client.app_id not in {settings.app_id, own.app_id}:
        raise OtherClient(
            found=f"of app '{client.app_id}'",
            expected=f"'{own.app_id}'",
            mend=f"Set MAINSTEM_APP_ID to '{client.app_id}'",
        )
    if client.is_production is settings.inngest_dev:
        raise OtherClient(
            found=f"in {'cloud' if client.is_production else 'dev'} mode",
            expected=f"{'dev' if settings.inngest_dev else 'cloud'} mode",
            mend="Make it with the settings' mode",
        )

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
from mainstem.settings import Settings, shares_of, without_password

S = TypeVar("S")

Check = Callable[[BoundCatalog[Any]], object]
"""What else must hold before anything is served; it raises when it does not."""


class OtherClient(CatalogError):  # noqa: N818  it says what happened
    """The client handed in is not of the app, mode, branch, server or keys of the settings."""

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
        _check_client(client, own)
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
        rollouts_off=not settings.rollouts_on,
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


def _check_client(client: inngest.Inngest, own: Settings) -> None:
    """Raise `OtherClient` unless `client` is what `own` settings would make, but for middleware."""
    if client.app_id != own.app_id:
        raise OtherClient(
            found=f"of app '{client.app_id}'",
            expected=f"'{own.app_id}'",
            mend=f"Set MAINSTEM_APP_ID to '{client.app_id}'"
            if not own.app_id.startswith(f"{client.app_id}-")
            else f"A part is an app of its own: make the client for '{own.app_id}'",
        )
    if client.is_production is own.inngest_dev:
        raise OtherClient(
            found=f"in {'cloud' if client.is_production else 'dev'} mode",
            expected=f"{'dev' if own.inngest_dev else 'cloud'} mode",
            mend="Make it with the settings' mode",
        )
    if client.env != own.inngest_env:
        raise OtherClient(
            found=_branch(client.env),
            expected=_branch(own.inngest_env),
            mend="Make it with the settings' branch (by itself the SDK takes the platform's)",
        )
    for does, found, expected in (
        ("registers with", client.api_origin, own.api_origin),
        ("sends its events to", client.event_api_origin, own.event_origin),
    ):
        if _address(found) != _address(expected):
            raise OtherClient(
                found=f"one that {does} {without_password(found)}",
                expected=without_password(expected),
                mend="Make it with the settings' addresses",
            )
    # In dev mode nobody looks at keys; one that is missing is told by name when it is served.
    for kind, key, ours in (
        ("signing", client.signing_key, own.signing_key),
        ("event", client.event_key, own.event_key),
    ):
        if client.is_production and key and ours and key != ours.get_secret_value():
            raise OtherClient(
                found=f"one with another {kind} key",
                expected=f"the key of INNGEST_{kind.upper()}_KEY",
                mend="Make it with the settings' keys",
            )


def _branch(name: str | None) -> str:
    return "in no branch environment" if name is None else f"in branch environment '{name}'"


def _address(url: str) -> str:
    return url.rstrip("/").replace("://localhost", "://127.0.0.1")

"""Which functions a deployment serves: all, or a part by group or tag; and names that fit nothing.

A part is served under an app id of its own, `<app id>-<names>`: a sync replaces what the server
holds of an app, so two parts under one id would take the functions from each other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import TypeVar

from mainstem.catalog import Catalog
from mainstem.errors import CatalogError, Problem, SettingsError
from mainstem.settings import Settings

S = TypeVar("S")

VARIABLE = "MAINSTEM_DISABLED_FUNCTIONS"


class UnknownFunction(SettingsError):  # noqa: N818  it says what happened
    """`MAINSTEM_DISABLED_FUNCTIONS` names functions that do not exist; `unknown` holds them.

    A misspelt name would leave running what somebody meant to stop, so it stops the start instead.
    """

    def __init__(self, unknown: Iterable[str], known: Iterable[str]) -> None:
        self.unknown = tuple(sorted(unknown))
        names = sorted(known)
        super().__init__([_problem(name, names) for name in self.unknown])


class UnknownPart(CatalogError):  # noqa: N818  it says what happened
    """A group or tag to be served is on no function of the catalogue."""

    def __init__(self, kind: str, name: str, known: Collection[str]) -> None:
        self.kind = kind
        self.name = name
        near = _nearest(name, known)
        remedy = f"Write '{near}'" if near else f"Choose from {', '.join(sorted(known)) or 'none'}"
        super().__init__(
            f"Cannot serve the {kind} '{name}': no function of the catalogue has it. {remedy}, "
            f"or serve everything."
        )


def check_disabled(disabled: frozenset[str], known: Iterable[str]) -> None:
    """Raise `UnknownFunction` unless every id in `disabled` is one of `known`."""
    known = frozenset(known)
    if unknown := disabled - known:
        raise UnknownFunction(unknown, known)


def part_of(
    catalog: Catalog[S], *, groups: Collection[str] = (), tags: Collection[str] = ()
) -> Catalog[S]:
    """The definitions in one of `groups` or with one of `tags`; all when neither is given.

    Raises `UnknownPart`, naming the nearest, for one that no function has.
    """
    if not groups and not tags:
        return catalog
    _check("group", groups, catalog.groups)
    _check("tag", tags, catalog.tags)
    chosen = (d for d in catalog if d.group in groups or not set(d.tags).isdisjoint(tags))
    return Catalog(chosen, receives=catalog.receives)


def part_settings(
    settings: Settings, *, groups: Collection[str] = (), tags: Collection[str] = ()
) -> Settings:
    """`settings` with the app id of a part; the same settings for the whole catalogue."""
    names = [*sorted(groups), *sorted(tags)]
    if not names:
        return settings
    told = "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-._") for name in names)
    return settings.model_copy(update={"app_id": f"{settings.app_id}-{told}"})


def _check(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in sorted(names):
        if name not in known:
            raise UnknownPart(kind, name, known)


def _problem(name: str, known: list[str]) -> Problem:
    near = _nearest(name, known)
    remedy = f"Write '{near}'" if near else f"Choose from {', '.join(known)}"
    return Problem(VARIABLE, f"names '{name}', which is no function", f"{remedy}, or take it out.")


def _nearest(name: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(known), n=1, cutoff=0.4)
    return near[0] if near else None

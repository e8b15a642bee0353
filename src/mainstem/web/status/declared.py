"""What the catalogue alone says of its functions, in every environment: pure, and asks nobody."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mainstem.catalog import ENVIRONMENTS, AnyDefinition, BoundCatalog, Catalog, Definition
from mainstem.registration import FunctionEntry, fingerprint, manifest_of
from mainstem.web.status.facts import Cell, FunctionFacts, VersionShare

Json = Any
_OFF = "off"


def declared(catalog: Catalog[Any], bound: BoundCatalog[Any]) -> tuple[FunctionFacts, ...]:
    """Every function of `catalog`, with a cell for each environment that only says what should be.

    `bound` is what is served here; it has the shares that hold here.
    """
    entries = manifest_of(catalog, app_id=bound.client.app_id).functions
    return tuple(_facts(one, entries[one.id], bound) for one in catalog)


def stranger(function_id: str, name: str) -> FunctionFacts:
    """A function that somebody has and the catalogue has not."""
    nowhere = Cell("off", "It is not in this catalogue.")
    return FunctionFacts(
        id=function_id,
        name=name,
        about="",
        place="",
        group=None,
        tags=(),
        triggers=(),
        configuration={},
        sends=None,
        is_adopted=False,
        has_failure_handler=False,
        versions=(),
        previous={},
        cells=dict.fromkeys(ENVIRONMENTS, nowhere),
    )


def with_cell(function: FunctionFacts, environment: str, cell: Cell) -> FunctionFacts:
    """`function` with another cell in `environment`."""
    return replace(function, cells={**function.cells, environment: cell})


def _facts(
    definition: AnyDefinition, entry: FunctionEntry, bound: BoundCatalog[Any]
) -> FunctionFacts:
    fields = dict(entry.fields)
    triggers = tuple(fields.pop("triggers", ()))
    return FunctionFacts(
        id=definition.id,
        name=definition.name,
        about=_first_line(definition.handler),
        place=definition.place,
        group=definition.group,
        tags=tuple(sorted(definition.tags)),
        triggers=triggers,
        configuration={name: value for name, value in fields.items() if name not in _NOT_LIMITS},
        sends=entry.sends,
        is_adopted=entry.adopted,
        has_failure_handler="on_failure" in fields,
        versions=tuple(_versions(definition, bound.shares.get(definition.id, {}))),
        previous=dict.fromkeys(definition.previous_ids, "unknown"),
        cells={name: _cell(entry, name) for name in ENVIRONMENTS},
    )


_NOT_LIMITS = {"name", "on_failure"}


def _cell(entry: FunctionEntry, environment: str) -> Cell:
    changed = dict(entry.environments.get(environment, {}))
    if changed.get(_OFF) is True:
        return Cell("off", f"Its definition leaves it out in {environment}.")
    there = {**entry.fields, **changed}
    there = {name: value for name, value in there.items() if value is not None}
    return Cell(
        "unknown",
        f"No deployment of {environment} is asked. Name one in MAINSTEM_STATUS_PEERS.",
        overrides=changed,
        fingerprint=fingerprint(there),
        configuration=there,
    )


def _versions(definition: AnyDefinition, here: Mapping[str, float]) -> Iterator[VersionShare]:
    if not isinstance(definition, Definition) or not definition.versions:
        return
    others = sum(one.rollout.share for one in definition.versions)
    own = max(0.0, 1 - others)
    yield VersionShare(
        definition.version, here.get(definition.version, own), own, None, is_own=True
    )
    for one in definition.versions:
        share = here.get(one.label, one.rollout.share)
        yield VersionShare(one.label, share, one.rollout.share, one.rollout.by, is_own=False)


def _first_line(handler: object) -> str:
    return (inspect.getdoc(handler) or "").partition("\n")[0].strip()

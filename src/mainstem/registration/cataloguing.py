"""A catalogue written down: from definitions to a manifest."""

from typing import Any

from mainstem.catalog import ENVIRONMENTS, AnyDefinition, Catalog, EventData
from mainstem.registration.described import Described, differing
from mainstem.registration.manifest import (
    FIRST_VERSION,
    OFF,
    Fields,
    FunctionEntry,
    Manifest,
    VersionEntry,
)
from mainstem.registration.schemas import schema_of
from mainstem.registration.wanted import wanted_anywhere, wanted_in

# Events of the server's have no schema of ours.
_SERVERS_OWN = "inngest/"


def manifest_of(catalog: Catalog[Any], *, app_id: str) -> Manifest:
    """The manifest of `catalog`, as the app `app_id` registers it. Needs no environment."""
    plain = wanted_anywhere(catalog, app_id=app_id)
    there = {name: wanted_in(catalog, name, app_id=app_id) for name in ENVIRONMENTS}
    return Manifest(
        app_id=app_id,
        functions={
            one.id: _entry(one, plain[one.id], {name: of.get(one.id) for name, of in there.items()})
            for one in catalog
        },
        events=events_of(catalog),
        receives=tuple(sorted(model.event_name for model in catalog.receives)),
    )


def events_of(catalog: Catalog[Any]) -> dict[str, Fields]:
    """The schema of every event that a function reads or sends, or that comes from outside."""
    return {
        model.event_name: schema_of(model)
        for model in _models(catalog)
        if not model.event_name.startswith(_SERVERS_OWN)
    }


def _entry(
    definition: AnyDefinition, plain: Described, there: dict[str, Described | None]
) -> FunctionEntry:
    fields = plain.fields or {}
    versions = getattr(definition, "versions", ())
    sends = definition.sends
    version = getattr(definition, "version", FIRST_VERSION)
    unpinned = getattr(definition, "unpinned", version)
    return FunctionEntry(
        id=definition.id,
        fields=fields,
        handler=getattr(definition.handler, "__name__", ""),
        group=definition.group,
        tags=tuple(sorted(definition.tags)),
        version=version,
        unpinned=None if unpinned == version else unpinned,
        versions=tuple(VersionEntry(v.label, v.rollout.share, v.rollout.by) for v in versions),
        previous_ids=definition.previous_ids,
        environments={
            name: changed
            for name, of in there.items()
            if (changed := _changed(fields, None if of is None else of.fields or {}))
        },
        sends=None if sends is None else tuple(sorted(model.event_name for model in sends)),
        adopted=getattr(definition, "is_adopted", False),
    )


def _changed(usual: Fields, there: Fields | None) -> Fields:
    if there is None:
        return {OFF: True}
    return {name: there.get(name) for name in differing(usual, there)}


def _models(catalog: Catalog[Any]) -> list[type[EventData]]:
    # What is read comes last: where a sender has a class of its own, the readers' counts.
    sent = [model for one in catalog for model in one.sends or ()]
    return [*sent, *catalog.receives, *catalog.events.values()]

"""The catalogue as a file that is reviewed: what is registered where, and what events hold.

The file is written in one order and leaves out what is empty, so that a diff shows a change and
nothing else. Reading one back gives equal values.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mainstem.registration.described import fingerprint
from mainstem.registration.errors import BadManifest

Json = Any
Fields = Mapping[str, Json]

FILE_NAME: Final = "mainstem.manifest.json"
FORM: Final = 1
OFF: Final = "off"
FIRST_VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version of a function beside its own: the share of runs, and the key it goes by."""

    label: str
    share: float
    by: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """One function of a manifest.

    `fields` is its canonical configuration. `environments` has what differs where: fields with
    their values there (None where one is taken away), or `{"off": True}`. `sends` are names of
    events, None where the function does not say. `unpinned` is the version on which runs end that
    began before there were versions, None where that is its own.
    """

    id: str
    fields: Fields
    handler: str = ""
    group: str | None = None
    tags: tuple[str, ...] = ()
    version: str = FIRST_VERSION
    versions: tuple[VersionEntry, ...] = ()
    unpinned: str | None = None
    previous_ids: tuple[str, ...] = ()
    environments: Mapping[str, Fields] = field(default_factory=dict)
    sends: tuple[str, ...] | None = None
    adopted: bool = False

    @property
    def fingerprint(self) -> str:
        """The fingerprint of its configuration."""
        return fingerprint(self.fields)

    @property
    def triggers(self) -> list[dict[str, Json]]:
        """What starts it, canonically."""
        return list(self.fields.get("triggers", ()))

    @property
    def events(self) -> tuple[str, ...]:
        """The names of the events that start it; a name may end in a star."""
        return tuple(one["event"] for one in self.triggers if "event" in one)

    @property
    def is_scheduled(self) -> bool:
        """Whether a schedule starts it."""
        return any("cron" in one for one in self.triggers)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all its versions, its own first."""
        return (self.version, *(version.label for version in self.versions))


@dataclass(frozen=True, slots=True)
class Manifest:
    """A catalogue: functions and events by id and name. `receives` come from outside."""

    app_id: str
    functions: Mapping[str, FunctionEntry]
    events: Mapping[str, Fields]
    receives: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """As it is written: sorted, without what is empty."""
        return _filled(
            {
                "manifest": FORM,
                "app_id": self.app_id,
                "functions": {
                    name: _function(self.functions[name]) for name in sorted(self.functions)
                },
                "events": {name: self.events[name] for name in sorted(self.events)},
                "receives": sorted(self.receives),
            }
        )

    def text(self) -> str:
        """The file's content."""
        return json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n"


def read_manifest(path: Path) -> Manifest:
    """The manifest in the file at `path`. Raises `BadManifest`."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadManifest(
            f"Cannot read the manifest {path}: {(error.strerror or str(error)).lower()}. "
            f"Write it with `mainstem manifest --write {path}` and keep it in version control."
        ) from error
    except ValueError as error:
        raise BadManifest(
            f"Cannot read the manifest {path}: it is not JSON ({error}). Mend what a merge left in "
            f"it, or write it anew with `mainstem manifest --write {path}`."
        ) from error
    try:
        return manifest_from(raw)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadManifest(
            f"Cannot read the manifest {path}: it is not in a form that this release knows "
            f"({error}). Write it anew with `mainstem manifest --write {path}`."
        ) from error


def manifest_from(raw: Mapping[str, Json]) -> Manifest:
    """A manifest from its JSON. Raises `KeyError`, `TypeError` or `ValueError` for another form."""
    if raw["manifest"] != FORM:
        raise ValueError(f"form {raw['manifest']}, expected {FORM}")
    return Manifest(
        app_id=raw["app_id"],
        functions={name: _entry(name, told) for name, told in raw.get("functions", {}).items()},
        events=raw.get("events", {}),
        receives=tuple(raw.get("receives", ())),
    )


def _function(entry: FunctionEntry) -> dict[str, Json]:
    fields = dict(entry.fields)
    told = _filled(
        {
            "name": fields.pop("name", None),
            "group": entry.group,
            "tags": sorted(entry.tags),
            "triggers": fields.pop("triggers", None),
            "on_failure": fields.pop("on_failure", None),
            "configuration": fields,
            "version": entry.version if entry.versions or entry.version != FIRST_VERSION else None,
            "versions": {v.label: _filled({"share": v.share, "by": v.by}) for v in entry.versions},
            "unpinned": entry.unpinned,
            "previous_ids": list(entry.previous_ids),
            # Kept even where it is null: then the environment takes a limit away.
            "environments": {name: dict(entry.environments[name])
                             for name in sorted(entry.environments)},
            "handler": entry.handler,
            "adopted": entry.adopted or None,
        }
    )  # fmt: skip
    if entry.sends is not None:
        told["sends"] = sorted(entry.sends)
    told["fingerprint"] = entry.fingerprint
    return told


def _entry(id: str, told: Mapping[str, Json]) -> FunctionEntry:  # noqa: A002  its name in the file
    outer = {name: told[name] for name in ("name", "triggers", "on_failure") if name in told}
    sends = told.get("sends")
    return FunctionEntry(
        id=id,
        fields={**outer, **told.get("configuration", {})},
        handler=told.get("handler", ""),
        group=told.get("group"),
        tags=tuple(told.get("tags", ())),
        version=told.get("version", FIRST_VERSION),
        versions=tuple(
            VersionEntry(label, of["share"], of.get("by"))
            for label, of in told.get("versions", {}).items()
        ),
        unpinned=told.get("unpinned"),
        previous_ids=tuple(told.get("previous_ids", ())),
        environments=told.get("environments", {}),
        sends=None if sends is None else tuple(sends),
        adopted=told.get("adopted", False),
    )


def _filled(told: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in told.items() if value not in (None, [], {}, "")}


def handles(triggers: Iterable[str], event: str) -> bool:
    """Whether one of `triggers`, names that may end in a star, covers the name `event`."""
    return any(
        event.startswith(one[:-1]) if one.endswith(("/*", ".*")) else event == one
        for one in triggers
    )

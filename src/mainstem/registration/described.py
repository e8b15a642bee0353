"""A function as one side describes it: the catalogue, an endpoint or a server; and its fingerprint.

A fingerprint is equal for equal configurations, whoever tells them, and leaves out the ids: the
same function under another id has the same one, which is how a rename is recognised.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mainstem.registration.canonical import canonical

Json = Any

_FAILED: Final = "inngest/function.failed"
_FAILURE: Final = "-failure"
# What the SDK gives every failure handler that it registers beside its function.
_USUAL_HANDLER: Final[Mapping[str, Json]] = {"retries": 0}


@dataclass(frozen=True, slots=True)
class Described:
    """One function. `id` is without the app's id; `fields` is what is configured, canonically.

    `fields` has `name` where it is not the id, and `on_failure` where there is such a handler.
    None means that this side tells only that the function is there.
    """

    id: str
    fields: Mapping[str, Json] | None

    @property
    def fingerprint(self) -> str | None:
        """Sixteen hexadecimal digits over the configuration; None where that is not known."""
        return None if self.fields is None else fingerprint(self.fields)


def fingerprint(fields: Mapping[str, Json]) -> str:
    """The fingerprint of a canonical configuration."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_functions(items: Iterable[Json], *, app_id: str | None) -> dict[str, Described]:
    """Functions by id (without `app_id`), from what an SDK registers or a server holds.

    An item is a configuration, or an object that holds one under `config` (as text, too) beside
    its `slug`. A failure handler becomes `on_failure` of its function. A function of another app
    keeps its whole id.
    """
    by_slug = {}
    for item in items:
        if isinstance(item, Mapping) and (slug := str(item.get("slug") or item.get("id") or "")):
            by_slug[slug] = (item.get("name"), _configuration(item))
    handlers = {
        slug.removesuffix(_FAILURE): fields
        for slug, (_, fields) in by_slug.items()
        if _is_failure_handler(slug, fields) and slug.removesuffix(_FAILURE) in by_slug
    }
    prefix = f"{app_id}-"
    found = {}
    for slug, (name, fields) in by_slug.items():
        if slug.removesuffix(_FAILURE) in handlers and slug.endswith(_FAILURE):
            continue
        local = slug.removeprefix(prefix)
        known = None if fields is None else _named(fields, name, local)
        if known is not None and slug in handlers:
            known["on_failure"] = _handler(handlers[slug])
        found[local] = Described(local, known)
    return found


def differing(a: Mapping[str, Json], b: Mapping[str, Json]) -> tuple[str, ...]:
    """The names of the fields in which two configurations differ, sorted."""
    return tuple(sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name)))


def _configuration(item: Mapping[str, Json]) -> dict[str, Json] | None:
    raw = item.get("config", item)
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            return None
    if not isinstance(raw, Mapping) or ("triggers" not in raw and "steps" not in raw):
        return None
    return canonical(raw)


def _is_failure_handler(slug: str, fields: Mapping[str, Json] | None) -> bool:
    if not slug.endswith(_FAILURE):
        return False
    of = f"event.data.function_id == '{slug.removesuffix(_FAILURE)}'"
    return fields is None or fields.get("triggers") == [{"event": _FAILED, "expression": of}]


def _handler(fields: Mapping[str, Json] | None) -> Json:
    """True for a handler as the SDK makes it, else what is special about it."""
    rest = {name: value for name, value in (fields or _USUAL_HANDLER).items() if name != "triggers"}
    return True if rest == _USUAL_HANDLER else rest


def _named(fields: Mapping[str, Json], name: Json, local: str) -> dict[str, Json]:
    if not name or name == local:
        return dict(fields)
    return {"name": str(name), **fields}

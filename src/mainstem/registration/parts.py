"""Whether the deployments that share a catalogue serve all of it, and nothing twice.

A function served twice is registered by whichever host synced last; one served nowhere has its
events go to nobody. Both show only in production, unless they are looked for.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mainstem.catalog import AnyDefinition, Catalog
from mainstem.registration.errors import RegistrationError
from mainstem.registration.findings import Finding


def part_called(
    app_id: str, of: str, *, groups: Sequence[str], tags: Sequence[str]
) -> "Part | None":
    """The part of the app `of` that is served as the app `app_id`; None when it is none.

    >>> str(part_called("shop-mail-night", "shop", groups=["mail", "night"], tags=[]))
    'group=mail,night'
    """
    known = [Part(groups=frozenset([one])) for one in sorted(groups)]
    known += [Part(tags=frozenset([one])) for one in sorted(tags)]

    def found(rest: str, start: int) -> Part | None:
        for n in range(start, len(known)):
            name = known[n].app_suffix
            if name and rest == f"-{name}":
                return known[n]
            if name and rest.startswith(f"-{name}-"):
                more = found(rest.removeprefix(f"-{name}"), n + 1)
                if more is not None:
                    return Part(known[n].groups | more.groups, known[n].tags | more.tags)
        return None

    return found(app_id.removeprefix(of), 0) if app_id.startswith(f"{of}-") else None


class BadPart(RegistrationError):  # noqa: N818  it says what happened
    """A part is not written as one, or names a group, tag or function that does not exist."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one deployment serves: functions of any of the groups, tags or ids; all when empty."""

    groups: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def holds(self, definition: AnyDefinition) -> bool:
        """Whether `definition` belongs to this part."""
        return self.holds_entry(definition.id, definition.group, definition.tags)

    def holds_entry(self, id: str, group: str | None, tags: Iterable[str]) -> bool:  # noqa: A002
        """As `holds`, of a function's names."""
        if not (self.groups or self.tags or self.ids):
            return True
        return group in self.groups or bool(self.tags & set(tags)) or id in self.ids

    @property
    def app_suffix(self) -> str | None:
        """What this part is called after the app's id; None where it is not served by names.

        As `mainstem.serving.part_settings` spells it.
        """
        if self.ids:
            return None
        names = [*sorted(self.groups), *sorted(self.tags)]
        return "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-._") for name in names)

    def __str__(self) -> str:
        told = [
            f"{name}={','.join(sorted(values))}"
            for name, values in (("group", self.groups), ("tag", self.tags), ("id", self.ids))
            if values
        ]
        return " ".join(told) or "everything"


def read_part(text: str) -> Part:
    """A part as it is typed: `group=capture`, `group=classify,update`, `tag=light;id=one,two`.

    Raises `BadPart`.
    """
    found: dict[str, frozenset[str]] = {}
    for piece in text.replace(";", " ").split():
        name, sign, values = piece.partition("=")
        names = frozenset(value.strip() for value in values.split(",") if value.strip())
        if name not in ("group", "tag", "id") or not sign or not names:
            raise BadPart(
                f"Cannot read the part '{text}': '{piece}' is not group=…, tag=… or id=…. Write "
                "for example group=classify,update or 'tag=light id=capture-pr-details'."
            )
        found[name] = found.get(name, frozenset()) | names
    if not found:
        raise BadPart("Cannot read an empty part. Write for example group=capture.")
    return Part(
        found.get("group", frozenset()), found.get("tag", frozenset()), found.get("id", frozenset())
    )


def part_in(variables: Mapping[str, str | None]) -> Part:
    """The part that a deployment with these environment variables serves."""
    found = [
        frozenset(one.strip() for one in (variables.get(name) or "").split(",") if one.strip())
        for name in ("MAINSTEM_SERVE_GROUPS", "MAINSTEM_SERVE_TAGS")
    ]
    return Part(*found)


def check_parts(catalog: Catalog[Any], parts: Sequence[Part]) -> Iterator[Finding]:
    """Which functions of `catalog` several of `parts` hold, and which none; and parts of one id.

    Raises `BadPart`.
    """
    for part in parts:
        _check_names("group", part.groups, catalog.groups)
        _check_names("tag", part.tags, catalog.tags)
        _check_names("function", part.ids, catalog.ids)
    for definition in catalog:
        holders = [f"'{part}'" for part in parts if part.holds(definition)]
        if not holders:
            yield Finding(
                "error",
                "served-nowhere",
                definition.id,
                f"No part serves function '{definition.id}' (group {definition.group}).",
                f"Add its group to a part, or id={definition.id}.",
            )
        elif len(holders) > 1:
            yield Finding(
                "error",
                "served-twice",
                definition.id,
                f"Function '{definition.id}' is served by {len(holders)} parts: "
                f"{' and '.join(holders)}.",
                "Leave it to one of them.",
            )
    yield from _of_one_app(parts)


def _of_one_app(parts: Sequence[Part]) -> Iterator[Finding]:
    """Parts that differ, and would be one app at the server all the same."""
    first: dict[str, Part] = {}
    for part in parts:
        suffix = part.app_suffix
        other = part if suffix is None else first.setdefault(suffix, part)
        if other != part:
            yield Finding(
                "error",
                "same-app-id",
                str(part),
                f"The parts '{other}' and '{part}' have one app id, '…-{suffix}': each sync of one "
                "takes the functions of the other away.",
                "Rename a group or a tag, or give one of the two another MAINSTEM_APP_ID.",
            )


def _check_names(kind: str, names: Iterable[str], known: Sequence[str]) -> None:
    for name in sorted(names):
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"Did you mean '{near[0]}'?" if near else f"Known: {', '.join(known) or 'none'}."
            raise BadPart(f"Cannot check a part: the catalogue has no {kind} '{name}'. {hint}")

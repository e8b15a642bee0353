"""Drift in words: what is wrong with each function, with their number, and what is not known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mainstem.registration.canary import CANARY_ID
from mainstem.registration.canonical import told_value
from mainstem.registration.described import Described
from mainstem.registration.findings import Finding
from mainstem.registration.sides import Endpoint, Server, Wanted

Json = Any
Status = Literal["ok", "different", "missing", "extra", "unknown"]
Functions = Mapping[str, Described]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that the sides do not agree on: its value by side, of the sides that are known."""

    field: str
    values: Mapping[str, Json]

    def __str__(self) -> str:
        told = ", ".join(
            f"{side} {told_value(self.field, value)}" for side, value in self.values.items()
        )
        return f"{self.field} ({told})"


@dataclass(frozen=True, slots=True)
class Row:
    """One function. `wanted`, `served`, `held`: whether each side has it, None for not known."""

    id: str
    status: Status
    wanted: bool
    served: bool | None
    held: bool | None
    differences: tuple[Difference, ...] = ()
    fingerprint: str | None = None
    served_at: tuple[str, ...] = ()


def row_findings(row: Row) -> Iterator[Finding]:
    """What is wrong with one function, and what to do."""
    if not row.wanted:
        where = " and ".join(
            place for place, there in (("the endpoint", row.served), ("the server", row.held))
            if there
        )  # fmt: skip
        yield Finding(
            "error",
            "extra",
            row.id,
            f"Function '{row.id}' is not in the catalogue, and {where} has it.",
            "Deploy what is in the catalogue and run `mainstem sync`; or check that this is the "
            "catalogue which is deployed.",
        )
        return
    if row.served is False:
        yield Finding(
            "error",
            "missing-at-endpoint",
            row.id,
            f"Function '{row.id}' is in the catalogue, and the endpoint does not serve it.",
            "Deploy it, or run this with the endpoint's own MAINSTEM_SERVE_GROUPS and _TAGS.",
        )
    if row.held is False:
        yield Finding(
            "error",
            "missing-at-server",
            row.id,
            f"Function '{row.id}' is not registered: its events start nothing.",
            "Run `mainstem sync` with the endpoint's URL.",
        )
    if row.differences:
        told = "; ".join(str(one) for one in row.differences)
        served_as_wanted = all(
            one.values.get("served", one.values["wanted"]) == one.values["wanted"]
            for one in row.differences
        )
        yield Finding(
            "error",
            "different",
            row.id,
            f"Function '{row.id}' differs in {told}.",
            "Run `mainstem sync` with the endpoint's URL." if served_as_wanted
            else "Deploy the catalogue, then run `mainstem sync`.",
        )  # fmt: skip


def served_twice(
    endpoints: Sequence[Endpoint], apps: Mapping[str, str | None]
) -> Iterator[Finding]:
    """Functions that more than one endpoint serves; `apps` has the app of each by its URL.

    Two endpoints of one app are said of the app: the server calls one of them only.
    """
    endpoints = list({apps[one.url] or one.url: one for one in endpoints}.values())
    # Each app may have a canary of its own.
    names = [name for one in endpoints for name in one.functions or () if name != CANARY_ID]
    for name in sorted({name for name in names if names.count(name) > 1}):
        urls = [one.url for one in endpoints if name in (one.functions or ())]
        yield Finding(
            "error",
            "served-twice",
            name,
            f"Function '{name}' is served at {' and '.join(urls)}: each of its events starts it "
            "once in each of these apps.",
            "Give each host its own groups (MAINSTEM_SERVE_GROUPS); `mainstem check --part` proves "
            "them.",
        )


def count_differs(
    wanted: Wanted,
    endpoints: Sequence[Endpoint],
    served: Functions | None,
) -> Iterator[Finding]:
    """Where endpoints do not tell their functions, their number at least.

    Each may serve a canary beside them, which is no part of a catalogue; a number does not say.
    """
    counts = [one.function_count for one in endpoints]
    if served is not None or not counts or None in counts:
        return
    total = sum(count or 0 for count in counts)
    expected = len(wanted.functions)
    canaries = 0 if CANARY_ID in wanted.functions else len(endpoints)
    if not expected <= total <= expected + canaries:
        yield Finding(
            "error",
            "count-differs",
            ", ".join(one.url for one in endpoints),
            f"The catalogue has {counted(expected)} for {wanted.environment}, and "
            f"{total} {'is' if total == 1 else 'are'} served.",
            "Deploy the catalogue; or check that groups, tags and environment are the endpoint's.",
        )


def unknown_sides(
    endpoints: Sequence[Endpoint], server: Server, held: Functions | None
) -> Iterator[str]:
    """What could not be known, and why."""
    if not endpoints:
        yield "What the workers serve: they tell it only to the server that they come to."
    for one in endpoints:
        if one.functions is None:
            why = one.functions_unknown or "it could not be asked"
            yield f"What {one.url} serves: {why}."
        if one.problem is None and not one.is_authenticated:
            yield (
                f"Which app, environment and keys {one.url} has: it tells them only to a signed "
                "request in cloud mode."
            )
    if held is None:
        why = server.unknown or "it could not be asked, or calls nothing at these addresses"
        yield f"What the server {server.origin} holds: {why}."
    elif any(each.fields is None for each in held.values()):
        yield f"How the functions at {server.origin} are configured: it tells only their names."
    if server.problem is None and not server.is_listed:
        what = "At which address it calls the app" if endpoints else "Whether a worker is connected"
        yield f"{what}: the server {server.origin} does not tell."


def counted(number: int) -> str:
    """`number` of functions, in words.

    >>> counted(1), counted(3)
    ('1 function', '3 functions')
    """
    return "1 function" if number == 1 else f"{number} functions"

"""Three sides, field by field: what the catalogue says, what is served, what the server holds.

Pure: what was asked comes in as values, what was found goes out as values. A side that is not known
is left out of a comparison and named among the unknowns; it is never taken for equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainstem.registration.apps import CONNECTED, server_findings
from mainstem.registration.canary import CANARY_ID
from mainstem.registration.described import Described
from mainstem.registration.drift import (
    Difference,
    Row,
    Status,
    count_differs,
    row_findings,
    served_twice,
    unknown_sides,
)
from mainstem.registration.findings import Finding, in_order
from mainstem.registration.hosts import endpoint_findings
from mainstem.registration.parts import part_called
from mainstem.registration.sides import Endpoint, HeldApp, Mode, Server, Wanted

Json = Any
Functions = Mapping[str, Described]


@dataclass(frozen=True, slots=True)
class Seen:
    """An endpoint as far as it told of itself. `functions` is how many it serves."""

    url: str
    app_id: str | None
    mode: Mode | None
    sdk: str | None
    framework: str | None
    functions: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it. `unknown` says what could not be known, and why.

    `server_kind` is the mode of the server at `server`, None where it did not say; `server_told` is
    whether it could be asked at all.
    """

    environment: str
    seen: tuple[Seen, ...]
    server: str
    server_kind: Mode | None
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]
    server_told: bool = True

    @property
    def is_fine(self) -> bool:
        """Whether nothing drifted, as far as it is known."""
        return not any(finding.is_bad for finding in self.findings)


def compare(wanted: Wanted, endpoints: Sequence[Endpoint], server: Server) -> Comparison:
    """Compare what `wanted` says with what the endpoints and the server told.

    Without endpoints the app is one of Connect workers, which only the server can tell of.
    """
    apps = {one.url: app_of(one, server, wanted, alone=len(endpoints) == 1) for one in endpoints}
    apps = apps or {CONNECTED: wanted.app_id}
    held = _held(apps, server)
    served = None
    if endpoints and all(one.functions is not None for one in endpoints):
        served = {name: each for one in endpoints for name, each in (one.functions or {}).items()}
    rows = tuple(_rows(wanted.functions, served, held, endpoints))
    findings = [
        *endpoint_findings(wanted, endpoints),
        *server_findings(wanted, endpoints, apps, server),
        *served_twice(endpoints, apps),
        *(finding for row in rows for finding in row_findings(row)),
        *count_differs(wanted, endpoints, served),
    ]
    if (part := _one_part(wanted, endpoints, apps)) is not None:
        # What it does not serve is elsewhere: to call that missing would be wrong.
        findings = [one for one in findings if one.code not in _OF_THE_WHOLE]
        findings.append(part)
    if any(finding.code == "app-missing" for finding in findings):
        # Said once of the app, it need not be said of each of its functions.
        findings = [finding for finding in findings if finding.code != "missing-at-server"]
    return Comparison(
        environment=wanted.environment,
        seen=tuple(_seen(one, apps[one.url]) for one in endpoints),
        server=server.origin,
        server_kind=server.kind,
        rows=rows,
        findings=in_order(findings),
        unknown=tuple(unknown_sides(endpoints, server, held)),
        server_told=server.problem is None,
    )


_OF_THE_WHOLE = frozenset(
    {"other-app-id", "missing-at-endpoint", "missing-at-server", "count-differs"}
)


def _one_part(
    wanted: Wanted, endpoints: Sequence[Endpoint], apps: Mapping[str, str | None]
) -> Finding | None:
    """That the one endpoint which is to be everything is a part; None when it is not."""
    if len(endpoints) != 1 or (app_id := apps[endpoints[0].url]) is None:
        return None
    part = part_called(app_id, wanted.app_id, groups=wanted.groups, tags=wanted.tags)
    if part is None:
        return None
    words = [f"--group {name}" for name in sorted(part.groups)]
    words += [f"--tag {name}" for name in sorted(part.tags)]
    names = ", ".join(sorted({*part.groups, *part.tags}))
    return Finding(
        "error",
        "one-part",
        endpoints[0].url,
        f"This is the part '{names}' (app '{app_id}'), and not all of '{wanted.app_id}'.",
        f"Verify it with {' '.join(words)}, or name the URLs of all parts.",
    )


def app_of(endpoint: Endpoint, server: Server, wanted: Wanted, *, alone: bool) -> str | None:
    """The app that `endpoint` is: by its own word, by the server's, or by our settings' alone."""
    if endpoint.app_id is not None:
        return endpoint.app_id
    at_url = [app.app_id for app in server.at(endpoint.url)]
    if len(at_url) == 1:
        return at_url[0]
    return wanted.app_id if alone or wanted.app_id in at_url else None


def _seen(endpoint: Endpoint, app_id: str | None) -> Seen:
    return Seen(
        url=endpoint.url,
        app_id=app_id,
        mode=endpoint.mode,
        sdk=endpoint.sdk,
        framework=endpoint.framework,
        functions=endpoint.function_count,
    )


def _held(apps: Mapping[str, str | None], server: Server) -> Functions | None:
    """What the server holds of the endpoints' apps; None where that is not known."""
    if server.problem or server.unknown or None in apps.values():
        return None
    of_apps = [server.apps.get(name, HeldApp(name, functions={})) for name in apps.values() if name]
    if any(app.functions is None for app in of_apps):
        return None
    return {name: each for app in of_apps for name, each in (app.functions or {}).items()}


def _rows(
    wanted: Functions, served: Functions | None, held: Functions | None,
    endpoints: Sequence[Endpoint],
) -> Iterator[Row]:  # fmt: skip
    names = [*wanted]
    # The canary is no part of a catalogue; a deployment may have it.
    names += sorted({*(served or ()), *(held or ())} - {*wanted, CANARY_ID})
    for name in names:
        sides = {"wanted": wanted.get(name)}
        sides |= {} if served is None else {"served": served.get(name)}
        sides |= {} if held is None else {"held": held.get(name)}
        differences = tuple(_differences(sides))
        yield Row(
            id=name,
            status=_status(sides, differences),
            wanted=name in wanted,
            served=None if served is None else name in served,
            held=None if held is None else name in held,
            differences=differences,
            fingerprint=None if name not in wanted else wanted[name].fingerprint,
            served_at=tuple(one.url for one in endpoints if name in (one.functions or ())),
        )


def _status(sides: Mapping[str, Described | None], differences: Sequence[Difference]) -> Status:
    if sides["wanted"] is None:
        return "extra"
    if None in sides.values():
        return "missing"
    if differences:
        return "different"
    is_known = len(sides) > 1 and all(side is not None and side.fields is not None
                                      for side in sides.values())  # fmt: skip
    return "ok" if is_known else "unknown"


def _differences(sides: Mapping[str, Described | None]) -> Iterator[Difference]:
    fields = {
        name: side.fields
        for name, side in sides.items()
        if side is not None and side.fields is not None
    }
    if len(fields) < 2:
        return
    for field in sorted({field for of in fields.values() for field in of}):
        values = {name: of.get(field) for name, of in fields.items()}
        first, *others = values.values()
        if any(other != first for other in others):
            yield Difference(field, values)

"""The environment that the page runs in: three sides compared, and what came of it in cells.

The catalogue says what is wanted, this process what it serves, the server what it holds. The
comparison is `mainstem.registration`'s; here its rows become states and its findings are put into
words for the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from mainstem.catalog import BoundCatalog
from mainstem.registration import Comparison, Endpoint, Finding, Row, Server, Wanted
from mainstem.registration import expected as expected_of
from mainstem.registration import wanted as functions_of
from mainstem.settings import Settings, without_password
from mainstem.web.status.facts import Cell, Difference, FindingFacts, FunctionFacts, State

_ROW_CODES = {
    "missing-at-endpoint": "are not served by this process",
    "missing-at-server": "are not registered at the server",
    "different": "drifted",
    "extra": "are not in the catalogue",
}
_SYNC = "Sync the endpoint: `mainstem sync {url}`."


def served_here(bound: BoundCatalog[Any], settings: Settings, url: str) -> Endpoint:
    """What this process serves at `url`: told by what is bound, so nothing is unknown."""
    client = bound.client
    return Endpoint(
        url=url,
        mode="cloud" if client.is_production else "dev",
        app_id=client.app_id,
        app_version=settings.app_version,
        sdk=f"py:v{version('inngest')}",
        branch=client.env,
        functions=functions_of(bound),
        function_count=len(bound.functions),
        is_authenticated=True,
        api_origin=client.api_origin,
        event_origin=client.event_api_origin,
    )


def wanted_here(
    bound: BoundCatalog[Any], settings: Settings, functions: Mapping[str, Any]
) -> Wanted:
    """What should be here: `functions`, described, for the app that `bound` is."""
    return replace(expected_of(settings, bound), app_id=bound.client.app_id, functions=functions)


def at_the_servers_word(endpoint: Endpoint, server: Server) -> Endpoint:
    """`endpoint` at the address that the server has for its app, where its own is not known."""
    app = server.apps.get(endpoint.app_id or "")
    return endpoint if app is None or app.url is None else replace(endpoint, url=app.url)


def cell_here(
    function: FunctionFacts,
    bound: BoundCatalog[Any],
    row: Row | None,
    *,
    unknown: str,
    url: str,
    elsewhere: str | None = None,
) -> Cell:
    """How `function` stands here. `unknown` says why what the server holds is not known, if so.

    `elsewhere` is the address at which the server calls the app, where that is not `url`.
    """
    declared = function.cells[bound.environment]
    if declared.state == "off":
        if row is None or not row.held:
            return declared
        return replace(
            declared, state="extra", why=f"{declared.why} The server still has it. {_mend(url)}"
        )
    if function.id not in bound.by_id:
        why = "This deployment serves a part of the catalogue; another one serves this function."
        return replace(declared, state="unknown", why=why)
    skipped = bound.skipped.get(function.id)
    state, why = _state(row, unknown=unknown, url=url)
    differences = differences_of(row)
    if elsewhere is not None and state in {"registered", "drifted", "unknown"} and _is_held(row):
        where = f"The server calls it at {elsewhere}, and not here, at {url}. {_mend(url)}"
        why = f"{where} {why}" if differences else where
        state = "drifted"
        differences += (Difference("address", {"served": url, "held": elsewhere}),)
    if skipped is not None and state in {"registered", "unknown"}:
        switch = "MAINSTEM_FUNCTIONS" if bound.switches.is_off else "MAINSTEM_DISABLED_FUNCTIONS"
        state, why = "switched-off", f"Its runs are skipped: {skipped} ({switch}). {why}".strip()
    elif skipped is not None:
        why = f"{why} Its runs are skipped, too: {skipped}."
    return replace(declared, state=state, why=why, differences=differences)


def elsewhere(endpoint: Endpoint, server: Server) -> str | None:
    """The address at which `server` calls the app of `endpoint`, where that is another one."""
    app = server.apps.get(endpoint.app_id or "")
    if app is None or app.url is None:
        return None
    is_here = any(app in server.at(url) for url in (endpoint.url, endpoint.app_url) if url)
    return None if is_here else without_password(app.url)


def _is_held(row: Row | None) -> bool:
    return row is not None and bool(row.held)


def previous_state(row: Row | None) -> State:
    """How an older id of a function stands."""
    return _state(row, unknown="it is not known", url="")[0]


def differences_of(row: Row | None) -> tuple[Difference, ...]:
    """The fields in which the sides differ."""
    if row is None:
        return ()
    return tuple(Difference(one.field, dict(one.values)) for one in row.differences)


def _state(row: Row | None, *, unknown: str, url: str) -> tuple[State, str]:
    if row is None or row.held is None:
        return "unknown", unknown
    if not row.held:
        return "missing", f"The server does not hold it: its events start nothing. {_mend(url)}"
    if row.served is False:
        return "missing", "This process does not serve it: its runs cannot be called."
    if row.status == "different":
        fields = ", ".join(one.field for one in row.differences)
        return "drifted", f"The server holds another configuration ({fields}). {_mend(url)}"
    if row.status == "unknown":
        return "unknown", "The server tells that it is there, and not how it is configured."
    return "registered", ""


def _mend(url: str) -> str:
    return _SYNC.format(url=url)


def findings_of(comparison: Comparison, *, hidden: frozenset[str]) -> tuple[FindingFacts, ...]:
    """The findings, those about single functions put together by what is the matter.

    `hidden` are ids that are not functions of the catalogue by themselves, such as older ids.
    """
    about_places: list[FindingFacts] = []
    rows: dict[str, list[Finding]] = {}
    for finding in comparison.findings:
        if finding.code in _ROW_CODES:
            rows.setdefault(finding.code, []).append(finding)
        else:
            about_places.append(
                FindingFacts(
                    finding.level, finding.code, (finding.subject,), finding.message, finding.remedy
                )
            )
    return (*about_places, *_together(rows, hidden))


def _together(
    rows: Mapping[str, Sequence[Finding]], hidden: frozenset[str]
) -> Iterator[FindingFacts]:
    for code, found in rows.items():
        ids = tuple(one.subject for one in found)
        shown = [name + (" (an older id)" if name in hidden else "") for name in ids]
        message = f"{len(ids)} functions {_ROW_CODES[code]}: {', '.join(shown)}."
        if len(ids) == 1:
            message = found[0].message
        yield FindingFacts(
            found[0].level, code, ids, message, found[0].remedy, is_of_functions=True
        )

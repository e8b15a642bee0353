"""Gathering: ask everybody at once, compare, and put together what the page shows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from typing import Any

import httpx

from mainstem.catalog import ENVIRONMENTS, BoundCatalog, Catalog
from mainstem.registration import (
    Answer,
    Row,
    Server,
    ask_api,
    ask_server,
    compare,
    keys_of,
    wanted_in,
)
from mainstem.settings import Settings, short_hash, without_password
from mainstem.web.status import here as this_place
from mainstem.web.status.declared import declared, stranger, with_cell
from mainstem.web.status.facts import Cell, FunctionFacts, Here, ServerFacts, Status
from mainstem.web.status.history import RUNS_SHOWN, runs_in, syncs_in
from mainstem.web.status.options import StatusPage, is_loopback
from mainstem.web.status.peers import Peers, Told, merged

_TIMEOUT_S = 3.0
_UNKNOWN_URL = "URL"  # as it is typed in commands that need the endpoint's
_RUN_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_DIRECT: dict[str, None] = dict.fromkeys(
    ("all://127.0.0.1", "all://localhost", "all://[::1]")
)  # fmt: skip
_NOWHERE = {
    "local": "It is on developers' own machines; `mainstem dev` shows it there.",
    "test": "Tests run in processes of their own, which nobody can ask.",
}


class Gathering:
    """Where facts come from: one catalogue, bound and served in this process, and its server."""

    def __init__(
        self,
        page: StatusPage,
        settings: Settings,
        catalog: Catalog[Any],
        bound: BoundCatalog[Any],
        *,
        path: str,
    ) -> None:
        self._page = page
        self._settings = settings
        self._catalog = catalog
        self._bound = bound
        self._path = path
        token = page.token
        self._peers = Peers(page.peers, token=token.get_secret_value() if token else None)

    async def gather(self, *, with_peers: bool = True) -> Status:
        """Everything, now. Never raises for what others do."""
        peers = self._peers.ask(self._http) if with_peers else _nobody()
        server, apps, runs, told = await asyncio.gather(
            ask_server(
                self._http,
                self._settings.api_origin,
                self._keys,
                {self._app_id},
                branch=self._settings.inngest_env,
            ),
            self._ask("/v1/apps"),
            self._ask(f"/v1/functions/runs?limit={RUNS_SHOWN}"),
            peers,
        )
        return self._put_together(server, apps, runs, told)

    async def run(self, run_id: str) -> Answer | None:
        """What the server tells of one run; None for what cannot be the id of one."""
        if not _RUN_ID.fullmatch(run_id):
            return None
        return await self._ask(f"/v1/runs/{run_id}")

    @property
    def is_near(self) -> bool:
        """Whether the server is on this machine, so that it may be asked often."""
        return is_loopback(httpx.URL(self._settings.api_origin).host)

    async def aclose(self) -> None:
        """Close the connections. Closing twice is harmless."""
        if "_http" in self.__dict__:
            await self._http.aclose()

    async def _ask(self, path: str) -> Answer:
        return await ask_api(
            self._http,
            "GET",
            self._settings.api_origin,
            path,
            self._keys,
            branch=self._settings.inngest_env,
        )

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        # Proxies are taken from the environment, but none stands before this machine itself.
        mounts: Mapping[str, Any] = _DIRECT
        return httpx.AsyncClient(timeout=_TIMEOUT_S, mounts=mounts)

    @cached_property
    def _keys(self) -> Any:
        return keys_of(self._settings)

    @property
    def _app_id(self) -> str:
        return self._bound.client.app_id

    @cached_property
    def _declared(self) -> tuple[FunctionFacts, ...]:
        return tuple(
            _nowhere(one, self._bound.environment)
            for one in declared(self._catalog, self._bound)
        )  # fmt: skip

    @cached_property
    def _wanted(self) -> Any:
        """What the catalogue says, read anew from it and not from what is bound here."""
        ours = Catalog(
            (one for one in self._catalog if self._is_ours(one.id)),
            receives=self._catalog.receives,
        )
        functions = wanted_in(ours, self._bound.environment, app_id=self._app_id)
        return this_place.wanted_here(self._bound, self._settings, functions)

    def _is_ours(self, function_id: str) -> bool:
        return function_id in self._bound.by_id or function_id in self._bound.off

    @cached_property
    def _endpoint(self) -> Any:
        url = self._page.endpoint or _address(self._settings, self._path)
        return this_place.served_here(self._bound, self._settings, url or _UNKNOWN_URL)

    def _put_together(
        self, server: Server, apps: Answer, runs: Answer, told: Sequence[Told]
    ) -> Status:
        endpoint, address = self._endpoint, self._endpoint.url
        if address == _UNKNOWN_URL:
            endpoint = this_place.at_the_servers_word(endpoint, server)
        comparison = compare(self._wanted, [endpoint], server)
        rows = {row.id: row for row in comparison.rows}
        older = {old for one in self._declared for old in one.previous}
        unknown = server.problem or server.unknown or "The server does not tell what it holds."
        here = self._bound.environment
        elsewhere = this_place.elsewhere(endpoint, server)
        found: list[FunctionFacts] = []
        for one in self._declared:
            cell = this_place.cell_here(
                one,
                self._bound,
                rows.get(one.id),
                unknown=unknown,
                url=address,
                elsewhere=elsewhere,
            )
            previous = {old: this_place.previous_state(rows.get(old)) for old in one.previous}
            found.append(replace(with_cell(one, here, cell), previous=previous))
        known = {one.id for one in found} | older
        found += [_extra(row, here) for row in rows.values() if row.id not in known]
        found = _with_peers(found, told)
        syncs = syncs_in(apps, app_id=self._app_id)
        runs_of = runs_in(runs, app_id=self._app_id)
        return Status(
            here=self._here(None if address == _UNKNOWN_URL else address),
            server=self._server(server, apps),
            functions=tuple(_with_history(one, syncs, runs_of) for one in found),
            findings=this_place.findings_of(comparison, hidden=frozenset(older)),
            unknown=tuple(self._unknown(comparison.unknown, server, syncs, runs_of, told)),
            notes=self._page.notes,
            peers=tuple(one.facts for one in told),
            gathered_at=datetime.now(UTC),
        )

    def _here(self, url: str | None) -> Here:
        settings, client = self._settings, self._bound.client
        return Here(
            environment=self._bound.environment,
            decided_by=settings.decided_by,
            app_id=self._app_id,
            app_version=settings.app_version,
            mode="cloud" if client.is_production else "dev",
            branch=client.env,
            sdk=f"inngest {version('inngest')}",
            endpoint=url,
            functions=sum(one.id in self._bound.by_id for one in self._catalog),
            is_part=any(not self._is_ours(one.id) for one in self._catalog),
            is_on=settings.functions_on,
            rollouts_on=not self._bound.switches.rollouts_off,
            keys={
                name.removesuffix("_hash").replace("_", " "): _told_key(value)
                for name, value in settings.key_hashes().items()
            },
        )

    def _server(self, server: Server, apps: Answer) -> ServerFacts:
        is_ours = server.problem is None and syncs_in(apps, app_id=self._app_id) is not None
        if is_ours:
            kind = "Mainstem's embedded engine"
        elif server.code == "no-server":
            kind = "not a server of Inngest's"
        elif server.is_listed and server.kind != "cloud":
            kind = "Inngest's dev server"
        elif server.problem is None:
            kind = "Inngest"
        else:
            kind = "not known"
        state = {"server-refused": "refuses", "server-unreachable": "unreachable"}
        return ServerFacts(
            origin=without_password(server.origin).rstrip("/"),
            kind=kind,
            version=None if is_ours else server.version,
            state=state.get(server.code, "answers"),  # type: ignore[arg-type]  # of a closed table
            problem=server.problem,
        )

    def _unknown(
        self,
        compared: Sequence[str],
        server: Server,
        syncs: object,
        runs: object,
        told: Sequence[Told],
    ) -> Iterator[str]:
        yield from compared
        if server.problem is None and syncs is None:
            yield "When the server last took the functions in: it does not tell."
        if server.problem is None and runs is None:
            yield "How the functions' last runs went: this server has no list of runs."
        asked = {one.facts.environment for one in told} | {self._bound.environment}
        silent = [name for name in ENVIRONMENTS if name not in asked and name not in _NOWHERE]
        if silent:
            yield (
                f"How the functions stand in {', '.join(silent)}: no deployment is asked. Name "
                "them in MAINSTEM_STATUS_PEERS."
            )


async def _nobody() -> tuple[Told, ...]:
    return ()


def _nowhere(function: FunctionFacts, here: str) -> FunctionFacts:
    for name, why in _NOWHERE.items():
        cell = function.cells[name]
        if name != here and cell.state == "unknown":
            function = with_cell(function, name, replace(cell, why=why))
    return function


def _extra(row: Row, environment: str) -> FunctionFacts:
    places = (("this process serves", row.served), ("the server has", row.held))
    where = " and ".join(place for place, is_there in places if is_there)
    cell = Cell(
        "extra",
        f"It is not in the catalogue, and {where} it. Sync what is deployed, or remove it.",
        this_place.differences_of(row),
    )
    return with_cell(stranger(row.id, row.id), environment, cell)


def _with_peers(functions: list[FunctionFacts], told: Sequence[Told]) -> list[FunctionFacts]:
    if not told:
        return functions
    known = {one.id for one in functions} | {old for one in functions for old in one.previous}
    for answer in told:
        for function_id, cell in answer.cells.items():
            if function_id not in known and cell.state in {"registered", "drifted", "switched-off"}:
                known.add(function_id)
                functions.append(stranger(function_id, function_id))
    environments = {one.facts.environment for one in told}
    return [_merged(one, environments, told) for one in functions]


def _merged(function: FunctionFacts, environments: set[str], told: Sequence[Told]) -> FunctionFacts:
    for name in environments:
        cell = function.cells[name]
        # Of the environment we are in, peers are asked only about what others serve.
        if cell.state in {"unknown", "off"}:
            function = with_cell(function, name, merged(cell, function.id, name, told))
    return function


def _with_history(function: FunctionFacts, syncs: Any, runs: Any) -> FunctionFacts:
    of_runs = None if runs is None else runs.get(function.id)
    return replace(
        function,
        sync=None if syncs is None else syncs.get(function.id),
        runs=None if runs is None else (() if of_runs is None else of_runs.last),
        runs_today={} if of_runs is None else of_runs.today,
    )


def _address(settings: Settings, path: str) -> str | None:
    """Where the endpoint is, if the settings tell; a wildcard host or port 0 tells nothing."""
    if settings.serve_origin:
        return settings.serve_origin.rstrip("/") + path
    if settings.serve_port == 0 or not is_loopback(settings.serve_host):
        return None
    host = f"[{settings.serve_host}]" if ":" in settings.serve_host else settings.serve_host
    return f"http://{host}:{settings.serve_port}{path}"


def _told_key(digest: str | None) -> str:
    return "not set" if digest is None else f"set, hash {short_hash(digest)}"

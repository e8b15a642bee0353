"""Other deployments: what their status pages say of their own environments.

A peer is another program's word. It is asked with a time limit, at most so often, never follows a
redirect, and is read field by field; whatever goes wrong with one makes its environment unknown,
with the reason, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args
from urllib.parse import urlsplit

import httpx

from mainstem.settings import Peer
from mainstem.web.status.facts import Cell, Difference, PeerFacts, State

Json = Any

TIMEOUT_S = 3.0
KEPT_S = 15.0
_LARGEST_BYTES = 8_000_000
_LONGEST_TEXT = 2_000
_STATES = frozenset(get_args(State))
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Told:
    """What a peer told: facts for the page, and how each function stands there, by id."""

    facts: PeerFacts
    cells: Mapping[str, Cell] = field(default_factory=dict)


class Peers:
    """Asks the peers of the settings. `token` is shown to those that have none of their own."""

    def __init__(self, peers: Sequence[Peer], *, token: str | None, kept_s: float = KEPT_S) -> None:
        self._peers = tuple(peers)
        self._token = token
        self._kept_s = kept_s
        # When each peer was last asked, and what came of it. No larger than the list of peers.
        self._told: dict[Peer, tuple[float, Told]] = {}

    async def ask(self, http: httpx.AsyncClient) -> tuple[Told, ...]:
        """What every peer told, of now or of a few seconds ago. Never raises."""
        return tuple(await asyncio.gather(*(self._asked(http, peer) for peer in self._peers)))

    async def _asked(self, http: httpx.AsyncClient, peer: Peer) -> Told:
        asked_at, told = self._told.get(peer, (float("-inf"), None))
        if told is None or time.monotonic() - asked_at > self._kept_s:
            told = await _ask(http, peer, self._token_for(peer))
            self._told[peer] = (time.monotonic(), told)
        return told

    def _token_for(self, peer: Peer) -> str | None:
        if peer.token is not None:
            return peer.token.get_secret_value()
        parts = urlsplit(peer.url)
        # Ours is not sent where it could be read on the way.
        is_private = parts.scheme == "https" or parts.hostname in _LOOPBACK
        return self._token if is_private else None


def merged(ours: Cell, function_id: str, environment: str, told: Iterable[Told]) -> Cell:
    """`ours`, which says what should be in `environment`, with what its peers say is there."""
    asked = [one for one in told if one.facts.environment == environment]
    if not asked:
        return ours
    problems = [one.facts.problem for one in asked if one.facts.problem]
    theirs = [one.cells[function_id] for one in asked if function_id in one.cells]
    known = [cell for cell in theirs if cell.state != "unknown"]
    if known:
        return _held_to(ours, known[0], environment)
    if theirs or problems:
        why = problems[0] if problems else theirs[0].why or "The deployment does not know either."
        return ours if ours.state == "off" else replace(ours, state="unknown", why=why)
    if ours.state == "off":
        return ours
    urls = " and ".join(one.facts.url for one in asked)
    return replace(
        ours, state="missing", why=f"{urls} does not have it: deploy this catalogue there."
    )


def _held_to(ours: Cell, theirs: Cell, environment: str) -> Cell:
    is_there = theirs.state in {"registered", "drifted", "switched-off"}
    if ours.state == "off" and is_there:
        why = f"{ours.why} The deployment of {environment} has it: it runs another catalogue."
        return replace(ours, state="extra", why=why)
    if ours.state == "off":
        return ours
    if theirs.state == "off":
        why = f"The catalogue that is deployed in {environment} leaves it out; this one does not."
        return replace(ours, state="missing", why=why)
    if theirs.configuration is not None and ours.configuration is not None:
        differences = tuple(_differences(ours.configuration, theirs.configuration))
        if differences and is_there:
            fields = ", ".join(one.field for one in differences)
            why = f"The catalogue deployed there says otherwise ({fields}): deploy this one."
            return replace(ours, state="drifted", why=why, differences=differences)
    return replace(ours, state=theirs.state, why=theirs.why, differences=theirs.differences)


def _differences(ours: Mapping[str, Json], theirs: Mapping[str, Json]) -> Iterable[Difference]:
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield Difference(name, {"wanted": ours.get(name), "there": theirs.get(name)})


async def _ask(http: httpx.AsyncClient, peer: Peer, token: str | None) -> Told:
    headers = {"accept": "application/json", "user-agent": "mainstem"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    url = f"{peer.url}/status.json?scope=here"  # without its own peers, who may ask us in turn
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            http.stream("GET", url, headers=headers, follow_redirects=False) as answer,
        ):
            if answer.status_code != 200:
                return _silent(peer, _refusal(peer, answer.status_code))
            read = bytearray()
            async for chunk in answer.aiter_bytes():
                read += chunk
                if len(read) > _LARGEST_BYTES:
                    return _silent(peer, f"{peer.url} answered with more than 8 MB.")
        return read_told(peer, json.loads(read))
    except TimeoutError:
        return _silent(peer, f"{peer.url} did not answer within {TIMEOUT_S:g} seconds.")
    except httpx.ConnectError:
        return _silent(peer, f"Nothing answers at {peer.url}: it is down, or the name is wrong.")
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return _silent(peer, f"{peer.url} could not be asked ({type(error).__name__}).")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _silent(peer, f"What {peer.url}/status.json answers is not a status of ours.")


def read_told(peer: Peer, body: Json) -> Told:
    """What `body`, a peer's status, says. Raises `ValueError` and its like for anything else."""
    here = body["here"]
    found = str(here["environment"])
    if found != peer.environment:
        return _silent(
            peer, f"{peer.url} is {_text(found)}, and not {peer.environment} as it is said to be."
        )
    cells = {
        _text(one["id"]): _cell(one["cells"][found])
        for one in body["functions"]
    }  # fmt: skip
    facts = PeerFacts(
        environment=found,
        url=peer.url,
        problem=None,
        app_id=_text(here["app_id"]),
        functions=int(here["functions"]),
    )
    return Told(facts, cells)


def _cell(told: Mapping[str, Json]) -> Cell:
    state = told["state"]
    if state not in _STATES:
        raise ValueError("an unknown state")
    configuration = told.get("configuration")
    return Cell(
        state=state,
        why=_text(told.get("why") or ""),
        differences=tuple(
            Difference(_text(one["field"]), dict(one["values"]))
            for one in told.get("differences") or ()
        ),
        configuration=None if configuration is None else dict(configuration),
    )


def _refusal(peer: Peer, status: int) -> str:
    if status in (401, 403):
        return (
            f"{peer.url} asks for a token that we have not: give both MAINSTEM_STATUS_TOKEN, or "
            "write it in MAINSTEM_STATUS_PEERS as https://:TOKEN@host."
        )
    if status == 404:
        return f"{peer.url} shows no status page: serve it with `mainstem serve --status`."
    return f"{peer.url} answered {status}."


def _silent(peer: Peer, problem: str) -> Told:
    return Told(PeerFacts(environment=str(peer.environment), url=peer.url, problem=problem))


def _text(value: Json) -> str:
    return str(value)[:_LONGEST_TEXT]

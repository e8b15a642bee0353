"""Other deployments: their word for their environments, whatever they answer."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mainstem.catalog import Catalog
from mainstem.cli.servers import LOOPBACK, bind, serving, url_of
from mainstem.clients import reset_clients
from mainstem.serving import reset_serving
from mainstem.settings import Environment, Peer
from mainstem.web.status import peers
from mainstem.web.status.peers import Peers

from .shop import CATALOG, Shop, refuse, send_receipt, shop

Json = Any
TOKEN = "a-token-that-nobody-guesses"
OTHER = "another-token-nobody-guesses"


async def told(there: Shop) -> Json:
    async with httpx.AsyncClient(verify=False, timeout=10) as http:
        headers = {"authorization": f"Bearer {TOKEN}"}
        answer = await http.get(f"{there.page}/status.json", headers=headers)
        return answer.raise_for_status().json()


async def seen_from_local(
    catalog: Catalog[None], peer_token: str = "", **environ: Any
) -> tuple[Json, dict[str, str]]:
    """A local page with a peer in staging that serves `catalog`; its cells of staging by id."""
    async with AsyncExitStack() as stack:
        staging = await stack.enter_async_context(shop("staging", catalog=catalog, **environ))
        reset_clients()
        reset_serving()
        address = staging.page.replace(
            "http://", f"http://:{peer_token}@" if peer_token else "http://"
        )
        local = await stack.enter_async_context(
            shop(MAINSTEM_STATUS_PEERS=f"staging={address}", MAINSTEM_STATUS_TOKEN=TOKEN)
        )
        status = await told(local)
    return status, {one["id"]: one["cells"]["staging"]["state"] for one in status["functions"]}


async def test_a_peers_functions_show_as_they_stand_there() -> None:
    status, cells = await seen_from_local(CATALOG, MAINSTEM_DISABLED_FUNCTIONS="sweep")
    assert cells == {"send-receipt": "registered", "sweep": "switched-off", "refuse": "registered"}
    assert status["peers"][0]["app_id"] == "shop"
    assert not [one for one in status["unknown"] if "staging" in one]


async def test_a_peer_that_runs_another_catalogue_differs_by_field() -> None:
    changed = replace(send_receipt, config=replace(send_receipt.config, retries=9))
    status, cells = await seen_from_local(Catalog([changed, refuse]))
    cell = next(one for one in status["functions"] if one["id"] == "send-receipt")["cells"][
        "staging"
    ]
    assert cells == {"send-receipt": "drifted", "sweep": "missing", "refuse": "registered"}
    assert cell["differences"] == [{"field": "retries", "values": {"wanted": 2, "there": 9}}]


async def test_what_only_a_peer_has_is_a_row_of_its_own() -> None:
    _, cells = await seen_from_local(Catalog([*CATALOG, replace(refuse, id="refuse-all")]))
    assert cells["refuse-all"] == "extra"


async def test_a_peer_with_a_token_of_its_own_is_asked_with_it() -> None:
    _, cells = await seen_from_local(CATALOG, OTHER, MAINSTEM_STATUS_TOKEN=OTHER)
    assert cells["sweep"] == "registered"


async def test_a_peer_that_wants_another_token_is_unknown_and_says_what_to_do() -> None:
    status, cells = await seen_from_local(CATALOG, MAINSTEM_STATUS_TOKEN=OTHER)
    assert set(cells.values()) == {"unknown"}
    assert "asks for a token that we have not" in status["peers"][0]["problem"]


class Stranger:
    """A server that answers as a test has it, and counts."""

    def __init__(self, answer: Callable[[Request], Any]) -> None:
        self.asked: list[Request] = []
        self._answer = answer
        self.app = Starlette(routes=[Route("/status.json", self.status)])

    async def status(self, request: Request) -> Response:
        self.asked.append(request)
        found = self._answer(request)
        return found if isinstance(found, Response) else JSONResponse(found)


def here(environment: str) -> Json:
    return {"here": {"environment": environment, "app_id": "x", "functions": 0}, "functions": []}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: here("production"), "is production, and not staging"),
        (lambda _: {"a": 1}, "is not a status of ours"),
        (lambda _: [], "is not a status of ours"),
        (lambda _: Response("<html>"), "is not a status of ours"),
        (lambda _: Response(status_code=404), "shows no status page: serve it with"),
        (lambda _: Response(status_code=500), "answered 500"),
        (lambda _: RedirectResponse("http://127.0.0.1:1/"), "answered 307"),
        (lambda _: Response("x" * 8_000_001), "more than 8 MB"),
    ],
)
async def test_a_peer_that_answers_otherwise_is_unknown_and_says_why(
    answer: Callable[[Request], Any], why: str
) -> None:
    stranger = Stranger(answer)
    async with serving(stranger.app, bind(LOOPBACK, 0, option="")) as url:
        (found,) = await ask(Peers([staging_at(url)], token=None))
    assert why in str(found.facts.problem)
    assert found.cells == {}


async def test_a_peer_that_is_down_or_slow_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "TIMEOUT_S", 0.2)
    with bind(LOOPBACK, 0, option="") as silent:  # it listens, and nobody ever answers
        slow = staging_at(url_of(silent))
        found = await ask(Peers([staging_at("http://127.0.0.1:1"), slow], token=None))
    assert "Nothing answers at http://127.0.0.1:1" in str(found[0].facts.problem)
    assert "did not answer within 0.2 seconds" in str(found[1].facts.problem)


async def test_a_peer_is_not_asked_again_at_once_nor_about_its_own_peers() -> None:
    stranger = Stranger(lambda _: here("staging"))
    async with serving(stranger.app, bind(LOOPBACK, 0, option="")) as url:
        asking = Peers([staging_at(url)], token=None, kept_s=60)
        await ask(asking)
        await ask(asking)
    (asked,) = stranger.asked
    assert asked.query_params["scope"] == "here"


@pytest.mark.parametrize(
    ("url", "token"),
    [("https://a.test", TOKEN), ("http://127.0.0.1:9", TOKEN), ("http://a.test", None)],
)
def test_our_token_is_not_sent_where_it_could_be_read_on_the_way(
    url: str, token: str | None
) -> None:
    assert Peers([], token=TOKEN)._token_for(staging_at(url)) == token


def staging_at(url: str) -> Peer:
    return Peer(environment=Environment.STAGING, url=url)


async def ask(asking: Peers) -> tuple[peers.Told, ...]:
    async with httpx.AsyncClient(verify=False) as http:
        return await asking.ask(http)

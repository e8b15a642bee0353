"""Trouble on purpose reaches exactly the requests it is meant for."""

import time

import httpx
import pytest

from mainstem.simulate import Fault, Faults, SimulatedGitHub

from .walks import ask

HOME = "/repos/riverside/harbour"


def test_fault_is_taken_as_often_as_it_was_asked_for() -> None:
    faults = Faults()
    faults.add(Fault("/pulls", method="GET", times=2, status=500))
    assert faults.take("GET", "/issues") is None
    assert faults.take("POST", "/pulls") is None
    assert [faults.take("GET", "/pulls") is not None for _ in range(3)] == [True, True, False]


async def test_status_headers_and_body_are_as_asked(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.faults.add(Fault("/pulls", status=503, headers={"retry-after": "7"}, body={"code": 1}))
    assert (await http.get(HOME)).status_code == 200
    answer = await http.get(f"{HOME}/pulls")
    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (
        503,
        "7",
        {"code": 1},
    )
    assert (await http.get(f"{HOME}/pulls")).status_code == 200


async def test_bad_gateway_is_a_page_for_people(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.faults.bad_gateway(path="/graphql")
    answer = await http.post("/graphql", json={"query": "{viewer {login}}"})
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert answer.text.startswith("<html>")


@pytest.mark.parametrize("retry_after", [None, 30])
async def test_secondary_limit_leaves_budget(
    http: httpx.AsyncClient, github: SimulatedGitHub, retry_after: int | None
) -> None:
    github.faults.secondary_limit(retry_after=retry_after, status=429)
    answer = await http.get(HOME)
    assert answer.status_code == 429
    assert "secondary rate limit" in answer.json()["message"]
    assert int(answer.headers["x-ratelimit-remaining"]) > 0
    assert answer.headers.get("retry-after") == (retry_after and str(retry_after))


async def test_gone_and_other_statuses_have_githubs_words(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.faults.answer(410, path="/issues")
    github.faults.answer(500, body={"message": "Our own"})
    assert (await http.get(f"{HOME}/issues")).json() == {"message": "Gone"}
    assert (await http.get(HOME)).json() == {"message": "Our own"}


async def test_connection_is_closed_without_an_answer(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.faults.hang_up(path="/pulls")
    with pytest.raises(httpx.RemoteProtocolError):
        await http.get(f"{HOME}/pulls")
    assert (await http.get(f"{HOME}/pulls")).status_code == 200
    assert github.log.requests == 2


async def test_answer_can_be_late(http: httpx.AsyncClient, github: SimulatedGitHub) -> None:
    github.faults.add(Fault(delay_seconds=0.2))
    begun = time.perf_counter()
    assert (await http.get(HOME)).status_code == 200
    assert time.perf_counter() - begun >= 0.2


async def test_graphql_error_without_data(http: httpx.AsyncClient, github: SimulatedGitHub) -> None:
    github.faults.graphql_error("RATE_LIMIT", "already exceeded")
    answer = await ask(http, "{viewer {login}}")
    assert answer == {
        "data": None,
        "errors": [{"type": "RATE_LIMIT", "message": "already exceeded"}],
    }


async def test_partial_answer_has_null_and_an_error_at_its_path(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.faults.partial("repository", "pullRequests", "nodes", 1, kind="SERVICE_UNAVAILABLE")
    github.faults.partial("repository", "nothing", "here")
    query = (
        '{repository(owner: "riverside", name: "harbour") {pullRequests(first: 3) {nodes {id}}}}'
    )
    answer, harmless = [await ask(http, query) for _ in range(2)]
    nodes = answer["data"]["repository"]["pullRequests"]["nodes"]
    assert [node is None for node in nodes] == [False, True, False]
    assert answer["errors"][0]["type"] == "SERVICE_UNAVAILABLE"
    assert answer["errors"][0]["path"] == ["repository", "pullRequests", "nodes", 1]
    assert None not in harmless["data"]["repository"]["pullRequests"]["nodes"]

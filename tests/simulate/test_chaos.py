"""Random trouble: answers cut off, lied about or with holes, and yet progress."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mainstem.simulate import Fault, Faults, SimulatedGitHub
from mainstem.simulate.faults import KINDS

from .walks import ask

PULLS = "/repos/riverside/harbour/pulls?state=all&per_page=9"
QUERY = """{repository(owner: "riverside", name: "harbour") {pullRequests(first: 20) {nodes {
  number reviews(first: 50) {nodes {id}}}}}}"""


@pytest.fixture
async def patient(github: SimulatedGitHub) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=github.url, verify=False, timeout=5) as client:
        yield client


async def test_answer_is_cut_off_in_the_middle(
    patient: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.faults.add(Fault(cut=0.5))
    with pytest.raises(httpx.RemoteProtocolError):
        await patient.get(PULLS)
    assert (await patient.get(PULLS)).status_code == 200


async def test_cut_answer_may_be_passed_off_as_whole(
    patient: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.faults.add(Fault(cut=0.5, cut_cleanly=True))
    answer = await patient.get(PULLS)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("lie", ["missing", "loop", "last"])
async def test_link_lies(patient: httpx.AsyncClient, github: SimulatedGitHub, lie: Any) -> None:
    true = await patient.get(PULLS)
    github.faults.add(Fault(link=lie))
    told = await patient.get(PULLS)
    assert told.json() == true.json()
    assert "etag" not in told.headers
    if lie == "missing":
        assert "next" not in told.links
    elif lie == "loop":
        assert told.links["next"]["url"] == f"{github.url}{PULLS}"
    else:
        assert told.links["next"] == true.links["next"]
        assert told.links["last"] != true.links["last"]


async def test_nodes_go_missing_with_an_error_for_each(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.faults.add(Fault(random_nulls=2, seed=5))
    answer = await ask(http, QUERY)
    assert len(answer["errors"]) == 2
    for error in answer["errors"]:
        found = answer["data"]
        for part in error["path"]:
            found = None if found is None else found[part]
        assert found is None


async def test_page_can_be_too_heavy(http: httpx.AsyncClient, github: SimulatedGitHub) -> None:
    github.faults.add(Fault(too_heavy=True))
    answer = await ask(http, QUERY)
    assert answer["data"]["repository"]["pullRequests"]["nodes"] == [None] * 20
    assert {error["type"] for error in answer["errors"]} == {"RESOURCE_LIMITS_EXCEEDED"}


def plan(seed: int, rate: float, count: int = 400, **more: Any) -> list[Fault | None]:
    faults = Faults()
    faults.chaos(seed, rate, **more)
    return [faults.take("POST", "/graphql") for _ in range(count)]


def test_same_seed_plans_the_same_trouble() -> None:
    assert plan(3, 0.2) == plan(3, 0.2)
    assert plan(3, 0.2) != plan(4, 0.2)


def test_share_of_requests_that_meet_trouble_is_the_rate() -> None:
    met = sum(fault is not None for fault in plan(3, 0.2, 4_000))
    assert 0.15 < met / 4_000 < 0.22


def test_no_request_meets_more_faults_in_a_row_than_allowed() -> None:
    row = longest = 0
    for fault in plan(3, 1.0, most_in_a_row=3):
        row = row + 1 if fault is not None else 0
        longest = max(longest, row)
    assert longest == 3


def test_lies_meet_rest_alone_and_holes_graphql_alone() -> None:
    faults = Faults()
    faults.chaos(3, 1.0)
    rest = [faults.take("GET", f"/repos/a/b/{number}") for number in range(300)]
    assert not any(one.random_nulls or one.too_heavy for one in rest if one)
    assert not any(one.link for one in plan(3, 1.0) if one)
    assert {kind for kind, count in faults.met.items() if count} == {*KINDS} - {
        "nulls",
        "too heavy",
    }


async def test_whoever_tries_again_gets_everything_through_chaos(
    patient: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    true = (await patient.get(PULLS)).json()
    github.faults.chaos(11, 0.7, kinds=[kind for kind in KINDS if not kind.startswith("link")])
    good = 0
    for _ in range(40):
        try:
            answer = await patient.get(PULLS)
            good += answer.status_code == 200 and answer.json() == true
        except (httpx.TransportError, json.JSONDecodeError):
            continue
    github.faults.clear()
    assert 10 <= good < 30
    assert (await patient.get(PULLS)).json() == true

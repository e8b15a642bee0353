"""How long GitHub takes, and what becomes of an answer that takes too long."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mainstem.simulate import Compute, Options, SimulatedGitHub, generate, simulated_github
from mainstem.simulate.execution import Tally

from .walks import ask

HOME = 'repository(owner: "riverside", name: "harbour")'
WIDE = f"""query($n: Int!) {{rateLimit {{used}} {HOME} {{pullRequests(first: $n) {{nodes {{number
  reviews(first: 99) {{nodes {{id author {{login}}}}}}
  comments(first: 99) {{nodes {{id author {{login}}}}}}}}}}}}}}"""
SLIM = f"query($n: Int!) {{{HOME} {{pullRequests(first: $n) {{nodes {{number title}}}}}}}}"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[SimulatedGitHub, httpx.AsyncClient]]:
    async with (
        simulated_github(generate(7, 110, issues=1), options=Options(**options)) as served,
        httpx.AsyncClient(
            base_url=served.url, headers={"authorization": "Bearer t"}, verify=False
        ) as http,
    ):
        yield served, http


@pytest.mark.parametrize(
    ("items", "low", "high"), [(25, 2.4, 3.4), (40, 4.0, 4.6), (50, 4.8, 5.6), (100, 10.01, 11)]
)
def test_reported_times_of_a_wide_selection(items: int, low: float, high: float) -> None:
    # About seventeen things hang on a pull request of the measured repository.
    assert low < Compute().seconds(Tally(laden=items, nodes=17 * items)) < high


async def test_page_that_takes_too_long_is_null_and_costs_the_next_hour() -> None:
    clock = [NOON]
    async with serving(compute=Compute(), now=lambda: clock[0]) as (served, http):
        narrow = await ask(http, WIDE, n=25)
        wide = await ask(http, WIDE, n=100)
        clock[0] += timedelta(hours=1)
        later = await ask(http, WIDE, n=1)
    assert "errors" not in narrow
    assert wide["data"]["repository"]["pullRequests"]["nodes"] == [None] * 100
    assert {error["type"] for error in wide["errors"]} == {"RESOURCE_LIMITS_EXCEEDED"}
    assert later["data"]["rateLimit"]["used"] == 10 + 1
    assert served.log.limited == {"compute": 1}


async def test_page_that_takes_too_long_may_be_a_bad_gateway() -> None:
    async with serving(compute=Compute(refusal="502")) as (_, http):
        answer = await http.post("/graphql", json={"query": WIDE, "variables": {"n": 100}})
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")


async def test_list_without_lists_below_is_light() -> None:
    async with serving(compute=Compute()) as (_, http):
        assert "errors" not in await ask(http, SLIM, n=100)


async def test_number_of_items_can_be_the_limit() -> None:
    async with serving(compute=Compute(most_items=30)) as (_, http):
        assert "errors" not in await ask(http, WIDE, n=30)
        assert "errors" in await ask(http, WIDE, n=31)


async def test_items_looked_up_one_by_one_take_their_time_too() -> None:
    inner = "{reviews(first: 9) {nodes {id}}}"
    async with serving(compute=Compute(most_items=3)) as (served, http):
        numbers = list(served.world.repository.pulls)[:4]
        pulls = [f"p{number}: pullRequest(number: {number}) {inner}" for number in numbers]
        few = await ask(http, f"{{{HOME} {{{' '.join(pulls[:3])}}}}}")
        many = await ask(http, f"{{{HOME} {{{' '.join(pulls)}}}}}")
    assert "errors" not in few
    assert set(many["data"]["repository"].values()) == {None}


async def test_seconds_of_work_move_a_clock_instead_of_passing() -> None:
    told: list[float] = []
    async with serving(on_work=told.append) as (served, http):
        await ask(http, WIDE, n=50)
        await http.get("/repos/riverside/harbour")
    assert 4.8 < told[0] < 5.6
    assert told[1] == 0.2
    assert served.log.seconds == pytest.approx(sum(told))


async def test_latency_and_scaled_work_really_pass() -> None:
    async with serving(latency_seconds=0.03, time_scale=0.02) as (_, http):
        begun = datetime.now(UTC)
        await ask(http, WIDE, n=50)
    assert datetime.now(UTC) - begun > timedelta(seconds=0.03 + 0.02 * 4.8)

"""Limits by the minute, limits of each token, and their shapes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mainstem.simulate import (
    Allowance,
    Options,
    Secondary,
    SimulatedGitHub,
    generate,
    simulated_github,
)

HOME = "/repos/riverside/harbour"
VIEWER = {"query": "{viewer {login}}"}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def serving(
    token: str | None = "t", **options: Any
) -> AsyncIterator[tuple[SimulatedGitHub, httpx.AsyncClient]]:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with (
        simulated_github(generate(7, 4), options=Options(**options)) as served,
        httpx.AsyncClient(base_url=served.url, headers=headers, verify=False) as http,
    ):
        yield served, http


@pytest.mark.parametrize("retry_after", [None, 7])
async def test_rest_points_by_the_minute(retry_after: int | None) -> None:
    clock = Clock()
    limits = Secondary(rest_points=2, retry_after=retry_after, status=429)
    async with serving(secondary=limits, now=clock) as (served, http):
        seen = [await http.get(HOME) for _ in range(3)]
        graph = await http.post("/graphql", json=VIEWER)
        clock.now += timedelta(seconds=61)
        seen.append(await http.get(HOME))
    assert [answer.status_code for answer in seen] == [200, 200, 429, 200]
    assert seen[2].headers.get("retry-after") == (None if retry_after is None else "7")
    assert seen[2].json()["message"].startswith("You have exceeded a secondary rate limit")
    assert int(seen[2].headers["x-ratelimit-remaining"]) > 0
    assert graph.status_code == 200
    assert served.log.limited == {"core points": 1}


@pytest.mark.parametrize("status", [200, 403])
async def test_graphql_seconds_by_the_minute(status: int) -> None:
    clock = Clock()
    limits = Secondary(graphql_seconds=0.15, graphql_status=status)
    async with serving(secondary=limits, now=clock) as (_, http):
        seen = [await http.post("/graphql", json=VIEWER) for _ in range(3)]
        rest = await http.get(HOME)
        clock.now += timedelta(seconds=61)
        later = await http.post("/graphql", json=VIEWER)
    assert seen[1].json()["data"]
    assert seen[2].status_code == status
    assert "secondary rate limit" in seen[2].text
    assert rest.status_code == 200
    assert later.json()["data"]


async def test_more_requests_at_once_than_allowed() -> None:
    limits = Secondary(concurrent=2)
    async with serving(secondary=limits, latency_seconds=0.05) as (_, http):
        answers = await asyncio.gather(*(http.get(HOME) for _ in range(4)))
        after = await http.get(HOME)
    assert sorted(answer.status_code for answer in answers).count(403) >= 1
    assert after.status_code == 200


async def test_spent_budgets_have_each_documented_shape() -> None:
    async with serving(
        core_per_hour=0, graphql_per_hour=0, primary_status=429, primary_type="RATE_LIMIT"
    ) as (served, http):
        rest = await http.get(HOME)
        graph = await http.post("/graphql", json=VIEWER)
    assert (rest.status_code, rest.headers["x-ratelimit-remaining"]) == (429, "0")
    assert (graph.status_code, graph.json()["errors"][0]["type"]) == (200, "RATE_LIMIT")
    assert served.log.limited == {"primary": 2}


async def test_tokens_have_budgets_of_their_own_and_one_user_shares_one() -> None:
    allowances = {
        "a1": Allowance(core_per_hour=10, user="a"),
        "a2": Allowance(core_per_hour=10, user="a"),
        "b": Allowance(core_per_hour=20),
    }
    async with serving(None, allowances=allowances, tokens=frozenset()) as (_, http):
        seen = {}
        for token in ("a1", "a2", "b"):
            answer = await http.get(HOME, headers={"authorization": f"Bearer {token}"})
            seen[token] = answer.headers["x-ratelimit-remaining"]
        unknown = await http.get(HOME, headers={"authorization": "Bearer c"})
    assert seen == {"a1": "9", "a2": "8", "b": "19"}
    assert unknown.status_code == 401


async def test_token_sees_only_its_repositories() -> None:
    allowances = {"narrow": Allowance(repositories=frozenset({"other/one"}))}
    query = {"query": '{repository(owner: "riverside", name: "harbour") {id}}'}
    async with serving("narrow", allowances=allowances) as (_, http):
        rest = await http.get(HOME)
        graph = (await http.post("/graphql", json=query)).json()
    assert rest.status_code == 404
    assert graph["errors"][0]["type"] == "NOT_FOUND"


async def test_private_repository_is_not_there_for_nobody() -> None:
    async with serving(None) as (served, http):
        served.world.repository.record["private"] = True
        nobody = await http.get(HOME)
        known = await http.get(HOME, headers={"authorization": "Bearer t"})
        by_id = await http.get(f"/repositories/{served.world.repository.id}/pulls")
    assert (nobody.status_code, known.status_code, by_id.status_code) == (404, 200, 404)


async def test_long_issue_list_refuses_page_numbers_and_leads_on_by_cursor() -> None:
    async with serving(cursor_above=3) as (served, http):
        path = f"{HOME}/issues?state=all&per_page=2&sort=updated&direction=asc"
        refused = await http.get(f"{path}&page=2")
        found, url = [], path
        while url:
            answer = await http.get(url)
            assert "last" not in answer.links
            found += [row["number"] for row in answer.json()]
            url = answer.links.get("next", {}).get("url", "")
    home = served.world.repository
    assert refused.status_code == 422
    assert "cursor based pagination (after/before)" in refused.json()["message"]
    assert sorted(found) == sorted([*home.pulls, *home.issues])


async def test_world_can_change_between_two_requests() -> None:
    seen: list[str] = []

    def note(github: SimulatedGitHub, target: str) -> None:
        seen.append(target)
        github.world.repository.record["description"] = f"Asked {len(seen)} times"

    async with serving(on_request=note) as (_, http):
        told = [(await http.get(HOME)).json()["description"] for _ in range(2)]
    assert told == ["Asked 1 times", "Asked 2 times"]
    assert seen == [f"GET {HOME}"] * 2

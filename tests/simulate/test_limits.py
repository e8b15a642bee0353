"""Tokens, hourly budgets, ETags and the log, as a client meets them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from mainstem.simulate import Options, SimulatedGitHub, World, changes, generate, simulated_github

from .walks import ask

HOME = "/repos/riverside/harbour"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class Clock:
    """A server clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def serving(
    options: Options, token: str | None = None
) -> AsyncIterator[tuple[SimulatedGitHub, httpx.AsyncClient]]:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with (
        simulated_github(generate(7, 12), options=options) as served,
        httpx.AsyncClient(base_url=served.url, headers=headers, verify=False) as http,
    ):
        yield served, http


async def test_any_token_and_none_are_good_by_default(http: httpx.AsyncClient) -> None:
    for headers in ({}, {"authorization": "Bearer whatever"}, {"authorization": "token other"}):
        assert (await http.get(HOME, headers=headers)).status_code == 200


async def test_unknown_token_is_401_in_githubs_words() -> None:
    async with serving(Options.strict("good"), "bad") as (_, http):
        for answer in (await http.get(HOME), await http.post("/graphql", json={})):
            assert answer.status_code == 401
            assert answer.json()["message"] == "Bad credentials"
            assert "bad" not in answer.text.lower().replace("bad credentials", "")


async def test_headers_tell_what_is_left_and_when_it_is_back(clock: Clock) -> None:
    async with serving(Options.strict("t", now=clock), "t") as (_, http):
        await http.get(HOME)
        headers = (await http.get(HOME)).headers
    assert headers["x-ratelimit-limit"] == "5000"
    assert headers["x-ratelimit-used"] == "2"
    assert headers["x-ratelimit-remaining"] == "4998"
    assert headers["x-ratelimit-resource"] == "core"
    assert headers["x-ratelimit-reset"] == str(int((NOON + timedelta(hours=1)).timestamp()))
    assert headers["date"] == "Mon, 04 May 2026 12:00:00 GMT"


async def test_rest_and_graphql_have_budgets_of_their_own() -> None:
    async with serving(Options.strict("t"), "t") as (_, http):
        await http.get(HOME)
        await http.get(HOME)
        await ask(http, "{viewer {login}}")
        told = (await http.get("/rate_limit")).json()
    assert told["resources"]["core"]["used"] == 2
    assert told["resources"]["graphql"]["used"] == 1
    assert told["rate"] == told["resources"]["core"]


async def test_each_token_has_its_own_budget_and_nobody_a_small_one() -> None:
    async with serving(Options.strict("one", "two")) as (_, http):
        for token in ("one", "two"):
            answer = await http.get(HOME, headers={"authorization": f"Bearer {token}"})
            assert answer.headers["x-ratelimit-remaining"] == "4999"
        assert (await http.get(HOME)).headers["x-ratelimit-limit"] == "60"


async def test_spent_rest_budget_is_403_until_its_reset(clock: Clock) -> None:
    options = Options(core_per_hour=2, now=clock)
    async with serving(options, "t") as (_, http):
        seen = [(await http.get(HOME)).status_code for _ in range(2)]
        spent = await http.get(HOME)
        clock.now += timedelta(hours=1)
        seen.append((await http.get(HOME)).status_code)
    assert seen == [200, 200, 200]
    assert (spent.status_code, spent.headers["x-ratelimit-remaining"]) == (403, "0")
    assert spent.json()["message"].startswith("API rate limit exceeded for user ID")


async def test_spent_budget_without_a_token_names_an_address() -> None:
    async with serving(Options(anonymous_per_hour=1)) as (_, http):
        await http.get(HOME)
        answer = await http.get(HOME)
    assert answer.status_code == 403
    assert "But here's the good news" in answer.json()["message"]


async def test_spent_points_are_http_200_with_a_type() -> None:
    async with serving(Options(graphql_per_hour=1), "t") as (_, http):
        await ask(http, "{viewer {login}}")
        answer = await http.post("/graphql", json={"query": "{viewer {login}}"})
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["type"] == "RATE_LIMITED"
    assert answer.headers["x-ratelimit-remaining"] == "0"
    assert answer.headers["x-ratelimit-resource"] == "graphql"


async def test_unchanged_answer_is_304_and_free_with_a_token() -> None:
    async with serving(Options.strict("t"), "t") as (served, http):
        first = await http.get(f"{HOME}/pulls?state=all")
        known = {"if-none-match": first.headers["etag"]}
        again = await http.get(f"{HOME}/pulls?state=all", headers=known)
        changes.add_comment(
            served.world.repository, min(served.world.repository.pulls), "New.", user=None
        )
        changed = await http.get(f"{HOME}/pulls?state=all", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["x-ratelimit-used"] == "1"
    assert (changed.status_code, changed.headers["x-ratelimit-used"]) == (200, "2")


async def test_etag_of_one_token_means_nothing_to_another(http: httpx.AsyncClient) -> None:
    tags = []
    for token in ("one", "two"):
        answer = await http.get(HOME, headers={"authorization": f"Bearer {token}"})
        tags.append(answer.headers["etag"])
    assert tags[0] != tags[1]
    headers = {"authorization": "Bearer two", "if-none-match": tags[0]}
    assert (await http.get(HOME, headers=headers)).status_code == 200


async def test_304_without_a_token_costs_a_request() -> None:
    async with serving(Options(anonymous_per_hour=9)) as (_, http):
        tag = (await http.get(HOME)).headers["etag"]
        answer = await http.get(HOME, headers={"if-none-match": tag})
    assert (answer.status_code, answer.headers["x-ratelimit-used"]) == (304, "2")


async def test_single_things_have_last_modified_and_honour_it(http: httpx.AsyncClient) -> None:
    first = await http.get(f"{HOME}/pulls?state=all")
    number = first.json()[0]["number"]
    one = await http.get(f"{HOME}/pulls/{number}")
    known = {"if-modified-since": one.headers["last-modified"]}
    assert (await http.get(f"{HOME}/pulls/{number}", headers=known)).status_code == 304
    assert "last-modified" not in first.headers


async def test_every_request_has_an_id_of_its_own(http: httpx.AsyncClient) -> None:
    ids = {(await http.get(path)).headers["x-github-request-id"] for path in (HOME, HOME, "/no")}
    assert len(ids) == 3


async def test_writing_is_not_offered(http: httpx.AsyncClient) -> None:
    assert (await http.post(f"{HOME}/issues", json={})).status_code == 404


async def test_enterprise_paths_work_and_stay_in_the_links(
    http: httpx.AsyncClient, world: World
) -> None:
    answer = await http.get(f"/api/v3{HOME}/pulls?state=all&per_page=2")
    assert "/api/v3/repos/" in answer.links["next"]["url"]
    assert (await http.get(answer.links["next"]["url"])).json()
    graph = await http.post("/api/graphql", json={"query": "{viewer {login}}"})
    assert graph.json()["data"] == {"viewer": {"login": "simulated"}}


async def test_log_counts_requests_and_points_by_endpoint(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    await http.get(f"{HOME}/pulls/1/reviews")
    await http.get(f"{HOME}/pulls/2/reviews")
    await ask(http, "{viewer {login}}")
    told = (await http.get("/_simulate/log")).json()
    assert (told["requests"], told["rest_requests"], told["graphql_requests"]) == (3, 2, 1)
    assert told["points"] == 1
    assert told["by_endpoint"]["GET /repos/{owner}/{repo}/pulls/{number}/reviews"] == 2
    assert [entry.method for entry in github.log.entries] == ["GET", "GET", "POST"]


async def test_reset_forgets_counts_faults_and_budgets(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    await http.get(HOME)
    github.faults.answer(500)
    assert (await http.post("/_simulate/reset")).status_code == 204
    assert (await http.get("/_simulate/log")).json()["requests"] == 0
    answer = await http.get(HOME)
    assert (answer.status_code, answer.headers["x-ratelimit-used"]) == (200, "1")

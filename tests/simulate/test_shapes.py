"""REST objects against GitHub's own description, and answers against recorded ones."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainstem.simulate import World, simulated_github

from .walks import walk


def required_keys(description: dict[str, Any], path: str) -> set[str]:
    """The keys that GitHub's description requires of one object that `GET path` gives."""
    answer = description["paths"][path]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    while "$ref" in schema or "items" in schema:
        if "items" in schema:
            schema = schema["items"]
        else:
            schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    keys: set[str] = set(schema["required"])
    return keys


@pytest.fixture(scope="module")
def description(shared: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((shared / "schema" / "openapi-subset.json").read_text())
    return value


@pytest.mark.parametrize("source", ["generated", "recorded"])
async def test_objects_have_every_key_that_github_requires(
    source: str, world: World, request: pytest.FixtureRequest, description: dict[str, Any]
) -> None:
    served = world if source == "generated" else request.getfixturevalue("recording")
    home = served.repository
    number = max(home.review_comments, key=lambda one: len(home.review_comments[one]))
    issue = max(home.issues)
    prefix = "/repos/{owner}/{repo}"
    paths = {
        prefix: prefix,
        f"{prefix}/pulls": "/pulls?state=all",
        f"{prefix}/pulls/{{pull_number}}": f"/pulls/{number}",
        f"{prefix}/pulls/{{pull_number}}/reviews": f"/pulls/{number}/reviews",
        f"{prefix}/pulls/{{pull_number}}/comments": f"/pulls/{number}/comments",
        f"{prefix}/pulls/{{pull_number}}/commits": f"/pulls/{number}/commits",
        f"{prefix}/pulls/comments": "/pulls/comments",
        f"{prefix}/issues": "/issues?state=all",
        f"{prefix}/issues/{{issue_number}}": f"/issues/{issue}",
        f"{prefix}/issues/comments": "/issues/comments",
    }
    async with (
        simulated_github(served) as github,
        httpx.AsyncClient(base_url=f"{github.url}/repos/{home.full_name}") as http,
    ):
        for documented, path in paths.items():
            found = (await http.get("" if path == prefix else path)).json()
            for row in found if isinstance(found, list) else [found]:
                assert not required_keys(description, documented) - row.keys(), documented


async def test_accounts_have_every_key_that_github_requires(
    http: httpx.AsyncClient, description: dict[str, Any]
) -> None:
    simple = set(description["components"]["schemas"]["simple-user"]["required"])
    for row in await walk(http, "/repos/riverside/harbour/contributors"):
        assert not simple - row.keys()


def exchanges(shared: Path, scenario: str) -> list[dict[str, Any]]:
    many = json.loads((shared / "recorded-http" / "exchanges.json").read_text())
    many = many if isinstance(many, list) else many["exchanges"]
    return [one for one in many if one["scenario"] == scenario]


async def test_lists_come_with_the_headers_of_a_recorded_list(
    http: httpx.AsyncClient, shared: Path
) -> None:
    recorded = exchanges(shared, "paginate-issues")[0]["response"]
    answer = await http.get("/repos/riverside/harbour/issues?state=all&per_page=3")
    wanted = {name.lower() for name, _ in recorded["headers"]}
    told = {"etag", "link", "date", "vary", "cache-control", "x-github-request-id"}
    told |= {name for name in wanted if name.startswith("x-ratelimit") or "media-type" in name}
    assert told <= wanted
    assert told <= answer.headers.keys()
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert dict(recorded["headers"])["Link"].count("rel=") == answer.headers["link"].count("rel=")


async def test_issue_has_the_keys_of_a_recorded_issue(
    http: httpx.AsyncClient, shared: Path
) -> None:
    recorded = exchanges(shared, "paginate-issues")[0]["response"]["body"][0]
    rows = await walk(http, "/repos/riverside/harbour/issues?state=all&per_page=100")
    issue = next(row for row in rows if "pull_request" not in row)
    assert recorded.keys() <= issue.keys()
    assert recorded["user"].keys() <= issue["user"].keys()


async def test_repository_has_the_keys_of_a_recorded_one(
    http: httpx.AsyncClient, shared: Path
) -> None:
    recorded = exchanges(shared, "get-repository")[0]["response"]["body"]
    settings = {name for name in recorded if name.startswith(("allow_", "permissions", "delete_"))}
    settings |= {name for name in recorded if "merge_commit" in name or "squash" in name}
    shown = (await http.get("/repos/riverside/harbour")).json()
    assert recorded.keys() - settings - {"security_and_analysis"} <= shown.keys()


async def test_redirect_looks_like_a_recorded_one(
    http: httpx.AsyncClient, shared: Path, world: World
) -> None:
    world.repository.former_names.append("riverside/old")
    recorded = exchanges(shared, "rename-repository")[0]["response"]
    answer = await http.get("/repos/riverside/old")
    assert answer.status_code == recorded["status"]
    assert answer.json().keys() == recorded["body"].keys()
    assert answer.json()["message"] == recorded["body"]["message"]
    assert answer.headers["location"] == answer.json()["url"]

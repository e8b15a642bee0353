"""Changes while being read: what moves which time, and how both APIs show it."""

from typing import Any

import httpx
import pytest

from mainstem.simulate import Repository, SimulatedGitHub, World, changes, generate

from .walks import ask, walk

HOME = "/repos/riverside/harbour"
GRAPH = 'repository(owner: "riverside", name: "harbour")'


def busy(home: Repository) -> int:
    """A pull request with reviews and comments on its diff."""
    return max(home.review_comments, key=lambda number: len(home.review_comments[number]))


def someone(world: World) -> int:
    return next(int(one["id"]) for one in world.users.values() if one["type"] == "User")


@pytest.mark.parametrize(
    "change",
    ["label", "unlabel", "assign", "request_review", "convert_to_draft", "force_push", "dismiss"],
)
def test_change_of_an_item_moves_its_time(world: World, change: str) -> None:
    home = world.repository
    number = busy(home)
    before = home.pulls[number]["updated_at"]
    if change in ("label", "unlabel"):
        getattr(changes, change)(home, number, "bug")
    elif change in ("assign", "request_review"):
        getattr(changes, change)(home, number, someone(world))
    elif change == "dismiss":
        changes.dismiss_review(home, home.reviews[number][0]["id"])
    else:
        getattr(changes, change)(home, number)
    assert home.pulls[number]["updated_at"] > before


@pytest.mark.parametrize("change", ["edit", "minimise", "delete"])
def test_change_of_a_comment_does_not_move_its_item(world: World, change: str) -> None:
    home = world.repository
    comment = home.all_issue_comments()[0]
    item = home.pulls.get(comment["_number"]) or home.issues[comment["_number"]]
    before = item["updated_at"]
    if change == "edit":
        changes.edit_comment(home, comment["id"], "Other words")
    elif change == "minimise":
        changes.minimise_comment(home, comment["id"], "spam")
    else:
        changes.delete_comment(home, comment["id"])
    assert item["updated_at"] == before


async def test_force_push_makes_every_diff_comment_outdated(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    number = busy(home)
    before = home.pulls[number]["head"]["sha"]
    changes.force_push(home, number)
    comments = await walk(http, f"{HOME}/pulls/{number}/comments?per_page=100")
    query = f"""{{{GRAPH} {{pullRequest(number: {number}) {{headRefOid
      reviewThreads(first: 100) {{nodes {{isOutdated}}}}}}}}}}"""
    pull = (await ask(http, query))["data"]["repository"]["pullRequest"]
    assert {row["position"] for row in comments} == {None}
    assert {thread["isOutdated"] for thread in pull["reviewThreads"]["nodes"]} == {True}
    assert pull["headRefOid"] != before


async def test_deleted_issue_is_gone_and_a_transferred_one_moves(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    other = generate(8, 3, owner="riverside", name="pier")
    there = other.repository
    there.record["id"] = 5
    github.world.repositories.append(there)
    deleted, moved = list(home.issues)[:2]
    changes.delete_issue(home, deleted)
    row = changes.transfer_issue(home, moved, there)
    gone = await http.get(f"{HOME}/issues/{deleted}")
    left = await http.get(f"{HOME}/issues/{moved}")
    found = await http.get(left.headers["location"])
    query = f"{{{GRAPH} {{issue(number: {deleted}) {{id}}}}}}"
    assert (gone.status_code, left.status_code) == (410, 301)
    assert found.json()["id"] == row["id"]
    assert (await ask(http, query))["errors"][0]["type"] == "NOT_FOUND"


def test_reply_that_is_deleted_takes_its_review_along(world: World) -> None:
    home = world.repository
    reply = next(row for row in home.all_review_comments() if row["in_reply_to_id"])
    before = len(home.reviews[reply["_number"]])
    changes.delete_comment(home, reply["id"], kind="review_comments")
    assert len(home.reviews[reply["_number"]]) == before - 1


async def test_deleted_account_is_null_or_ghost(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    number = next(n for n, row in home.pulls.items() if row["user"] not in (None, 10137))
    changes.delete_account(github.world, home.pulls[number]["user"])
    rest = (await http.get(f"{HOME}/pulls/{number}")).json()
    query = f"{{{GRAPH} {{pullRequest(number: {number}) {{author {{login}}}}}}}}"
    assert rest["user"]["login"] == "ghost"
    assert (await ask(http, query))["data"]["repository"]["pullRequest"]["author"] is None


async def test_transferred_repository_keeps_its_id_and_redirects(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home, world = github.world.repository, github.world
    changes.transfer_repository(world, home, "somebody/harbour", someone(world))
    moved = await http.get(f"{HOME}/pulls?state=all")
    there = await http.get(f"/repositories/{home.id}")
    assert moved.status_code == 301
    assert moved.headers["location"].startswith(f"{github.url}/repositories/{home.id}/pulls")
    assert there.json()["full_name"] == "somebody/harbour"
    assert there.json()["owner"]["id"] == someone(world)


async def test_two_items_can_change_at_one_moment(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    first, second = list(home.pulls)[:2]
    for number in (first, second):
        changes.label(home, number, "bulk", at="2026-09-01T00:00:00Z")
    rows: list[Any] = (await http.get(f"{HOME}/pulls?state=all&sort=updated&direction=desc")).json()
    assert {row["number"] for row in rows[:2]} == {first, second}
    assert rows[0]["updated_at"] == rows[1]["updated_at"]


async def test_stars_and_forks_are_in_the_feed(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    stars = home.record["stargazers_count"]
    changes.star(home, someone(github.world))
    changes.star(home, someone(github.world), forked=True)
    answer = await http.get(f"{HOME}/events?per_page=2")
    repository = (await http.get(HOME)).json()
    assert [row["type"] for row in answer.json()] == ["ForkEvent", "WatchEvent"]
    assert answer.json()[1]["payload"] == {"action": "started"}
    assert answer.headers["x-poll-interval"] == "60"
    assert repository["stargazers_count"] == stars + 1
    assert (await http.get(f"{HOME}/events?per_page=100&page=4")).status_code == 422


def test_next_change_is_a_minute_after_the_last(world: World) -> None:
    home = world.repository
    first = changes.label(home, min(home.pulls), "one")["updated_at"]
    second = changes.label(home, min(home.pulls), "two")["updated_at"]
    assert (first[:17], first < second) == (second[:17], True) or first < second
    row = home.pulls[max(home.pulls)]
    row["updated_at"] = "2027-01-01T00:00:00Z"
    home.changed()
    assert changes.label(home, min(home.pulls), "three")["updated_at"] == "2027-01-01T00:01:00Z"

"""REST as GitHub serves it: lists walked by Link, filters, redirects, refusals."""

import re

import httpx
import pytest

from mainstem.simulate import SimulatedGitHub, World, changes

from .walks import walk

HOME = "/repos/riverside/harbour"


async def get(http: httpx.AsyncClient, path: str) -> httpx.Response:
    return await http.get(HOME + path)


async def test_repository_is_found_in_any_case_and_by_id(http: httpx.AsyncClient) -> None:
    named = (await http.get("/repos/RiverSide/HARBOUR")).json()
    assert (await http.get(f"/repositories/{named['id']}")).json() == named
    assert (named["full_name"], named["owner"]["type"]) == ("riverside/harbour", "Organization")


@pytest.mark.parametrize("path", ["/pulls", "/issues", "/pulls/comments", "/issues/comments"])
async def test_walk_by_link_gives_every_row_once(
    http: httpx.AsyncClient, world: World, path: str
) -> None:
    found = await walk(http, f"{HOME}{path}?state=all&per_page=7")
    home = world.repository
    wanted = {
        "/pulls": len(home.pulls),
        "/issues": len(home.pulls) + len(home.issues),
        "/pulls/comments": len(home.all_review_comments()),
        "/issues/comments": len(home.all_issue_comments()),
    }
    assert len({row["id"] for row in found}) == len(found) == wanted[path]


async def test_lists_below_a_pull_request_are_whole(http: httpx.AsyncClient, world: World) -> None:
    home = world.repository
    number = max(home.reviews, key=lambda one: len(home.reviews[one]))
    for path, rows in (
        (f"/pulls/{number}/reviews", home.reviews),
        (f"/pulls/{number}/comments", home.review_comments),
        (f"/issues/{number}/comments", home.issue_comments),
        (f"/pulls/{number}/commits", home.commits),
    ):
        assert len(await walk(http, f"{HOME}{path}?per_page=3")) == len(rows[number]), path


async def test_comments_of_one_review_are_listed(http: httpx.AsyncClient, world: World) -> None:
    row = world.repository.all_review_comments()[0]
    path = f"/pulls/{row['_number']}/reviews/{row['pull_request_review_id']}/comments"
    assert row["id"] in [one["id"] for one in await walk(http, HOME + path)]
    assert (await get(http, f"/pulls/{row['_number']}/reviews/1/comments")).status_code == 404


async def test_single_comments_are_found_by_id(http: httpx.AsyncClient, world: World) -> None:
    for kind, rows in (
        ("pulls", world.repository.all_review_comments()),
        ("issues", world.repository.all_issue_comments()),
    ):
        shown = (await get(http, f"/{kind}/comments/{rows[0]['id']}")).json()
        assert (shown["id"], shown["body"]) == (rows[0]["id"], rows[0]["body"])


async def test_list_and_single_pull_request_differ_as_documented(http: httpx.AsyncClient) -> None:
    listed = (await get(http, "/pulls?state=all")).json()[0]
    single = (await get(http, f"/pulls/{listed['number']}")).json()
    only_single = {"additions", "deletions", "changed_files", "merged", "merged_by", "mergeable"}
    assert not only_single & listed.keys()
    assert only_single | listed.keys() <= single.keys()


@pytest.mark.parametrize(
    ("query", "key", "falling"),
    [
        ("sort=updated&direction=desc", "updated_at", True),
        ("sort=updated", "updated_at", False),
        ("sort=created&direction=asc", "created_at", False),
        ("", "created_at", True),
    ],
)
async def test_pull_requests_come_in_the_order_asked_for(
    http: httpx.AsyncClient, query: str, key: str, falling: bool
) -> None:
    rows = await walk(http, f"{HOME}/pulls?state=all&per_page=9&{query}")
    times = [row[key] for row in rows]
    assert times == sorted(times, reverse=falling)


async def test_states_select(http: httpx.AsyncClient) -> None:
    for state in ("open", "closed"):
        for path in ("/pulls", "/issues"):
            rows = await walk(http, f"{HOME}{path}?state={state}")
            assert {row["state"] for row in rows} == {state}
    assert await walk(http, f"{HOME}/pulls") == await walk(http, f"{HOME}/pulls?state=open")


@pytest.mark.parametrize(
    "path", ["/issues?state=all", "/issues/comments?x=1", "/pulls/comments?x=1"]
)
async def test_since_gives_what_was_updated_then_or_later(
    http: httpx.AsyncClient, path: str
) -> None:
    rows = await walk(http, HOME + path)
    moment = sorted(row["updated_at"] for row in rows)[len(rows) // 2]
    later = await walk(http, f"{HOME}{path}&since={moment}")
    assert len(later) == sum(row["updated_at"] >= moment for row in rows)


@pytest.mark.parametrize(
    "since", ["2026-03-01T00:00:00Z", "2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00.000+00:00"]
)
async def test_since_is_a_moment_however_it_is_written(
    http: httpx.AsyncClient, world: World, since: str
) -> None:
    params = {"state": "all", "per_page": "100", "since": since}
    rows = (await http.get(f"{HOME}/issues", params=params)).json()
    items = [*world.repository.pulls.values(), *world.repository.issues.values()]
    assert len(rows) == sum(row["updated_at"] >= "2026-03-01T00:00:00Z" for row in items)


async def test_issues_are_selected_by_label_and_author(
    http: httpx.AsyncClient, world: World
) -> None:
    rows = await walk(http, f"{HOME}/issues?state=all&labels=bug&per_page=50")
    assert rows
    assert all("bug" in [label["name"] for label in row["labels"]] for row in rows)
    login = rows[0]["user"]["login"]
    mine = await walk(http, f"{HOME}/issues?state=all&creator={login}")
    assert {row["user"]["login"] for row in mine} == {login}


async def test_only_pull_requests_among_issues_have_the_key(
    http: httpx.AsyncClient, world: World
) -> None:
    for row in await walk(http, f"{HOME}/issues?state=all&per_page=100"):
        assert ("pull_request" in row) == (row["number"] in world.repository.pulls)
    issue = next(iter(world.repository.issues))
    assert "pull_request" not in (await get(http, f"/issues/{issue}")).json()


async def test_page_past_the_end_is_empty_and_has_no_next(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/pulls?state=all&page=99")
    assert (answer.status_code, answer.json()) == (200, [])
    assert "next" not in answer.links


async def test_links_are_in_githubs_order_and_keep_the_query(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/pulls?state=all&per_page=10&page=2")
    assert re.findall(r'rel="(\w+)"', answer.headers["link"]) == ["prev", "next", "last", "first"]
    assert answer.links["next"]["url"].endswith("/pulls?state=all&per_page=10&page=3")


async def test_pages_hold_a_hundred_at_most(http: httpx.AsyncClient, world: World) -> None:
    rows = (await get(http, "/issues/comments?per_page=1000")).json()
    assert len(rows) == min(100, len(world.repository.all_issue_comments()))
    assert len((await get(http, "/issues/comments?per_page=no")).json()) == 30


async def test_unknown_filter_values_are_refused(http: httpx.AsyncClient) -> None:
    for query in ("state=merged", "direction=up&state=all"):
        for path in ("/pulls", "/issues"):
            answer = await get(http, f"{path}?{query}")
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["code"] == "invalid"
    assert (await get(http, "/issues?since=yesterday")).status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        "/repos/nobody/nothing",
        "/repositories/1",
        "/repositories/x",
        f"{HOME}/pulls/99999",
        f"{HOME}/pulls/99999/reviews",
        f"{HOME}/pulls/99999/comments",
        f"{HOME}/pulls/99999/commits",
        f"{HOME}/pulls/comments/1",
        f"{HOME}/issues/99999",
        f"{HOME}/issues/99999/comments",
        f"{HOME}/issues/99999/timeline",
        f"{HOME}/issues/comments/1",
        f"{HOME}/nothing/of/this",
        "/users/nobody-at-all",
        "/user/1",
        "/nowhere",
    ],
)
async def test_what_is_not_there_is_404_in_githubs_words(
    http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(path)
    assert answer.status_code == 404
    assert (answer.json()["message"], answer.json()["status"]) == ("Not Found", "404")


async def test_renamed_repository_redirects_to_its_id(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    changes.rename_repository(github.world, home, "riverside/port")
    answer = await get(http, "/pulls?state=all")
    assert answer.status_code == 301
    assert answer.headers["location"] == (f"{github.url}/repositories/{home.id}/pulls?state=all")
    followed = await http.get(HOME, follow_redirects=True)
    assert followed.json()["full_name"] == "riverside/port"
    listed = (await http.get(answer.headers["location"])).json()[0]
    assert "/repos/riverside/port/" in listed["url"]


async def test_hidden_repository_is_404_and_a_blocked_one_451(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    github.world.repository.refused = 404
    assert (await get(http, "/pulls")).status_code == 404
    github.world.repository.refused = 451
    answer = await get(http, "")
    assert (answer.status_code, answer.json()["block"]["reason"]) == (451, "dmca")


async def test_disabled_issues_are_gone(http: httpx.AsyncClient, github: SimulatedGitHub) -> None:
    github.world.repository.record["has_issues"] = False
    answer = await get(http, "/issues")
    assert answer.status_code == 410
    assert answer.json()["message"] == "Issues are disabled for this repo"


async def test_accounts_are_found_by_login_and_id(http: httpx.AsyncClient, world: World) -> None:
    row = next(row for row in world.users.values() if row["type"] == "User")
    named = (await http.get(f"/users/{row['login'].upper()}")).json()
    assert (await http.get(f"/user/{row['id']}")).json() == named
    assert (named["id"], named["name"]) == (row["id"], row["name"])


async def test_deleted_accounts_show_as_ghost_and_in_reviews_as_null(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    review = next(row for rows in home.reviews.values() for row in rows if row["user"])
    pull = next(row for row in home.pulls.values() if row["user"] == review["user"])
    github.world.delete_user(review["user"])
    reviews = await walk(http, f"{HOME}/pulls/{review['_number']}/reviews?per_page=100")
    assert next(row for row in reviews if row["id"] == review["id"])["user"] is None
    shown = (await get(http, f"/pulls/{pull['number']}")).json()
    assert (shown["user"]["login"], shown["user"]["id"]) == ("ghost", 10137)


async def test_contributors_are_counted_from_merged_pull_requests(
    http: httpx.AsyncClient, world: World
) -> None:
    rows = await walk(http, f"{HOME}/contributors")
    merged = sum(row["merged_at"] is not None for row in world.repository.pulls.values())
    counts = [row["contributions"] for row in rows]
    assert sum(counts) == merged
    assert counts == sorted(counts, reverse=True)


async def test_commit_activity_is_computed_first_and_then_given(http: httpx.AsyncClient) -> None:
    first, second = [await get(http, "/stats/commit_activity") for _ in range(2)]
    assert (first.status_code, first.json()) == (202, {})
    weeks = second.json()
    assert len(weeks) == 52
    assert all(week["total"] == sum(week["days"]) for week in weeks)


async def test_events_are_new_first_and_end_after_three_hundred(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/events?per_page=100")
    times = [row["created_at"] for row in answer.json()]
    assert times == sorted(times, reverse=True)
    assert answer.headers["x-poll-interval"] == "60"
    beyond = await get(http, "/events?per_page=100&page=4")
    assert beyond.status_code == 422
    assert "pagination is limited" in beyond.json()["message"]


async def test_timeline_leaves_out_reviews_made_of_replies(
    http: httpx.AsyncClient, world: World
) -> None:
    home = world.repository
    reply = next(row for rows in home.reviews.values() for row in rows if "_comments" in row)
    found = await walk(http, f"{HOME}/issues/{reply['_number']}/timeline?per_page=100")
    shown = [row["id"] for row in found if row["event"] == "reviewed"]
    told = [row["id"] for row in home.reviews[reply["_number"]] if "_comments" not in row]
    assert sorted(shown) == sorted(told)
    commented = sum(row["event"] == "commented" for row in found)
    assert commented == len(home.issue_comments[reply["_number"]])

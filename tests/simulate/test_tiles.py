"""A repository that is derived as it is asked for answers as one that is held as a whole."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from mainstem.simulate import Repository, World, changes, generate, generator
from mainstem.simulate.budget import Budget
from mainstem.simulate.graph import Graph, Planned
from mainstem.simulate.rest import Rest
from mainstem.simulate.tiles import TiledRepository

from .test_graph import PAGE

HOME = "/repos/riverside/harbour"
LISTS = ("reviews", "review_comments", "issue_comments", "commits", "events")
UPDATED = """{repository(owner: "riverside", name: "harbour") {
  a: pullRequests(first: 30, orderBy: {field: UPDATED_AT, direction: DESC}) {
    totalCount nodes {number updatedAt}}
  b: pullRequests(last: 7, states: [MERGED]) {totalCount nodes {number}}
  c: issues(first: 30, orderBy: {field: UPDATED_AT, direction: ASC}) {nodes {number}}}}"""


@pytest.fixture
def tiled(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(generator, "MOST_WHOLE", 40)
    monkeypatch.setattr(generator, "PER_TILE", 15)
    return generate(7, 60)


def whole(world: World) -> World:
    """The same rows, each held for itself."""
    large = world.repository
    made = Repository(record=copy.deepcopy(large.record))
    made.pulls.update((number, copy.deepcopy(row)) for number, row in large.pulls.items())
    made.issues.update((number, copy.deepcopy(row)) for number, row in large.issues.items())
    for kind in LISTS:
        for number in (*made.pulls, *made.issues):
            rows = copy.deepcopy(getattr(large, kind).get(number, []))
            if rows:
                getattr(made, kind)[number] = rows
    made.gone.update(large.gone)
    return World(users=world.users, repositories=[made])


def graph(world: World, query: str, **variables: Any) -> dict[str, Any]:
    served = Graph(world, schema=None, widest=None)
    planned = served.plan({"query": query, "variables": variables})
    assert isinstance(planned, Planned)
    return served.execute(planned, Budget("graphql", 5_000, 0)).body


def pages(world: World) -> list[Any]:
    """A walk over everything in GraphQL."""
    found, after = [], None
    while True:
        answer = graph(world, PAGE, first=13, after=after)
        found.append(answer)
        page = answer["data"]["repository"]["pullRequests"]["pageInfo"]
        after = page["endCursor"]
        if not page["hasNextPage"]:
            return found


def lists(world: World) -> list[Any]:
    """What REST says to many questions."""
    rest = Rest(world, "http://x", now=lambda: datetime(2026, 7, 1, tzinfo=UTC), pending=0)
    middle = world.repository.ordered("items", "updated_at")[40]["updated_at"]
    number = world.repository.ordered("review_comments", "created_at")[-1]["_number"]
    found = []
    for path in ("issues", "pulls", "issues/comments", "pulls/comments", "events"):
        for query in (
            {"state": "all", "per_page": "17", "page": "2"},
            {"state": "open", "sort": "updated", "direction": "desc"},
            {"state": "all", "sort": "updated", "direction": "asc", "since": middle},
            {"state": "all", "sort": "comments", "since": middle},
        ):
            answer = rest.answer(f"{HOME}/{path}", query)
            found.append((path, query, answer.status, answer.headers, answer.body))
    for path in ("reviews", "comments", "commits"):
        found.append(rest.answer(f"{HOME}/pulls/{number}/{path}", {}).body)
    return found


def test_both_apis_answer_as_if_all_was_held(tiled: World) -> None:
    assert isinstance(tiled.repository, TiledRepository)
    plain = whole(tiled)
    assert len(plain.repository.pulls) == len(tiled.repository.pulls) == 60
    assert pages(tiled) == pages(plain)
    assert lists(tiled) == lists(plain)
    assert graph(tiled, UPDATED) == graph(plain, UPDATED)


def test_ids_and_commits_of_tiles_differ(tiled: World) -> None:
    home = tiled.repository
    for kind in ("review_comments", "issue_comments"):
        ids = [row["id"] for row in home.ordered(kind, "created_at")]
        assert len(ids) == len(set(ids))
    heads = [row["head"]["sha"] for row in home.pulls.values()]
    assert len(heads) == len(set(heads))
    times = [row["created_at"] for row in home.ordered("items", "created_at")]
    assert times == sorted(times)


def alter(world: World) -> None:
    """Changes in several tiles: new, altered and removed things."""
    home = world.repository
    user = next(one["id"] for one in world.users.values() if one["type"] == "User")
    pulls, issues = list(home.pulls), list(home.issues)
    changes.label(home, pulls[0], "bug")
    changes.add_comment(home, pulls[17], "New.", user=user)
    changes.add_review_comment(home, pulls[30], "New.", user=user)
    changes.force_push(home, home.ordered("review_comments", "created_at")[0]["_number"])
    changes.edit_comment(home, home.ordered("issue_comments", "created_at")[50]["id"], "Other")
    changes.delete_comment(home, home.ordered("issue_comments", "created_at")[9]["id"])
    changes.delete_issue(home, issues[4])
    changes.close(home, changes.open_pull(home, "New", user=user)["number"], merged_by=user)


def test_changes_are_kept_and_stand_where_they_belong(tiled: World) -> None:
    plain = whole(tiled)
    alter(tiled)
    after = whole(tiled)
    assert pages(tiled) == pages(after)
    assert lists(tiled) == lists(after)
    assert pages(tiled) != pages(plain)
    assert len(tiled.repository.pulls) == 61


def test_changed_rows_are_those_that_the_same_changes_make_elsewhere(tiled: World) -> None:
    plain = whole(tiled)
    alter(tiled)
    alter(plain)
    times = [
        [(row["number"], row["updated_at"]) for row in home.ordered("items", "updated_at")]
        for home in (tiled.repository, plain.repository)
    ]
    assert times[0] == times[1]


def test_everything_is_found_by_its_node_id(tiled: World) -> None:
    query = """query($n: Int!) {repository(owner: "riverside", name: "harbour") {
      pullRequest(number: $n) {id comments(first: 1) {nodes {id}} reviews(first: 1) {nodes {id}}
        reviewThreads(first: 1) {nodes {id comments(first: 1) {nodes {id}}}}}}}"""
    home = tiled.repository
    last = home.ordered("review_comments", "created_at")[-1]["_number"]
    pull = graph(tiled, query, n=last)["data"]["repository"]["pullRequest"]
    thread = pull["reviewThreads"]["nodes"][0]
    ids = [pull["id"], pull["reviews"]["nodes"][0]["id"], thread["id"]]
    ids.append(thread["comments"]["nodes"][0]["id"])
    asked = "query($ids: [ID!]!) {nodes(ids: $ids) {id ... on PullRequest {number}}}"
    nodes = graph(tiled, asked, ids=ids)["data"]["nodes"]
    assert [node["id"] for node in nodes] == ids
    assert nodes[0]["number"] == last
    missing = graph(tiled, asked, ids=["PR_UHVsbFJlcXVlc3Q6MQ"])
    assert missing["data"]["nodes"] == [None]


def test_hundred_thousand_pull_requests_are_there_at_once() -> None:
    home = generate(7, 100_000).repository
    assert (len(home.pulls), len(home.issues)) == (100_000, 40_000)
    assert home.ordered("pulls", "created_at")[99_999]["id"] > 2**37
    query = """{repository(owner: "riverside", name: "harbour") {pullRequests(first: 1, orderBy:
      {field: UPDATED_AT, direction: DESC}) {totalCount}}}"""
    answer = graph(World({}, [home]), query)
    assert answer["data"]["repository"]["pullRequests"]["totalCount"] == 100_000


def test_discussions_of_a_tiled_repository_have_numbers_of_their_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generator, "MOST_WHOLE", 40)
    monkeypatch.setattr(generator, "PER_TILE", 15)
    home = generate(7, 60, shape="discussions").repository
    assert home.discussions
    assert not {*home.discussions} & {*home.pulls, *home.issues}
    answered = [row for row in home.discussions.values() if row["answer_id"]]
    number, _ = home.by_id("discussion_comments")[answered[0]["answer_id"]]
    assert number == answered[0]["number"]
    assert home.next_number() > max(home.discussions)

"""What a capture at the price floor asks the graph for, held against GitHub's own schema too."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import parse, validate

from mainstem.simulate import World
from mainstem.simulate.graph import load_schema

from .walks import ask

HOME = 'repository(owner: "riverside", name: "harbour")'
PULLS = """query($first: Int!, $since: DateTime) {
  repository(owner: "riverside", name: "harbour") {pullRequests(first: $first) {nodes {
    number totalCommentsCount milestone {title}
    labels(first: 20) {totalCount nodes {name color}}
    assignees(first: 20) {totalCount nodes {login databaseId}}
    reviewRequests(first: 20) {totalCount pageInfo {hasNextPage endCursor} nodes {
      asCodeOwner pullRequest {number} requestedReviewer {__typename
        ... on User {login databaseId} ... on Bot {login databaseId}
        ... on Mannequin {login databaseId} ... on Team {slug name databaseId combinedSlug}}}}
    timelineItems(first: 50, since: $since, itemTypes: [PULL_REQUEST_REVIEW, ISSUE_COMMENT]) {
      totalCount filteredCount pageCount updatedAt pageInfo {hasNextPage endCursor} nodes {
        ... on PullRequestReview {fullDatabaseId state body submittedAt isMinimized}
        ... on IssueComment {fullDatabaseId body isMinimized minimizedReason}}}
    reviewThreads(first: 50) {nodes {comments(first: 50) {nodes {
      fullDatabaseId isMinimized minimizedReason pullRequestReview {
        fullDatabaseId state body submittedAt author {login} commit {oid}}}}}}
  }}}}"""
DISCUSSIONS = """query($first: Int!) {
  repository(owner: "riverside", name: "harbour") {
    discussion(number: 900) {title}
    discussions(first: $first, orderBy: {field: UPDATED_AT, direction: DESC}) {
      totalCount pageInfo {hasNextPage endCursor} nodes {
        id number title body url createdAt updatedAt locked closed isAnswered upvoteCount
        author {login ... on User {databaseId}} category {id name slug description emoji}
        answer {id createdAt isAnswer author {login} discussion {number}} answerChosenAt
        answerChosenBy {login} comments(first: 10) {totalCount nodes {body replyTo {id} url}}}}}}"""


@pytest.mark.parametrize("query", [PULLS, DISCUSSIONS])
def test_query_is_good_by_githubs_own_schema(shared: Path, query: str) -> None:
    schema = load_schema(shared / "schema" / "schema.graphql")
    assert validate(schema, parse(query)) == []


async def pulls_by_number(http: httpx.AsyncClient, **variables: Any) -> dict[int, Any]:
    answer = await ask(http, PULLS, first=100, **variables)
    assert "errors" not in answer
    nodes = answer["data"]["repository"]["pullRequests"]["nodes"]
    return {node["number"]: node for node in nodes}


async def test_requested_reviewers_are_told_by_their_kind(
    http: httpx.AsyncClient, world: World
) -> None:
    kinds: dict[str, int] = {"User": 0, "Bot": 0, "Mannequin": 0}
    for user in world.users.values():
        if user["login"] != "ghost":
            kinds[user["type"]] = user["id"]
    number = min(world.repository.pulls)
    world.repository.pulls[number].update(
        requested_reviewers=[kinds["User"], kinds["Bot"], kinds["Mannequin"]],
        requested_teams=[{"id": 7, "name": "Pilots", "slug": "pilots"}],
    )
    found = (await pulls_by_number(http))[number]["reviewRequests"]
    shown = [one["requestedReviewer"] for one in found["nodes"]]
    assert found["totalCount"] == 4
    assert [one["__typename"] for one in shown] == ["User", "Bot", "Mannequin", "Team"]
    assert [one["databaseId"] for one in shown] == [*list(kinds.values())[:3], 7]
    assert shown[3]["combinedSlug"] == "riverside/pilots"
    assert not found["nodes"][0]["asCodeOwner"]
    assert found["nodes"][0]["pullRequest"] == {"number": number}


async def test_timeline_counts_all_items_and_those_of_the_types_asked_for(
    http: httpx.AsyncClient, world: World
) -> None:
    home = world.repository
    for number, node in (await pulls_by_number(http)).items():
        submitted = [row for row in home.reviews[number] if "_comments" not in row]
        wanted = len(submitted) + len(home.issue_comments[number])
        found = node["timelineItems"]
        assert found["filteredCount"] == wanted
        assert found["totalCount"] == wanted + len(home.commits[number])
        assert found["pageCount"] == len(found["nodes"]) == min(50, wanted)


async def test_timeline_since_a_time_counts_only_what_is_newer(http: httpx.AsyncClient) -> None:
    nodes = await pulls_by_number(http, since="2100-01-01T00:00:00Z")
    assert {node["timelineItems"]["filteredCount"] for node in nodes.values()} == {0}


async def test_review_comment_brings_its_review_along(
    http: httpx.AsyncClient, world: World
) -> None:
    reviews = world.repository.by_id("reviews")
    seen = 0
    for node in (await pulls_by_number(http)).values():
        for thread in node["reviewThreads"]["nodes"]:
            for comment in thread["comments"]["nodes"]:
                review = comment["pullRequestReview"]
                row = reviews[int(review["fullDatabaseId"])][1]
                assert review["state"] == row["state"]
                assert review["submittedAt"] == row["submitted_at"]
                assert review["commit"] == {"oid": row["commit_id"]}
                seen += 1
    assert seen > 20


async def test_minimised_comment_says_so_and_why(http: httpx.AsyncClient, world: World) -> None:
    row = world.repository.all_issue_comments()[0]
    row["_minimized"] = "spam"
    comments = "comments(first: 1) {nodes {isMinimized minimizedReason}}"
    query = f"""query($n: Int!) {{{HOME} {{
      issue(number: $n) {{{comments}}} pullRequest(number: $n) {{{comments}}}}}}}"""
    home = (await ask(http, query, n=row["_number"]))["data"]["repository"]
    item = home["issue"] or home["pullRequest"]
    assert item["comments"]["nodes"] == [{"isMinimized": True, "minimizedReason": "spam"}]


async def test_several_repositories_and_pull_requests_are_asked_for_in_one_call(
    http: httpx.AsyncClient, world: World
) -> None:
    numbers = list(world.repository.pulls)[:5]
    pulls = " ".join(
        f"p{place}: pullRequest(number: {n}) {{number}}" for place, n in enumerate(numbers)
    )
    probe = "pullRequests(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) {nodes {number}}"
    answer = await ask(
        http, f"{{rateLimit {{cost}} a: {HOME} {{{pulls}}} b: {HOME} {{{probe}}} c: {HOME} {{id}}}}"
    )
    assert [answer["data"]["a"][f"p{place}"]["number"] for place in range(5)] == numbers
    assert len(answer["data"]["b"]["pullRequests"]["nodes"]) == 1
    assert answer["data"]["rateLimit"] == {"cost": 1}


async def test_discussions_come_by_their_last_update_with_their_answer(
    http: httpx.AsyncClient, world: World
) -> None:
    home = world.repository
    user = next(one for one in world.users.values() if one["type"] == "User")
    category = {"id": 5, "name": "Q&A", "slug": "q-a", "emoji": ":pray:", "is_answerable": True}
    for number, at in ((900, "2026-01-01T00:00:00Z"), (901, "2026-02-01T00:00:00Z")):
        home.discussions[number] = {
            "id": number,
            "number": number,
            "title": f"Number {number}",
            "body": "Why?",
            "user": user["id"],
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": at,
            "category": category,
            "answer_id": None,
            "upvotes": 3,
        }
    answer = {
        "id": 77,
        "user": user["id"],
        "body": "Because.",
        "_number": 900,
        "created_at": "2026-01-02T00:00:00Z",
        "updated_at": "2026-01-02T00:00:00Z",
    }
    home.discussion_comments[900].append(answer)
    chosen = {"answer_chosen_at": "2026-01-03T00:00:00Z", "answer_chosen_by": user["id"]}
    home.discussions[900].update(answer_id=77, **chosen)
    found = (await ask(http, DISCUSSIONS, first=10))["data"]["repository"]
    newest, answered = found["discussions"]["nodes"]
    assert found["discussion"] == {"title": "Number 900"}
    assert (newest["number"], newest["isAnswered"], newest["answer"]) == (901, False, None)
    assert answered["answer"]["discussion"] == {"number": 900}
    assert answered["answer"]["isAnswer"]
    assert answered["answerChosenBy"] == {"login": user["login"]}
    assert answered["comments"]["totalCount"] == 1
    assert answered["url"] == "https://github.com/riverside/harbour/discussions/900"
    assert answered["comments"]["nodes"][0]["url"].endswith("/900#discussioncomment-77")

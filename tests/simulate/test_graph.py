"""GraphQL as GitHub serves it: whole pull requests, cursors, people, refusals."""

import time

import httpx
import pytest

from mainstem.simulate import Options, SimulatedGitHub, World, changes, simulated_github

from .walks import ask

HOME = 'repository(owner: "Riverside", name: "harbour")'
ACTOR = """fragment Who on Actor {__typename login avatarUrl url
  ... on User {databaseId} ... on Bot {databaseId} ... on Mannequin {databaseId}}"""
PAGE = (
    """query($first: Int!, $after: String) {
  rateLimit {cost nodeCount limit remaining used resetAt}
  repository(owner: "riverside", name: "harbour") {
    id databaseId nameWithOwner url stargazerCount forkCount isPrivate isArchived hasIssuesEnabled
    description createdAt pushedAt defaultBranchRef {name} primaryLanguage {name}
    licenseInfo {spdxId} repositoryTopics(first: 5) {nodes {topic {name}}}
    watchers {totalCount} owner {login __typename} visibility
    discussions(first: 1) {totalCount nodes {title}}
    pullRequests(first: $first, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
      totalCount pageInfo {hasNextPage hasPreviousPage startCursor endCursor} edges {cursor}
      nodes {
        id fullDatabaseId number title body bodyText state isDraft url createdAt updatedAt closedAt
        mergedAt merged mergeable mergeStateStatus additions deletions changedFiles baseRefName
        headRefName headRefOid baseRefOid isCrossRepository maintainerCanModify totalCommentsCount
        reviewDecision lastEditedAt locked activeLockReason closed authorAssociation
        author {...Who} mergedBy {...Who} headRef {name target {oid}} mergeCommit {oid}
        milestone {title} labels(first: 5) {nodes {name color isDefault}}
        assignees(first: 5) {nodes {login databaseId name}}
        commits(first: 1) {totalCount nodes {id commit {
          oid abbreviatedOid messageHeadline committedDate authoredDate author {name date}}}}
        reviews(first: 100) {totalCount pageInfo {hasNextPage endCursor}
          nodes {fullDatabaseId state body submittedAt createdAt author {...Who} commit {oid}}}
        comments(first: 100) {totalCount pageInfo {hasNextPage endCursor}
          nodes {fullDatabaseId body createdAt updatedAt url author {...Who} issue {number}}}
        reviewThreads(first: 2) {totalCount pageInfo {hasNextPage endCursor} nodes {
          id isResolved isOutdated path line comments(first: 50) {totalCount
            pageInfo {hasNextPage endCursor} nodes {
              fullDatabaseId body createdAt updatedAt path position originalPosition line
              originalLine startLine originalStartLine diffHunk outdated subjectType url
              author {...Who} replyTo {fullDatabaseId} commit {oid} originalCommit {oid}
              pullRequestReview {fullDatabaseId} pullRequest {number}}}}}
      }
    }
  }
}"""
    + ACTOR
)


async def test_pages_walked_by_cursor_hold_everything_that_the_world_holds(
    http: httpx.AsyncClient, world: World
) -> None:
    home, after, found = world.repository, None, []
    while True:
        answer = await ask(http, PAGE, first=9, after=after)
        assert "errors" not in answer
        page = answer["data"]["repository"]["pullRequests"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert [int(node["fullDatabaseId"]) for node in found] == [
        row["id"] for row in home.pulls.values()
    ]
    for node in found:
        number = node["number"]
        assert node["reviews"]["totalCount"] == len(home.reviews[number])
        assert node["comments"]["totalCount"] == len(home.issue_comments[number])
        assert node["reviewThreads"]["totalCount"] == len(home.threads_of(number))
        assert node["commits"]["totalCount"] == len(home.commits[number])


async def test_widest_usual_page_is_answered_quickly(http: httpx.AsyncClient) -> None:
    await ask(http, PAGE, first=1)
    begun = time.perf_counter()
    await ask(http, PAGE, first=25)
    assert time.perf_counter() - begun < 1.5  # about 0.05 on an idle machine


async def test_review_comments_name_their_review_and_parent(
    http: httpx.AsyncClient, world: World
) -> None:
    home = world.repository
    reply = next(row for row in home.all_review_comments() if row["in_reply_to_id"])
    query = f"""query($n: Int!) {{{HOME} {{pullRequest(number: $n) {{
      reviews(first: 100) {{nodes {{fullDatabaseId comments(first: 100) {{nodes {{
        fullDatabaseId replyTo {{fullDatabaseId}}
        pullRequestReview {{fullDatabaseId}}}}}}}}}}}}}}}}"""
    answer = await ask(http, query, n=reply["_number"])
    found = [
        (review["fullDatabaseId"], comment)
        for review in answer["data"]["repository"]["pullRequest"]["reviews"]["nodes"]
        for comment in review["comments"]["nodes"]
    ]
    review, comment = next(one for one in found if one[1]["fullDatabaseId"] == str(reply["id"]))
    assert review == str(reply["pull_request_review_id"])
    assert comment["pullRequestReview"]["fullDatabaseId"] == review
    assert comment["replyTo"]["fullDatabaseId"] == str(reply["in_reply_to_id"])


async def test_actors_are_told_apart(http: httpx.AsyncClient, world: World) -> None:
    query = f"""{{{HOME} {{pullRequests(first: 100) {{
      nodes {{number author {{...Who}}}}}}}}}} {ACTOR}"""
    answer = await ask(http, query)
    nodes = answer["data"]["repository"]["pullRequests"]["nodes"]
    shown = {node["number"]: node["author"] for node in nodes}
    for number, row in world.repository.pulls.items():
        user, author = world.users[row["user"]], shown[number]
        if user["login"] == "ghost":
            assert author is None
        else:
            assert (author["__typename"], author["databaseId"]) == (user["type"], user["id"])
            assert author["login"] == user["login"].removesuffix("[bot]")
    assert {(one or {}).get("__typename") for one in shown.values()} >= {"User", "Bot", "Mannequin"}


async def test_deleted_and_renamed_accounts(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    world = github.world
    number, row = next(
        (number, row)
        for number, row in world.repository.pulls.items()
        if world.users[row["user"]]["type"] == "User" and row["user"] != 10137
    )
    query = f"query($n: Int!) {{{HOME} {{pullRequest(number: $n) {{author {{login}}}}}}}}"
    world.rename_user(row["user"], "somebody-else")
    answer = await ask(http, query, n=number)
    assert answer["data"]["repository"]["pullRequest"]["author"] == {"login": "somebody-else"}
    world.delete_user(row["user"])
    answer = await ask(http, query, n=number)
    assert answer["data"]["repository"]["pullRequest"]["author"] is None


async def test_database_id_beyond_32_bits_is_null_with_an_error(
    http: httpx.AsyncClient, world: World
) -> None:
    pulls = world.repository.pulls
    small = next(number for number, row in pulls.items() if row["id"] < 2**31)
    large = next(number for number, row in pulls.items() if row["id"] >= 2**31)
    query = f"""{{{HOME} {{a: pullRequest(number: {small}) {{databaseId fullDatabaseId}}
      b: pullRequest(number: {large}) {{databaseId fullDatabaseId}}}}}}"""
    answer = await ask(http, query)
    home = answer["data"]["repository"]
    assert home["a"]["databaseId"] == pulls[small]["id"]
    assert home["b"] == {"databaseId": None, "fullDatabaseId": str(pulls[large]["id"])}
    assert answer["errors"][0]["path"] == ["repository", "b", "databaseId"]


async def test_issues_with_their_comments(http: httpx.AsyncClient, world: World) -> None:
    query = f"""{{{HOME} {{issues(first: 100, orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
      totalCount nodes {{number state stateReason updatedAt fullDatabaseId author {{login}}
        labels(first: 9) {{nodes {{name}}}}
        comments(first: 100) {{totalCount nodes {{body}}}}}}}}}}}}"""
    found = (await ask(http, query))["data"]["repository"]["issues"]
    home = world.repository
    assert found["totalCount"] == len(found["nodes"]) == len(home.issues)
    times = [node["updatedAt"] for node in found["nodes"]]
    assert times == sorted(times, reverse=True)
    for node in found["nodes"]:
        row = home.issues[node["number"]]
        assert node["stateReason"] == ((row["state_reason"] or "").upper() or None)
        assert node["comments"]["totalCount"] == len(home.issue_comments[node["number"]])


async def test_issues_are_filtered(http: httpx.AsyncClient, world: World) -> None:
    rows = sorted(world.repository.issues.values(), key=lambda row: str(row["updated_at"]))
    since = rows[len(rows) // 2]["updated_at"]
    query = f"""query($since: DateTime) {{{HOME} {{
      new: issues(first: 100, filterBy: {{since: $since}}) {{nodes {{updatedAt}}}}
      open: issues(first: 100, states: [OPEN]) {{nodes {{state}}}}
      bugs: issues(first: 100, labels: ["bug"]) {{totalCount nodes {{number}}}}}}}}"""
    home = (await ask(http, query, since=since))["data"]["repository"]
    assert len(home["new"]["nodes"]) == sum(row["updated_at"] >= since for row in rows)
    assert {node["state"] for node in home["open"]["nodes"]} == {"OPEN"}
    labelled = [row for row in rows if "bug" in [one["name"] for one in row["labels"]]]
    assert home["bugs"]["totalCount"] == len(labelled)


async def test_pull_requests_are_filtered(http: httpx.AsyncClient, world: World) -> None:
    query = f"""{{{HOME} {{
      merged: pullRequests(first: 100, states: [MERGED]) {{nodes {{state merged}}}}
      other: pullRequests(first: 1, baseRefName: "other") {{totalCount}}
      docs: pullRequests(first: 100, labels: ["docs"]) {{totalCount}}}}}}"""
    home = (await ask(http, query))["data"]["repository"]
    rows = world.repository.pulls.values()
    assert len(home["merged"]["nodes"]) == sum(row["merged_at"] is not None for row in rows)
    assert home["other"]["totalCount"] == 0
    assert home["docs"]["totalCount"] > 0


async def test_timeline_items_hold_submitted_reviews_and_comments(
    http: httpx.AsyncClient, world: World
) -> None:
    home = world.repository
    number = max(home.reviews, key=lambda one: len(home.reviews[one]))
    query = f"""query($n: Int!, $since: DateTime) {{{HOME} {{pullRequest(number: $n) {{
      all: timelineItems(first: 100) {{totalCount}}
      some: timelineItems(first: 100, since: $since,
        itemTypes: [PULL_REQUEST_REVIEW, ISSUE_COMMENT]) {{
        filteredCount nodes {{__typename ... on IssueComment {{fullDatabaseId}}
          ... on PullRequestReview {{fullDatabaseId}}}}}}}}}}}}"""
    answer = await ask(http, query, n=number, since="2000-01-01T00:00:00Z")
    pull = answer["data"]["repository"]["pullRequest"]
    submitted = [row for row in home.reviews[number] if "_comments" not in row]
    assert pull["some"]["filteredCount"] == len(submitted) + len(home.issue_comments[number])
    assert pull["all"]["totalCount"] == pull["some"]["filteredCount"] + len(home.commits[number])
    assert {node["__typename"] for node in pull["some"]["nodes"]} <= {
        "PullRequestReview",
        "IssueComment",
    }
    late = await ask(http, query, n=number, since="2100-01-01T00:00:00Z")
    assert late["data"]["repository"]["pullRequest"]["some"]["filteredCount"] == 0


async def test_nodes_are_found_by_their_ids(http: httpx.AsyncClient, world: World) -> None:
    number = max(world.repository.reviews, key=lambda one: len(world.repository.reviews[one]))
    query = f"""query($n: Int!) {{{HOME} {{id owner {{id}} pullRequest(number: $n) {{id
      comments(first: 1) {{nodes {{id}}}} reviews(first: 1) {{nodes {{id}}}}
      reviewThreads(first: 1) {{nodes {{id comments(first: 1) {{nodes {{id}}}}}}}}}}}}}}"""
    home = (await ask(http, query, n=number))["data"]["repository"]
    pull = home["pullRequest"]
    thread = pull["reviewThreads"]["nodes"][0]
    ids = [home["id"], home["owner"]["id"], pull["id"], pull["reviews"]["nodes"][0]["id"]]
    ids += [thread["id"], thread["comments"]["nodes"][0]["id"]]
    query = "query($ids: [ID!]!) {nodes(ids: $ids) {__typename id}}"
    found = (await ask(http, query, ids=ids))["data"]["nodes"]
    assert [node["id"] for node in found] == ids
    assert [node["__typename"] for node in found] == [
        "Repository",
        "Organization",
        "PullRequest",
        "PullRequestReview",
        "PullRequestReviewThread",
        "PullRequestReviewComment",
    ]


async def test_overflow_is_read_on_by_node_and_cursor(
    http: httpx.AsyncClient, world: World
) -> None:
    home = world.repository
    number = max(home.review_comments, key=lambda one: len(home.threads_of(one)))
    begin = f"""query($n: Int!) {{{HOME} {{pullRequest(number: $n) {{id
      reviewThreads(first: 2) {{totalCount pageInfo {{endCursor}} nodes {{id}}}}}}}}}}"""
    pull = (await ask(http, begin, n=number))["data"]["repository"]["pullRequest"]
    threads = pull["reviewThreads"]
    rest = """query($id: ID!, $first: Int!, $after: String) {p1: node(id: $id) {... on PullRequest {
      reviewThreads(first: $first, after: $after) {pageInfo {hasNextPage} nodes {id}}}}}"""
    left = threads["totalCount"] - 2
    after = threads["pageInfo"]["endCursor"]
    answer = await ask(http, rest, id=pull["id"], first=left, after=after)
    found = answer["data"]["p1"]["reviewThreads"]
    assert len({node["id"] for node in [*threads["nodes"], *found["nodes"]]}) == left + 2
    assert found["pageInfo"] == {"hasNextPage": False}


async def test_last_and_before_read_backwards(http: httpx.AsyncClient, world: World) -> None:
    query = f"""query($before: String) {{{HOME} {{pullRequests(last: 3, before: $before) {{
      pageInfo {{hasPreviousPage hasNextPage startCursor}} nodes {{number}}}}}}}}"""
    numbers: list[int] = []
    before = None
    for _ in range(2):
        page = (await ask(http, query, before=before))["data"]["repository"]["pullRequests"]
        numbers = [node["number"] for node in page["nodes"]] + numbers
        before = page["pageInfo"]["startCursor"]
    assert numbers == list(world.repository.pulls)[-6:]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_item_updated_during_a_walk_costs_no_other_item(
    http: httpx.AsyncClient, github: SimulatedGitHub, direction: str
) -> None:
    home = github.world.repository
    query = f"""query($after: String) {{{HOME} {{pullRequests(first: 5, after: $after,
      orderBy: {{field: UPDATED_AT, direction: {direction}}}) {{
      pageInfo {{hasNextPage endCursor}} nodes {{number}}}}}}}}"""
    found: list[int] = []
    after, more = None, True
    while more:
        page = (await ask(http, query, after=after))["data"]["repository"]["pullRequests"]
        found += [node["number"] for node in page["nodes"]]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        if len(found) == 5:  # the very item that the cursor stands at moves
            changes.edit_item(home, found[-1], title="Renamed in the meantime")
    assert set(found) == set(home.pulls)


async def test_renamed_repository_is_followed_unless_asked_not_to(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    changes.rename_repository(github.world, github.world.repository, "riverside/port")
    followed = await ask(http, f"{{{HOME} {{nameWithOwner}}}}")
    assert followed["data"]["repository"] == {"nameWithOwner": "riverside/port"}
    strict = HOME.replace(")", ", followRenames: false)")
    refused = await ask(http, f"{{{strict} {{nameWithOwner}}}}")
    assert refused["errors"][0]["type"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        (
            '{repository(owner: "o", name: "r") {id}}',
            ["repository"],
            "a Repository with the name 'o/r'.",
        ),
        (
            f"{{{HOME} {{pullRequest(number: 9999) {{id}}}}}}",
            ["repository", "pullRequest"],
            "a PullRequest with the number of 9999.",
        ),
        (
            f"{{{HOME} {{issue(number: 9999) {{id}}}}}}",
            ["repository", "issue"],
            "an Issue with the number of 9999.",
        ),
        ('{node(id: "none") {id}}', ["node"], "a node with the global id of 'none'"),
        ('{user(login: "none") {id}}', ["user"], "a User with the login of 'none'."),
    ],
)
async def test_what_is_not_there_is_null_with_not_found(
    http: httpx.AsyncClient, query: str, path: list[str], message: str
) -> None:
    answer = await ask(http, query)
    error = answer["errors"][0]
    assert (error["type"], error["path"]) == ("NOT_FOUND", path)
    assert error["message"] == f"Could not resolve to {message}"
    assert set(error) == {"type", "path", "locations", "message"}


async def test_viewer_user_and_single_issue(http: httpx.AsyncClient, world: World) -> None:
    number, row = next(iter(world.repository.issues.items()))
    login = next(one["login"] for one in world.users.values() if one["type"] == "User")
    query = f"""query($login: String!) {{viewer {{login}} user(login: $login) {{login name email
      createdAt resourcePath bio}} {HOME} {{issue(number: {number}) {{title url
      repository {{nameWithOwner}} comments(first: 5, orderBy: {{field: UPDATED_AT,
      direction: DESC}}) {{nodes {{updatedAt}}}}}}}}}}"""
    data = (await ask(http, query, login=login))["data"]
    assert data["viewer"] == {"login": "simulated"}
    assert data["user"]["resourcePath"] == f"/{login}"
    assert data["repository"]["issue"]["title"] == row["title"]
    assert data["repository"]["issue"]["url"].endswith(f"/issues/{number}")


async def test_unknown_field_is_refused_in_githubs_words(http: httpx.AsyncClient) -> None:
    answer = await ask(http, f"{{{HOME} {{nope}}}}")
    error = answer["errors"][0]
    assert "data" not in answer
    assert error["message"] == "Field 'nope' doesn't exist on type 'Repository'"
    assert error["extensions"]["code"] == "undefinedField"


async def test_bots_cannot_be_asked_for_where_only_users_are(http: httpx.AsyncClient) -> None:
    query = f"""{{{HOME} {{pullRequests(first: 1) {{nodes {{
      assignees(first: 1) {{nodes {{... on Bot {{login}}}}}}}}}}}}}}"""
    assert "data" not in await ask(http, query)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "A query attribute must be specified"),
        ([], "A query attribute must be specified"),
        ({"query": "{"}, "Syntax Error"),
        ({"query": "query A {viewer {login}} query B {viewer {login}}"}, "operation name"),
        ({"query": "{viewer {login}}", "operationName": "C"}, "No operation named 'C'"),
        (
            {"query": f'{{{HOME} {{pullRequests(first: 1, after: "x") {{totalCount}}}}}}'},
            "valid cursor",
        ),
        (
            {"query": f'{{{HOME} {{pullRequests(first: 1, after: "eHg=") {{totalCount}}}}}}'},
            "valid cursor",
        ),
    ],
)
async def test_broken_requests_are_told_so(
    http: httpx.AsyncClient, body: object, told: str
) -> None:
    answer = await http.post("/graphql", json=body)
    assert answer.status_code == 200
    assert told in answer.json()["errors"][0]["message"]


async def test_body_that_is_no_json_is_400_and_get_is_404(http: httpx.AsyncClient) -> None:
    assert (await http.post("/graphql", content=b"{")).status_code == 400
    assert (await http.get("/graphql")).status_code == 404


async def test_more_than_a_hundred_ids_are_refused(http: httpx.AsyncClient) -> None:
    query = "query($ids: [ID!]!) {nodes(ids: $ids) {id}}"
    error = (await ask(http, query, ids=["x"] * 101))["errors"][0]
    assert error["type"] == "ARGUMENT_LIMIT"
    assert error["message"].endswith("100 node ids; you provided 101.")


async def test_page_wider_than_the_server_stands_comes_back_null(world: World) -> None:
    async with (
        simulated_github(world, options=Options(widest_page=10)) as served,
        httpx.AsyncClient(base_url=served.url) as http,
    ):
        wide, narrow = [await ask(http, PAGE, first=first) for first in (11, 10)]
    assert "errors" not in narrow
    assert {error["type"] for error in wide["errors"]} == {"RESOURCE_LIMITS_EXCEEDED"}
    assert wide["data"]["repository"]["pullRequests"]["nodes"] == [None] * 11

"""GitHub's price of a query, in the worked examples of its formula, and what it refuses."""

import httpx
import pytest
from graphql import OperationDefinitionNode, parse

from mainstem.simulate.graph import load_schema
from mainstem.simulate.graph_cost import Cost, cost_of

from .walks import ask

SCHEMA = load_schema()
LEAF = "{totalCount nodes {id}}"


def price(pull_fields: str, first: int = 100) -> Cost:
    return price_of(f"pullRequests(first: {first}) {{nodes {{id {pull_fields}}}}}")


def price_of(fields: str) -> Cost:
    document = parse(f'{{repository(owner: "o", name: "r") {{{fields}}}}}')
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    return cost_of(SCHEMA, operation, {}, {})


BOTH = f"reviews(first: 100) {LEAF} comments(first: 100) {LEAF}"
COMMENTS = f"comments(first: 100) {LEAF}"
NESTED = f"reviews(first: 100) {{nodes {{comments(first: 100) {LEAF}}}}} {COMMENTS}"
FEW = f"reviews(first: 10) {{nodes {{comments(first: 20) {LEAF}}}}} comments(first: 50) {LEAF}"
TIMELINE = "timelineItems(first: 100, itemTypes: [ISSUE_COMMENT]) {nodes {__typename}}"
THREADS = "reviewThreads(first: {}) {{nodes {{comments(first: 50) {}}}}}"


@pytest.mark.parametrize(
    ("first", "fields", "units", "points", "nodes"),
    [
        (100, "title", 1, 1, 100),
        (100, TIMELINE, 101, 1, 10_100),
        (100, BOTH, 201, 2, 20_100),
        (74, BOTH, 149, 1, 14_874),
        (100, FEW, 1_201, 12, 26_100),
        (25, f"{BOTH} {THREADS.format(2, LEAF)}", 126, 1, 7_575),
        (50, f"{BOTH} {THREADS.format(1, LEAF)}", 201, 2, 12_600),
        (49, NESTED, 4_999, 50, 499_849),
    ],
)
def test_worked_examples_of_the_formula(
    first: int, fields: str, units: int, points: int, nodes: int
) -> None:
    cost = price(fields, first)
    assert (cost.units, cost.points, cost.nodes) == (units, points, nodes)


def test_one_pull_request_by_number_opens_only_what_is_below() -> None:
    cost = price_of(
        f"pullRequest(number: 1) {{reviews(first: 100) {{nodes {{comments(first: 50) {LEAF}}}}} "
        f"comments(first: 100) {LEAF}}}"
    )
    assert (cost.units, cost.points, cost.nodes) == (102, 1, 5_200)


def test_connection_asked_for_its_count_costs_one_opening_for_each_parent() -> None:
    assert price("commits {totalCount}").units == 101


def test_same_field_through_a_fragment_costs_once() -> None:
    once = price(f"reviews(first: 9) {LEAF}")
    twice = price(f"reviews(first: 9) {LEAF} ... on PullRequest {{reviews(first: 9) {LEAF}}}")
    assert once == twice


def test_aliases_and_listed_ids_cost_each() -> None:
    document = parse(
        '{nodes(ids: ["a", "b", "c"]) {... on PullRequest {...P}}} '
        f"fragment P on PullRequest {{a: reviews(first: 5) {LEAF} b: reviews(first: 5) {LEAF}}}"
    )
    operation, fragment = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    cost = cost_of(SCHEMA, operation, {"P": fragment}, {})  # type: ignore[dict-item]
    assert (cost.units, cost.nodes) == (6, 30)


HOME = 'repository(owner: "riverside", name: "harbour")'


@pytest.mark.parametrize(
    ("fields", "kind", "told"),
    [
        (
            "issues(first: 101) {totalCount}",
            "EXCESSIVE_PAGINATION",
            "Requesting 101 records on the `issues` connection exceeds the `first` limit of 100",
        ),
        ("issues(last: 0) {totalCount}", "EXCESSIVE_PAGINATION", "must be at least 1, found 0"),
        (
            "issues {nodes {id}}",
            "MISSING_PAGINATION_BOUNDARIES",
            "You must provide a `first` or `last` value to properly paginate the `issues`",
        ),
        (
            f"pullRequests(first: 100) {{nodes {{{NESTED}}}}}",
            "MAX_NODE_LIMIT_EXCEEDED",
            "requests up to 1,020,100 possible nodes which exceeds the maximum limit of 500,000.",
        ),
    ],
)
async def test_queries_beyond_the_limits_are_refused_before_they_run(
    http: httpx.AsyncClient, fields: str, kind: str, told: str
) -> None:
    answer = await ask(http, f"{{{HOME} {{{fields}}}}}")
    assert answer["data"] is None
    assert answer["errors"][0]["type"] == kind
    assert told in answer["errors"][0]["message"]


async def test_price_is_told_in_the_answer_and_deducted(http: httpx.AsyncClient) -> None:
    query = f"""query($n: Int = 100) {{rateLimit {{cost nodeCount remaining used limit resetAt}}
      {HOME} {{pullRequests(first: $n) {{nodes {{{BOTH}}}}}}}}}"""
    first, second = [(await ask(http, query))["data"]["rateLimit"] for _ in range(2)]
    assert (first["cost"], first["nodeCount"]) == (2, 20_100)
    assert (second["used"], second["remaining"]) == (4, second["limit"] - 4)

from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from mainstem.github import Gap, NestedList, queries
from mainstem.github.overflow import Reach, follow_up

TEXTS = [value for value in vars(queries).values() if isinstance(value, queries.Query)]


@pytest.fixture(scope="module")
def schema(shared: Path) -> GraphQLSchema:
    text = (shared / "schema" / "schema.graphql").read_text(encoding="utf-8")
    # GitHub deprecates fields that their interfaces do not, which strict building refuses.
    return build_schema(text, assume_valid=True)


def test_every_query_is_among_those_checked() -> None:
    names = {
        "PullBundle", "PullsPage", "PullsPageWithPeople", "PullsPageOfReviews",
        "PullsPageOfReviewsWithPeople", "PullsPageOfTimelines",
        "PullsPageOfTimelinesWithPeople", "Probe", "RecentPulls", "IssuesPage",
        "IssuesPageWithPeople",
    }  # fmt: skip
    assert {query.name for query in TEXTS} == names


@pytest.mark.parametrize("query", TEXTS, ids=lambda query: query.name)
def test_query_is_valid_in_githubs_schema(query: queries.Query, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(query.text)) == []


@pytest.mark.parametrize("query", TEXTS, ids=lambda query: query.name)
def test_query_asks_what_it_costs_and_for_no_computed_field(query: queries.Query) -> None:
    assert "rateLimit { cost limit remaining resetAt used nodeCount }" in query.text
    assert f"query {query.name}(" in query.text
    computed = {"mergeStateStatus", "bodyHTML", "statusCheckRollup"}
    assert not [field for field in computed if field in query.text]
    assert ("mergeable" in query.text) == (query.name == "PullBundle")


def gap(kind: NestedList) -> Gap:
    return Gap(kind, 1, "n", "c", 9)


@pytest.mark.parametrize("kind", list(queries.NESTED))
def test_follow_up_of_each_nested_list_is_valid(kind: NestedList, schema: GraphQLSchema) -> None:
    query, _ = follow_up([gap(kind)], Reach())
    assert validate(schema, parse(query.text)) == []


def test_pull_requests_by_number_are_asked_for_validly(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(queries.pulls_by_number([1, 22]).text)) == []


def test_follow_up_of_all_of_them_together_is_valid(schema: GraphQLSchema) -> None:
    query, variables = follow_up([gap(kind) for kind in queries.NESTED], Reach())
    assert validate(schema, parse(query.text)) == []
    assert len(variables) == 2 * len(queries.NESTED)

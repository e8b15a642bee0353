"""Compiled queries answer as graphql-core does, errors included."""

import copy
from typing import Any

import pytest
from graphql import execute_sync, parse, validate

from mainstem.simulate import World
from mainstem.simulate.budget import Budget
from mainstem.simulate.graph import Graph, Planned, _as_json, _Context

from .test_graph import PAGE
from .test_graph_capture import DISCUSSIONS, PULLS

HOME = 'repository(owner: "riverside", name: "harbour")'
HARD = [
    (PAGE, {"first": 40}),
    (PULLS, {"first": 40}),
    (DISCUSSIONS, {"first": 5}),
    # 32-bit ids, things that are missing, and lists of which only some are there
    (f"{{{HOME} {{pullRequests(first: 40) {{nodes {{databaseId author {{login}}}}}}}}}}", {}),
    (f"{{{HOME} {{a: pullRequest(number: 1) {{id}} b: pullRequest(number: 9999) {{id}}}}}}", {}),
    ('{nodes(ids: ["none", "nor this"]) {__typename id}}', {}),
    ('{a: repository(owner: "a", name: "b") {id} rateLimit {cost nodeCount}}', {}),
    (f'{{{HOME} {{issues(first: 3, after: "bad") {{totalCount}} name}}}}', {}),
    # the same list through fragments, with more in one of them
    (
        f"""{{{HOME} {{pullRequests(first: 5) {{nodes {{...A ... on PullRequest {{
        comments(first: 2) {{totalCount}}}}}}}}}}}}
        fragment A on PullRequest {{number comments(first: 2) {{nodes {{id author {{...B}}}}}}}}
        fragment B on Actor {{login ... on Bot {{databaseId}} ... on User {{name}}}}""",
        {},
    ),
    (f"query($n: Int!) {{{HOME} {{pullRequest(number: $n) {{number}}}}}}", {"n": "no number"}),
    (f"query($n: Int!) {{{HOME} {{pullRequest(number: $n) {{number}}}}}}", {}),
    (f"query($s: Boolean!) {{{HOME} {{name @skip(if: $s) id @include(if: $s)}}}}", {"s": True}),
    (f"query($s: Boolean = false) {{{HOME} {{name @skip(if: $s) id @include(if: $s)}}}}", {}),
]


@pytest.mark.parametrize(("text", "variables"), HARD)
@pytest.mark.parametrize("too_wide", [False, True])
def test_compiled_query_gives_the_librarys_answer(
    world: World, text: str, variables: dict[str, Any], too_wide: bool
) -> None:
    graph = Graph(world, schema=None, widest=0 if too_wide else None)
    assert validate(graph.schema, parse(text)) == []
    budget = Budget("graphql", 5_000, 0)
    planned = graph.plan({"query": text, "variables": variables})
    assert isinstance(planned, Planned)
    wide = too_wide and planned.cost.widest > 0
    slow = execute_sync(
        graph.schema,
        planned.document,
        context_value=_Context(planned.cost, budget, wide, lambda _home: True),
        variable_values=dict(variables),
    )
    expected: dict[str, Any] = {"data": slow.data}
    if slow.errors:
        expected["errors"] = [_as_json(error) for error in slow.errors]
    for _ in range(2):  # the second time it is compiled already
        found = copy.deepcopy(graph.execute(planned, budget).body)
        assert found == expected
        assert str(found["data"]) == str(expected["data"])  # the fields come in the same order

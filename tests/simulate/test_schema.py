"""The served part of the schema is a true part of GitHub's, and GitHub's can be served instead."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    validate_schema,
)

from mainstem.simulate import Options, SimulateError, World, simulated_github
from mainstem.simulate.graph import load_schema

from .test_graph import PAGE
from .walks import ask


@pytest.fixture(scope="module")
def githubs(shared: Path) -> GraphQLSchema:
    return load_schema(shared / "schema" / "schema.graphql")


def differences(ours: GraphQLSchema, theirs: GraphQLSchema) -> list[str]:
    """Every type, interface, member, field, argument and value of ours that theirs has not, or
    has with another type."""
    found: list[str] = []
    kind: Any
    for name, kind in ours.type_map.items():
        other: Any = theirs.type_map.get(name)
        if type(other) is not type(kind):
            found.append(name)
            continue
        if isinstance(kind, GraphQLEnumType):
            found += [f"{name}.{value}" for value in kind.values.keys() - other.values.keys()]
        if isinstance(kind, GraphQLUnionType):
            members = {member.name for member in other.types}
            found += [f"{name}: {one.name}" for one in kind.types if one.name not in members]
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            above = {one.name for one in other.interfaces}
            found += [f"{name}: {one.name}" for one in kind.interfaces if one.name not in above]
        if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            continue
        for field_name, field in kind.fields.items():
            same = other.fields.get(field_name)
            if same is None or str(same.type) != str(field.type):
                found.append(f"{name}.{field_name}")
                continue
            for argument, value in getattr(field, "args", {}).items():
                if argument not in same.args or str(same.args[argument].type) != str(value.type):
                    found.append(f"{name}.{field_name}({argument})")
    return found


def test_our_schema_is_valid_and_a_true_part_of_githubs(githubs: GraphQLSchema) -> None:
    assert validate_schema(load_schema()) == []
    assert differences(load_schema(), githubs) == []


def test_difference_to_githubs_schema_would_be_found(
    githubs: GraphQLSchema, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.graphql"
    path.write_text(
        "type Query {viewer: String! node(id: Int): Node nope: Int} interface Node {id: ID!} "
        "enum IssueState {HALF} type Nothing {a: Int}"
    )
    assert set(differences(load_schema(path), githubs)) == {
        "Query.viewer",
        "Query.node(id)",
        "Query.nope",
        "IssueState.HALF",
        "Nothing",
    }


async def test_same_query_gets_the_same_answer_from_githubs_whole_schema(
    world: World, shared: Path
) -> None:
    answers = []
    for schema in (None, shared / "schema" / "schema.graphql"):
        async with (
            simulated_github(world, options=Options(schema=schema)) as served,
            httpx.AsyncClient(base_url=served.url, timeout=20) as http,
        ):
            answers.append((await ask(http, PAGE, first=10))["data"]["repository"])
            if schema is not None:
                home = 'repository(owner: "riverside", name: "harbour")'
                query = f"{{{home} {{stargazers(first: 1) {{totalCount}}}}}}"
                unserved = (await ask(http, query))["errors"][0]
    assert answers[0] == answers[1]
    assert unserved["message"] == "The pretend GitHub does not serve Repository.stargazers."


def test_missing_or_wrong_schema_is_named(tmp_path: Path) -> None:
    with pytest.raises(SimulateError, match=r"Cannot read the GraphQL schema '.*/none"):
        load_schema(tmp_path / "none")
    (tmp_path / "bad").write_text("type {")
    with pytest.raises(SimulateError, match=r"bad' is no GraphQL schema: Syntax Error"):
        load_schema(tmp_path / "bad")

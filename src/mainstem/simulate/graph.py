"""The GraphQL half: a request body in, an answer out, by GitHub's schema or our part.

Errors come as GitHub sends them: HTTP 200 with `errors`, each with a `type` where GitHub has one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    build_ast_schema,
    parse,
    validate,
    value_from_ast_untyped,
)

from mainstem.errors import SimulateError
from mainstem.simulate.budget import Budget
from mainstem.simulate.compute import Compute
from mainstem.simulate.connection import Connection
from mainstem.simulate.execution import ITEMS, Executor, switch_names
from mainstem.simulate.graph_cost import Cost, cost_of
from mainstem.simulate.graph_fields import (
    connection_fields,
    edge_fields,
    page_info_fields,
    resolvers,
)
from mainstem.simulate.world import Repository, Thing, World

__all__ = ["Executed", "Graph", "Planned", "load_schema"]

#: GitHub's own rule: https://docs.github.com/graphql (reported wording: ARGUMENT_LIMIT)
MOST_IDS = 100
#: Queries whose parsed form is kept; a client sends the same few texts over and over.
KEPT_QUERIES = 200


@dataclass(frozen=True, slots=True)
class Planned:
    """A query that may be executed: valid, within the node limit, and priced."""

    document: DocumentNode
    variables: Mapping[str, Any]
    operation: OperationDefinitionNode
    cost: Cost
    text: str


@dataclass(frozen=True, slots=True)
class Executed:
    """An answer (`data`, and `errors` if there are any), the seconds that GitHub would take over
    it, and whether that is more than it allows."""

    body: dict[str, Any]
    seconds: float
    too_much: bool


def _everybody(_home: Repository) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Context:
    cost: Cost
    budget: Budget
    too_wide: bool
    sees: Callable[[Repository], bool]


#: Fields that look an item up by what it is called, and so open no connection.
_LOOKED_UP = {
    ("Query", "node"),
    ("Query", "nodes"),
    ("Repository", "pullRequest"),
    ("Repository", "issue"),
    ("Repository", "discussion"),
}
Documents = dict[str, DocumentNode | list[GraphQLError]]
#: Queries that were held against our own part of the schema, by their text. Kept for all pretend
#: GitHubs of the process, for holding a query against it takes longer than answering it.
_OF_OURS: Documents = {}


class Graph:
    """Answers GraphQL requests from a world. Parsed queries are kept by their text."""

    def __init__(
        self,
        world: World,
        *,
        schema: Path | None,
        widest: int | None,
        compute: Compute | None = None,
    ) -> None:
        self.schema = load_schema(schema)
        self.widest = widest
        self.compute = compute or Compute(limit_seconds=None)
        self._compiled: dict[tuple[Any, ...], Executor] = {}
        self._documents: Documents = _OF_OURS if schema is None else {}
        _attach(self.schema, world)

    def plan(self, body: Any) -> Planned | dict[str, Any]:
        """The query ready for execution with its cost, or the answer that refuses it."""
        if not isinstance(body, dict) or not isinstance(body.get("query"), str):
            return {
                "errors": [{"message": "A query attribute must be specified and must be a string."}]
            }
        document = self._document(body["query"])
        if isinstance(document, list):
            return {"errors": [_as_json(error) for error in document]}
        variables = body.get("variables") or {}
        try:
            operation = _operation(document, body.get("operationName"))
            fragments = {
                one.name.value: one
                for one in document.definitions
                if isinstance(one, FragmentDefinitionNode)
            }
            cost = cost_of(self.schema, operation, fragments, _with_defaults(operation, variables))
            _check_ids(variables)
        except GraphQLError as error:
            return {"data": None, "errors": [_as_json(error)]}
        return Planned(document, variables, operation, cost, body["query"])

    def execute(
        self,
        planned: Planned,
        budget: Budget,
        sees: Callable[[Repository], bool] = _everybody,
    ) -> Executed:
        """The answer to whoever `sees` only some repositories. `budget` is charged already.

        A page that takes too long comes back with null for every node, as at GitHub.
        """
        executor = self._executor(planned)
        too_wide = self.widest is not None and planned.cost.widest > self.widest
        context = _Context(planned.cost, budget, too_wide, sees)
        found = executor.run(planned.variables, context)
        seconds = self.compute.seconds(found.tally)
        too_much = self.compute.is_too_much(found.tally)
        if too_much:
            seconds = min(seconds, self.compute.limit_seconds or seconds)
            found = executor.run(planned.variables, replace(context, too_wide=True))
        body: dict[str, Any] = {"data": found.data}
        if found.errors:
            body["errors"] = [_as_json(error) for error in found.errors]
        return Executed(body, seconds, too_much)

    def _executor(self, planned: Planned) -> Executor:
        switches = {
            name: planned.variables.get(name) for name in sorted(switch_names(planned.document))
        }
        switches = _with_defaults(planned.operation, switches) if switches else {}
        name = planned.operation.name.value if planned.operation.name else None
        key = (planned.text, name, *switches.items())
        found = self._compiled.get(key)
        if found is None:
            if len(self._compiled) >= KEPT_QUERIES:
                self._compiled.clear()
            found = Executor(self.schema, planned.document, planned.operation, switches)
            self._compiled[key] = found
        return found

    def _document(self, text: str) -> DocumentNode | list[GraphQLError]:
        kept = self._documents.get(text)
        if kept is not None:
            return kept
        if len(self._documents) >= KEPT_QUERIES:
            self._documents.clear()
        found: DocumentNode | list[GraphQLError]
        try:
            document = parse(text)
            found = validate(self.schema, document) or document
        except GraphQLError as error:
            found = [error]
        self._documents[text] = found
        return found


def load_schema(path: Path | None = None) -> GraphQLSchema:
    """GitHub's whole schema from a file, or the part of it that comes with this package.

    GitHub's deprecates fields that its interfaces do not, so it is taken as valid without a check.
    Raises `SimulateError` when the file is missing or no schema.
    """
    try:
        source = _ours() if path is None else parse(path.read_text(encoding="utf-8"))
        return build_ast_schema(source, assume_valid=True)
    except (OSError, UnicodeDecodeError) as error:
        raise SimulateError(f"Cannot read the GraphQL schema '{path}': {error}.") from error
    except GraphQLError as error:
        raise SimulateError(f"'{path}' is no GraphQL schema: {error.message}.") from error


@cache
def _ours() -> DocumentNode:
    """The part of GitHub's schema that comes with this package, parsed."""
    return parse(files(__package__).joinpath("schema.graphql").read_text(encoding="utf-8"))


def _attach(schema: GraphQLSchema, world: World) -> None:
    """Gives each field its resolver; a field without one says so when it is asked for."""
    table = resolvers(world)
    table["Query"]["rateLimit"] = _rate_limit
    for name, kind in schema.type_map.items():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = _type_of
        if not isinstance(kind, GraphQLObjectType) or name.startswith("__"):
            continue
        known = table.get(name, {})
        if name.endswith("Connection"):
            known = connection_fields()
            if name.removesuffix("Connection") in ITEMS:
                known["nodes"] = _limited_nodes
        elif name.endswith("Edge"):
            known = edge_fields()
        elif name == "PageInfo":
            known = page_info_fields()
        elif name in ("RateLimit", "GitActor"):
            continue
        for field_name, field in kind.fields.items():
            field.resolve = known.get(field_name, _not_served)
            if (name, field_name) in _LOOKED_UP:
                field.resolve = _limited(field.resolve)


def _type_of(thing: Thing, _info: object, _kind: object) -> str:
    return thing.type


def _not_served(_source: object, info: Any, **_args: object) -> None:
    raise GraphQLError(
        f"The pretend GitHub does not serve {info.parent_type.name}.{info.field_name}.",
        extensions={"type": "NOT_SERVED"},
    )


def _limited_nodes(found: Connection, info: Any) -> list[Thing] | list[GraphQLError]:
    """The page, or one error for each node of it when it is wider than the server stands."""
    context: _Context = info.context
    if not context.too_wide:
        return found.things()
    return [_too_heavy() for _ in found.rows]


def _too_heavy() -> GraphQLError:
    message = "Resource limits for this query exceeded."
    return GraphQLError(message, extensions={"type": "RESOURCE_LIMITS_EXCEEDED"})


def _limited(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """An item that is looked up, or an error in its place when the whole is too much."""

    def limited(source: Any, info: Any, **args: Any) -> Any:
        found = resolve(source, info, **args)
        if not info.context.too_wide:
            return found
        many = isinstance(found, list)
        shown = [
            _too_heavy() if isinstance(one, Thing) and one.type in ITEMS else one
            for one in (found if many else [found])
        ]
        return shown if many else shown[0]

    return limited


def _rate_limit(
    _root: None,
    info: Any,
    dryRun: bool = False,  # noqa: ARG001, N803 - GitHub's spelling; a dry run is answered like any
) -> dict[str, Any]:
    context: _Context = info.context
    budget = context.budget
    reset = datetime.fromtimestamp(budget.reset, UTC)
    return {
        "cost": context.cost.points,
        "nodeCount": context.cost.nodes,
        "limit": budget.limit,
        "remaining": budget.remaining,
        "used": budget.used,
        "resetAt": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    found = [
        one
        for one in document.definitions
        if isinstance(one, OperationDefinitionNode)
        and (name is None or (one.name is not None and one.name.value == name))
    ]
    if len(found) != 1:
        raise GraphQLError(
            "An operation name is required" if found else f"No operation named {name!r}"
        )
    return found[0]


def _with_defaults(
    operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> dict[str, Any]:
    defaults = {
        one.variable.name.value: value_from_ast_untyped(one.default_value)
        for one in operation.variable_definitions or ()
        if one.default_value is not None
    }
    return {**defaults, **variables}


def _check_ids(variables: Mapping[str, Any]) -> None:
    ids = variables.get("ids")
    if isinstance(ids, list) and len(ids) > MOST_IDS:
        raise GraphQLError(
            f"You may not provide more than {MOST_IDS} node ids; you provided {len(ids)}.",
            extensions={"type": "ARGUMENT_LIMIT"},
        )


def _as_json(error: GraphQLError) -> dict[str, Any]:
    """An error with `type` where it has one, and an unknown field worded as GitHub does."""
    shown: dict[str, Any] = {}
    kind = (error.extensions or {}).get("type")
    if kind is not None:
        shown["type"] = kind
    if error.path is not None:
        shown["path"] = error.path
    if error.locations:
        shown["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    unknown = re.match(r"Cannot query field '(\w+)' on type '(\w+)'", error.message)
    if unknown is None:
        return {**shown, "message": error.message}
    name, parent = unknown.groups()
    extensions = {"code": "undefinedField", "typeName": parent, "fieldName": name}
    return {
        **shown,
        "extensions": extensions,
        "message": f"Field '{name}' doesn't exist on type '{parent}'",
    }

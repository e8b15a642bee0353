"""What a GraphQL query costs, by GitHub's published formula, and the queries it refuses beforehand.

`points = max(1, round(units / 100))`: a unit is one opening of a connection, assuming that each
`first` or `last` above it is filled. `nodes` adds up the products of all of them.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    value_from_ast_untyped,
)

__all__ = ["LARGEST_PAGE", "MOST_NODES", "Cost", "cost_of"]

LARGEST_PAGE = 100
MOST_NODES = 500_000


@dataclass(frozen=True, slots=True)
class Cost:
    """`widest` is the largest page of pull requests or issues asked for."""

    units: int
    nodes: int
    widest: int = 0

    @property
    def points(self) -> int:
        # Half a point is rounded up, unlike by Python's round.
        return max(1, (self.units + 50) // 100)


def cost_of(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> Cost:
    """The cost of a valid query. Raises `GraphQLError` with the `type` GitHub gives in `extensions`
    for a missing or too large page size, and for more than 500,000 nodes.
    """
    if schema.query_type is None:
        raise GraphQLError("The schema has no query type.")
    walk = _Walk(fragments, variables)
    walk.visit(operation.selection_set, schema.query_type, schema, openings=1)
    if walk.nodes > MOST_NODES:
        raise GraphQLError(
            f"This query requests up to {walk.nodes:,} possible nodes which exceeds the maximum "
            f"limit of {MOST_NODES:,}.",
            extensions={"type": "MAX_NODE_LIMIT_EXCEEDED"},
        )
    return Cost(walk.units, walk.nodes, walk.widest)


class _Walk:
    """Counts while it descends: `openings` is how often the parent is there at most."""

    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self.fragments = fragments
        self.variables = variables
        self.units = self.nodes = self.widest = 0

    def visit(
        self,
        selections: SelectionSetNode,
        parent: GraphQLCompositeType,
        schema: GraphQLSchema,
        openings: int,
    ) -> None:
        for (_, holder), nodes in self._fields(selections, parent, schema).items():
            node = nodes[0]
            if not isinstance(holder, GraphQLObjectType) and not hasattr(holder, "fields"):
                continue
            found = holder.fields.get(node.name.value)
            if found is None:
                continue
            kind = get_named_type(found.type)
            times = openings
            if kind.name.endswith("Connection"):
                times = openings * self._open(node, kind.name, openings)
            elif found.args.keys() == {"ids"}:
                times = openings * max(1, len(self._value(node, "ids") or ()))
            if is_composite_type(kind):
                for each in nodes:
                    if each.selection_set is not None:
                        self.visit(each.selection_set, kind, schema, times)

    def _open(self, node: FieldNode, kind: str, openings: int) -> int:
        """Counts one connection under each parent; gives how many nodes it may hold."""
        self.units += openings
        name = node.name.value
        size = None
        for argument in ("first", "last"):
            value = self._value(node, argument)
            if value is None:
                continue
            if not 1 <= value <= LARGEST_PAGE:
                raise _pagination(name, argument, value, node)
            size = value
        if size is None:
            if _only_counts(node):
                return 0
            raise GraphQLError(
                f"You must provide a `first` or `last` value to properly paginate the `{name}` "
                "connection.",
                node,
                extensions={"type": "MISSING_PAGINATION_BOUNDARIES"},
            )
        self.nodes += openings * size
        if kind in ("PullRequestConnection", "IssueConnection"):
            self.widest = max(self.widest, size)
        return int(size)

    def _value(self, node: FieldNode, name: str) -> Any:
        for argument in node.arguments or ():
            if argument.name.value == name:
                return value_from_ast_untyped(argument.value, dict(self.variables))
        return None

    def _fields(
        self, selections: SelectionSetNode, parent: GraphQLCompositeType, schema: GraphQLSchema
    ) -> dict[tuple[str, Any], list[FieldNode]]:
        """Fields by response key and the type that has them; the same key counts once."""
        found: dict[tuple[str, Any], list[FieldNode]] = {}
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                found.setdefault((key, parent), []).append(selection)
                continue
            inner, condition = None, None
            if isinstance(selection, InlineFragmentNode):
                inner, condition = selection.selection_set, selection.type_condition
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                inner, condition = fragment.selection_set, fragment.type_condition
            if inner is None:
                continue
            on = parent if condition is None else schema.type_map[condition.name.value]
            for place, nodes in self._fields(inner, on, schema).items():  # type: ignore[arg-type]
                found.setdefault(place, []).extend(nodes)
        return found


def _only_counts(node: FieldNode) -> bool:
    """A connection asked for `totalCount` alone needs no page size."""
    if node.selection_set is None:
        return False
    return all(
        isinstance(one, FieldNode) and one.name.value in ("totalCount", "__typename")
        for one in node.selection_set.selections
    )


def _pagination(name: str, argument: str, value: int, node: FieldNode) -> GraphQLError:
    if value < 1:
        message = f"`{argument}` on the `{name}` connection must be at least 1, found {value}."
        return GraphQLError(message, node, extensions={"type": "EXCESSIVE_PAGINATION"})
    return GraphQLError(
        f"Requesting {value} records on the `{name}` connection exceeds the `{argument}` limit of "
        f"{LARGEST_PAGE} records.",
        node,
        extensions={"type": "EXCESSIVE_PAGINATION"},
    )

"""What an expression is made of, as a tree.

Runs of operators of one rank and runs of members are one node each, so only brackets, calls and
`?:` make a tree deep.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Literal

MacroName = Literal["all", "exists", "exists_one", "filter", "map"]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression."""


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A literal."""

    value: Any


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """A name: `event`, `async`, `vars`, a macro's variable or a type."""

    name: str


@dataclass(frozen=True, slots=True)
class Path(Node):
    """Members of a value: `.name` is a constant key that must be a name."""

    base: Node
    keys: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Has(Node):
    """`has(base.name)`."""

    base: Node
    name: str


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """Operands of one rank, from left to right; `rest` pairs each operator with its right side."""

    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Prefix(Node):
    """`!` or `-` before a value that is no number."""

    sign: Literal["!", "-"]
    operand: Node


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function, or a method of `target`."""

    name: str
    target: Node | None
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Macro(Node):
    """`target.name(variable, bodies…)`; `weight` is the number of tokens in the bodies."""

    name: MacroName
    target: Node
    variable: str
    bodies: tuple[Node, ...]
    weight: int


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf(Node):
    """`{a: b}`."""

    entries: tuple[tuple[Node, Node], ...]


def walk(root: Node) -> Iterator[Node]:
    """The node and all below it."""
    waiting: list[Any] = [root]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Node):
            yield each
            waiting += [getattr(each, field.name) for field in fields(each)]
        elif isinstance(each, tuple):
            waiting += each

"""Source as a tree with names: what an expression refers to, within a file and across files."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import libcst as cst
from libcst.metadata import (
    Assignment,
    ClassScope,
    CodeRange,
    GlobalScope,
    ImportAssignment,
    MetadataWrapper,
    PositionProvider,
    QualifiedNameSource,
    Scope,
    ScopeProvider,
)
from libcst.metadata.scope_provider import LocalScope

from mainstem.migrate.concern import mattering
from mainstem.migrate.served_already import served_already
from mainstem.migrate.sources import Source, absolute_module

Chain = cst.Name | cst.Attribute
# Its parser is another one than Python's: mixed indents, unknown encodings, deep nesting.
_CANNOT_READ = (cst.ParserSyntaxError, cst.CSTLogicError, ValueError, LookupError, RecursionError)


class Module:
    """One file: its tree, where each node stands, and what its names mean."""

    def __init__(self, source: Source, shown: str) -> None:
        self.source = source
        self.shown = shown
        self.tree = cst.parse_module(source.data)
        # The tree comes straight from the parser, so no node occurs twice in it. What the wrapper
        # finds out takes several walks: it is asked only for what somebody wants to know.
        self._wrapper = MetadataWrapper(self.tree, unsafe_skip_copy=True)
        self.nodes = tuple(nodes(self.tree))
        """Every node, outer ones first, in the order of the source."""
        self._parents = {child: node for node in self.nodes for child in children(node)}
        self.identifiers = frozenset(
            node.value for node in self.nodes if isinstance(node, cst.Name)
        )

    @cached_property
    def _positions(self) -> Mapping[cst.CSTNode, CodeRange]:
        return self._wrapper.resolve(PositionProvider)

    @cached_property
    def _scopes(self) -> Mapping[cst.CSTNode, Scope | None]:
        return self._wrapper.resolve(ScopeProvider)

    @cached_property
    def _bindings(self) -> dict[str, list[Assignment]]:
        return _bindings(self._scopes.values())

    @property
    def name(self) -> str:
        """Its dotted name."""
        return self.source.name

    def line(self, node: cst.CSTNode) -> int:
        """The line on which `node` begins, counted from 1."""
        return int(self._positions[node].start.line)

    def column(self, node: cst.CSTNode) -> tuple[int, int]:
        """Line and column of `node`, to put things in order."""
        start = self._positions[node].start
        return int(start.line), int(start.column)

    def place(self, node: cst.CSTNode) -> str:
        """`file:line`, as people are told it."""
        return f"{self.shown}:{self.line(node)}"

    def code(self, node: cst.CSTNode) -> str:
        """The source of `node`, on one line."""
        return " ".join(self.tree.code_for_node(node).split())

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node around `node`; None for the module."""
        return self._parents.get(node)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Everything around `node`, from the inside out."""
        current = self._parents.get(node)
        while current is not None:
            yield current
            current = self._parents.get(current)

    def function_around(self, node: cst.CSTNode) -> cst.FunctionDef | cst.Lambda | None:
        """The function whose body `node` belongs to; its decorators and defaults do not."""
        inner = node
        for outer in self.around(node):
            if isinstance(outer, cst.FunctionDef | cst.Lambda) and inner is outer.body:
                return outer
            inner = outer
        return None

    def absolute(self, node: cst.CSTNode) -> str | None:
        """The dotted name that a chain of names stands for, counted from its module.

        None when it is no plain chain, or could be several things.
        """
        scope = self._scopes.get(node)
        names = set() if scope is None else set(scope.get_qualified_names_for(node))
        if len(names) != 1:
            return None
        name = names.pop()
        if name.source is QualifiedNameSource.IMPORT:
            return self._imported(name.name)
        if name.source is QualifiedNameSource.LOCAL:
            return f"{self.name}.{name.name}"
        return name.name  # with `builtins.` in front

    def _imported(self, name: str) -> str:
        stripped = name.lstrip(".")
        return absolute_module(stripped, len(name) - len(stripped), self.source.package)

    def bindings(self, name: str) -> list[Assignment]:
        """What binds `name`: `client`, `Jobs.client`, `make.<locals>.client`; in no order."""
        return self._bindings.get(name, [])

    def forward(self, name: str) -> str | None:
        """The dotted name that a local `name` merely passes on, or None.

        True of `from .clients import client` and of `client = clients.client`, when nothing else
        binds the name. What follows it is kept: `jobs.client` may become `shop.jobs.client`.
        """
        parts = name.split(".")
        for count in range(len(parts), 0, -1):
            first, others = ".".join(parts[:count]), parts[count:]
            bindings = self.bindings(first)
            if len(bindings) == 1:
                target = self._passed_on(bindings[0], parts[count - 1])
                return None if target is None else ".".join([target, *others])
            if bindings:
                return None
        return None

    def _passed_on(self, binding: Assignment, name: str) -> str | None:
        if isinstance(binding, ImportAssignment):
            names = {one.name for one in binding.get_qualified_names_for(name)}
            return self._imported(names.pop()) if len(names) == 1 else None
        value = self.value_of(binding)
        return self.absolute(value) if isinstance(value, Chain) else None

    def value_of(self, binding: Assignment) -> cst.BaseExpression | None:
        """The expression assigned by `name = value`, None for any other kind of binding."""
        statement = self.assignment_of(binding)
        return None if statement is None else statement.value

    def assignment_of(self, binding: Assignment) -> cst.Assign | cst.AnnAssign | None:
        """The `name = value` or `name: type = value` that makes `binding`, if it is one."""
        if isinstance(binding, ImportAssignment):
            return None
        parent = self.parent(binding.node)
        if isinstance(parent, cst.AnnAssign) and parent.target is binding.node:
            return parent
        if isinstance(parent, cst.AssignTarget):
            statement = self.parent(parent)
            if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
                return statement
        return None

    @property
    def star_imports(self) -> list[tuple[str, cst.ImportFrom]]:
        """The modules whose every name this one takes."""
        return [
            (self.module_of(node), node)
            for node in self.nodes
            if isinstance(node, cst.ImportFrom) and isinstance(node.names, cst.ImportStar)
        ]

    def module_of(self, node: cst.ImportFrom) -> str:
        """The absolute name of the module that a `from … import` takes from."""
        module = "" if node.module is None else dotted(node.module)
        return absolute_module(module, len(node.relative), self.source.package)


class Project:
    """All modules, and names followed across them.

    `modules` are those that matter; the others are read when a name leads to them.
    """

    def __init__(self, sources: Sequence[Source], shown: Mapping[Path, str]) -> None:
        self._shown = shown
        self.sources = {source.name: source for source in sources}
        self._read: dict[str, Module] = {}
        self.unread: dict[str, str] = {}
        """Modules that Python reads and libcst cannot, by name, each with the reason."""
        found = [self._module(source) for source in mattering(sources)]
        self.modules = tuple(module for module in found if module is not None)

    def _module(self, source: Source) -> Module | None:
        module = self._read.get(source.name)
        if module is None and source.name not in self.unread:
            try:
                module = self._read[source.name] = Module(source, self.shown(source))
            except _CANNOT_READ as error:
                told = error.message if isinstance(error, cst.ParserSyntaxError) else str(error)
                self.unread[source.name] = f"libcst: {told}"
        return module

    def module(self, name: str) -> Module | None:
        """The module of that dotted name, if it is one of ours."""
        source = self.sources.get(name)
        return None if source is None else self._module(source)

    def shown(self, source: Source) -> str:
        """The path of `source`, as people are told it."""
        return self._shown[source.path]

    def split(self, name: str) -> tuple[Module | None, str]:
        """The module of ours that holds `name`, and the rest of it."""
        parts = name.split(".")
        for count in range(len(parts), 0, -1):
            module = self.module(".".join(parts[:count]))
            if module is not None:
                return module, ".".join(parts[count:])
        return None, name

    @property
    def uses_mainstem(self) -> bool:
        """Whether the code calls Mainstem already: an earlier run of ours, most often."""
        return any(
            name.partition(".")[0] == "mainstem"
            for source in self.sources.values()
            for name in source.imports
        )

    @cached_property
    def served_already(self) -> str | None:
        """Where Mainstem serves already, `file:line`, or None."""
        found = served_already(self.sources.values())
        return None if found is None else f"{self.shown(found[0])}:{found[1]}"

    def imported_by(self, name: str) -> frozenset[str]:
        """The modules of ours that are loaded once the module `name` is, itself among them."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current in self.sources and current not in found:
                found.add(current)
                waiting += self.sources[current].imports
                waiting.append(current.rpartition(".")[0])
        return frozenset(found)

    def steps(self, name: str) -> list[str]:
        """`name`, and each name that it is passed on to, down to where the thing is made."""
        seen: list[str] = []
        while name not in seen:
            seen.append(name)
            target = self._forward(name)
            if target is None:
                break
            name = target
        return seen

    def _forward(self, name: str) -> str | None:
        parts = name.split(".")
        for count in range(len(parts) - 1, 0, -1):
            source = self.sources.get(".".join(parts[:count]))
            if source is None:
                continue
            module = self._read.get(source.name)
            if module is not None:
                return module.forward(".".join(parts[count:]))
            # Names only lead through it, most of them elsewhere: that needs no tree of libcst's.
            target = source.passed_on.get(parts[count])
            return None if target is None else ".".join([target, *parts[count + 1 :]])
        return None

    def canonical(self, name: str) -> str:
        """`name` followed through imports and plain aliases to where it is made."""
        return self.steps(name)[-1]

    def resolve(self, module: Module, node: cst.CSTNode) -> str | None:
        """What the chain `node` in `module` stands for, where it is made; None if unknown."""
        name = module.absolute(node)
        return None if name is None else self.canonical(name)


def nodes(tree: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Every node of `tree`, outer ones first, in the order of the source."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """What is directly in `node`, white space left out, in the order of its fields.

    libcst's own `children` makes a copy of each node to find them.
    """
    kind = type(node)
    names = _FIELDS.get(kind)
    if names is None:
        names = _FIELDS[kind] = _fields(kind)
    found: list[cst.CSTNode] = []
    for name in names:
        value = getattr(node, name)
        if type(value) is list or type(value) is tuple:
            found += value
        elif value is not None and _is_node(value):
            found.append(value)
    return found


def _is_node(value: object) -> bool:
    kind = type(value)
    known = _KINDS.get(kind)
    if known is None:
        known = _KINDS[kind] = issubclass(kind, cst.CSTNode)
    return known


_KINDS: dict[type[object], bool] = {}
_FIELDS: dict[type[cst.CSTNode], tuple[str, ...]] = {}
_IN_FRONT: dict[type[cst.CSTNode], tuple[str, ...]] = {
    cst.FunctionDef: ("decorators", "name", "type_parameters", "params", "returns"),
    cst.ClassDef: ("decorators", "name", "type_parameters", "bases", "keywords"),
    cst.Arg: ("star", "keyword"),
    cst.IfExp: ("body", "test"),
    cst.Parameters: ("posonly_params", "params", "star_arg"),
}
"""Fields that stand in the source before those that libcst lists first."""
_NO_CONTENT: tuple[str, ...] = (
    "whitespace_",
    "lpar",
    "rpar",
    "leading_lines",
    "lines_after_",
    "trailing_",
    "comma",
    "semicolon",
    "equal",
    "header",
    "footer",
    "colon",
    "dot",
)


def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    names = tuple(one.name for one in dataclasses.fields(kind))
    first: tuple[str, ...] = _IN_FRONT.get(kind, ())
    ordered = [*first, *(name for name in names if name not in first)]
    return tuple(name for name in ordered if not name.startswith(_NO_CONTENT))


def is_reference(module: Module, node: cst.CSTNode) -> bool:
    """Whether `node` is a whole chain of names that is read; not a part of one, nor a target."""
    if not isinstance(node, Chain):
        return False
    parent = module.parent(node)
    if isinstance(parent, cst.Attribute):
        return False
    if isinstance(parent, cst.Arg):
        return parent.keyword is not node
    if isinstance(parent, cst.AnnAssign):
        return parent.target is not node
    if isinstance(parent, cst.Param | cst.NameItem | cst.TypeVar):
        return getattr(parent, "name", None) is not node
    is_no_value = cst.ImportAlias, cst.ImportFrom, cst.AsName, cst.AssignTarget
    return not isinstance(parent, (*is_no_value, cst.FunctionDef, cst.ClassDef))


def dotted(node: cst.BaseExpression) -> str:
    """The text of a chain of names, `a.b.c`."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _bindings(scopes: Iterable[Scope | None]) -> dict[str, list[Assignment]]:
    found: dict[str, list[Assignment]] = {}
    for scope in {id(scope): scope for scope in scopes if scope is not None}.values():
        for assignment in scope.assignments:
            if isinstance(assignment, ImportAssignment):
                prefix = "" if isinstance(scope, GlobalScope) else f"{_qualified(scope)}."
                found.setdefault(prefix + assignment.name, []).append(assignment)
            elif isinstance(assignment, Assignment):
                for qualified in assignment.get_qualified_names_for(assignment.name):
                    found.setdefault(qualified.name, []).append(assignment)
    return found


def _qualified(scope: Scope) -> str:
    """The qualified name that a name within `scope` begins with."""
    inside = "" if isinstance(scope, ClassScope) else ".<locals>"
    outer = "" if isinstance(scope.parent, GlobalScope) else f"{_qualified(scope.parent)}."
    own = scope.name if isinstance(scope, LocalScope) else None
    return f"{outer}{own or '<lambda>'}{inside}"

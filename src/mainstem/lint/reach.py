"""Which events an expression can give: classes followed through names, lists and functions.

`is_complete` is false as soon as something could not be followed; what was found stays true.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from mainstem.lint.handlers import Context
from mainstem.lint.project import Project
from mainstem.lint.source import Module
from mainstem.lint.steps import context_of, step_call
from mainstem.lint.tree import (
    FunctionNode,
    NamedFunction,
    arguments_of,
    bindings_of,
    walk,
    walk_shallow,
)

_DEEPEST = 12  # functions called by functions, and names standing for names
_COLLECTIONS = {"list", "tuple", "sorted", "reversed", "set", "iter"}
_BINDING = (
    ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.AugAssign, ast.For, ast.AsyncFor,
    ast.comprehension, ast.Call,
)  # fmt: skip
_CONSTRUCTORS = {"model_validate", "model_construct", "from_wire"}
_COPIES = {"model_copy", "copy"}


@dataclass
class Events:
    """Events by class, with the names on the wire where the source tells them."""

    classes: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    is_complete: bool = True


@dataclass
class Scope:
    """A function in which an expression is read, with what its parameters were given.

    `received` are the events that come with a run of the handler at the beginning of the chain.
    """

    module: Module
    function: FunctionNode
    contexts: dict[str, Context] = field(default_factory=dict)
    given: dict[str, tuple[ast.expr, "Scope"]] = field(default_factory=dict)
    received: Events = field(default_factory=lambda: Events(is_complete=False))

    @cached_property
    def bindings(self) -> dict[str, list[ast.expr]]:
        """What each name stands for: values, what is looped over, what is appended."""
        found: dict[str, list[ast.expr]] = {}
        for node in walk(self.function):
            if not isinstance(node, _BINDING):
                continue
            for target, value in (*bindings_of(node), *_filled(node)):
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(value)
        return found


def _filled(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"append", "extend", "add", "insert"}
        and node.args
    ):
        return [(node.func.value, node.args[-1])]
    return []


class Reach:
    """Follows expressions to the events that they can be."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.events = Events()
        self._open: set[tuple[ast.AST, int]] = set()

    def follow(self, node: ast.AST, scope: Scope, depth: int = _DEEPEST) -> None:
        """Add the events that `node` can give."""
        key = (node, id(scope))
        if key in self._open:
            return
        if depth == 0:
            self.events.is_complete = False
            return
        self._open.add(key)
        for part in self._parts(node, scope, depth - 1):
            self.follow(part, scope, depth - 1)
        self._open.discard(key)

    def _parts(self, node: ast.AST, scope: Scope, depth: int) -> list[ast.AST]:
        """The expressions of the same scope that `node` gives its events from."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return list(node.elts)
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            return [node.elt]
        if isinstance(node, ast.IfExp):
            return [node.body, node.orelse]
        if isinstance(node, ast.BinOp):
            return [node.left, node.right]
        if isinstance(node, ast.BoolOp):
            return list(node.values)
        if isinstance(node, ast.Starred | ast.Await | ast.NamedExpr | ast.Subscript):
            return [node.value]
        if isinstance(node, ast.Constant) and node.value is None:
            return []
        if isinstance(node, ast.Call):
            return self._call(node, scope, depth)
        if isinstance(node, ast.Name):
            return self._name(node, scope, depth)
        if (
            isinstance(node, ast.Attribute)
            and node.attr in {"data", "events"}
            and context_of(node.value, scope.contexts) is Context.RUN
        ):
            self._add(scope.received)
            return []
        self.events.is_complete = False
        return []

    def _name(self, node: ast.Name, scope: Scope, depth: int) -> list[ast.AST]:
        if node.id in scope.bindings:
            return list(scope.bindings[node.id])
        if node.id in scope.given:
            value, outer = scope.given[node.id]
            self.follow(value, outer, depth)
            return []
        found = self.project.named(scope.module, node)
        if found is not None and isinstance(found[1], ast.expr):
            self.follow(found[1], Scope(found[0], _nowhere()), depth)
            return []
        self.events.is_complete = False
        return []

    def _call(self, node: ast.Call, scope: Scope, depth: int) -> list[ast.AST]:
        step = step_call(node, scope.contexts, scope.module)
        if step is not None:
            return self._step_result(node, step.callable, scope, depth)
        func = node.func
        if isinstance(func, ast.Name) and func.id in _COLLECTIONS:
            return list(node.args[:1])
        if isinstance(func, ast.Attribute) and func.attr in _COPIES:
            return [func.value]
        for callee, owner in self._callees(func, scope, depth):
            found = self.project.named(owner.module, callee)
            if found is not None and isinstance(found[1], ast.ClassDef):
                self._class(found[0], found[1])
            elif found is not None and isinstance(found[1], NamedFunction):
                self._returned(found[0], found[1], node, scope, depth)
            else:
                self._unknown(node, callee, owner.module)
        return []

    def _callees(
        self, func: ast.expr, scope: Scope, depth: int
    ) -> Iterator[tuple[ast.expr, Scope]]:
        """What a call may call: a class chosen by a condition, or handed in, is followed."""
        if depth <= 0:
            self.events.is_complete = False
        elif isinstance(func, ast.IfExp):
            yield from self._callees(func.body, scope, depth - 1)
            yield from self._callees(func.orelse, scope, depth - 1)
        elif isinstance(func, ast.Attribute) and func.attr in _CONSTRUCTORS:
            yield from self._callees(func.value, scope, depth - 1)
        elif isinstance(func, ast.Name) and func.id in scope.bindings:
            for value in scope.bindings[func.id]:
                yield from self._callees(value, scope, depth - 1)
        elif isinstance(func, ast.Name) and func.id in scope.given:
            value, outer = scope.given[func.id]
            yield from self._callees(value, outer, depth - 1)
        else:
            yield func, scope

    def _unknown(self, node: ast.Call, func: ast.AST, module: Module) -> None:
        qualified = module.qualified(func)
        name = qualified.rpartition(".")[2]
        if qualified in {"inngest.Event", "inngest._internal.server_lib.Event"}:
            words = {word.arg: word.value for word in node.keywords}
            told = module.text_of(words.get("name"))
            if told is None:
                self.events.is_complete = False
            else:
                self.events.names.add(told)
        elif name[:1].isupper():
            self.events.classes.add(name)
        else:
            self.events.is_complete = False

    def _step_result(
        self, node: ast.Call, work: ast.expr | None, scope: Scope, depth: int
    ) -> list[ast.AST]:
        found = self.project.named(scope.module, work) if work is not None else None
        if found is not None and isinstance(found[1], NamedFunction):
            self._returned(found[0], found[1], node, scope, depth, skip=2)
        elif isinstance(work, ast.Lambda):
            return [work.body]
        else:
            self.events.is_complete = False
        return []

    def _returned(
        self,
        module: Module,
        function: NamedFunction,
        call: ast.Call,
        scope: Scope,
        depth: int,
        *,
        skip: int = 0,
    ) -> None:
        inner = entered(module, function, call, scope, skip=skip)
        returns = [
            node.value
            for node in walk_shallow(function)
            if isinstance(node, ast.Return) and node.value is not None
        ]
        if not returns:
            self.events.is_complete = False
        for value in returns:
            self.follow(value, inner, depth)

    def _class(self, module: Module, node: ast.ClassDef) -> None:
        self.events.classes.add(node.name)
        for word in node.keywords:
            if word.arg == "name" and (told := module.text_of(word.value)):
                self.events.names.add(told)

    def _add(self, other: Events) -> None:
        self.events.classes |= other.classes
        self.events.names |= other.names
        self.events.is_complete &= other.is_complete

    def add_class(self, node: ast.AST, module: Module) -> None:
        """Add the event class that an annotation names."""
        found = self.project.named(module, node)
        if found is not None and isinstance(found[1], ast.ClassDef):
            self._class(found[0], found[1])
        elif (name := module.qualified(node).rpartition(".")[2])[:1].isupper() and found is None:
            self.events.classes.add(name)
        else:
            self.events.is_complete = False


def entered(
    module: Module, function: NamedFunction, call: ast.Call, scope: Scope, *, skip: int = 0
) -> Scope:
    """The scope of a function that is called from another."""
    given = arguments_of(call, function, skip=skip)
    contexts = {
        name: kind
        for name, value in given.items()
        if (kind := context_of(value, scope.contexts)) is not None
    }
    handed = {name: (value, scope) for name, value in given.items()}
    return Scope(module, function, contexts, handed, scope.received)


def _nowhere() -> ast.Lambda:
    """A function without anything in it, for expressions at the top of a module."""
    return ast.Lambda(
        args=ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[]),
        body=ast.Constant(value=None),
    )

"""The body of a handler, read once, with its steps found: what every rule looks at."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from mainstem.lint.findings import Finding, Severity
from mainstem.lint.handlers import Context, Handler
from mainstem.lint.rules import BY_ID
from mainstem.lint.source import Module
from mainstem.lint.steps import StepCall, context_of, is_partial, step_call, steps_in
from mainstem.lint.tree import (
    FunctionNode,
    NamedFunction,
    arguments_of,
    bindings_of,
    keep,
    lay,
    parameters,
    walk,
)

N = TypeVar("N", bound=ast.AST)


@dataclass(eq=False)
class Body:
    """One handler or helper, read once. Positions are those of the file."""

    module: Module
    handler: Handler
    nodes: list[ast.AST] = field(init=False)
    """All below the root, in the order of the text; decorators and defaults left out."""
    parents: dict[ast.AST, ast.AST] = field(init=False)
    contexts: dict[str, Context] = field(init=False)
    steps: list[StepCall] = field(init=False)
    local: dict[str, NamedFunction] = field(init=False)
    """Functions defined within."""

    def __post_init__(self) -> None:
        root = self.root
        self.nodes, self.parents = [], {}
        for part in [root.body] if isinstance(root, ast.Lambda) else root.body:
            self.parents[part] = root
            self.nodes.append(part)
            lay(part, self.nodes, self.parents)
        keep(root, self.nodes)
        self._by_type: dict[type[ast.AST], list[Any]] = {}
        for node in self.nodes:
            self._by_type.setdefault(type(node), []).append(node)
        functions = self.of(ast.FunctionDef), self.of(ast.AsyncFunctionDef)
        self.local = {node.name: node for found in functions for node in found}
        self.contexts = dict(self.handler.contexts)
        for assignment in self.of(ast.Assign):
            target, kind = assignment.targets[0], context_of(assignment.value, self.contexts)
            if kind and isinstance(target, ast.Name):
                self.contexts[target.id] = kind
        found = (step_call(node, self.contexts, self.module) for node in self.of(ast.Call))
        self.steps = [step for step in found if step]

    def of(self, kind: type[N]) -> list[N]:
        """All nodes of one type, in the order of the text."""
        return self._by_type.get(kind, [])

    @property
    def root(self) -> FunctionNode:
        """The handler's own node."""
        return self.handler.node

    @cached_property
    def step_nodes(self) -> dict[ast.AST, StepCall]:
        """The step calls by their nodes."""
        return {step.node: step for step in self.steps}

    @cached_property
    def works(self) -> dict[StepCall, FunctionNode | None]:
        """The function of this file that each step runs, where it is one."""
        return {step: self.function(step.callable) for step in self.steps}

    @cached_property
    def callables(self) -> dict[ast.AST, StepCall]:
        """The functions within that are run as steps."""
        found: dict[ast.AST, StepCall] = {}
        for step in self.steps:
            function = self.works[step]
            if function is not None and function in self.parents:
                found[function] = step
        return found

    @cached_property
    def bindings(self) -> dict[str, list[ast.expr]]:
        """What each name of the handler's is assigned in plain assignments."""
        found: dict[str, list[ast.expr]] = {}
        for kind in (ast.Assign, ast.AnnAssign, ast.NamedExpr):
            for node in self.of(kind):
                for target, value in bindings_of(node):
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, []).append(value)
        return found

    @cached_property
    def bound(self) -> set[str]:
        """Every name that is bound within, so that an import of that name is not meant."""
        stored = {node.id for node in self.of(ast.Name) if isinstance(node.ctx, ast.Store)}
        return stored.union(parameters(self.root), self.local)

    @cached_property
    def helpers(self) -> list[tuple[ast.Call, NamedFunction]]:
        """Calls of this module's functions that are handed a context, and the functions."""
        found = []
        for node in self.of(ast.Call):
            helper = None if node in self.step_nodes else self.helper(node)
            if helper is not None:
                found.append((node, helper))
        return found

    def helper(self, call: ast.Call) -> NamedFunction | None:
        """The function at the top of this module that a call hands a context, if it does."""
        func, args = call.func, call.args
        if is_partial(call, self.module):
            func, args = call.args[0], call.args[1:]
        given = [*args, *(word.value for word in call.keywords)]
        if not any(context_of(one, self.contexts) for one in given):
            return None
        function = self.function(func)
        if function is None or isinstance(function, ast.Lambda) or function in self.parents:
            return None
        return function

    def handed_to(self, call: ast.Call, function: NamedFunction) -> Handler:
        """`function` as a helper of this handler, its contexts as the call hands them over."""
        skip = 1 if is_partial(call, self.module) else 0
        contexts = {
            name: kind
            for name, value in arguments_of(call, function, skip=skip).items()
            if (kind := context_of(value, self.contexts))
        }
        return Handler(function, contexts, self.handler.function_id, is_entry=False)

    def function(self, node: ast.AST | None) -> FunctionNode | None:
        """The function of this file that an expression names, through `partial` too."""
        if node is None:
            return None
        if isinstance(node, ast.Call) and is_partial(node, self.module):
            return self.function(node.args[0])
        if isinstance(node, ast.Name):
            if node.id in self.local:
                return self.local[node.id]
            values = self.bindings.get(node.id, ())
            if len(values) == 1 and isinstance(values[0], ast.Lambda):
                return values[0]
            if node.id in self.bound:
                return None
        return self.module.function(node)

    def qualified(self, node: ast.AST) -> str:
        """The dotted name of an imported thing, unless a local name hides it."""
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self.bound:
            return ""
        return self.module.qualified(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside, up to and with the root."""
        while node is not self.root:
            node = self.parents[node]
            yield node

    def owner(self, node: ast.AST) -> FunctionNode:
        """The innermost function that a node stands in."""
        return next(one for one in self.ancestors(node) if isinstance(one, FunctionNode))

    def step_around(self, node: ast.AST) -> StepCall | None:
        """The step in whose callable a node stands, if it stands in one."""
        if not self.callables:
            return None
        return next(
            (self.callables[one] for one in self.ancestors(node) if one in self.callables), None
        )

    def statement(self, node: ast.AST) -> ast.AST:
        """The innermost statement that a node is, or stands in; a lambda's body is its own."""
        while not isinstance(node, ast.stmt) and node is not self.root:
            node = self.parents[node]
        return node

    def makes_steps(self, node: ast.AST) -> bool:
        """Whether a step call stands in `node`, or the call of a helper that makes one."""
        return any(one in self.step_nodes or one in self._helping for one in walk(node))

    def finding(
        self,
        rule: str,
        node: ast.AST,
        message: str,
        *,
        mend: str | None = None,
        severity: Severity = "error",
    ) -> Finding:
        """A finding of this function at `node`."""
        return finding(self.module, rule, node, message, self.handler.function_id, mend, severity)

    @cached_property
    def _helping(self) -> set[ast.AST]:
        return {
            call
            for call, helper in self.helpers
            if steps_in(helper, self.handed_to(call, helper).contexts, self.module)
        }


def finding(
    module: Module,
    rule: str,
    node: ast.AST,
    message: str,
    function_id: str | None = None,
    mend: str | None = None,
    severity: Severity = "error",
) -> Finding:
    """A finding of `rule` at a node, with the rule's own mend unless there is a better one."""
    return Finding(
        rule=rule,
        path=module.path,
        line=getattr(node, "lineno", 1),
        column=getattr(node, "col_offset", 0) + 1,
        function_id=function_id,
        message=message,
        mend=mend or BY_ID[rule].mend,
        severity=severity,
    )

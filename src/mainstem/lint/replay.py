"""Rules `nondeterminism` and `unstable-step-id`: values that are others on replay, and their ways.

A *source* is a call or a name whose value differs from one call of the handler to the next. The
handler is read once from top to bottom; each name remembers the source that its value comes from.
A step's result is never one: it is a memo.

What is surely wrong: such a value in a step's id, in a condition on which steps depend, or in two
steps, which get different values because they run in different requests. A single step that is
handed one, and a result made of one, are likely wrong and reported as warnings.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from mainstem.lint.body import Body
from mainstem.lint.findings import Finding
from mainstem.lint.sources import is_environment, is_request, returned_source, source_told
from mainstem.lint.steps import StepCall
from mainstem.lint.tree import (
    FunctionNode,
    NamedFunction,
    blocks_of,
    own_expressions,
    walk,
    walk_shallow,
)

# These hand a value on as it is, so what comes out is as surely another one on replay.
_TRANSPARENT = {
    "str", "int", "float", "repr", "round", "abs", "min", "max", "sum", "len", "list", "tuple",
    "dict", "sorted", "bool", "format",
}  # fmt: skip


@dataclass(eq=False)
class _Source:
    """Where a value comes from that differs on replay, and what it has reached."""

    node: ast.AST
    told: str
    is_likely: bool = False
    steers: ast.AST | None = None
    reached: list[tuple[ast.AST, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Trace:
    """A value's source; `is_clear` is lost when it has been through a function of unknown ways."""

    source: _Source
    is_clear: bool = True


class Replay:
    """One reading of a body from top to bottom."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.names: dict[str, _Trace] = {}
        self.sources: dict[ast.AST, _Source] = {}
        self.ids: list[Finding] = []

    def findings(self) -> Iterator[Finding]:
        """Everything that is to be said of this body."""
        root = self.body.root
        if isinstance(root, ast.Lambda):
            return
        self._block(root.body)
        yield from self.ids
        for source in self.sources.values():
            if (found := self._judge(source)) is not None:
                yield found

    def _judge(self, source: _Source) -> Finding | None:
        finding = self.body.finding
        if source.steers is not None:
            line = getattr(source.steers, "lineno", 0)
            return finding(
                "nondeterminism",
                source.node,
                f"`{source.told}` differs on replay and decides in line {line} which steps run.",
                severity="warning" if source.is_likely else "error",
            )
        if not source.reached:
            if not is_request(source.told):
                return None
            return finding(
                "nondeterminism",
                source.node,
                f"`{source.told}` outside of steps is done again on each replay.",
                mend="Do it in a step.",
                severity="warning",
            )
        place, what = source.reached[0]
        places = {node for node, _ in source.reached}
        also = f" and {len(places) - 1} more" if len(places) > 1 else ""
        line = getattr(place, "lineno", 0)
        return finding(
            "nondeterminism",
            source.node,
            f"`{source.told}` differs on replay and reaches {what} in line {line}{also}.",
            severity="error" if len(places) > 1 and not source.is_likely else "warning",
        )

    # Reading.

    def _block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, NamedFunction):
            if node not in self.body.callables and self.body.makes_steps(node):
                self._block(node.body)
            return
        if isinstance(node, ast.ClassDef):
            return
        for expression in own_expressions(node):
            self._expression(expression)
        self._conditions(node)
        if isinstance(node, ast.Return) and node.value is not None:
            self._result(node)
        self._bind(node)
        for block in blocks_of(node):
            self._block(block)

    def _expression(self, node: ast.AST) -> None:
        for one in walk(node):
            if isinstance(one, ast.Call) and self.body.owner(one) is self.body.root:
                self._note_request(one)
            if isinstance(one, ast.NamedExpr):
                self._assign(one.target, self.trace(one.value))
            elif isinstance(one, ast.IfExp):
                self._steers(one.test, one, self.body.makes_steps(one))
            step = self.body.step_nodes.get(one)
            if step is not None and self.body.step_around(one) is None:
                self._step(step)

    def _note_request(self, node: ast.Call) -> None:
        """A request is made again on each replay, whether or not its answer gets anywhere."""
        told = source_told(node, self.body)
        if told is not None and is_request(told):
            self._source(node, told)

    def _step(self, step: StepCall) -> None:
        if step.step_id is not None and (trace := self.trace(step.step_id)):
            self.ids.append(
                self.body.finding(
                    "unstable-step-id",
                    step.node,
                    f"The id {ast.unparse(step.step_id)} holds `{trace.source.told}`, which is "
                    "another one on each replay.",
                    severity="warning" if self._is_unsure(trace) else "error",
                )
            )
        if step.kind in {"sleep", "wait", "parallel"}:
            return  # the server keeps the moment it was first told
        for given in step.handed:
            self._reach(self.trace(given), step.node, "a step")
        work = self.body.works[step]
        if work is not None and work in self.body.callables:
            for node in walk(work):
                if isinstance(node, ast.Name) and node.id in self.names:
                    self._reach(self.names[node.id], step.node, "a step")

    def _reach(self, trace: _Trace | None, node: ast.AST, what: str) -> None:
        if trace is not None:
            trace.source.is_likely |= not trace.is_clear
            trace.source.reached.append((node, what))

    def _result(self, node: ast.Return) -> None:
        is_own = self.body.owner(node) is self.body.root and self.body.handler.is_entry
        if is_own and node.value is not None:
            self._reach(self.trace(node.value), node, "the result")

    def _conditions(self, node: ast.stmt) -> None:
        if isinstance(node, ast.If | ast.While):
            self._steers(node.test, node, self._governs(node))
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._steers(node.iter, node, self._governs(node))
        elif isinstance(node, ast.Match):
            self._steers(node.subject, node, self._governs(node))

    def _steers(self, test: ast.expr, node: ast.AST, governs: bool) -> None:
        trace = self.trace(test)
        if trace is not None and governs and trace.source.steers is None:
            trace.source.is_likely |= not trace.is_clear
            trace.source.steers = node

    def _governs(self, node: ast.stmt) -> bool:
        """Whether steps stand in its blocks, or leaving from them skips steps behind."""
        inner = [one for block in blocks_of(node) for one in block]
        if any(self.body.makes_steps(one) for one in inner):
            return True
        leaves = any(
            isinstance(one, ast.Return | ast.Raise | ast.Break | ast.Continue)
            for statement in inner
            for one in walk_shallow(statement)
        )
        end = node.end_lineno or 0
        calls = [*(step.node for step in self.body.steps), *(call for call, _ in self.body.helpers)]
        return leaves and any(call.lineno > end for call in calls)

    def _bind(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assign):
            trace = self.trace(node.value)
            for target in node.targets:
                self._assign(target, trace)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._assign(node.target, self.trace(node.value))
        elif isinstance(node, ast.AugAssign):
            if (trace := self.trace(node.value)) is not None:
                self._assign(node.target, trace)
        elif isinstance(node, ast.For | ast.AsyncFor):
            self._assign(node.target, self.trace(node.iter))
        elif isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None:
                    self._assign(item.optional_vars, self.trace(item.context_expr))

    def _assign(self, target: ast.expr, trace: _Trace | None) -> None:
        if isinstance(target, ast.Name):
            if trace is None:
                self.names.pop(target.id, None)
            else:
                self.names[target.id] = trace
        elif isinstance(target, ast.Tuple | ast.List):
            for one in target.elts:
                self._assign(one, trace)
        elif isinstance(target, ast.Starred):
            self._assign(target.value, trace)
        elif trace is not None and isinstance(target, ast.Subscript | ast.Attribute):
            self._assign(_root(target), trace)

    # Tracing.

    def trace(self, node: ast.AST) -> _Trace | None:
        """The source in an expression, steps and functions in it left out."""
        if isinstance(node, FunctionNode) or node in self.body.step_nodes:
            return None
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if told := source_told(node, self.body):
            return _Trace(self._source(node, told))
        if isinstance(node, ast.Call):
            return self._call(node)
        for part in ast.iter_child_nodes(node):
            if (found := self.trace(part)) is not None:
                return found
        return None

    def _call(self, node: ast.Call) -> _Trace | None:
        func = node.func
        if isinstance(func, ast.Attribute) and (owner := self.trace(func.value)) is not None:
            return owner
        given = [*node.args, *(word.value for word in node.keywords)]
        found = next((one for part in given if (one := self.trace(part)) is not None), None)
        if found is not None:
            return found if _is_transparent(func) else _Trace(found.source, is_clear=False)
        helper = self.body.function(func)
        if isinstance(helper, NamedFunction) and helper is not self.body.root:
            told = returned_source(helper, self.body)
            if told is not None:
                return _Trace(self._source(node, f"{helper.name}(): {told}"))
        return None

    def _source(self, node: ast.AST, told: str) -> _Source:
        if node not in self.sources:
            self.sources[node] = _Source(node, told, is_likely=is_environment(told))
        return self.sources[node]

    def _is_unsure(self, trace: _Trace) -> bool:
        return trace.source.is_likely or not trace.is_clear


def _has_source(body: Body) -> bool:
    kinds: tuple[type[ast.AST], ...] = (ast.Call, ast.Attribute, ast.Subscript)
    for kind in kinds:
        if any(source_told(node, body) for node in body.of(kind)):
            return True
    called = (body.function(node.func) for node in body.of(ast.Call))
    return any(isinstance(one, NamedFunction) and returned_source(one, body) for one in called)


def _root(node: ast.expr) -> ast.expr:
    """What an item or attribute belongs to in the end: the whole of it holds the value."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node


def _is_transparent(func: ast.expr) -> bool:
    """Builtins that hand values on, classes (by their capital letter), and methods of strings."""
    if isinstance(func, ast.Name):
        return func.id in _TRANSPARENT or func.id[:1].isupper()
    if isinstance(func, ast.Attribute):
        return func.attr[:1].isupper() or func.attr in {"join", "format", "replace", "isoformat"}
    return False


def unstable(body: Body) -> Iterator[Finding]:
    """What differs on replay, and where it gets to."""
    if not body.steps or not _has_source(body):
        return  # nearly all of them
    yield from Replay(body).findings()

"""Rule `outer-assignment-in-step`: what a step changes outside of itself and is read later.

A *path* is a name with its attributes, `("state", "count")` for `state.count`. Writes are looked
for in the step's callable: a function or lambda within the handler, which sees the handler's names,
or a function of the module, which sees what it is handed and the module's own names.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from mainstem.lint.body import Body
from mainstem.lint.findings import Finding, Severity
from mainstem.lint.steps import StepCall, is_partial
from mainstem.lint.tree import FunctionNode, arguments_of, parameters, walk

Path = tuple[str, ...]

_MUTATORS = {
    "add", "append", "appendleft", "clear", "discard", "extend", "extendleft", "insert", "pop",
    "popitem", "popleft", "remove", "reverse", "setdefault", "sort", "subtract", "update",
}  # fmt: skip
_CONTAINERS = {
    "list", "dict", "set", "bytearray", "collections.Counter", "collections.OrderedDict",
    "collections.defaultdict", "collections.deque",
}  # fmt: skip
_DISPLAYS = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp


@dataclass(frozen=True)
class _Write:
    """One change of something that is not the function's own. `is_call`: by a method's name."""

    path: Path
    node: ast.AST
    is_call: bool = False
    is_rebinding: bool = False


def lost_assignments(body: Body) -> Iterator[Finding]:
    """Writes of steps that a later line of the handler reads."""
    told: set[ast.AST] = set()
    for step in body.steps:
        work = body.works[step]
        if work is None:
            continue
        for write in _writes(work):
            outer = _seen_by_handler(body, step, work, write)
            if outer is None or write.node in told:
                continue
            severity = _severity(body, outer, write)
            if severity is None:
                continue
            if (read := _read_after(body, step, work, outer)) is not None:
                told.add(write.node)
                yield _finding(body, step, outer, write, read, severity)


def _finding(
    body: Body, step: StepCall, path: Path, write: _Write, read: ast.AST, severity: Severity
) -> Finding:
    name = f"step '{step.constant_id}'" if step.constant_id else "a step"
    line = getattr(read, "lineno", 0)
    return body.finding(
        "outer-assignment-in-step",
        write.node,
        f"'{'.'.join(path)}' is changed inside {name} and read after it in line {line}: "
        "on replay the change is lost.",
        severity=severity,
    )


def _writes(function: FunctionNode) -> list[_Write]:
    """What a function changes that it has not made itself."""
    nodes = [node for node in walk(function) if node is not function]
    outer = {
        name for node in nodes if isinstance(node, ast.Nonlocal | ast.Global) for name in node.names
    }
    own = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    } - outer
    own.update(*(parameters(node) for node in nodes if isinstance(node, FunctionNode)))
    found: list[_Write] = []
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in outer and not _is_load(node):
            found.append(_Write((node.id,), node, is_rebinding=True))
        elif isinstance(node, ast.Attribute | ast.Subscript) and not _is_load(node):
            path = _path(node)
            if path:
                found.append(_Write(path, node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            path = _path(node.func.value)
            if path and node.func.attr in _MUTATORS:
                found.append(_Write(path, node, is_call=True))
    return [write for write in found if write.path[0] not in own]


def _is_load(node: ast.Name | ast.Attribute | ast.Subscript) -> bool:
    return isinstance(node.ctx, ast.Load)


def _path(node: ast.AST) -> Path | None:
    """The path of a target or receiver; an index ends it."""
    names: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Subscript):
            names.clear()
        elif isinstance(node, ast.Attribute):
            names.append(node.attr)
        else:
            return None
        node = node.value
    return (node.id, *reversed(names))


def _seen_by_handler(body: Body, step: StepCall, work: FunctionNode, write: _Write) -> Path | None:
    """The path of a write in the handler's own names; None when it is none of the handler's."""
    name = write.path[0]
    if name in parameters(work):
        if write.is_rebinding:
            return None
        call, skip = step.node, step.skip + 2
        if isinstance(step.callable, ast.Call) and is_partial(step.callable, body.module):
            call, skip = step.callable, 1
        given = arguments_of(call, work, skip=skip).get(name)
        path = _path(given) if given is not None else None
        if path is None or isinstance(given, ast.Subscript):
            return None
        return (*path, *write.path[1:])
    if work in body.parents or name in body.module.values:
        return write.path
    return None


def _severity(body: Body, path: Path, write: _Write) -> Severity | None:
    """How sure it is that the value is kept in memory only; None when nothing speaks for it."""
    name = path[0]
    if write.is_rebinding:
        return "error"
    if name in body.module.imports and name not in body.bound:
        return None
    values = body.bindings.get(name, [])
    if not values and name in body.module.values and name not in body.bound:
        values = [body.module.values[name]]
    if write.is_call:
        if len(path) > 1:
            return "warning" if len(path) == 2 and any(map(_is_instance, values)) else None
        return "error" if any(_is_container(body, value) for value in values) else None
    if values:
        return "error"
    return "warning" if name in parameters(body.root) else None


def _is_container(body: Body, value: ast.expr) -> bool:
    if isinstance(value, _DISPLAYS):
        return True
    if not isinstance(value, ast.Call):
        return False
    name = value.func.id if isinstance(value.func, ast.Name) else ""
    return name in _CONTAINERS or body.qualified(value.func) in _CONTAINERS


def _is_instance(value: ast.expr) -> bool:
    """Whether a value is made by calling a class, as its capital letter says."""
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id[:1].isupper()
    )


def _read_after(body: Body, step: StepCall, work: FunctionNode, path: Path) -> ast.AST | None:
    """Where the handler reads the path once the step is over; None if it never does."""
    end = (step.node.end_lineno or 0, step.node.end_col_offset or 0)
    statement = body.statement(step.node)
    if isinstance(statement, ast.Assign) and any(path[0] in _names(t) for t in statement.targets):
        return None  # the name is bound to the step's result
    inside = set(walk(step.node)) | set(walk(work))
    uses = [node for node in body.of(ast.Name) if node.id == path[0] and node not in inside]
    later = [node for node in uses if (node.lineno, node.col_offset) >= end]
    dropped = _rebound(body, statement, later)
    for node in later:
        if node is dropped:
            break
        if _reads(body, node, path):
            return node
    return _read_in_loop(body, step, uses, path)


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in walk(node) if isinstance(one, ast.Name)}


def _rebound(body: Body, statement: ast.AST, later: list[ast.Name]) -> ast.Name | None:
    """The first later use that gives the name a new value, whatever way was taken before."""
    around = {id(node) for node in body.ancestors(statement)}
    for node in later:
        if isinstance(node.ctx, ast.Store):
            assignment = body.parents[node]
            if (
                isinstance(assignment, ast.Assign)
                and node.id not in _names(assignment.value)
                and id(body.parents[assignment]) in around
            ):
                return node
    return None


def _read_in_loop(body: Body, step: StepCall, uses: list[ast.Name], path: Path) -> ast.AST | None:
    """A read earlier in the text that comes after the step in the next turn of a loop."""
    for loop in body.ancestors(step.node):
        if isinstance(loop, FunctionNode):
            return None
        if isinstance(loop, ast.For | ast.AsyncFor | ast.While):
            within = set(walk(loop))
            inner = [node for node in uses if node in within]
            if any(
                isinstance(node.ctx, ast.Store) and isinstance(body.parents[node], ast.Assign)
                for node in inner
            ):
                return None
            found = next((node for node in inner if _reads(body, node, path)), None)
            if found is not None:
                return found
    return None


def _reads(body: Body, node: ast.Name, path: Path) -> bool:
    """Whether a use of the root name looks at what was written, and does more than write again."""
    if not isinstance(node.ctx, ast.Load):
        return False
    top: ast.AST = node
    read: list[str] = [node.id]
    while isinstance(up := body.parents[top], ast.Attribute):
        read.append(up.attr)
        top = up
    if isinstance(up, ast.Call) and up.func is top:
        if read[-1] in _MUTATORS and isinstance(body.parents[up], ast.Expr | ast.Lambda):
            return False
        read.pop()  # a method of the thing looks at all of it
    elif isinstance(top, ast.Attribute) and not _is_load(top):
        return False
    elif isinstance(up, ast.Subscript) and up.value is top:
        return _is_load(up)
    shared = min(len(read), len(path))
    return tuple(read[:shared]) == path[:shared]

"""Rule `undeclared-send`, and `sent_events`: which events each handler sends."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mainstem.lint.body import Body
from mainstem.lint.findings import Finding
from mainstem.lint.handlers import Context, Handler, handlers_of
from mainstem.lint.project import Project, concerns, module_name, python_files, text_of
from mainstem.lint.reach import Events, Reach, Scope, entered
from mainstem.lint.source import Module
from mainstem.lint.steps import context_of, step_call
from mainstem.lint.tree import FunctionNode, NamedFunction, walk

_RULE = "undeclared-send"


@dataclass(frozen=True, slots=True)
class SentEvents:
    """What one handler sends, its helpers in other modules included.

    `classes` are names of event classes, `names` those on the wire where the source tells them.
    Where `is_complete` is false something could not be followed and there may be more.
    """

    function_id: str | None
    path: str
    line: int
    classes: tuple[str, ...]
    names: tuple[str, ...]
    is_complete: bool


def sent_events(paths: Iterable[Path]) -> list[SentEvents]:
    """What every handler in the paths sends, in order of place; versions each for themselves.

    Files that are not Python are passed over: `lint_paths` reports them.
    Raises `NothingToLint` for a path that does not exist.
    """
    modules = []
    for path in python_files(paths):
        try:
            modules.append(Module(text_of(path), str(path), name=module_name(path)))
        except (SyntaxError, ValueError, RecursionError):
            continue
    project = Project(modules)
    return [
        _sent(project, module, handler)
        for module in modules
        if concerns(module.text)
        for handler in handlers_of(module)
        if handler.is_entry
    ]


def _sent(project: Project, module: Module, handler: Handler) -> SentEvents:
    events = Events()
    for _, found in _sends(project, module, handler):
        events.classes |= found.classes
        events.names |= found.names
        events.is_complete &= found.is_complete
    return SentEvents(
        handler.function_id,
        module.path,
        handler.node.lineno,
        tuple(sorted(events.classes)),
        tuple(sorted(events.names)),
        events.is_complete,
    )


def _sends(project: Project, module: Module, handler: Handler) -> Iterator[tuple[ast.Call, Events]]:
    """Each send of a handler, and of what it hands its context to."""
    received = _received(project, module, handler)
    scope = Scope(module, handler.node, dict(handler.contexts), received=received)
    yield from _sends_in(project, scope, set())


def _sends_in(
    project: Project, scope: Scope, seen: set[FunctionNode]
) -> Iterator[tuple[ast.Call, Events]]:
    if scope.function in seen:
        return
    seen.add(scope.function)
    for name, values in scope.bindings.items():
        kinds = {context_of(value, scope.contexts) for value in values}
        if len(kinds) == 1 and (kind := kinds.pop()):
            scope.contexts[name] = kind
    for node in [one for one in walk(scope.function) if isinstance(one, ast.Call)]:
        step = step_call(node, scope.contexts, scope.module)
        if step is not None and step.kind == "send":
            reach = Reach(project)
            for given in step.handed:
                reach.follow(given, scope)
            yield node, reach.events
        elif step is None:
            yield from _handed_on(project, node, scope, seen)


def _handed_on(
    project: Project, node: ast.Call, scope: Scope, seen: set[FunctionNode]
) -> Iterator[tuple[ast.Call, Events]]:
    """The sends of a function that is called with a context, or made a `partial` of with one."""
    func, skip = node.func, 0
    if scope.module.qualified(func) == "functools.partial" and node.args:
        func, skip = node.args[0], 1
    given = [*node.args[skip:], *(word.value for word in node.keywords)]
    if not any(context_of(one, scope.contexts) for one in given):
        return
    found = project.named(scope.module, func)
    if found is None or not isinstance(found[1], NamedFunction):
        if not _is_harmless(func):
            yield node, Events(is_complete=False)
        return
    yield from _sends_in(project, entered(found[0], found[1], node, scope, skip=skip), seen)


def _is_harmless(func: ast.expr) -> bool:
    return isinstance(func, ast.Name) and func.id in {"print", "repr", "str", "getattr", "partial"}


def _received(project: Project, module: Module, handler: Handler) -> Events:
    """The events that start a run, as the annotation `Run[...]` tells."""
    given = handler.node.args
    for one in (*given.posonlyargs, *given.args):
        kind = one.annotation
        if handler.contexts.get(one.arg) is Context.RUN and isinstance(kind, ast.Subscript):
            reach = Reach(project)
            for name in _alternatives(kind.slice):
                reach.add_class(name, module)
            return reach.events
    return Events(is_complete=False)


def _alternatives(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [*_alternatives(node.left), *_alternatives(node.right)]
    return [node]


def undeclared_sends(module: Module, bodies: Iterable[Body]) -> Iterator[Finding]:
    """Sends that a definition does not declare, and declarations that nothing is sent for."""
    project = Project([module])
    by_definition: dict[ast.AST, list[Body]] = {}
    for body in bodies:
        decorator = body.handler.decorator
        if body.handler.is_defined and decorator is not None:
            by_definition.setdefault(decorator, []).append(body)
    for group in by_definition.values():
        yield from _compare(project, module, group)


def _compare(project: Project, module: Module, bodies: list[Body]) -> Iterator[Finding]:
    declared = _declared(module, bodies[0].handler.sends)
    if declared is None and not module.classes:
        return  # nothing that could be said of classes that stand elsewhere
    sent: set[str] = set()
    is_complete = True
    for body in bodies:
        for node, events in _sends(project, module, body.handler):
            sent |= events.classes
            is_complete &= events.is_complete
            for name in sorted(events.classes):
                yield from _undeclared(body, node, name, declared)
    if declared is None or not is_complete:
        return
    for name in sorted(set(declared) - sent):
        if any(_is_kind_of(module, one, name) for one in sent):
            continue
        yield bodies[0].finding(
            _RULE,
            declared[name],
            f"`sends=` names '{name}', which the function never sends.",
            severity="warning",
        )


def _undeclared(
    body: Body, node: ast.Call, name: str, declared: dict[str, ast.expr] | None
) -> Iterator[Finding]:
    if declared is None:
        if body.handler.sends is None and name in body.module.classes:
            yield body.finding(
                _RULE,
                node,
                f"'{name}' is sent, and the definition has no `sends=`.",
                mend=f"Add `sends=({name},)` to the definition.",
                severity="warning",
            )
    elif not any(name == one or _is_kind_of(body.module, name, one) for one in declared):
        yield body.finding(
            _RULE,
            node,
            f"'{name}' is sent, but `sends=` does not name it.",
            mend=f"Add `{name}` to `sends=`.",
        )


def _declared(module: Module, sends: ast.expr | None) -> dict[str, ast.expr] | None:
    """The classes that `sends=` names; None when it is not there or cannot be read."""
    if isinstance(sends, ast.Name):
        sends = module.values.get(sends.id)
    if not isinstance(sends, ast.Tuple | ast.List | ast.Set):
        return None
    found: dict[str, ast.expr] = {}
    for one in sends.elts:
        if isinstance(one, ast.Attribute):
            found[one.attr] = one
        elif isinstance(one, ast.Name):
            found[module.imports.get(one.id, one.id).rpartition(".")[2]] = one
        else:
            return None
    return found


def _is_kind_of(module: Module, name: str, base: str, depth: int = 8) -> bool:
    """Whether one class of the module derives from another."""
    node = module.classes.get(name)
    if node is None or depth == 0:
        return False
    bases = [one.id for one in node.bases if isinstance(one, ast.Name)]
    return base in bases or any(_is_kind_of(module, one, base, depth - 1) for one in bases)

"""Definitions that would be refused when they are imported, foreseen where their values are static.

What a definition may say is the catalogue's business; whoever plans hands in a function that tells.
"""

from collections.abc import Callable, Mapping

import libcst as cst

from mainstem.migrate.finds import Create, Function
from mainstem.migrate.functions import Functions
from mainstem.migrate.modules import Chain, Module, Project
from mainstem.migrate.static import UNKNOWN, static_value

Refusal = Callable[[Mapping[str, object], bool], str | None]
"""Why no definition can be made of these options of `create_function`, or None.

The second argument says whether the handler is async.
"""


def foresee(project: Project, functions: Functions, refusal: Refusal) -> None:
    """Refuse the functions of which no definition could be made."""
    for function in functions.by_key.values():
        for number, create in enumerate(function.creates):
            options = _options(project, create)
            fn_id = function.ids[min(number, len(function.ids) - 1)]
            options["fn_id"] = fn_id if fn_id is not None else "unknown"
            handler = _handler(project, function)
            is_async = handler is None or handler.asynchronous is not None
            failure = _failure(project, create)
            if handler is not None and failure is not None:
                options["on_failure"] = _one_of_a_kind(failure.asynchronous is not None)
            why = refusal(options, is_async)
            if why is not None:
                function.why = function.why or f"a definition refuses it: {why}"


def _options(project: Project, create: Create) -> dict[str, object]:
    """The options that can be told; the trigger always, since there has to be one."""
    import inngest

    found: dict[str, object] = {}
    for each in create.call.args:
        if each.keyword is not None and each.keyword.value not in {"on_failure", "middleware"}:
            value = static_value(project, create.module, each.value)
            if value is not UNKNOWN:
                found[each.keyword.value] = value
    found.setdefault("trigger", inngest.TriggerEvent(event="unknown"))
    return found


def _handler(project: Project, function: Function) -> cst.FunctionDef | None:
    made = function.nodes[0]
    if isinstance(made, cst.FunctionDef):
        return made
    if isinstance(made, cst.Call) and len(made.args) == 1:
        return _defined(project, function.module, made.args[0].value)
    return None


def _failure(project: Project, create: Create) -> cst.FunctionDef | None:
    for each in create.call.args:
        if each.keyword is not None and each.keyword.value == "on_failure":
            return _defined(project, create.module, each.value)
    return None


def _defined(project: Project, module: Module, node: cst.BaseExpression) -> cst.FunctionDef | None:
    """The function that a name means, if it is defined once and not decorated."""
    name = project.resolve(module, node) if isinstance(node, Chain) else None
    there, rest = project.split(name) if name is not None else (None, "")
    bindings = [] if there is None else there.bindings(rest)
    found = bindings[0].node if len(bindings) == 1 else None
    return found if isinstance(found, cst.FunctionDef) and not found.decorators else None


def _one_of_a_kind(is_async: bool) -> Callable[..., object]:
    async def later(*_: object) -> None: ...

    def at_once(*_: object) -> None: ...

    return later if is_async else at_once

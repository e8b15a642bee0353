"""Which functions of a module run as handlers, and what their context is called there.

Three ways to write one are known: `@define(...)`, `@sdk_function(...)`, and the SDK's own
`@client.create_function(...)`; beside the handler itself, its versions and its failure handler.
A function that takes a context by its annotation (`run: Run[X]`) is a helper of some handler.
"""

import ast
from dataclasses import dataclass, field
from enum import Enum, auto

from mainstem.lint.source import Module
from mainstem.lint.tree import FunctionNode, parameters, walk


class Context(Enum):
    """What a name stands for, of the things through which steps are made."""

    RUN = auto()  # `run` of a definition
    CTX = auto()  # `ctx` of the SDK
    STEP = auto()  # `ctx.step`
    GROUP = auto()  # `ctx.group`
    AI = auto()  # `ctx.step.ai`


@dataclass(frozen=True)
class Handler:
    """A function whose body makes steps, and how it comes by them.

    `sends` is what the definition declares, None where it declares nothing. `is_entry` is false
    for a helper, known by its annotation only, whose result is not the run's.
    """

    node: FunctionNode
    contexts: dict[str, Context]
    function_id: str | None = None
    sends: ast.expr | None = None
    is_entry: bool = True
    is_defined: bool = False
    decorator: ast.Call | None = field(default=None, compare=False)


_ANNOTATIONS = {
    "Run": Context.RUN,
    "Context": Context.CTX,
    "ContextSync": Context.CTX,
    "Step": Context.STEP,
    "StepSync": Context.STEP,
}


def handlers_of(module: Module) -> list[Handler]:
    """Every handler in the module, then the helpers that are known by annotation."""
    found: list[Handler] = []
    for function in module.definitions:
        for decorator in function.decorator_list:
            if isinstance(decorator, ast.Call) and (kind := kind_of_definer(decorator, module)):
                found += _defined(decorator, function, kind, module)
    for call in module.applied:
        definer = call.func
        if not (isinstance(definer, ast.Call) and call.args):
            continue
        kind, handler = kind_of_definer(definer, module), module.function(call.args[0])
        if kind and handler:
            found += _defined(definer, handler, kind, module)
    seen = {handler.node for handler in found}
    for function in module.definitions:
        contexts = annotated(function, module)
        if contexts and function not in seen:
            found.append(Handler(function, contexts, is_entry=False))
    return found


def kind_of_definer(call: ast.Call, module: Module) -> Context | None:
    """Which context a handler gets from this decorator; None for any other decorator."""
    if isinstance(call.func, ast.Attribute) and call.func.attr == "create_function":
        return Context.CTX
    name = module.qualified(call.func)
    if not name.startswith("mainstem"):
        return None
    return {"define": Context.RUN, "sdk_function": Context.CTX}.get(name.rpartition(".")[2])


def annotated(function: FunctionNode, module: Module) -> dict[str, Context]:
    """The parameters that are contexts by their annotation."""
    found = {}
    given = function.args
    for one in (*given.posonlyargs, *given.args, *given.kwonlyargs):
        if one.annotation is not None and (kind := _context_named(one.annotation, module)):
            found[one.arg] = kind
    return found


def _context_named(annotation: ast.expr, module: Module) -> Context | None:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return None
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    room, _, name = module.qualified(annotation).rpartition(".")
    kind = _ANNOTATIONS.get(name)
    if kind is None:
        return None
    owner = "mainstem" if kind is Context.RUN else "inngest"
    return kind if room.partition(".")[0] == owner else None


def _defined(
    call: ast.Call, function: FunctionNode, kind: Context, module: Module
) -> list[Handler]:
    given = {word.arg: word.value for word in call.keywords if word.arg}
    function_id = module.text_of(given.get("id") or given.get("fn_id"))
    sends = given.get("sends")
    nodes = [function]
    if (versions := given.get("versions")) is not None:
        nodes += _versions(versions, module)
    if (failure := given.get("on_failure")) is not None and (found := module.function(failure)):
        nodes.append(found)
    return [
        Handler(
            node,
            _contexts(node, kind, module),
            function_id,
            sends,
            is_defined=kind is Context.RUN or sends is not None,
            decorator=call,
        )
        for node in nodes
    ]


def _versions(versions: ast.expr, module: Module) -> list[FunctionNode]:
    found = []
    if isinstance(versions, ast.Name):
        versions = module.values.get(versions.id, versions)
    for node in walk(versions):
        if isinstance(node, ast.Call) and module.qualified(node.func).endswith(".Version"):
            given = {word.arg: word.value for word in node.keywords}
            handler = node.args[1] if len(node.args) > 1 else given.get("handler")
            if handler is not None and (function := module.function(handler)):
                found.append(function)
    return found


def _contexts(function: FunctionNode, kind: Context, module: Module) -> dict[str, Context]:
    names = parameters(function)
    if names and names[0] in {"self", "cls"}:
        names = names[1:]
    found = annotated(function, module)
    if names:
        found.setdefault(names[0], kind)
    if kind is Context.CTX and "step" in names[1:2]:  # handlers of the SDK before 0.5
        found.setdefault("step", Context.STEP)
    return found

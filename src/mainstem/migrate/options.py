"""Options that are unpacked or handed through: may they hold middleware already?"""

import libcst as cst

from mainstem.migrate.finds import Create, Function, Maker
from mainstem.migrate.functions import Functions
from mainstem.migrate.modules import Chain, Module, Project, is_reference
from mainstem.migrate.shapes import argument


def middleware_is_open(project: Project, functions: Functions, function: Function) -> str | None:
    """Why no middleware can be put in front of `function`'s own for certain, or None."""
    for create in function.creates:
        why = _at(project, functions, create, function.makers)
        if why is not None:
            return why
    return None


def _at(project: Project, functions: Functions, create: Create, makers: list[Maker]) -> str | None:
    module, call = create.module, create.call
    own = argument(call, "middleware")
    if own is not None and not _is_list(project, module, own.value):
        return f"its own middleware, `{module.code(own.value)}`, is no list that can be read"
    for each in call.args:
        if each.star == "**" and _may_hold(project, functions, module, call, each.value):
            return f"`**{module.code(each.value)}` at {module.place(call)} may hold middleware"
    # A partial's own arguments give way to those of its callers.
    for maker in makers:
        if isinstance(maker.node, cst.Call) and maker.node is call:
            why = _given_by_callers(functions, maker)
            if why is not None:
                return why
    return None


def _is_list(project: Project, module: Module, value: cst.BaseExpression) -> bool:
    if isinstance(value, cst.List | cst.Tuple):
        return True
    if isinstance(value, cst.Name) and value.value == "None":
        return True
    found = _constant(project, module, value)
    return isinstance(found, cst.List | cst.Tuple)


def _constant(
    project: Project, module: Module, value: cst.BaseExpression
) -> cst.BaseExpression | None:
    """What the name `value` is bound to, once and for all."""
    name = project.resolve(module, value) if isinstance(value, Chain) else None
    there, rest = project.split(name) if name is not None else (None, "")
    bindings = [] if there is None or "<locals>" in rest else there.bindings(rest)
    return there.value_of(bindings[0]) if there is not None and len(bindings) == 1 else None


def _may_hold(
    project: Project,
    functions: Functions,
    module: Module,
    call: cst.Call,
    value: cst.BaseExpression,
) -> bool:
    if isinstance(value, cst.Dict):
        return not _is_plain(value)
    if isinstance(value, cst.Call) and module.absolute(value.func) == "builtins.dict":
        return any(
            each.keyword is None or each.keyword.value == "middleware" for each in value.args
        )
    around = module.function_around(call)
    if isinstance(around, cst.FunctionDef) and isinstance(value, cst.Name):
        rest = around.params.star_kwarg
        maker = functions.makers.get(f"{module.name}.{around.name.value}")
        if isinstance(rest, cst.Param) and rest.name.value == value.value and maker is not None:
            return _given_by_callers(functions, maker) is not None
    found = _constant(project, module, value)
    if not isinstance(found, cst.Dict) or not _is_plain(found):
        return True
    return not _is_only_unpacked(project, project.resolve(module, value) or "")


def _is_plain(found: cst.Dict) -> bool:
    """Whether every key can be read and none is `middleware`."""
    return all(
        isinstance(each, cst.DictElement)
        and isinstance(each.key, cst.SimpleString)
        and each.key.evaluated_value != "middleware"
        for each in found.elements
    )


def _is_only_unpacked(project: Project, name: str) -> bool:
    """Whether all that is done with the dictionary `name` is to unpack it."""
    for module in project.modules:
        for node in module.nodes:
            if not isinstance(node, Chain) or not is_reference(module, node):
                continue
            found = project.resolve(module, node) or ""
            parent = module.parent(node)
            if found == name or found.startswith(f"{name}."):
                is_unpacked = isinstance(parent, cst.Arg) and parent.star == "**"
                if not is_unpacked and not isinstance(parent, cst.StarredDictElement):
                    return False
    return True


def _given_by_callers(functions: Functions, maker: Maker) -> str | None:
    for module, call in functions.calls_of(maker.key):
        for each in call.args:
            if each.star or (each.keyword is not None and each.keyword.value == "middleware"):
                return f"the call at {module.place(call)} may give middleware of its own"
    return None

"""Decorators of the project that put what they decorate into a list, and give it back."""

import libcst as cst

from mainstem.migrate.modules import Chain, Project
from mainstem.migrate.shapes import is_docstring


def list_registered(project: Project, name: str) -> str | None:
    """The list to which the decorator `name` appends, if that is all it does; else None.

    ::

        def served(function):
            SERVED.append(function)
            return function
    """
    module, rest = project.split(name)
    if module is None:
        return None
    bindings = module.bindings(rest)
    function = bindings[0].node if len(bindings) == 1 else None
    if not isinstance(function, cst.FunctionDef) or function.asynchronous or function.decorators:
        return None
    parameters = function.params.params
    lines = [
        small
        for line in function.body.body
        for small in (line.body if isinstance(line, cst.SimpleStatementLine) else [line])
        if not is_docstring(small)
    ]
    if len(parameters) != 1 or len(lines) != 2:
        return None
    parameter = parameters[0].name.value
    appended, returned = lines
    if not (isinstance(returned, cst.Return) and _is(returned.value, parameter)):
        return None
    call = appended.value if isinstance(appended, cst.Expr) else None
    if (
        not isinstance(call, cst.Call)
        or not isinstance(call.func, cst.Attribute)
        or call.func.attr.value != "append"
        or len(call.args) != 1
        or not _is(call.args[0].value, parameter)
        or not isinstance(call.func.value, Chain)
    ):
        return None
    return project.resolve(module, call.func.value)


def _is(node: cst.CSTNode | None, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name

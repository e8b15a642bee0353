"""Values that can be told by reading: numbers, texts, lists, the SDK's configuration of these."""

import datetime as dt
import operator
from typing import Any, Final

import libcst as cst

from mainstem.migrate.constants import Given, text_of
from mainstem.migrate.modules import Chain, Module, Project

UNKNOWN: Final = object()
"""Stands for a value that reading cannot tell."""

_WORDS = {"True": True, "False": False, "None": None}
_OPERATORS = {
    cst.Add: operator.add,
    cst.Subtract: operator.sub,
    cst.Multiply: operator.mul,
}
_CLASSES = frozenset(
    {
        "Batch",
        "Cancel",
        "Concurrency",
        "Debounce",
        "Priority",
        "RateLimit",
        "Singleton",
        "Throttle",
        "Timeouts",
        "TriggerCron",
        "TriggerEvent",
    }
)


def static_value(project: Project, module: Module, node: cst.BaseExpression) -> object:
    """What `node` is when it runs, or `UNKNOWN`."""
    if isinstance(node, cst.Integer | cst.Float):
        return node.evaluated_value
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        value = static_value(project, module, node.expression)
        return -value if isinstance(value, int | float) else UNKNOWN
    if isinstance(node, cst.BinaryOperation) and type(node.operator) in _OPERATORS:
        left = static_value(project, module, node.left)
        right = static_value(project, module, node.right)
        if isinstance(left, int | float) and isinstance(right, int | float):
            return _OPERATORS[type(node.operator)](left, right)
    if isinstance(node, cst.Name) and node.value in _WORDS:
        return _WORDS[node.value]
    if isinstance(node, cst.List | cst.Tuple):
        plain = all(isinstance(one, cst.Element) for one in node.elements)
        values = [static_value(project, module, one.value) for one in node.elements]
        return values if plain and UNKNOWN not in values else UNKNOWN
    if isinstance(node, cst.Call):
        return _made(project, module, node)
    text = text_of(project, module, node, Given())
    if text is None and isinstance(node, Chain):
        return _constant(project, module, node)
    return UNKNOWN if text is None else text


def _made(project: Project, module: Module, call: cst.Call) -> object:
    """A duration, or one of the SDK's configuration classes, with values that can be told."""
    import inngest

    name = project.resolve(module, call.func) or ""
    made: Any
    if name == "datetime.timedelta":
        made = dt.timedelta
    elif name.removeprefix("inngest.") in _CLASSES and name.startswith("inngest."):
        made = getattr(inngest, name.removeprefix("inngest."), None)
    else:
        return UNKNOWN
    given = {
        each.keyword.value: static_value(project, module, each.value)
        for each in call.args
        if each.keyword is not None
    }
    if len(given) != len(call.args) or UNKNOWN in given.values() or not callable(made):
        return UNKNOWN
    try:
        value: object = made(**given)
    except Exception:  # noqa: BLE001  then it fails when it runs, before and after alike
        return UNKNOWN
    return value


def _constant(project: Project, module: Module, node: Chain) -> object:
    name = project.resolve(module, node)
    there, rest = project.split(name) if name is not None else (None, "")
    bindings = [] if there is None else there.bindings(rest)
    value = there.value_of(bindings[0]) if there is not None and len(bindings) == 1 else None
    if there is None or value is None or value is node:
        return UNKNOWN
    return static_value(project, there, value)

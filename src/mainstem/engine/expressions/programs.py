"""From the tree to something that runs: one Python closure per node.

Events are read as they are, without a copy, so a condition over a large event costs what its own
members cost. Names are settled here: an unknown variable or function is refused, not met at run
time. Inngest SDK protocol, "Expressions".
"""

from collections.abc import Sequence
from typing import Any, Final

from mainstem.engine.errors import BadExpression
from mainstem.engine.expressions.functions import FUNCTIONS, TYPE_NAMES, Function
from mainstem.engine.expressions.macros import macro
from mainstem.engine.expressions.operators import OPERATORS, invert, member, negate
from mainstem.engine.expressions.scope import Run, Scope
from mainstem.engine.expressions.syntax import (
    Call,
    Chain,
    Choice,
    Constant,
    Has,
    ListOf,
    Macro,
    MapOf,
    Node,
    Path,
    Prefix,
    Variable,
)
from mainstem.engine.expressions.values import (
    FAILURES,
    MISSING,
    NoValue,
    TypeName,
    Value,
    is_truthy,
)

VARIABLES: Final = ("event", "async", "vars")
_DECIDES: Final = {"||": True, "&&": False}


def build(text: str, tree: Node) -> Run:
    """What runs an expression. Raises `BadExpression` for a name that CEL does not know."""
    return _Builder(text).build(tree, frozenset(VARIABLES))


class _Builder:
    """Builds closures; `names` are the variables that an expression may use at its place."""

    def __init__(self, text: str) -> None:
        self._text = text

    def build(self, node: Node, names: frozenset[str]) -> Run:
        match node:
            case Constant(value):
                return lambda _: value
            case Variable(name):
                return self._variable(name, names)
            case Path():
                return self._path(node, names)
            case Has(base, name):
                return _has(self.build(base, names), name)
            case Chain(first, rest):
                return self._chain(first, rest, names)
            case Prefix(sign, operand):
                change, inner = invert if sign == "!" else negate, self.build(operand, names)
                return lambda scope: change(inner(scope))
            case Choice(condition, yes, no):
                return _choice(*(self.build(each, names) for each in (condition, yes, no)))
            case Call():
                return self._call(node, names)
            case Macro():
                target = self.build(node.target, names)
                inside = names | {node.variable}
                bodies = [self.build(body, inside) for body in node.bodies]
                return macro(node.name, target, node.variable, bodies, node.weight)
            case ListOf(items):
                return _list([self.build(each, names) for each in items])
            case MapOf(entries):
                return _map([(self.build(k, names), self.build(v, names)) for k, v in entries])
        raise AssertionError(node)

    def _variable(self, name: str, names: frozenset[str]) -> Run:
        if name in names:
            return lambda scope: scope.variable(name)
        if name not in TYPE_NAMES:
            raise BadExpression(
                self._text,
                f"there is no variable {name!r}; there are {', '.join(VARIABLES)}",
            )
        kind = TypeName(name)
        return lambda _: kind

    def _path(self, node: Path, names: frozenset[str]) -> Run:
        base = self.build(node.base, names)
        if all(isinstance(key, Constant) and isinstance(key.value, str) for key in node.keys):
            return _fields(base, [key.value for key in node.keys if isinstance(key, Constant)])
        keys = [self.build(key, names) for key in node.keys]

        def run(scope: Scope) -> Value:
            value = base(scope)
            for key in keys:
                value = member(value, key(scope))
            return value

        return run

    def _chain(self, first: Node, rest: Sequence[tuple[str, Node]], names: frozenset[str]) -> Run:
        start = self.build(first, names)
        steps = [(sign, self.build(right, names)) for sign, right in rest]
        if steps[0][0] in _DECIDES:
            return _logic([start, *(right for _, right in steps)], _DECIDES[steps[0][0]])
        if len(steps) == 1:
            [(sign, right)] = steps
            apply = OPERATORS[sign]
            return lambda scope: apply(start(scope), right(scope), scope.fuel)
        applied = [(OPERATORS[sign], right) for sign, right in steps]

        def run(scope: Scope) -> Value:
            value = start(scope)
            for operator, right in applied:
                value = operator(value, right(scope), scope.fuel)
            return value

        return run

    def _call(self, node: Call, names: frozenset[str]) -> Run:
        function = FUNCTIONS.get(node.name)
        is_method = node.target is not None
        if function is None or not (function.is_method if is_method else function.is_global):
            kind = "method" if is_method else "function"
            raise BadExpression(self._text, f"there is no {kind} {node.name}()")
        inputs = (*([] if node.target is None else [node.target]), *node.arguments)
        if len(inputs) not in function.counts:
            counts = " or ".join(str(count - is_method) for count in function.counts)
            raise BadExpression(self._text, f"{node.name}() takes {counts} arguments")
        return _applied(node.name, function, [self.build(each, names) for each in inputs])


def _fields(base: Run, fields: list[str]) -> Run:
    def run(scope: Scope) -> Value:
        value = base(scope)
        for field in fields:
            if not isinstance(value, dict):
                return MISSING
            value = value.get(field, MISSING)
        return value

    return run


def _has(base: Run, name: str) -> Run:
    def run(scope: Scope) -> bool:
        value = base(scope)
        return isinstance(value, dict) and name in value

    return run


def _logic(operands: list[Run], deciding: bool) -> Run:
    """`||` and `&&`: the operand that decides, else the last one.

    An operand without a value counts only if no other one decides, wherever that stands.
    """

    def run(scope: Scope) -> Value:
        failure: Exception | None = None
        value: Value = None
        for operand in operands:
            try:
                value = operand(scope)
            except FAILURES as error:
                failure = error
            else:
                if is_truthy(value) is deciding:
                    return value
        if failure is not None:
            raise NoValue("an operand has no value") from failure
        return value

    return run


def _choice(condition: Run, yes: Run, no: Run) -> Run:
    def run(scope: Scope) -> Value:
        holds = condition(scope)
        if holds is MISSING:
            return False
        if type(holds) is not bool:
            raise NoValue("the condition before '?' is neither true nor false")
        return yes(scope) if holds else no(scope)

    return run


def _applied(name: str, function: Function, inputs: list[Run]) -> Run:
    absent = 0 if name == "size" else False

    def run(scope: Scope) -> Value:
        values = [each(scope) for each in inputs]
        if MISSING in values:
            return absent
        wanted: list[Any] = [
            scope.fuel if want == "fuel" else scope.moment() for want in function.wants
        ]
        return function.run(*wanted, *values)

    return run


def _list(items: list[Run]) -> Run:
    def run(scope: Scope) -> list[Value]:
        values = [item(scope) for item in items]
        return [None if value is MISSING else value for value in values]

    return run


def _map(entries: list[tuple[Run, Run]]) -> Run:
    def run(scope: Scope) -> dict[Value, Value]:
        result: dict[Value, Value] = {}
        for entry, content in entries:
            key, value = entry(scope), content(scope)
            if type(key) not in (str, int, bool) or key in result:
                raise NoValue("a map's keys are texts, ints, true or false, each there once")
            result[key] = None if value is MISSING else value
        return result

    return run

"""`all`, `exists`, `exists_one`, `filter` and `map`: an expression for each item of a list.

A map stands for the list of its keys, a missing list gives false. Every item costs as much as its
expression is long, so no combination of them runs for ever.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from mainstem.engine.expressions.scope import Run, Scope
from mainstem.engine.expressions.syntax import MacroName
from mainstem.engine.expressions.values import FAILURES, MISSING, NoValue, Value, is_truthy

Each = Iterator[tuple[Value, Scope]]


def macro(name: MacroName, target: Run, variable: str, bodies: list[Run], weight: int) -> Run:
    """What runs the macro; `weight` is what one item costs."""
    combine = _MACROS[name]

    def run(scope: Scope) -> Value:
        items = target(scope)
        if items is MISSING:
            return False
        if not isinstance(items, (list, dict)):
            raise NoValue("only lists and maps have items")
        return combine(_each(list(items), scope, variable, weight), bodies)

    return run


def _each(items: list[Value], scope: Scope, variable: str, weight: int) -> Each:
    inner = Scope(dict(scope.variables), scope.now, scope.fuel)
    for item in items:
        scope.fuel.spend(weight)
        inner.variables[variable] = item
        yield item, inner


def _decide(each: Each, test: Run, *, deciding: bool) -> bool:
    """As a chain of `||` or `&&`: an item without a value counts only if no other decides."""
    failure: Exception | None = None
    for _, scope in each:
        try:
            if is_truthy(test(scope)) is deciding:
                return deciding
        except FAILURES as error:
            failure = error
    if failure is not None:
        raise NoValue("an item has no value") from failure
    return not deciding


def _exists(each: Each, bodies: list[Run]) -> bool:
    return _decide(each, bodies[0], deciding=True)


def _all(each: Each, bodies: list[Run]) -> bool:
    return _decide(each, bodies[0], deciding=False)


def _exists_one(each: Each, bodies: list[Run]) -> bool:
    return sum(is_truthy(bodies[0](scope)) for _, scope in each) == 1


def _filter(each: Each, bodies: list[Run]) -> list[Value]:
    return [item for item, scope in each if is_truthy(bodies[0](scope))]


def _map(each: Each, bodies: list[Run]) -> list[Value]:
    *tests, change = bodies
    values = (change(scope) for _, scope in each if all(is_truthy(test(scope)) for test in tests))
    return [None if value is MISSING else value for value in values]


_MACROS: Final[Mapping[MacroName, Callable[[Each, list[Run]], Value]]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
}

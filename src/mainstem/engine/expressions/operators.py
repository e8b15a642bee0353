"""The operators by their signs, as the tree applies them, missing operands included."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from mainstem.engine.expressions.values import (
    MISSING,
    Fuel,
    NoValue,
    Value,
    add,
    at_least,
    at_most,
    bounded,
    equal,
    greater,
    is_number,
    less,
    unequal,
)

Operator = Callable[[Value, Value, Fuel], Value]


def _is_in(left: Value, right: Value, fuel: Fuel) -> bool:
    if left is MISSING or right is MISSING:
        return False
    if isinstance(right, list):
        fuel.spend(1 + len(right))
        return any(equal(left, each, fuel) for each in right)
    if isinstance(right, dict):
        return _is_key(left) and left in right
    raise NoValue("only lists and maps hold something")


def _is_key(value: Value) -> bool:
    return isinstance(value, (str, int, float))


def _arithmetic(numbers: Callable[[Any, Any], Any]) -> Operator:
    def run(left: Value, right: Value, _fuel: Fuel) -> Value:
        if left is MISSING or right is MISSING:
            return False
        if is_number(left) and is_number(right):
            return bounded(numbers(left, right))
        raise NoValue("only numbers can be calculated with")

    return run


def _divide(left: Any, right: Any) -> Any:
    if type(left) is int and type(right) is int:
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    if right == 0:
        return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
    return left / right


def _remainder(left: Any, right: Any) -> Any:
    if type(left) is not int or type(right) is not int:
        raise NoValue("only ints have a remainder")
    rest = abs(left) % abs(right)
    return rest if left >= 0 else -rest


_minus_numbers: Final = _arithmetic(lambda left, right: left - right)


def _minus(left: Value, right: Value, fuel: Fuel) -> Value:
    if isinstance(left, (datetime, timedelta)) and isinstance(right, timedelta):
        return left - right
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left - right
    return _minus_numbers(left, right, fuel)


OPERATORS: Final[Mapping[str, Operator]] = {
    "==": equal,
    "!=": unequal,
    "<": less,
    "<=": at_most,
    ">": greater,
    ">=": at_least,
    "in": _is_in,
    "+": add,
    "-": _minus,
    "*": _arithmetic(lambda left, right: left * right),
    "/": _arithmetic(_divide),
    "%": _arithmetic(_remainder),
}


def negate(value: Value) -> Value:
    """`-value`."""
    if value is MISSING:
        return False
    if isinstance(value, timedelta):
        return -value
    if is_number(value):
        return bounded(-value)
    raise NoValue("only numbers have a negative")


def invert(value: Value) -> bool:
    """`!value`; a missing field gives false as it does to any function."""
    if value is MISSING:
        return False
    if type(value) is bool:
        return not value
    raise NoValue("only true and false can be inverted")


def member(value: Value, key: Value) -> Value:
    """A map's or list's member; whatever is not there is missing."""
    if isinstance(value, dict):
        return value.get(key, MISSING) if _is_key(key) else MISSING
    if isinstance(value, list) and is_number(key) and 0 <= key < len(value) and key == int(key):
        return value[int(key)]
    return MISSING

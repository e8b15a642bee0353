"""Values and the loose operators over them.

A value is what JSON gives, or bytes, a moment, a span, a type, or `MISSING`. The operators
`== != < <= > >= +` take operands of any types; what still has no answer raises `NoValue`.
Inngest SDK protocol, "Expressions".
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

Value = Any
_MAX_INT: Final = 2**63 - 1
_SECOND: Final = timedelta(seconds=1)


class NoValue(Exception):  # noqa: N818  an outcome: the expression does not match
    """An expression has no value for this event."""


# What an evaluation may raise; each of them means that there is no value.
FAILURES: Final = (NoValue, ArithmeticError, RecursionError)


class Missing:
    """The value of a field that is not there; there is one, `MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as a value: what `type(1)` and the bare word `int` give."""

    name: str


class Fuel:
    """Work that one evaluation may still do: about a microsecond a unit.

    Without it a short text could compare, repeat or join values without end.
    """

    __slots__ = ("_left",)

    def __init__(self, units: int = 1_000_000) -> None:
        self._left = units

    def spend(self, units: int) -> None:
        """Raises `NoValue` when all is used up."""
        self._left -= units
        if self._left < 0:
            raise NoValue("the expression costs too much")


def is_truthy(value: Value) -> bool:
    """Everything but null, missing, false, the empty text and zero."""
    if value is True or value is False:
        return bool(value)
    if value is None or value is MISSING or value == "":
        return False
    return not (is_number(value) and value == 0)


def is_number(value: Value) -> bool:
    """Whether it is an int or a double; true and false are neither."""
    kind = type(value)
    return kind is int or kind is float


def equal(left: Value, right: Value, fuel: Fuel) -> bool:
    """`==`: across types false, but ints equal doubles and a missing field equals null."""
    kind = type(left)
    if kind is type(right) and kind in (str, int, float, bool):
        return bool(left == right)
    if left is MISSING or right is MISSING:
        # Two missing fields are not equal: neither says which value it lacks.
        return left is None or right is None
    if is_number(left) and is_number(right):
        return bool(left == right)
    if kind is not type(right):
        return False
    if kind is list:
        fuel.spend(1 + len(left))
        return len(left) == len(right) and all(
            equal(one, other, fuel) for one, other in zip(left, right, strict=True)
        )
    if kind is dict:
        fuel.spend(1 + len(left))
        return left.keys() == right.keys() and all(
            equal(each, right[key], fuel) for key, each in left.items()
        )
    return bool(left == right)


def unequal(left: Value, right: Value, fuel: Fuel) -> bool:
    """`!=`."""
    return not equal(left, right, fuel)


def _ordering(
    compare: Callable[[Value, Value], bool], *, missing_left: bool
) -> Callable[[Value, Value, Fuel], bool]:
    def run(left: Value, right: Value, _fuel: Fuel) -> bool:
        if left is MISSING:
            return missing_left
        if right is MISSING:
            return not missing_left
        if left is None or right is None:
            left, right = _zero(left, right), _zero(right, left)
        if type(left) is type(right):
            if isinstance(left, (int, float, str, bytes, datetime, timedelta)):
                return compare(left, right)
        elif is_number(left) and is_number(right):
            return compare(left, right)
        raise NoValue("values of these types have no order")

    return run


def _zero(value: Value, other: Value) -> Value:
    """What null stands for beside another value: the empty text or zero."""
    if value is not None:
        return value
    return "" if isinstance(other, str) else 0


# The protocol says it of the left operand: a missing field is less than anything. It says the
# reverse of the right one, even of two missing fields.
less = _ordering(lambda left, right: bool(left < right), missing_left=True)
at_most = _ordering(lambda left, right: bool(left <= right), missing_left=True)
greater = _ordering(lambda left, right: bool(left > right), missing_left=False)
at_least = _ordering(lambda left, right: bool(left >= right), missing_left=False)


def add(left: Value, right: Value, fuel: Fuel) -> Value:
    """`+`: a sum; texts, bytes and lists joined; anything else mixed joined as text."""
    if left is MISSING or left is None:
        return right
    if right is MISSING or right is None:
        return left
    if is_number(left) and is_number(right):
        return bounded(left + right)
    kind = type(left)
    if kind is type(right):
        if kind in (str, bytes, list):
            fuel.spend(1 + (len(left) + len(right)) // 32)
            return left + right
        if kind is not timedelta:
            raise NoValue("values of this type have no sum")
    if isinstance(right, timedelta) and isinstance(left, (datetime, timedelta)):
        return left + right
    if isinstance(left, timedelta) and isinstance(right, datetime):
        return right + left
    return add(text_of(left, fuel), text_of(right, fuel), fuel)


def bounded(number: Value) -> Value:
    """A number as it is; an int beyond 64 bits raises `NoValue`."""
    if type(number) is int and not -_MAX_INT - 1 <= number <= _MAX_INT:
        raise NoValue("the number does not fit into 64 bits")
    return number


def text_of(value: Value, fuel: Fuel) -> str:
    """A value as text: texts as they are, times as the protocol writes them, the rest as JSON.

    A whole double is written as the int that it equals.
    """
    if isinstance(value, str):
        fuel.spend(1 + len(value) // 32)
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, datetime):
        written = value.replace(tzinfo=None).isoformat()
        return (written.rstrip("0") if "." in written else written) + "Z"
    if isinstance(value, timedelta):
        return text_of(value / _SECOND, fuel) + "s"
    if isinstance(value, TypeName):
        return value.name
    return json.dumps(_plain(value, fuel), sort_keys=True)


def _plain(value: Value, fuel: Fuel) -> Value:
    fuel.spend(1)
    if isinstance(value, list):
        return [_plain(each, fuel) for each in value]
    if isinstance(value, dict):
        return {text_of(key, fuel): _plain(each, fuel) for key, each in value.items()}
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if value is None or isinstance(value, (bool, int)):
        return value
    return None if value is MISSING else text_of(value, fuel)

"""What a condition reads, as far as that can be told without an event.

Who listens with a condition is found by a key instead of by asking all who listen: a condition
`… && event.a == async.b && …` holds for new events with one value at `async.b` only, and which one
is known as soon as the triggering event is. The whole condition is asked all the same.
"""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from math import isnan
from typing import Any, Final

from mainstem.engine.expressions.syntax import Chain, Constant, Has, Node, Path, Variable, walk
from mainstem.engine.expressions.values import MISSING, Value

Json = Any
Fields = tuple[str, ...]

# Longer values are known by their hash: an index over texts of any length would be large.
_LONG: Final = 200
# How many equalities of a condition are kept: one whose value has no key leaves it to the next.
_TRIED: Final = 8


@dataclass(frozen=True, slots=True)
class Equality:
    """An operand that must hold: the new event's `fields` equal a constant or the first event's."""

    fields: Fields
    constant: Value = None
    first: Fields | None = None

    def key(self, event: Json) -> str | None:
        """The key that a new event must have; None when equality is not that of two keys."""
        return key_text(self.constant if self.first is None else read(self.first, event))


@dataclass(frozen=True, slots=True)
class Shape:
    """`reads` are the triggering event's fields that are asked for; None is all there are.

    The `equalities` that tell runs apart best come first.
    """

    reads: tuple[Fields, ...] | None
    equalities: tuple[Equality, ...]


def shape_of(tree: Node) -> Shape:
    """What a condition reads."""
    equalities = [each for operand in _operands(tree) if (each := _equality(operand))]
    # One with a value of the triggering event tells runs apart better than a constant does.
    equalities.sort(key=lambda each: each.first is None)
    return Shape(_reads(tree), tuple(equalities[:_TRIED]))


def part_of(reads: Sequence[Fields], event: Json) -> dict[str, Json]:
    """An event with nothing but these fields."""
    part: dict[str, Json] = {}
    for fields in reads:
        value = read(fields, event)
        if value is not MISSING:
            place = part
            for field in fields[:-1]:
                place = place.setdefault(field, {})
            place[fields[-1]] = value
    return part


def read(fields: Sequence[str], event: Json) -> Value:
    """A field of an event as an expression reads it."""
    value = event
    for field in fields:
        if not isinstance(value, dict):
            return MISSING
        value = value.get(field, MISSING)
    return value


def key_text(value: Value) -> str | None:
    """A text that two values share exactly if `==` holds for them; None if there is none."""
    kind = type(value)
    if kind is float and (isnan(value) or value.is_integer()):
        if isnan(value):
            return None
        value = int(value)
    if kind not in (str, int, float, bool):
        return None  # null equals a missing field, and lists and maps are compared by member
    text = json.dumps(value) if kind is not int else _digits(value)
    return text if len(text) <= _LONG else "sha256:" + sha256(text.encode()).hexdigest()


def path_text(fields: Fields) -> str:
    """Fields as one text."""
    return json.dumps(fields)


@lru_cache(maxsize=1024)
def path_fields(text: str) -> Fields:
    """The fields that `path_text` wrote."""
    return tuple(json.loads(text))


def _digits(number: int) -> str:
    return str(number) if number.bit_length() < 4096 else hex(number)


def _operands(node: Node) -> Iterator[Node]:
    """The operands of `&&`: if one is false, so is the whole, whatever the others are."""
    waiting = deque((node,))
    while waiting:
        each = waiting.popleft()
        if isinstance(each, Chain) and each.rest[0][0] == "&&":
            waiting += [each.first, *(right for _, right in each.rest)]
        else:
            yield each


def _equality(node: Node) -> Equality | None:
    if not (isinstance(node, Chain) and len(node.rest) == 1 and node.rest[0][0] == "=="):
        return None
    left, right = node.first, node.rest[0][1]
    for new, other in ((left, right), (right, left)):
        fields = _fields(new, "async")
        if not fields:
            continue
        if isinstance(other, Constant):
            return Equality(fields, other.value)
        if first := _fields(other, "event"):
            return Equality(fields, first=first)
    return None


def _fields(node: Node, variable: str) -> Fields:
    """The fields a path names, if it names nothing else."""
    if not (isinstance(node, Path) and node.base == Variable(variable)):
        return ()
    fields = _leading(node)
    return fields if len(fields) == len(node.keys) else ()


def _leading(path: Path) -> Fields:
    """The fields that a path begins with, up to the first key that is something else."""
    fields = []
    for key in path.keys:
        if not (isinstance(key, Constant) and isinstance(key.value, str)):
            break
        fields.append(key.value)
    return tuple(fields)


def _reads(tree: Node) -> tuple[Fields, ...] | None:
    event = Variable("event")
    found: set[Fields] = set()
    named = 0
    for node in walk(tree):
        named += node == event
        if isinstance(node, Path) and node.base == event and (fields := _leading(node)):
            found.add(fields)
            named -= 1
        elif isinstance(node, Has) and node.base == event:
            found.add((node.name,))
            named -= 1
    if named:
        return None  # the event stands somewhere as a whole
    return tuple(sorted(each for each in found if not _is_below(each, found)))


def _is_below(fields: Fields, others: set[Fields]) -> bool:
    return any(fields[:length] in others for length in range(1, len(fields)))

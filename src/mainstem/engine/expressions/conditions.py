"""What the engine asks of an expression: does it hold, which key, which number.

Only compiling raises: an expression that has no value for an event is no match.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from mainstem.engine.errors import BadExpression
from mainstem.engine.expressions.functions import moment
from mainstem.engine.expressions.parser import parse
from mainstem.engine.expressions.programs import build
from mainstem.engine.expressions.scope import Run, Scope
from mainstem.engine.expressions.shapes import (
    Shape,
    key_text,
    part_of,
    path_fields,
    path_text,
    read,
    shape_of,
)
from mainstem.engine.expressions.syntax import Call, Chain, Has, Macro, Node, Prefix, walk
from mainstem.engine.expressions.values import (
    FAILURES,
    MISSING,
    Fuel,
    Value,
    is_truthy,
    text_of,
)

Json = Any  # what json.loads gives; its shape is the sender's business

# The SDKs write values into conditions, so many are used once: what is kept has a bound in bytes.
_SHORT: Final = 1024
_COMPARING: Final = frozenset(("==", "!=", "<", "<=", ">", ">=", "&&", "||"))


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that compiled."""

    tree: Node
    run: Run
    shape: Shape


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left of a condition when its triggering event is known.

    `part` is all that it reads of that event, None for the whole. Only new events whose value at
    `path` has this `key` can fulfil it; no path means that any may.
    """

    part: Json = None
    path: str | None = None
    key: str | None = None


def check_expression(text: str) -> Expression:
    """The compiled expression. Raises `BadExpression`."""
    return _short(text) if len(text) <= _SHORT else _long(text)


def _compiled(text: str) -> Expression:
    tree = parse(text)
    try:
        return Expression(tree, build(text, tree), shape_of(tree))
    except RecursionError:
        raise BadExpression(text, "it is nested too deep") from None


_short: Final = lru_cache(maxsize=2048)(_compiled)
_long: Final = lru_cache(maxsize=16)(_compiled)


def check_comparison(text: str) -> None:
    """That an expression compares and combines and does no more. Raises `BadExpression`.

    What a cancellation's `if` must be. Inngest SDK protocol, "Function configuration".
    """
    for node in walk(check_expression(text).tree):
        if isinstance(node, Has):
            used = "has()"
        elif isinstance(node, (Call, Macro)):
            used = f"{node.name}()"
        elif isinstance(node, Prefix) and node.sign == "-":
            used = "'-'"
        elif isinstance(node, Chain):
            signs = [sign for sign, _ in node.rest if sign not in _COMPARING]
            used = repr(signs[0]) if signs else ""
        else:
            used = ""
        if used:
            raise BadExpression(
                text, f"it uses {used}, and a cancellation's 'if' may only compare and combine"
            )


def is_match(
    text: str | None, event: Json, new_event: Json = None, *, now: int | None = None
) -> bool:
    """Whether the condition holds; no condition always does, one without a value never does.

    `event` is the triggering event, `new_event` what the expression calls `async`, `now` the
    engine's time in milliseconds; without it the functions that ask for the time have no value.
    """
    return text is None or text == "" or is_truthy(_evaluate(text, event, new_event, now))


def can_match(text: str | None, event: Json) -> bool:
    """Whether there may be a new event and a time at which the condition holds.

    False only if `event` decides against it: cancellations that are already false are not armed.
    Inngest SDK protocol, "Cancellation".
    """
    if not text:
        return True
    scope = Scope({"event": event, "vars": {}}, None, Fuel())
    try:
        return is_truthy(check_expression(text).run(scope))
    except (BadExpression, *FAILURES):
        return True


def narrow(text: str, first: Callable[[], Json]) -> Narrowed:
    """What is left of a condition; `first` gives the triggering event and is called if needed."""
    try:
        shape = check_expression(text).shape
    except BadExpression:
        return Narrowed()
    event = None if shape.reads == () else first()
    part = None if shape.reads is None else part_of(shape.reads, event)
    for equality in shape.equalities:
        if (key := equality.key(event)) is not None:
            return Narrowed(part, path_text(equality.fields), key)
    return Narrowed(part)


def key_at(path: str, new_event: Json) -> str | None:
    """The key of a new event's value at a path; None if no condition can ask for it by key."""
    return key_text(read(path_fields(path), new_event))


def key_of(text: str, event: Json, *, now: int | None = None) -> str:
    """The key an expression gives for an event, as text.

    Texts are themselves, everything else is JSON (`true`, `12`, `null`); a missing field and an
    expression without a value count as null.
    """
    value = _evaluate(text, event, None, now)
    try:
        written = text_of(value, Fuel())
    except FAILURES:
        return "null"
    # JSON can hold halves of characters, which no database takes.
    return written.encode(errors="replace").decode()


def number_of(text: str, event: Json, *, now: int | None = None) -> int:
    """The whole number an expression gives, 0 for anything else."""
    value = _evaluate(text, event, None, now)
    if type(value) is float and value.is_integer():
        return int(value)
    return value if type(value) is int else 0


def _evaluate(text: str, event: Json, new_event: Json, now: int | None) -> Value:
    variables = {"event": event, "async": {} if new_event is None else new_event, "vars": {}}
    try:
        value = check_expression(text).run(Scope(variables, _moment(now), Fuel()))
    except (BadExpression, *FAILURES):
        # What is stored compiled once; a later release may be stricter, and no event fails by that.
        return None
    return None if value is MISSING else value


def _moment(now: int | None) -> datetime | None:
    return None if now is None else moment(now)

"""Conditions and keys in CEL over `event`, `async` and `vars`.

The protocol's rule for a missing field is that it behaves like null. The library raises instead, so
the paths an expression names are filled with null before it runs, except inside `has(...)`, which
asks for exactly that. What still cannot be computed (a number compared with a text) is no match.
Inngest SDK protocol, "Expressions".
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import cel

from mainstem.engine.errors import BadExpression

Json = Any  # what json.loads gives; its shape is the sender's business

_STRINGS: Final = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
_HAS: Final = re.compile(r"\bhas\s*\([^()]*\)")
_PATH: Final = re.compile(
    r"\b(event|async|vars)((?:\.[A-Za-z_]\w*(?!\s*\()|\[\s*(?:\"[^\"\\]*\"|'[^'\\]*')\s*\])+)"
)
_MEMBER: Final = re.compile(r"\.([A-Za-z_]\w*)|\[\s*[\"']([^\"']*)[\"']\s*\]")


@lru_cache(maxsize=4096)
def check_expression(text: str) -> cel.Program:
    """The compiled expression. Raises `BadExpression`."""
    try:
        return cel.compile(text)
    except ValueError as error:
        raise BadExpression(text, str(error).splitlines()[0]) from error


def is_match(text: str | None, event: Json, new_event: Json = None) -> bool:
    """Whether the condition holds; no condition always does, one that errs never does.

    `event` is the triggering event and `new_event` what the expression calls `async`.
    """
    return text is None or text == "" or _truthy(_evaluate(text, event, new_event))


def key_of(text: str, event: Json) -> str:
    """The key an expression gives for an event, as text.

    Texts are themselves, everything else is JSON (`true`, `12`, `null`); an error counts as null.
    """
    value = _evaluate(text, event, None)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def number_of(text: str, event: Json) -> int:
    """The whole number an expression gives, 0 for anything else."""
    value = _evaluate(text, event, None)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _evaluate(text: str, event: Json, new_event: Json) -> Json:
    program = check_expression(text)
    variables: dict[str, Json] = {"event": event, "async": new_event or {}, "vars": {}}
    for root, members in _paths(text):
        variables[root] = _with_path(variables[root], members)
    try:
        return program.execute(variables)
    except (ValueError, TypeError, LookupError, RuntimeError, ArithmeticError):
        # No overload, division by zero, a member of a text: the protocol says "no match".
        return None


@lru_cache(maxsize=4096)
def _paths(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The member paths an expression reads, outside `has(...)`."""
    bare = _HAS.sub(" ", text)
    strings = [found.span() for found in _STRINGS.finditer(bare)]
    return tuple(
        (path[1], tuple(member[1] or member[2] for member in _MEMBER.finditer(path[2])))
        for path in _PATH.finditer(bare)
        if not any(start < path.start() < end for start, end in strings)
    )


def _with_path(value: Json, members: tuple[str, ...]) -> Json:
    """`value` with null at the path if nothing is there; never changes what it was given."""
    if not members:
        return value
    if value is None:
        value = {}
    if not isinstance(value, Mapping):
        return value
    head, rest = members[0], members[1:]
    if head in value and not rest:
        return value
    return {**value, head: _with_path(value.get(head), rest)}


def _truthy(value: Json) -> bool:
    return value not in (None, False, "", 0)

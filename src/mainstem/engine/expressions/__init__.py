"""Conditions and keys in CEL over `event`, `async` and `vars`, as Inngest's server reads them.

CEL is strictly typed and fails on what is missing; the protocol wants comparisons of any types and
a missing field that behaves like null. No library for Python can be told so, hence this room:
text → tokens → tree (`parser`) → closures (`programs`) over values (`values`, `operators`), and
what can be told of a condition before it is asked (`shapes`).
Events, runs and the clock are others' business. Inngest SDK protocol, "Expressions".
"""

from mainstem.engine.expressions.conditions import (
    Expression,
    Narrowed,
    can_match,
    check_comparison,
    check_expression,
    is_match,
    key_at,
    key_of,
    narrow,
    number_of,
)

__all__ = [
    "Expression",
    "Narrowed",
    "can_match",
    "check_comparison",
    "check_expression",
    "is_match",
    "key_at",
    "key_of",
    "narrow",
    "number_of",
]

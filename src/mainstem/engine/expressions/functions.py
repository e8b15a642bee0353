"""The functions an expression may call, each with how it is called and how many values it takes.

They are called with values only: the tree answers for a missing one. What cannot be computed raises
`NoValue`. Inngest SDK protocol, "Expressions"; CEL's own are in
https://github.com/google/cel-spec/blob/master/doc/langdef.md#list-of-standard-definitions
"""

import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from math import isnan
from typing import TYPE_CHECKING, Any, Final, NoReturn

from mainstem.engine.durations import parse_moment, parse_span
from mainstem.engine.errors import BadDuration
from mainstem.engine.expressions.time_parts import PARTS
from mainstem.engine.expressions.values import Fuel, NoValue, TypeName, Value, bounded, text_of

if TYPE_CHECKING:
    import cel

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_DIGITS: Final = re.compile(r"[+-]?[0-9]{1,20}")
_BOOLEANS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
# `date` reads a number's unit off its size; nothing before the year 2000 is taken for a date.
_YEAR_2000: Final = 946_684_800
_TYPES: Final[Mapping[type, str]] = {
    bool: "bool",
    int: "int",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    type(None): "null_type",
    TypeName: "type",
    datetime: "google.protobuf.Timestamp",
    timedelta: "google.protobuf.Duration",
}
TYPE_NAMES: Final = frozenset({*_TYPES.values(), "uint"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function; `run` gets the values after what `wants` names: the moment or the fuel."""

    run: Callable[..., Value]
    counts: tuple[int, ...] = (1,)
    is_global: bool = True
    is_method: bool = False
    wants: tuple[str, ...] = ()


def _fail(what: str) -> NoReturn:
    raise NoValue(what)


def _of(kind: type, value: Value) -> Any:
    return value if type(value) is kind else _fail(f"a {_TYPES[kind]} is needed")


def _size(value: Value) -> int:
    if isinstance(value, (str, bytes, list, dict)):
        return len(value)
    _fail("only texts, bytes, lists and maps have a size")


def _text_test(test: Callable[[str, str], bool]) -> Function:
    def run(fuel: Fuel, text: Value, part: Value) -> bool:
        fuel.spend(1 + len(_of(str, text)) // 64)
        return test(text, _of(str, part))

    return Function(run, (2,), is_global=False, is_method=True, wants=("fuel",))


@cache
def _matcher() -> "cel.Program":
    # Loaded by the first `matches()`: with its command line it costs a tenth of a second and more.
    import cel

    return cel.compile("text.matches(pattern)")


def _matches(fuel: Fuel, text: Value, pattern: Value) -> bool:
    # Python's own patterns can take exponential time, and the event's sender may choose the text.
    fuel.spend(100 + len(_of(str, pattern)) * 10 + len(_of(str, text)) // 64)
    try:
        return bool(_matcher().execute({"text": text, "pattern": pattern}))
    except (ValueError, TypeError, RuntimeError) as error:
        raise NoValue("the pattern cannot be used") from error


def _to_int(value: Value) -> int:
    if isinstance(value, datetime):
        return (value - _EPOCH) // timedelta(seconds=1)
    if type(value) is int:
        return value
    if type(value) is float:
        return int(bounded(int(value))) if not isnan(value) else _fail("it is not a number")
    if not _DIGITS.fullmatch(_of(str, value)):
        _fail("the text is no whole number")
    return int(bounded(int(value)))


def _to_uint(value: Value) -> int:
    number = _to_int(value)
    return number if number >= 0 else _fail("a uint is not below 0")


def _to_double(value: Value) -> float:
    if type(value) in (int, float):
        return float(value)
    try:
        return float(_of(str, value))
    except ValueError:
        _fail("the text is no number")


def _to_string(fuel: Fuel, value: Value) -> str:
    if isinstance(value, (list, dict)) or value is None:
        _fail("a list, a map or null has no text")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            _fail("the bytes are no text")
    return text_of(value, fuel)


def _to_bool(value: Value) -> bool:
    known = value if type(value) is bool else _BOOLEANS.get(_of(str, value))
    return _fail("the text is neither true nor false") if known is None else bool(known)


def _to_bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else bytes(_of(str, value).encode(errors="replace"))


def _timestamp(value: Value) -> datetime:
    if isinstance(value, datetime):
        return value
    if type(value) is int:
        return _EPOCH + timedelta(seconds=value)
    if not _RFC_3339.fullmatch(_of(str, value)):
        _fail("the text is no RFC 3339 time")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        _fail("there is no such time")


def _duration(value: Value) -> timedelta:
    if isinstance(value, timedelta):
        return value
    sign = -1 if _of(str, value).startswith("-") else 1
    try:
        return sign * timedelta(milliseconds=parse_span(value.removeprefix("-").removeprefix("+")))
    except BadDuration:
        _fail("the text is no duration")


def _type(value: Value) -> TypeName:
    return TypeName(_TYPES[type(value)])


def _b64decode(fuel: Fuel, value: Value) -> str:
    fuel.spend(1 + len(_of(str, value)) // 64)
    try:
        return b64decode(value, validate=True).decode(errors="replace")
    except ValueError:
        _fail("the text is not Base64")


def _json_parse(fuel: Fuel, value: Value) -> Value:
    fuel.spend(1 + len(_of(str, value)) // 8)
    try:
        return json.loads(value, parse_constant=_fail)
    except ValueError:
        return {}


def _date(value: Value) -> datetime:
    if isinstance(value, datetime):
        return value
    if type(value) in (int, float):
        if not value >= _YEAR_2000:  # false for NaN too
            _fail("a number below the year 2000 is no date")
        unit = 1 if value < 10**10 else 10**3 if value < 10**13 else 10**9
        return _EPOCH + timedelta(seconds=value / unit)
    try:
        return _EPOCH + timedelta(milliseconds=parse_moment(_of(str, value)))
    except BadDuration:
        _fail("the text is no time")


def _time_part(part: Callable[[Value, str], int]) -> Function:
    def run(value: Value, zone: Value = "UTC") -> int:
        return part(value, _of(str, zone))

    return Function(run, (1, 2), is_global=False, is_method=True)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "size": Function(_size, is_method=True),
    "contains": _text_test(lambda text, part: part in text),
    "startsWith": _text_test(str.startswith),
    "endsWith": _text_test(str.endswith),
    "matches": Function(_matches, (2,), is_method=True, wants=("fuel",)),
    "int": Function(_to_int),
    "uint": Function(_to_uint),
    "double": Function(_to_double),
    "string": Function(_to_string, wants=("fuel",)),
    "bool": Function(_to_bool),
    "bytes": Function(_to_bytes),
    "timestamp": Function(_timestamp),
    "duration": Function(_duration),
    "type": Function(_type),
    "dyn": Function(lambda value: value),
    **{name: _time_part(part) for name, part in PARTS.items()},
    # Inngest's own.
    "lowercase": Function(lambda value: _of(str, value).lower()),
    "uppercase": Function(lambda value: _of(str, value).upper()),
    "b64decode": Function(_b64decode, wants=("fuel",)),
    "json_parse": Function(_json_parse, wants=("fuel",)),
    "date": Function(_date),
    "now": Function(lambda now: now, (0,), wants=("now",)),
    "now_plus": Function(lambda now, span: now + _duration(span), wants=("now",)),
    "now_minus": Function(lambda now, span: now - _duration(span), wants=("now",)),
}


def moment(milliseconds: int) -> datetime:
    """The engine's time as a value."""
    return _EPOCH + timedelta(milliseconds=milliseconds)

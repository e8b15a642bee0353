"""The parts of moments and spans that expressions ask for, as `getFullYear` and its like.

Months, days of the year and `getDayOfMonth` count from 0, days of the week from Sunday as 0.
https://github.com/google/cel-spec/blob/master/doc/langdef.md#timezones
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from mainstem.engine.expressions.values import NoValue, Value

_OFFSET: Final = re.compile(r"([+-]?)(\d\d):(\d\d)")
_DATE_PARTS: Final[Mapping[str, Callable[[datetime], int]]] = {
    "getFullYear": lambda at: at.year,
    "getMonth": lambda at: at.month - 1,
    "getDate": lambda at: at.day,
    "getDayOfMonth": lambda at: at.day - 1,
    "getDayOfWeek": lambda at: at.isoweekday() % 7,
    "getDayOfYear": lambda at: at.timetuple().tm_yday - 1,
    "getHours": lambda at: at.hour,
    "getMinutes": lambda at: at.minute,
    "getSeconds": lambda at: at.second,
    "getMilliseconds": lambda at: at.microsecond // 1000,
}
# All of a span in that unit, except for the milliseconds, which are those beyond whole seconds.
_SPAN_PARTS: Final[Mapping[str, Callable[[timedelta], float]]] = {
    "getHours": lambda span: span / timedelta(hours=1),
    "getMinutes": lambda span: span / timedelta(minutes=1),
    "getSeconds": lambda span: span / timedelta(seconds=1),
    "getMilliseconds": lambda span: span.microseconds // 1000,
}


def _part(name: str) -> Callable[[Value, str], int]:
    def run(value: Value, zone: str) -> int:
        if isinstance(value, datetime):
            return _DATE_PARTS[name](value.astimezone(_zone(zone)))
        if isinstance(value, timedelta) and name in _SPAN_PARTS:
            return int(_SPAN_PARTS[name](value))
        raise NoValue("only a time has such parts")

    return run


PARTS: Final = {name: _part(name) for name in _DATE_PARTS}


def _zone(name: str) -> tzinfo:
    if offset := _OFFSET.fullmatch(name):
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        if span < timedelta(days=1):
            return timezone(-span if offset[1] == "-" else span)
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise NoValue("there is no such time zone") from error

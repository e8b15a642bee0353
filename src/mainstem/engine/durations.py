"""Spans and times as the protocol writes them in text.

Spans are Go's (`1h30m`, `1.5s`, `250ms`) plus `d` and `w`; times are RFC 3339 or an HTTP date.
Inngest SDK protocol, "Function configuration" and "Retries".
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from mainstem.engine.errors import BadDuration

_UNITS: Final = {
    "ns": 1e-6,
    "us": 1e-3,
    "µs": 1e-3,
    "ms": 1.0,
    "s": 1e3,
    "m": 6e4,
    "h": 3.6e6,
    "d": 8.64e7,
    "w": 6.048e8,
}
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)")


def parse_span(text: str) -> int:
    """A span in whole milliseconds; `0` needs no unit. Raises `BadDuration`."""
    if text == "0":
        return 0
    rest, total = text, 0.0
    while part := _PART.match(rest):
        total += float(part[1]) * _UNITS[part[2]]
        rest = rest[part.end() :]
    if rest or not text:
        raise BadDuration(f"{text!r} is not a duration such as '90s', '1h30m' or '7d'")
    return round(total)


def parse_moment(text: str) -> int:
    """A moment in milliseconds from RFC 3339 text or an HTTP date. Raises `BadDuration`."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text)
        except (ValueError, TypeError):
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(aware.timestamp() * 1000)
    raise BadDuration(f"{text!r} is not a time such as '2030-01-01T00:00:00.000Z'")

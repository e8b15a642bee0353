"""JSON that others wrote: read by one function, which takes only what can be written again.

Python's reader takes more than JSON is (`NaN`), and can be nested deeper than its writer, or any
reader after it, follows. All of that is refused here with one kind of error, at the door.
"""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

Json = Any

# Go's reader follows 10,000 levels, Python's about 950 less what called it. What is taken is still
# wrapped, signed, compared and sent on, and then read by an app with a stack of its own.
MAX_DEPTH: Final = 500

_HALF: Final = re.compile("[\ud800-\udfff]")
_REASON: Final = f"it is nested deeper than {MAX_DEPTH} levels"


def read_json(raw: bytes | str) -> Json:
    """The value of a JSON text. Raises `ValueError`, which says why it is none."""
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError(_REASON) from None
    opening = (b"[", b"{") if isinstance(raw, bytes) else ("[", "{")
    # Too few brackets to be deep, as nearly always; who has many is measured.
    if sum(map(raw.count, opening)) > MAX_DEPTH and _is_deep(value):  # type: ignore[arg-type]
        raise ValueError(_REASON)
    return value


def whole(value: Json) -> Json:
    """The same value with U+FFFD for each half of a surrogate pair, as Go's reader puts it.

    JavaScript's strings may hold such halves, and most other readers refuse a text with one.
    """
    text = json.dumps(value, ensure_ascii=False)
    if not _HALF.search(text):
        return value
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _refuse_constant(name: str) -> Json:
    # Python's own reader takes NaN and Infinity, which no other would take from us again.
    raise ValueError(f"{name} is no value of JSON")


def _is_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _children(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()

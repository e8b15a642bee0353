"""One spelling for a function's configuration, whoever tells it.

The catalogue, the SDK's answers and the servers' stores say the same thing in different ways: a
null or nothing at all, `60s` or `1m`, a list in another order, `retries` as an object, a number or
left out. Here each becomes the same plain value: what is set, without what is a default, under
the names of `mainstem.catalog.Config`. Addresses and what servers add (ids, hashes, versions) are
left out, for they differ where nothing differs.

Inngest SDK protocol, "Function configuration as registered" and "Flow control".
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

Json = Any
Raw = Mapping[str, Json]

# What the server takes where nothing is said: saying it makes no difference.
DEFAULT_RETRIES: Final = 4
_DEFAULT_BURST: Final = 1
_DAY_MS: Final = 86_400_000

_UNITS: Final = {
    "ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7,
    "w": 6.048e8,
}  # fmt: skip
_SPAN: Final = re.compile(r"(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h|d|w))+")
_PART: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w)")
_LARGEST_FIRST: Final = (("w", 604_800_000), ("d", _DAY_MS), ("h", 3_600_000), ("m", 60_000),
                         ("s", 1_000), ("ms", 1))  # fmt: skip


def canonical(raw: Raw) -> dict[str, Json]:
    """What `raw`, one function's configuration as an SDK or a server tells it, sets.

    Lists that are sets to the server (triggers, concurrency, cancel) come sorted, so that equal
    configurations are equal values.

    >>> canonical({"triggers": [{"cron": "0  6 * * *"}], "throttle": {"limit": 1, "period": "60s"}})
    {'triggers': [{'cron': '0 6 * * *'}], 'throttle': {'limit': 1, 'period': '1m'}}
    """
    fields: dict[str, Json] = {
        "triggers": _as_set(raw.get("triggers"), _trigger),
        "retries": _retries(raw.get("steps")),
        "concurrency": _as_set(_limits(raw.get("concurrency")), _limit),
        "throttle": _only(raw.get("throttle"), _throttle),
        "rate_limit": _rate_limit(raw),
        "debounce": _only(raw.get("debounce"), _debounce),
        "batch": _only(raw.get("batchEvents"), _batch),
        "priority": _said((raw.get("priority") or {}).get("run")),
        "cancel": _as_set(raw.get("cancel"), _cancel),
        "timeouts": _only(raw.get("timeouts"), _timeouts),
        "singleton": _only(raw.get("singleton"), _singleton),
    }
    return _without_nothing(fields)


def told_value(name: str, value: Json) -> str:
    """The canonical value of the field `name` in words; a default is left out, and said here.

    >>> told_value("retries", None), told_value("debounce", None), told_value("retries", 3)
    ('4 (the default)', 'not set', '3')
    """
    if value is None:
        return f"{DEFAULT_RETRIES} (the default)" if name == "retries" else "not set"
    return str(value).replace("'", "")


def span(value: Json) -> Json:
    """A duration in the largest unit that divides it; numbers are milliseconds.

    What is no duration stays as it is, so that it differs from every one that is.

    >>> span("60s"), span("1h0m0s"), span("90s"), span(1500), span(None)
    ('1m', '1h', '90s', '1500ms', None)
    """
    if isinstance(value, str) and _SPAN.fullmatch(value):
        total = round(sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(value)))
    elif isinstance(value, int) and not isinstance(value, bool):
        total = value
    else:
        return value or None
    for unit, size in _LARGEST_FIRST:
        if total and total % size == 0:
            return f"{total // size}{unit}"
    return "0s"


def schedule(text: str) -> str:
    """A cron expression with single blanks, `TZ=` before a zone, and no zone where it is UTC.

    >>> schedule("CRON_TZ=UTC  0 6 *  * MON"), schedule("CRON_TZ=Europe/Oslo 0 6 ? * *")
    ('0 6 * * mon', 'TZ=Europe/Oslo 0 6 * * *')
    """
    words = text.split()
    zone = ""
    if words and "=" in words[0]:
        zone = words.pop(0).partition("=")[2]
    fields = " ".join(words).lower().replace("?", "*")
    return fields if zone in ("", "UTC") else f"TZ={zone} {fields}"


def _trigger(raw: Raw) -> dict[str, Json]:
    if raw.get("cron"):
        jitter = span(raw.get("jitter"))
        return _without_nothing({"cron": schedule(str(raw["cron"])), "jitter": jitter})
    return _without_nothing({"event": raw.get("event"), "expression": _said(raw.get("expression"))})


def _retries(steps: Json) -> Json:
    """`{"step": {"retries": {"attempts": 3}}}` as SDKs say it, `[{"retries": 3}]` as a server."""
    if isinstance(steps, Mapping):
        steps = list(steps.values())
    first = steps[0] if isinstance(steps, list) and steps else {}
    said = first.get("retries")
    count = said.get("attempts") if isinstance(said, Mapping) else said
    return None if count == DEFAULT_RETRIES else count


def _limits(raw: Json) -> Json:
    """A list, one limit, a bare number, or the newer object of limits on steps and on runs."""
    if isinstance(raw, int):
        return [{"limit": raw}]
    if isinstance(raw, Mapping):
        if "limit" in raw:
            return [raw]
        return [*(raw.get("step") or ()), *(raw.get("fn") or ()), *(raw.get("limits") or ())]
    return raw


def _limit(raw: Raw) -> dict[str, Json]:
    if not raw.get("limit"):
        return {}  # no limit at all
    scope = str(raw.get("scope") or "fn").lower()
    return _without_nothing(
        {
            "limit": raw["limit"],
            "key": _said(raw.get("key")),
            "scope": None if scope == "fn" else scope,
        }
    )


def _throttle(raw: Raw) -> dict[str, Json]:
    burst = raw.get("burst")
    return {**_pace(raw), "burst": None if burst == _DEFAULT_BURST else burst}


def _pace(raw: Raw) -> dict[str, Json]:
    return {
        "limit": raw.get("limit"),
        "period": span(raw.get("period")),
        "key": _said(raw.get("key")),
    }


def _rate_limit(raw: Raw) -> Json:
    # Idempotency is this rate limit and replaces one given beside it; some servers keep only that.
    if key := _said(raw.get("idempotency")):
        return _without_nothing({"limit": 1, "period": span(_DAY_MS), "key": key})
    return _only(raw.get("rateLimit"), _pace)


def _debounce(raw: Raw) -> dict[str, Json]:
    return {
        "period": span(raw.get("period")),
        "key": _said(raw.get("key")),
        "timeout": span(raw.get("timeout")),
    }


def _batch(raw: Raw) -> dict[str, Json]:
    return {
        "max_size": raw.get("maxSize"),
        "timeout": span(raw.get("timeout")),
        "key": _said(raw.get("key")),
        "if": _said(raw.get("if")),
    }


def _cancel(raw: Raw) -> dict[str, Json]:
    return _without_nothing(
        {
            "event": raw.get("event"),
            "if": _said(raw.get("if")),
            "timeout": span(raw.get("timeout")),
        }
    )


def _timeouts(raw: Raw) -> dict[str, Json]:
    return {"start": span(raw.get("start")), "finish": span(raw.get("finish"))}


def _singleton(raw: Raw) -> dict[str, Json]:
    return {"mode": raw.get("mode"), "key": _said(raw.get("key"))}


def _only(raw: Json, read: Callable[[Raw], dict[str, Json]]) -> Json:
    return _without_nothing(read(raw)) or None if isinstance(raw, Mapping) else None


def _as_set(raw: Json, read: Callable[[Raw], dict[str, Json]]) -> list[Json]:
    items: Iterable[Json] = raw if isinstance(raw, list | tuple) else ()
    read_ones = [read(item) for item in items if isinstance(item, Mapping)]
    by_text = {json.dumps(item, sort_keys=True): item for item in read_ones if item}
    return [by_text[text] for text in sorted(by_text)]


def _said(text: Json) -> Json:
    """An expression without blanks around it; None for an empty one."""
    return (text.strip() or None) if isinstance(text, str) else text


def _without_nothing(fields: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in fields.items() if value is not None and value != []}

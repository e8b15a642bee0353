"""Facts in words: what people read instead of the values, in the fewest and plainest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

Json = Any

STATES: Mapping[str, str] = {
    "registered": "registered",
    "drifted": "drifted",
    "missing": "missing",
    "switched-off": "switched off",
    "off": "off",
    "unknown": "unknown",
    "extra": "not in catalogue",
}
SIDES: Mapping[str, str] = {
    "wanted": "wanted (catalogue)",
    "served": "served (this process)",
    "held": "held (server)",
    "there": "deployed there",
}
_LIMITS: Mapping[str, str] = {
    "retries": "retries",
    "concurrency": "concurrency",
    "throttle": "throttle",
    "rate_limit": "rate limit",
    "debounce": "debounce",
    "batch": "batch",
    "priority": "priority",
    "cancel": "cancelled by",
    "timeouts": "timeouts",
    "singleton": "singleton",
    "on_failure": "failure handler",
}


def trigger(told: Mapping[str, Json]) -> str:
    """One trigger.

    >>> trigger({"event": "shop/order", "expression": "event.data.paid == true"})
    'on event shop/order if event.data.paid == true'
    >>> trigger({"cron": "TZ=Europe/Oslo 0 6 * * *", "jitter": "30s"})
    'on schedule 0 6 * * * (Europe/Oslo), up to 30s later'
    """
    if "cron" in told:
        zone, fields = "UTC", str(told["cron"])
        if fields.startswith("TZ="):
            zone, _, fields = fields.removeprefix("TZ=").partition(" ")
        jitter = f", up to {told['jitter']} later" if told.get("jitter") else ""
        return f"on schedule {fields} ({zone}){jitter}"
    condition = f" if {told['expression']}" if told.get("expression") else ""
    return f"on event {told.get('event', 'none')}{condition}"


def name_of(field: str) -> str:
    """A field of a configuration."""
    return _LIMITS.get(field, field.replace("_", " "))


def value(told: Json) -> str:
    """A field's value, as short as it can be told.

    >>> value([{"limit": 5, "key": "event.data.repositoryId"}]), value(None)
    ('5 per event.data.repositoryId', 'not set')
    >>> value({"limit": 20, "period": "1m", "burst": 3}), value({"period": "10s"})
    ('20 each 1m, burst 3', 'period 10s')
    >>> value([{"event": "a/b"}, {"cron": "0 6 * * *"}]), value(True)
    ('on event a/b; on schedule 0 6 * * * (UTC)', 'yes')
    """
    if told is None:
        return "not set"
    if isinstance(told, bool):
        return "yes" if told else "no"
    if isinstance(told, list):
        return "; ".join(value(item) for item in told) or "none"
    if isinstance(told, Mapping):
        return _object(told)
    return str(told)


def _object(told: Mapping[str, Json]) -> str:
    if "cron" in told or set(told) <= {"event", "expression"}:
        return trigger(told)
    rest = dict(told)
    words = []
    if "limit" in rest:
        period = f" each {rest.pop('period')}" if "period" in rest else ""
        words.append(f"{rest.pop('limit')}{period}")
    key = rest.pop("key", None)
    if key is not None and words:
        words[0] += f" per {key}"
    elif key is not None:
        words.append(f"per {key}")
    words += [f"{name.replace('_', ' ')} {value(item)}" for name, item in rest.items()]
    return ", ".join(words)


def overrides(told: Mapping[str, Json]) -> str:
    """What an environment has otherwise."""
    return "; ".join(f"{name_of(name)}: {value(item)}" for name, item in told.items())


def share(part: float) -> str:
    """A share of the runs.

    >>> share(0.1), share(1.0), share(0.005)
    ('10 %', '100 %', '0.5 %')
    """
    return f"{part * 100:.3g} %"


def moment(at: datetime) -> str:
    """A moment as it is read without a script: to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def machine_moment(at: datetime) -> str:
    """The same for a `datetime` attribute."""
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def span(took: timedelta | None) -> str:
    """How long something took.

    >>> span(timedelta(milliseconds=42)), span(timedelta(seconds=75)), span(None)
    ('42 ms', '1 min 15 s', '')
    >>> span(timedelta(seconds=2.34)), span(timedelta(hours=30))
    ('2.3 s', '30 h 0 min')
    """
    if took is None:
        return ""
    seconds = max(0.0, took.total_seconds())
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def short(told: Json, *, longest: int = 240) -> str:
    """A result in one line, cut where it is long.

    >>> short({"stored": 3}), short("x" * 9, longest=5)
    ('{"stored": 3}', 'xxxx…')
    """
    text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    return text if len(text) <= longest else text[: longest - 1] + "…"

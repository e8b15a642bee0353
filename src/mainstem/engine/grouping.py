"""What may hold a run's requests back: its concurrency groups and its throttle's bucket.

Keys are evaluated once, over the run's first event. Inngest SDK protocol, "Concurrency" and
"Throttle".
"""

from typing import Any

from mainstem.engine.configuration import ConcurrencyLimit, Pace
from mainstem.engine.expressions import is_match, key_of
from mainstem.engine.jobs import Group, Throttle
from mainstem.engine.registry import Function

Json = Any


def groups_of(function: Function, body: Json, now: int) -> tuple[Group, ...]:
    """The groups in which a run of the function counts, each once."""
    limits: dict[str, int] = {}
    for limit in function.config.concurrency:
        name = _group_name(function, limit, body, now)
        # Two limits without a key are one group, and the lower one is the one that counts.
        limits[name] = min(limit.limit, limits.get(name, limit.limit))
    return tuple(Group(name, limit) for name, limit in limits.items())


def throttle_of(function: Function, body: Json, now: int) -> Throttle | None:
    """The bucket that the start of a run of the function waits for."""
    pace = function.config.throttle
    if pace is None:
        return None
    bucket = f"throttle:{function.id}:{key_text(pace.key, body, now)}"
    return Throttle(bucket, Pace(pace.limit, pace.period_ms, pace.burst))


def key_text(expression: str | None, body: Json, now: int) -> str:
    """What a key gives for an event, as text; no key gives the empty one."""
    return "" if expression is None else key_of(expression, body, now=now)


def is_exempt(expression: str | None, text: str, body: Json, now: int) -> bool:
    """Whether a key takes the event out of a limit: it gave false, not the text 'false'."""
    return (
        expression is not None
        and text == "false"
        and is_match(f"({expression}) == false", body, now=now)
    )


def _group_name(function: Function, limit: ConcurrencyLimit, body: Json, now: int) -> str:
    value = key_text(limit.key, body, now)
    if limit.scope == "fn":
        # Two limits of one function with different keys must not share a group.
        return f"fn:{function.id}:{limit.key}:{value}"
    return f"{limit.scope}:{limit.key}:{value}"

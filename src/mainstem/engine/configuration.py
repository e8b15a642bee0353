"""A function's configuration: read from a registration and checked against the protocol's rules.

Wire spelling stays in this file. Inngest SDK protocol, "Function configuration".
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

from mainstem.engine import limits
from mainstem.engine.crons import CronSchedule
from mainstem.engine.durations import parse_span
from mainstem.engine.errors import BadConfiguration, BadDuration, BadExpression
from mainstem.engine.expressions import check_comparison, check_expression
from mainstem.engine.retries import max_attempts

Raw = Mapping[str, Any]
Scope = Literal["fn", "env", "account"]
_SCOPES: Final[Mapping[str, Scope]] = {"fn": "fn", "env": "env", "account": "account"}


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event name (perhaps with a wildcard) and a condition, or a cron schedule."""

    event: str | None = None
    expression: str | None = None
    cron: CronSchedule | None = None


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """At most `limit` requests at once per group."""

    limit: int
    key: str | None = None
    scope: Scope = "fn"


@dataclass(frozen=True, slots=True)
class Pace:
    """A throttle or a rate limit: `limit` per `period_ms`."""

    limit: int
    period_ms: int
    burst: int = 0
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Debounce:
    """Start once it has been quiet for `period_ms`, at the latest after `timeout_ms`."""

    period_ms: int
    key: str | None = None
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Collect up to `max_size` events for at most `timeout_ms`."""

    max_size: int
    timeout_ms: int
    key: str | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class CancelOn:
    """An event that cancels the run."""

    event: str
    condition: str | None = None
    timeout_ms: int = limits.DEFAULT_CANCEL_WINDOW


@dataclass(frozen=True, slots=True)
class Singleton:
    """One run at a time per key."""

    mode: Literal["skip", "cancel"]
    key: str | None = None


@dataclass(frozen=True, slots=True)
class FunctionConfig:
    """One registered function; `slug` is `{app}-{function}`, `url` where its calls go."""

    slug: str
    name: str
    url: str
    triggers: tuple[Trigger, ...]
    max_attempts: int
    concurrency: tuple[ConcurrencyLimit, ...] = ()
    throttle: Pace | None = None
    rate_limit: Pace | None = None
    debounce: Debounce | None = None
    batch: Batch | None = None
    cancel: tuple[CancelOn, ...] = ()
    priority: str | None = None
    start_timeout_ms: int | None = None
    finish_timeout_ms: int | None = None
    singleton: Singleton | None = None

    @property
    def is_connected(self) -> bool:
        """Whether its calls go to a Connect worker; else they go to `url`."""
        return self.url.startswith(("ws:", "wss:"))

    @property
    def crons(self) -> tuple[CronSchedule, ...]:
        """The schedules among its triggers."""
        return tuple(trigger.cron for trigger in self.triggers if trigger.cron)


def parse_function(raw: object, place: int = 0) -> FunctionConfig:
    """The configuration in one element of a registration. Raises `BadConfiguration`."""
    slug = raw.get("id") if isinstance(raw, Mapping) else None
    label = slug if isinstance(slug, str) else f"number {place + 1}"
    if not isinstance(raw, Mapping):
        raise BadConfiguration(label, "it is not an object")
    try:
        return _parse(raw)
    except (_Rule, BadDuration, BadExpression) as error:
        raise BadConfiguration(label, str(error)) from error
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise BadConfiguration(label, f"a field has a wrong type ({error})") from error


class _Rule(Exception):  # noqa: N818  never leaves this module
    """A rule that does not hold."""


def _parse(raw: Raw) -> FunctionConfig:
    step = next(iter((raw.get("steps") or {}).values()), None)
    if step is None:
        raise _Rule("it has no step to call")
    retries = (step.get("retries") or {}).get("attempts")
    timeouts = raw.get("timeouts") or {}
    config = FunctionConfig(
        slug=_text(raw, "id"),
        name=_text(raw, "name"),
        url=_text(step["runtime"], "url"),
        triggers=tuple(_trigger(each) for each in raw.get("triggers") or ()),
        max_attempts=max_attempts(None if retries is None else int(retries)),
        concurrency=_concurrency(raw.get("concurrency")),
        throttle=_optional(raw.get("throttle"), lambda r: _pace(r, 1)),
        rate_limit=_rate_limit(raw),
        debounce=_optional(raw.get("debounce"), _debounce),
        batch=_optional(raw.get("batchEvents"), _batch),
        cancel=tuple(_cancel(each) for each in raw.get("cancel") or ()),
        priority=_condition((raw.get("priority") or {}).get("run")),
        start_timeout_ms=_optional(timeouts.get("start"), parse_span),
        finish_timeout_ms=_optional(timeouts.get("finish"), parse_span),
        singleton=_optional(raw.get("singleton"), _singleton),
    )
    _check(config)
    return config


def _check(config: FunctionConfig) -> None:
    if len(config.triggers) > limits.MAX_TRIGGERS:
        raise _Rule(f"it has more than {limits.MAX_TRIGGERS} triggers")
    if len(set(config.triggers)) < len(config.triggers):
        raise _Rule("a trigger is there twice")
    if len(config.concurrency) > limits.MAX_CONCURRENCY_LIMITS:
        raise _Rule(f"it has more than {limits.MAX_CONCURRENCY_LIMITS} concurrency limits")
    if len(config.cancel) > limits.MAX_CANCEL_ENTRIES:
        raise _Rule(f"it has more than {limits.MAX_CANCEL_ENTRIES} cancel entries")
    if config.batch and (config.cancel or config.debounce or config.singleton or config.priority):
        raise _Rule("a batch cannot be combined with cancel, debounce, singleton or priority")


def _trigger(raw: Raw) -> Trigger:
    event, cron = raw.get("event"), raw.get("cron")
    if bool(event) == bool(cron):
        raise _Rule("a trigger is an event or a cron, one of the two")
    if len(event or cron or "") > limits.MAX_NAME_LENGTH:
        raise _Rule(f"a trigger is longer than {limits.MAX_NAME_LENGTH} characters")
    if cron:
        jitter = _optional(raw.get("jitter"), parse_span) or 0
        if jitter and not limits.SECOND <= jitter <= limits.MAX_CRON_JITTER:
            raise _Rule("a cron's jitter is between one second and five minutes")
        return Trigger(cron=CronSchedule(str(cron), jitter))
    return Trigger(event=str(event), expression=_condition(raw.get("expression")))


def _concurrency(raw: object) -> tuple[ConcurrencyLimit, ...]:
    if isinstance(raw, int):
        raw = [{"limit": raw}]
    elif isinstance(raw, Mapping) and "limit" not in raw:
        # Other SDKs tell limits on steps from limits on runs; both hold requests back here.
        return _concurrency(raw.get("step")) + _concurrency(raw.get("fn"))
    elif isinstance(raw, Mapping):
        raw = [raw]
    entries: Sequence[Raw] = raw if isinstance(raw, Sequence) else ()
    return tuple(_limit(each) for each in entries if each.get("limit"))


def _limit(raw: Raw) -> ConcurrencyLimit:
    scope = _SCOPES.get(raw.get("scope") or "fn")
    if scope is None:
        raise _Rule(f"a concurrency scope is one of {sorted(_SCOPES)}, not {raw.get('scope')!r}")
    key = _condition(raw.get("key"))
    if scope != "fn" and key is None:
        raise _Rule(f"a concurrency limit of scope {scope!r} needs a key")
    return ConcurrencyLimit(limit=_positive(raw, "limit"), key=key, scope=scope)


def _pace(raw: Raw, default_burst: int) -> Pace:
    burst = raw.get("burst")
    return Pace(
        limit=_positive(raw, "limit"),
        period_ms=_span(raw, "period"),
        burst=default_burst if burst is None else _count(burst, "burst"),
        key=_condition(raw.get("key")),
    )


def _rate_limit(raw: Raw) -> Pace | None:
    if raw.get("idempotency"):
        # Idempotency is this rate limit and replaces one given beside it.
        return Pace(limit=1, period_ms=limits.DAY, key=_condition(raw["idempotency"]))
    pace = _optional(raw.get("rateLimit"), lambda r: _pace(r, 0))
    if pace and pace.period_ms > limits.MAX_RATE_LIMIT_PERIOD:
        raise _Rule("a rate limit's period is at most 24 hours")
    return pace


def _debounce(raw: Raw) -> Debounce:
    period = _span(raw, "period")
    if not limits.SECOND <= period <= limits.MAX_DEBOUNCE_PERIOD:
        raise _Rule("a debounce period is between one second and seven days")
    return Debounce(period, _condition(raw.get("key")), _optional(raw.get("timeout"), parse_span))


def _batch(raw: Raw) -> Batch:
    size, timeout = int(raw["maxSize"]), _span(raw, "timeout")
    if size < 2 or timeout < limits.SECOND:
        raise _Rule("a batch holds at least two events and waits at least one second")
    if set("dw") & set(str(raw["timeout"])):
        raise _Rule("a batch's timeout is in hours or less: Inngest reads no days or weeks there")
    return Batch(size, timeout, _condition(raw.get("key")), _condition(raw.get("if")))


def _cancel(raw: Raw) -> CancelOn:
    timeout = _optional(raw.get("timeout"), parse_span)
    window = limits.DEFAULT_CANCEL_WINDOW if timeout is None else timeout
    condition = _condition(raw.get("if"))
    if condition:
        check_comparison(condition)
    return CancelOn(_text(raw, "event"), condition, window)


def _singleton(raw: Raw) -> Singleton:
    mode = raw.get("mode")
    if mode not in ("skip", "cancel"):
        raise _Rule(f"a singleton's mode is 'skip' or 'cancel', not {mode!r}")
    return Singleton("skip" if mode == "skip" else "cancel", _condition(raw.get("key")))


def _condition(text: object) -> str | None:
    if not isinstance(text, str | None):
        raise _Rule(f"an expression is a text, not {json.dumps(text)}")
    if text:
        check_expression(text)
    return text or None


def _text(raw: Raw, field: str) -> str:
    value = raw.get(field)
    if not isinstance(value, str) or not value:
        raise _Rule(f"{field!r} is missing or empty")
    return value


def _positive(raw: Raw, field: str) -> int:
    value = raw.get(field)
    if not isinstance(value, int) or value < 1:
        raise _Rule(f"{field!r} is a whole number above 0, not {json.dumps(value)}")
    return value


def _count(value: object, field: str) -> int:
    if not isinstance(value, int) or value < 0:
        raise _Rule(f"{field!r} is a whole number, 0 or more, not {json.dumps(value)}")
    return value


def _span(raw: Raw, field: str) -> int:
    span = parse_span(_text(raw, field))
    if span <= 0:
        raise _Rule(f"{field!r} is longer than nothing")
    return span


_Out = TypeVar("_Out")


def _optional(value: Any, parse: Callable[[Any], _Out]) -> _Out | None:
    return None if value is None else parse(value)

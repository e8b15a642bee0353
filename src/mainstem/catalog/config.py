"""How a function is limited, in the SDK's terms; and how an environment may differ.

`Config` is checked against the server's limits when the definition is made, so that a mistake
stops an import on the author's machine and not a registration in production. The limits are those
of the server's own validation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Final, cast

import inngest
from pydantic import BaseModel, JsonValue

# The closed set of environments. `mainstem.settings` decides which of them a process is in; a
# test keeps the two lists equal, since neither room imports the other.
ENVIRONMENTS: Final = ("local", "test", "preview", "staging", "production")

MAX_RETRIES: Final = 20
MAX_CONCURRENCY_LIMITS: Final = 2
MAX_CANCELS: Final = 5
MAX_TRIGGERS: Final = 10


class Keep(Enum):
    """Says of an override's field: as the definition has it. `None` would mean "none at all"."""

    KEEP = "keep"


KEEP: Final = Keep.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A function's limits. `None` and `()` mean that the server's default holds."""

    retries: int | None = None
    concurrency: tuple[inngest.Concurrency, ...] = ()
    throttle: inngest.Throttle | None = None
    rate_limit: inngest.RateLimit | None = None
    debounce: inngest.Debounce | None = None
    batch: inngest.Batch | None = None
    priority: inngest.Priority | None = None
    cancel: tuple[inngest.Cancel, ...] = ()
    idempotency: str | None = None
    timeouts: inngest.Timeouts | None = None
    singleton: inngest.Singleton | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """What is set, as it is registered (durations such as `30s`), for people to read."""
        return {name: _plain(value) for name, value in self.given()}

    def given(self) -> Iterator[tuple[str, object]]:
        """The limits that are set, by name."""
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and value != ():
                yield name, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What one environment changes about a function. What is not given stays as it is.

    `off=True` leaves the function out of what the environment serves. `cron` replaces the
    expression of each of its schedules. `None` (or `()`) takes a limit away.
    """

    off: bool = False
    cron: str | None = None
    retries: int | Keep | None = KEEP
    concurrency: tuple[inngest.Concurrency, ...] | Keep = KEEP
    throttle: inngest.Throttle | Keep | None = KEEP
    rate_limit: inngest.RateLimit | Keep | None = KEEP
    debounce: inngest.Debounce | Keep | None = KEEP
    batch: inngest.Batch | Keep | None = KEEP
    priority: inngest.Priority | Keep | None = KEEP
    cancel: tuple[inngest.Cancel, ...] | Keep = KEEP
    idempotency: str | Keep | None = KEEP
    timeouts: inngest.Timeouts | Keep | None = KEEP
    singleton: inngest.Singleton | Keep | None = KEEP

    def applied_to(self, config: Config) -> Config:
        """`config` with this environment's changes."""
        changes = {
            name: getattr(self, name)
            for name in Config.__slots__
            if getattr(self, name) is not KEEP
        }
        for name in ("concurrency", "cancel"):
            if name in changes:
                changes[name] = tuple(changes[name])
        return replace(config, **changes)


def faults(config: Config) -> Iterator[str]:
    """Everything in `config` that the server would refuse, each as "what is wrong; expected"."""
    if config.retries is not None and not 0 <= config.retries <= MAX_RETRIES:
        yield f"retries is {config.retries}; expected 0 to {MAX_RETRIES}"
    yield from _concurrency_faults(config)
    if len(config.cancel) > MAX_CANCELS:
        yield f"cancel has {len(config.cancel)} entries; expected at most {MAX_CANCELS}"
    yield from _batch_faults(config)
    yield from _period_faults(config)
    for name, value in config.given():
        try:
            _plain(value)
        except Exception as error:  # noqa: BLE001  the SDK's serialisers raise its internal class
            yield f"{name} is not what the SDK accepts: {error}"


def _concurrency_faults(config: Config) -> Iterator[str]:
    if len(config.concurrency) > MAX_CONCURRENCY_LIMITS:
        yield (
            f"concurrency has {len(config.concurrency)} limits; expected at most "
            f"{MAX_CONCURRENCY_LIMITS}"
        )
    for limit in config.concurrency:
        if limit.limit < 1:
            yield f"concurrency's limit is {limit.limit}; expected 1 or more"
        if limit.scope in ("account", "env") and not limit.key:
            yield f"concurrency of scope '{limit.scope}' has no key; expected one"


def _batch_faults(config: Config) -> Iterator[str]:
    if config.batch is None:
        return
    if config.batch.max_size < 2:
        yield f"batch's max_size is {config.batch.max_size}; expected 2 or more"
    for name in ("cancel", "debounce", "singleton", "priority"):
        if getattr(config, name):
            yield f"batch is combined with {name}; expected one of the two"


def _period_faults(config: Config) -> Iterator[str]:
    if config.debounce is not None:
        period = _span(config.debounce.period)
        if not timedelta(seconds=1) <= period <= timedelta(days=7):
            yield f"debounce's period is {period}; expected 1 second to 7 days"
    if config.rate_limit is not None:
        if config.rate_limit.limit < 1:
            yield f"rate_limit's limit is {config.rate_limit.limit}; expected 1 or more"
        if _span(config.rate_limit.period) > timedelta(hours=24):
            yield f"rate_limit's period is {config.rate_limit.period}; expected at most 24 hours"
    if config.throttle is not None and config.throttle.limit < 1:
        yield f"throttle's limit is {config.throttle.limit}; expected 1 or more"


def _span(value: int | timedelta) -> timedelta:
    """The SDK takes a number of milliseconds where it takes a duration."""
    return value if isinstance(value, timedelta) else timedelta(milliseconds=value)


def _plain(value: object) -> JsonValue:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, BaseModel):
        dumped = value.model_dump(mode="json", by_alias=True, exclude_none=True)
        return cast("JsonValue", dumped)
    return cast("JsonValue", value)

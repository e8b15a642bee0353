"""Triggers: what starts a function, and which data its handler then receives."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, overload

import inngest

from mainstem.catalog.events import SCHEDULED, EventData, Scheduled
from mainstem.errors import BadEventData, DefinitionError, UnknownSdk

E = TypeVar("E", bound=EventData)
D_co = TypeVar("D_co", covariant=True)
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

# Five fields of digits, names and signs, after an optional time zone: what the server accepts.
# Nicknames such as @daily, seconds, and the L, W and # of other dialects are not in it.
_CRON = re.compile(r"(?:(?:TZ|CRON_TZ)=(?P<zone>\S+)\s+)?(?P<fields>\S+(?:\s+\S+){4})")
_FIELD = re.compile(r"(?i:[0-9*/,?-]|sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|"
                    r"sep|oct|nov|dec)+")  # fmt: skip
_SHORTEST_JITTER, _LONGEST_JITTER = timedelta(seconds=1), timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class OnEvent:
    """Start on an event; `if_` is an expression over `event` that must be true."""

    model: type[EventData]
    if_: str | None = None

    def to_sdk(self) -> inngest.TriggerEvent:
        """The same in the SDK's terms."""
        return inngest.TriggerEvent(event=self.model.event_name, expression=self.if_)


@dataclass(frozen=True, slots=True)
class OnCron:
    """Start on a schedule, in UTC unless the expression names a zone; later by up to `jitter`."""

    expression: str
    jitter: timedelta | None = None

    def to_sdk(self) -> inngest.TriggerCron:
        """The same in the SDK's terms. Raises `UnknownSdk` where it has no jitter yet."""
        if self.jitter is None:
            return inngest.TriggerCron(cron=self.expression)
        if "jitter" not in inngest.TriggerCron.model_fields:  # 0.5.18 and older drop it silently
            raise UnknownSdk(f"schedule '{self.expression}'", missing="TriggerCron.jitter")
        return inngest.TriggerCron(
            cron=self.expression, jitter=f"{int(self.jitter.total_seconds())}s"
        )


@dataclass(frozen=True)
class Trigger(Generic[D_co]):
    """One or more ways to start a function. `D_co` is the type of its handler's `run.data`."""

    parts: tuple[OnEvent | OnCron, ...]

    @property
    def models(self) -> tuple[type[EventData], ...]:
        """The event classes that the handler may receive, `Scheduled` for a schedule."""
        return tuple(p.model if isinstance(p, OnEvent) else Scheduled for p in self.parts)

    def read(self, name: str, data: Mapping[str, object]) -> EventData:
        """The data of an event named `name`, as the class that the trigger gives it.

        An invoked function gets data under a name of the server's; then the first class that
        fits is taken. Raises `BadEventData`.
        """
        named = [model for model in self.models if model.event_name == name]
        first: BadEventData | None = None
        for model in named or self.models:
            try:
                return model.from_wire(data)
            except BadEventData as error:
                first = first or error
        raise first or BadEventData(f"Event '{name}' starts nothing here.", event_name=name)

    def rescheduled(self, expression: str) -> "Trigger[D_co]":
        """The same trigger with another schedule in the place of each of its own."""
        checked = checked_cron(expression)
        return Trigger(
            tuple(replace(p, expression=checked) if isinstance(p, OnCron) else p
                  for p in self.parts)
        )  # fmt: skip


def event(model: type[E], *, if_: str | None = None) -> Trigger[E]:
    """Start on the event of `model`, if the expression `if_` (over `event`) allows it."""
    if not model.event_name:
        raise DefinitionError(
            f"Cannot start a function on {model.__qualname__}: the class has no event name. "
            f'Write `class {model.__name__}(EventData, name="…")`.'
        )
    return Trigger((OnEvent(model, if_),))


def cron(expression: str, *, jitter: timedelta | None = None) -> Trigger[Scheduled]:
    """Start on a schedule: five fields, UTC, or the zone of a leading `TZ=Area/City`.

    `jitter` (1 second to 5 minutes) spreads the start of functions that share a minute.
    Raises `DefinitionError` when either is not what the server accepts.
    """
    if jitter is not None and not _SHORTEST_JITTER <= jitter <= _LONGEST_JITTER:
        raise DefinitionError(
            f"Cannot schedule '{expression}': its jitter is {jitter}; expected 1 second to 5 "
            "minutes."
        )
    return Trigger((OnCron(checked_cron(expression), jitter),))


@overload
def any_of(a: Trigger[A], b: Trigger[B], /) -> Trigger[A | B]: ...
@overload
def any_of(a: Trigger[A], b: Trigger[B], c: Trigger[C], /) -> Trigger[A | B | C]: ...
@overload
def any_of(
    a: Trigger[A], b: Trigger[B], c: Trigger[C], d: Trigger[D], /
) -> Trigger[A | B | C | D]: ...
def any_of(*triggers: Trigger[Any]) -> Trigger[Any]:
    """Start on whichever comes; the handler's data is one of the triggers' types."""
    return Trigger(tuple(part for trigger in triggers for part in trigger.parts))


def checked_cron(expression: str) -> str:
    """`expression`, stripped. Raises `DefinitionError` for one that the server would refuse."""
    # Imported here: only a schedule needs it, and definitions are imported by everything.
    from cronsim import CronSim, CronSimError

    found = _CRON.fullmatch(expression.strip())
    if found is None or not all(_FIELD.fullmatch(field) for field in found["fields"].split()):
        raise DefinitionError(
            f"Cannot schedule '{expression}': expected five fields (minute, hour, day of month, "
            "month, day of week), with an optional TZ=Area/City before them, such as '0 6 * * *'."
        )
    try:
        if found["zone"]:
            from zoneinfo import ZoneInfo

            ZoneInfo(found["zone"])
        CronSim(found["fields"].replace("?", "*"), datetime.now(UTC))
    except (CronSimError, ValueError, OSError, KeyError) as error:
        raise DefinitionError(
            f"Cannot schedule '{expression}': {str(error).rstrip('.') or 'it names no time'}. "
            "Expected five fields such as '0 6 * * *' and a time zone of the tz database."
        ) from error
    return expression.strip()


__all__ = ["SCHEDULED", "OnCron", "OnEvent", "Trigger", "any_of", "cron", "event"]

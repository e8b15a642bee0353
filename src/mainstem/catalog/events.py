"""Events: one class says an event's name and its data, for those who send it and who receive it.

On the wire the fields are camelCase, in Python snake_case. Nothing is coerced: an integer sent as
text is refused on both sides, so is a field that the class does not know.
"""

import difflib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self, cast

import inngest
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import to_json

from mainstem.errors import BadEventData, DefinitionError

SCHEDULED = "inngest/scheduled.timer"
INVOKED = "inngest/function.invoked"
FAILED = "inngest/function.failed"

# The server puts its own notes for invoked runs under this key of `data`; it is not the sender's.
_SERVERS_KEY = "_inngest"
_NAME_LENGTH = 255  # the server refuses triggers with longer names


class EventData(BaseModel):
    """An event's data; the class carries the event's name.

    >>> class OrderPlaced(EventData, name="shop/order.placed"):
    ...     order_id: int
    >>> OrderPlaced.event_name
    'shop/order.placed'
    >>> OrderPlaced(order_id=7).to_wire()
    {'orderId': 7}

    Instances are frozen. A class without `name` is a base for others and cannot be sent itself.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )

    event_name: ClassVar[str] = ""

    def __init_subclass__(cls, *, name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not name and cls.event_name:
            raise DefinitionError(
                f"Cannot define event class {cls.__qualname__}: its base is the event "
                f"'{cls.event_name}', and it has no name of its own. "
                f'Write `class {cls.__name__}(…, name="…")`.'
            )
        if len(name) > _NAME_LENGTH or name.strip() != name:
            raise DefinitionError(
                f"Cannot define event class {cls.__qualname__}: its name has {len(name)} "
                f"characters; expected 1 to {_NAME_LENGTH}, without blanks around it."
            )
        cls.event_name = name

    def to_wire(self) -> dict[str, JsonValue]:
        """The data as it is sent: camelCase keys, JSON values, defaults written out."""
        return cast(
            "dict[str, JsonValue]", self.model_dump(mode="json", by_alias=True, warnings="none")
        )

    @classmethod
    def from_wire(cls, data: Mapping[str, object]) -> Self:
        """Read data as it arrives. Raises `BadEventData`, naming the event and every bad field."""
        payload = {key: value for key, value in data.items() if key != _SERVERS_KEY}
        try:
            # Through JSON, so that strictness means JSON's types: a UUID may be text, an
            # integer may not. Only the wire's spelling counts here.
            return cls.model_validate_json(to_json(payload), by_alias=True, by_name=False)
        except ValidationError as error:
            raise _bad_data(cls, error) from None

    def to_event(self, *, event_id: str = "") -> inngest.Event:
        """The SDK's event, proved to be readable by its receiver.

        Raises `BadEventData` when the instance was made round its own checks, or has no name.
        """
        model = type(self)
        if not model.event_name:
            raise BadEventData(
                f"Cannot send an event of class {model.__qualname__}: the class has no event name. "
                f'Write `class {model.__name__}(EventData, name="…")`.'
            )
        data = self.to_wire()
        model.from_wire(data)
        return inngest.Event(name=model.event_name, data=data, id=event_id)


class Scheduled(EventData, name=SCHEDULED):
    """What a run started by a schedule receives; empty when such a function is invoked."""

    # The server may add to its own event what it likes.
    model_config = ConfigDict(extra="ignore")

    cron: str = ""
    scheduled_at: datetime | None = None
    fire_at: datetime | None = None


def _bad_data(model: type[EventData], error: ValidationError) -> BadEventData:
    known = [field.alias or name for name, field in model.model_fields.items()]
    fields, told = [], []
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        field = ".".join(str(part) for part in problem["loc"]) or "data"
        hint = ""
        if problem["type"] == "extra_forbidden":
            near = difflib.get_close_matches(field, known, n=1)
            hint = f" (did you mean '{near[0]}'?)" if near else f" (known: {', '.join(known)})"
        fields.append(field)
        told.append(f"'{field}': {problem['msg'][:1].lower()}{problem['msg'][1:]}{hint}")
    return BadEventData(
        f"The data of event '{model.event_name}' does not fit {model.__qualname__}: "
        + "; ".join(told)
        + ". Mend the sender, or the class that both sides share.",
        event_name=model.event_name,
        fields=tuple(fields),
    )

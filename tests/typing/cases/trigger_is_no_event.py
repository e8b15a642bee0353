"""A trigger takes an event class."""

from uuid import UUID

from mainstem.catalog import EventData, event


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


event(str)  # error: [type-var] cannot be "str"

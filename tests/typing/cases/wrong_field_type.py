"""An integer sent as text."""

from uuid import UUID

from mainstem.catalog import EventData


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


Pull(pull_id=UUID(int=1), number="1")  # error: [arg-type] expected "int"

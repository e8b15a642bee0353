"""What is sent from outside a run is an event class as well."""

from uuid import UUID

from mainstem.catalog import BoundCatalog, EventData


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


async def send(bound: BoundCatalog[None]) -> None:
    await bound.send(Pull(pull_id=UUID(int=1), number=1))
    await bound.send("capture/pull")  # error: [arg-type] expected "EventData |

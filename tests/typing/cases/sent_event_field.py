"""A wrong field of an event that is sent is an error where it is made."""

from uuid import UUID

from mainstem.catalog import BoundCatalog, EventData


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


async def send(bound: BoundCatalog[None]) -> None:
    await bound.send(Pull(pull_id=UUID(int=1), number=1, nmber=1))  # error: [call-arg] nmber

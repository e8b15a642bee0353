"""The handler takes the data of another event."""

from uuid import UUID

from mainstem.catalog import EventData, Run, define, event


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


@define(id="x", on=event(Pull))  # error: [arg-type] Run[Other]
async def handler(run: Run[Other], services: None) -> None: ...

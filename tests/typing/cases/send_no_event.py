"""Only events are sent."""

from uuid import UUID

from mainstem.catalog import EventData, Run, define, event


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


@define(id="x", on=event(Pull))
async def handler(run: Run[Pull], services: None) -> None:
    await run.send("tell", {"by": "me"})  # error: [arg-type] expected "EventData |

"""A function is invoked with the data it takes."""

from uuid import UUID

from mainstem.catalog import EventData, Run, define, event


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


@define(id="x", on=event(Pull))
async def one(run: Run[Pull], services: None) -> int:
    return 1


@define(id="y", on=event(Pull))
async def two(run: Run[Pull], services: None) -> None:
    other = Other(by="me")
    await run.invoke("one", one, other)  # error: [misc] Cannot infer

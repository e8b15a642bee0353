"""A version takes the same data as the function it is a version of."""

from uuid import UUID

from mainstem.catalog import EventData, Run, Version, define, event, rollout


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


async def newer(run: Run[Other], services: None) -> None: ...


second = Version("2", newer, rollout(0.1))


@define(id="x", on=event(Pull), versions=[second])  # error: [misc] Cannot infer
async def one(run: Run[Pull], services: None) -> None: ...

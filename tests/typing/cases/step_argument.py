"""A step passes its function what the function takes."""

from uuid import UUID

from mainstem.catalog import EventData, Run, define, event


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


async def load(number: int) -> str:
    return str(number)


@define(id="x", on=event(Pull))
async def handler(run: Run[Pull], services: None) -> None:
    await run.step("load", load, "one")  # error: [call-overload] No overload variant of "step"

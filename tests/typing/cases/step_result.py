"""A step gives what its function returns."""

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
    text = await run.step("load", load, 1)
    text.bit_length()  # error: [attr-defined] "str" has no attribute "bit_length"

"""An invocation gives what the function returns."""

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
    pull = Pull(pull_id=UUID(int=1), number=1)
    result = await run.invoke("one", one, pull)
    result.upper()  # error: [attr-defined] "int" has no attribute "upper"

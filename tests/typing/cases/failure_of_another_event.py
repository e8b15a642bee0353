"""A failure handler takes the failures of its own function."""

from uuid import UUID

from mainstem.catalog import EventData, FunctionFailed, Run, define, event


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


async def failed(run: Run[FunctionFailed[Other]], services: None) -> None: ...


@define(id="x", on=event(Pull), on_failure=failed)  # error: [arg-type] FunctionFailed[Other]
async def handler(run: Run[Pull], services: None) -> None: ...

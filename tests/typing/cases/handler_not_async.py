"""The handler is no coroutine function."""

from uuid import UUID

from mainstem.catalog import EventData, Run, define, event


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


@define(id="x", on=event(Pull))  # error: [arg-type] Awaitable
def handler(run: Run[Pull], services: None) -> int:
    return 1

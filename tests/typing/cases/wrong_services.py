"""A catalogue is bound to the services that its handlers take."""

from uuid import UUID

import inngest

from mainstem.catalog import Catalog, EventData, Run, define, event


class Pull(EventData, name="capture/pull"):
    pull_id: UUID
    number: int


class Other(EventData, name="other/thing"):
    by: str


class Services: ...


@define(id="x", on=event(Pull))
async def handler(run: Run[Pull], services: Services) -> None: ...


def bind(client: inngest.Inngest) -> None:
    catalog: Catalog[Services] = Catalog([handler])
    catalog.bind(client, "services")  # error: [arg-type] expected "Services"

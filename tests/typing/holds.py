"""Everything here must type-check; `assert_type` says what the editor shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_type
from uuid import UUID

import inngest

from mainstem.catalog import (
    BoundCatalog,
    Catalog,
    Definition,
    EventData,
    FunctionFailed,
    Run,
    Scheduled,
    Sender,
    Trigger,
    any_of,
    client_sender,
    cron,
    define,
    event,
)
from mainstem.testing import run_handler


class PullCaptured(EventData, name="capture/pull"):
    pull_id: UUID
    number: int = 0


class PullApproved(EventData, name="approve/pull"):
    by: str


@dataclass(frozen=True)
class Row:
    id: UUID


class Services:
    async def load(self, pull_id: UUID, *, deep: bool = False) -> Row:
        return Row(pull_id)

    def count(self, rows: Sequence[Row]) -> int:
        return len(rows)


assert_type(event(PullCaptured), Trigger[PullCaptured])
assert_type(cron("0 6 * * *"), Trigger[Scheduled])
assert_type(any_of(event(PullCaptured), cron("0 6 * * *")), Trigger[PullCaptured | Scheduled])
assert_type(
    any_of(event(PullCaptured), event(PullApproved), cron("0 6 * * *")),
    Trigger[PullCaptured | PullApproved | Scheduled],
)


async def on_failure(run: Run[FunctionFailed[PullCaptured]], services: Services) -> None:
    assert_type(run.data, FunctionFailed[PullCaptured])
    assert_type(run.data.data, PullCaptured)


@define(id="store-pull", on=event(PullCaptured), on_failure=on_failure)
async def store_pull(run: Run[PullCaptured], services: Services) -> Row:
    assert_type(run.data, PullCaptured)
    assert_type(run.events, Sequence[PullCaptured])
    row = assert_type(await run.step("load", services.load, run.data.pull_id, deep=True), Row)
    assert_type(await run.step("count", services.count, [row]), int)
    assert_type(await run.send("tell", PullApproved(by="me")), list[str])
    approved = await run.wait_for_event("approval", PullApproved, timeout=timedelta(days=1))
    assert_type(approved, PullApproved | None)
    pair = await run.parallel(
        lambda: run.step("left", services.load, row.id),
        lambda: run.step("right", services.count, [row]),
    )
    assert_type(pair, tuple[Row, int])
    return row


assert_type(store_pull, Definition[PullCaptured, Services, Row])


@define(id="sweep", on=any_of(event(PullApproved), cron("0 6 * * *")))
async def sweep(run: Run[PullApproved | Scheduled], services: Services) -> int:
    if isinstance(run.data, PullApproved):
        assert_type(run.data.by, str)
    row = await run.invoke("store", store_pull, PullCaptured(pull_id=UUID(int=1)))
    assert_type(row, Row)
    return 1


CATALOG: Catalog[Services] = Catalog([store_pull, sweep])


async def outside(client: inngest.Inngest, services: Services) -> None:
    bound = CATALOG.bind(client, services, environment="test")
    assert_type(bound, BoundCatalog[Services])
    assert_type(bound.services, Services)
    send: Sender = client_sender(client)
    assert_type(await send(PullApproved(by="me")), list[str])
    result = await run_handler(store_pull, PullCaptured(pull_id=UUID(int=1)), services)
    assert_type(result.output, Row)

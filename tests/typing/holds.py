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
    SdkDefinition,
    Sender,
    Trigger,
    Version,
    adopt,
    any_of,
    client_sender,
    cron,
    define,
    event,
    rollout,
    sdk_function,
)
from mainstem.functions import InngestFunctions, create_inngest_functions
from mainstem.functions import Services as OurServices
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


async def store_pull_too(run: Run[PullCaptured], services: Services) -> Row:
    return await run.step("load", services.load, run.data.pull_id)


@define(
    id="store-again",
    on=event(PullCaptured),
    sends=(PullApproved,),
    versions=[Version("2", store_pull_too, rollout(0.1, by="event.data.pullId"))],
)
async def store_again(run: Run[PullCaptured], services: Services) -> Row:
    return await run.invoke("store", store_pull, run.data)


@sdk_function(fn_id="old-way", trigger=inngest.TriggerEvent(event="old/way"))
async def old_way(ctx: inngest.Context) -> int:
    return 1


@sdk_function(fn_id="old-sync", trigger=inngest.TriggerEvent(event="old/way"))
def old_sync(ctx: inngest.ContextSync) -> str:
    return str(ctx.step.invoke("old way", function=old_way))


assert_type(old_way, SdkDefinition[int])
assert_type(old_sync, SdkDefinition[str])


def adopted(function: inngest.Function[bytes]) -> None:
    assert_type(adopt(function), SdkDefinition[bytes])


CATALOG: Catalog[Services] = Catalog(
    [store_pull, sweep, store_again, old_way, old_sync], receives=[PullCaptured]
)


async def outside(client: inngest.Inngest, services: Services, ours: OurServices) -> None:
    bound = CATALOG.bind(client, services, environment="test")
    assert_type(bound, BoundCatalog[Services])
    assert_type(bound.services, Services)
    send: Sender = client_sender(client)
    assert_type(await send(PullApproved(by="me")), list[str])
    assert_type(await bound.send([PullApproved(by="me")]), list[str])
    assert_type(bound.send_sync(PullApproved(by="me")), list[str])
    assert_type(create_inngest_functions(client, ours), InngestFunctions)
    result = await run_handler(store_pull, PullCaptured(pull_id=UUID(int=1)), services)
    assert_type(result.output, Row)

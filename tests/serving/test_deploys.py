"""Runs that are under way while the code changes: each ends as it began, over real deploys.

A deploy here is what it is elsewhere: the old server ends, a new one with other code and other
settings comes up at another address and registers, and the engine goes on calling. Its clock stands
still, so that a run sleeps for as long as a deploy takes, and no longer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from mainstem.catalog import (
    Catalog,
    EventData,
    Run,
    Skipped,
    Version,
    define,
    event,
    rollout,
)
from mainstem.clients import reset_clients
from mainstem.engine import RunStatus, RunView, VirtualClock
from mainstem.serving import reset_serving
from mainstem.settings import Settings

from .hosts import hosted
from .house import House, house, settings_of

BY_KEY = "event.data.key"
Handler = Callable[..., Any]


class Asked(EventData, name="shop/asked"):
    """`key` is what the share is chosen by."""

    key: str


def waits(told: str, *, troubles: int = 0) -> Handler:
    """A handler that works, sleeps and works again; the last step fails `troubles` times."""
    left = [troubles]

    async def before() -> str:
        return f"{told} before"

    async def after() -> str:
        if left[0] > 0:
            left[0] -= 1
            raise ConnectionError("not yet")
        return f"{told} after"

    async def handler(run: Run[Asked], services: None) -> list[str]:
        first = await run.step("before", before)
        await run.sleep("rest", timedelta(seconds=1))
        return [first, await run.step("after", after)]

    return handler


def catalog_of(handler: Handler, *versions: Version[Asked], **more: Any) -> Catalog[None]:
    more.setdefault("id", "answer")
    return Catalog([define(on=event(Asked), versions=versions, **more)(handler)])


def second(share: float, told: str = "two", *, troubles: int = 0) -> Version[Asked]:
    return Version("2", waits(told, troubles=troubles), rollout(share, by=BY_KEY))


@asynccontextmanager
async def deployed(there: House, catalog: Catalog[None], **variables: str) -> AsyncIterator[None]:
    """`catalog` served with these settings while the block runs, and registered."""
    reset_clients()
    reset_serving()
    settings: Settings = settings_of(INNGEST_BASE_URL=there.origin, **variables)
    async with hosted("asgi", catalog, None, settings) as url:
        await there.register(url)
        yield


async def ask(there: House, key: str = "a") -> str:
    (event_id,) = await there.engine.send([{"name": "shop/asked", "data": {"key": key}}])
    return event_id


@asynccontextmanager
async def engine_in_still_time() -> AsyncIterator[House]:
    """It stands still at this moment: the SDK names the end of a sleep by the machine's clock."""
    async with house(clock=VirtualClock(datetime.now(UTC))) as there:
        yield there


async def go_on(there: House, until: Callable[[], bool]) -> None:
    """Let time pass, to each moment at which something is due, until `until` holds."""
    clock = there.engine.clock
    assert isinstance(clock, VirtualClock)
    async with asyncio.timeout(20):
        await there.engine.settle()
        while not until():
            due = there.engine.next_due
            assert due is not None, "nothing is left to happen"
            clock.advance(timedelta(milliseconds=max(0, due - clock.now())))
            await there.engine.settle()


async def asleep(there: House, event_id: str) -> RunView:
    """The run that the event started, which sleeps."""
    await there.engine.settle(timeout=20)
    [run] = there.engine.runs(event=event_id)
    assert "rest" in [step.name for step in there.engine.run(run.id).steps]
    assert not run.is_over
    return run


async def ended(there: House, event_id: str) -> RunView:
    """The run that the event started, once it is over."""
    await there.engine.settle(timeout=20)
    [run] = there.engine.runs(event=event_id)
    await go_on(there, until=lambda: there.engine.run(run.id).is_over)
    return there.engine.run(run.id)


async def test_a_run_stays_on_its_version_when_the_share_falls_to_nothing() -> None:
    catalog = catalog_of(waits("one"), second(0))
    async with engine_in_still_time() as there:
        async with deployed(there, catalog, MAINSTEM_ROLLOUT="answer=2:1"):
            event_id = await ask(there)
            await asleep(there, event_id)
        async with deployed(there, catalog, MAINSTEM_ROLLOUT="answer=2:0"):
            run = await ended(there, event_id)
            other = await ended(there, await ask(there))
    assert run.output == ["two before", "two after"]
    assert other.output == ["one before", "one after"]


async def test_the_version_and_its_share_are_seen_on_the_run() -> None:
    async with (
        engine_in_still_time() as there,
        deployed(there, catalog_of(waits("one"), second(1))),
    ):
        run = await ended(there, await ask(there))
    first = run.steps[0]
    assert first.name == "mainstem:version"
    assert (first.output["version"], first.output["share"]) == ("2", 1.0)
    assert first.output["by"] == BY_KEY


async def test_a_run_stays_on_its_version_through_failures_and_retries() -> None:
    catalog = catalog_of(waits("one"), second(1, troubles=2))
    async with engine_in_still_time() as there, deployed(there, catalog):
        run = await ended(there, await ask(there))
    assert run.output == ["two before", "two after"]


async def test_a_run_that_began_before_there_were_versions_ends_on_the_old_code() -> None:
    async with engine_in_still_time() as there:
        async with deployed(there, catalog_of(waits("one"))):
            event_id = await ask(there)
            await asleep(there, event_id)
        async with deployed(there, catalog_of(waits("one"), second(1))):
            run = await ended(there, event_id)
            other = await ended(there, await ask(there))
    assert run.output == ["one before", "one after"]
    assert other.output == ["two before", "two after"]


async def test_a_version_that_became_the_function_keeps_its_runs() -> None:
    async with engine_in_still_time() as there:
        async with deployed(there, catalog_of(waits("one"), second(1))):
            event_id = await ask(there)
            await asleep(there, event_id)
        async with deployed(there, catalog_of(waits("two, now its own"), version="2")):
            run = await ended(there, event_id)
    assert run.output == ["two before", "two, now its own after"]


async def test_a_promotion_leaves_older_runs_where_they_are() -> None:
    async with engine_in_still_time() as there:
        async with deployed(there, catalog_of(waits("one"))):
            event_id = await ask(there)
            await asleep(there, event_id)
        older = Version("1", waits("one"), rollout(0, by=BY_KEY))
        promoted = catalog_of(waits("two"), older, version="2", unpinned="1")
        async with deployed(there, promoted):
            run = await ended(there, event_id)
            other = await ended(there, await ask(there))
    assert run.output == ["one before", "one after"]
    assert other.output == ["two before", "two after"]


async def test_a_rollback_leaves_newer_runs_where_they_are() -> None:
    async with engine_in_still_time() as there:
        older = Version("1", waits("one"), rollout(0, by=BY_KEY))
        async with deployed(there, catalog_of(waits("two"), older, version="2")):
            event_id = await ask(there)
            await asleep(there, event_id)
        async with deployed(there, catalog_of(waits("one"), second(0))):
            run = await ended(there, event_id)
    assert run.output == ["two before", "two after"]


async def test_an_event_that_came_while_the_app_was_down_takes_its_share() -> None:
    async with engine_in_still_time() as there:
        async with deployed(there, catalog_of(waits("one"), second(1), retries=20)):
            pass
        event_id = await ask(there)
        tried = there.engine.stats().calls + 1
        await go_on(there, until=lambda: there.engine.stats().calls >= tried)
        async with deployed(there, catalog_of(waits("one"), second(1), retries=20)):
            run = await ended(there, event_id)
    assert run.output == ["two before", "two after"]


async def test_a_run_whose_version_is_gone_goes_on_when_it_comes_back() -> None:
    async with engine_in_still_time() as there:
        async with deployed(there, catalog_of(waits("one"), second(1), retries=20)):
            event_id = await ask(there)
            run = await asleep(there, event_id)
        async with deployed(there, catalog_of(waits("one"), retries=20)):
            tried = there.engine.stats().calls + 3
            await go_on(there, until=lambda: there.engine.stats().calls >= tried)
            assert not there.engine.run(run.id).is_over
        async with deployed(there, catalog_of(waits("one"), second(0), retries=20)):
            assert (await ended(there, event_id)).output == ["two before", "two after"]


async def test_a_run_of_a_function_that_is_switched_off_ends_skipped_with_the_reason() -> None:
    catalog = catalog_of(waits("one"))
    async with engine_in_still_time() as there:
        async with deployed(there, catalog):
            event_id = await ask(there)
            await asleep(there, event_id)
        async with deployed(there, catalog, MAINSTEM_DISABLED_FUNCTIONS="answer"):
            run = await ended(there, event_id)
    assert run.status is RunStatus.COMPLETED
    skipped = Skipped.from_wire(run.output)
    assert skipped is not None
    assert skipped.reason == "function 'answer' is switched off in local"


async def test_the_whole_new_path_can_be_switched_off() -> None:
    off = {"MAINSTEM_FUNCTIONS": "off"}
    async with engine_in_still_time() as there, deployed(there, catalog_of(waits("one")), **off):
        run = await ended(there, await ask(there))
    skipped = Skipped.from_wire(run.output)
    assert skipped is not None
    assert skipped.reason == "all functions are switched off in local"


async def test_a_run_that_began_under_an_older_id_ends_after_the_renaming() -> None:
    async with engine_in_still_time() as there:
        async with deployed(there, catalog_of(waits("one"), id="old-answer")):
            event_id = await ask(there)
            await asleep(there, event_id)
        renamed = catalog_of(waits("one"), id="answer", previous_ids=("old-answer",))
        async with deployed(there, renamed):
            run = await ended(there, event_id)
            other = await ended(there, await ask(there))
    assert (run.function_id, run.output) == ("shop-old-answer", ["one before", "one after"])
    assert other.function_id == "shop-answer"

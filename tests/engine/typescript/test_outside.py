"""Steps that the engine does, or passes on, for apps of the TypeScript SDK."""

import json

import pytest

from mainstem.engine import RunStatus
from mainstem.engine.realtime_tokens import Topic

from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

_SOME = pytest.mark.parametrize("shop", ["v4", "v4-classic", "v3"], indirect=True)


@_SOME
async def test_a_fetch_is_made_by_the_engine(shop: Shop) -> None:
    run = await shop.run_of("shop/fetch", {"url": shop.node.url("/echo")})
    assert run.status is RunStatus.COMPLETED
    status, answer = run.output
    assert (status, answer["method"], answer["body"]) == (201, "POST", "hello")


@_SOME
async def test_a_model_is_asked_by_the_engine(shop: Shop) -> None:
    run = await shop.run_of("shop/infer", {"url": shop.node.url("")})
    assert (run.status, run.output) == (RunStatus.COMPLETED, "hello Bearer k")


@_SOME
async def test_a_wrapped_call_is_a_step(shop: Shop) -> None:
    run = await shop.run_of("shop/wrap")
    assert [(step.name, step.output) for step in run.steps] == [("think", 42)]


@_SOME
async def test_a_step_wakes_who_waits_for_its_signal(shop: Shop) -> None:
    waiting = await shop.send("shop/signal", {"signal": "go/3"})
    await shop.settle()
    await shop.run_of("shop/wake", {"signal": "go/3"})
    assert (await shop.finish(waiting)).output == {"by": "step"}


@pytest.mark.parametrize("shop", ["v4", "v4-classic"], indirect=True)
async def test_what_a_step_publishes_reaches_who_listens(shop: Shop) -> None:
    with shop.engine.realtime.subscribe([Topic("orders", "status")]) as listening:
        run = await shop.run_of("shop/publish")
        messages = [json.loads(await anext(listening)) for _ in range(2)]
    assert [each["data"] for each in messages] == [{"run": run.id}, {"last": True}]
    assert [each["run_id"] for each in messages] == [run.id, run.id]

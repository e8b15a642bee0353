"""Runs and steps, with functions of the real SDK over real sockets."""

import datetime as dt
from typing import Any

import inngest

from mainstem.engine import RunStatus

from .house import House


async def test_a_function_without_steps_is_one_call(house: House) -> None:
    def make(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> object:
            return {"seen": ctx.event.data}

        return [f]

    await house.add_app(make)
    run = await house.run_of("a", {"n": 1})
    assert (run.status, run.output) == (RunStatus.COMPLETED, {"seen": {"n": 1}})
    assert house.engine.stats().calls == 1


async def test_each_step_runs_once_and_its_value_is_replayed(house: House) -> None:
    ran: list[str] = []

    def make(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
        async def f(ctx: inngest.Context) -> object:
            async def one() -> int:
                ran.append("one")
                return 1

            async def two() -> int:
                ran.append("two")
                return 2

            first = await ctx.step.run("one", one)
            await ctx.step.sleep("nap", dt.timedelta(seconds=1))
            return first + await ctx.step.run("two", two)

        return [f]

    await house.add_app(make)
    run = await house.run_of("a")
    assert (run.output, ran) == (3, ["one", "two"])
    assert [step.name for step in run.steps] == ["one", "nap", "two"]

"""Rows 17 to 23 and 41: steps that wait, steps beside each other, requests the engine makes."""

import asyncio
import datetime as dt
from typing import Any

import inngest
import pytest
from inngest.experimental import ai
from starlette.responses import JSONResponse

from mainstem.engine import RunStatus

from ..house import serving  # noqa: TID252  the helper of the room above
from .station import Functions, Station, giving, hashed, on

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_sleep_and_sleep_until(station: Station) -> None:
    until = dt.datetime.fromtimestamp(station.clock.now() / 1000 + 7 * 86_400, dt.UTC)

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> None:
            await ctx.step.sleep("long", dt.timedelta(days=3))
            await ctx.step.sleep_until("longer", until)

        return [f]

    place = await station.open(make)
    began = station.clock.now()
    # The SDK reckons the end of a sleep from its own clock, which is the machine's.
    ahead = began - round(dt.datetime.now(dt.UTC).timestamp() * 1000)
    run = await place.run_of(f"{place.id}/f")
    calls = place.calls(run.id)
    assert calls[0].answer[0]["name"].endswith("Z")
    assert calls[-1].body["steps"] == {hashed("long"): None, hashed("longer"): None}
    assert ahead > 0
    assert run.ended_at == round(until.timestamp() * 1000)


async def test_sleep_lasts_as_long_as_it_says(system: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> None:
            await ctx.step.sleep("nap", dt.timedelta(seconds=90))

        return [f]

    place = await system.open(make)
    began = system.clock.now()
    run = await place.run_of(f"{place.id}/f")
    assert run.ended_at is not None
    # A second more or less: real time passes between two requests.
    assert 88_000 <= run.ended_at - began <= 92_000


def waiting(client: inngest.Inngest) -> Functions:
    @on("f", client)
    async def f(ctx: inngest.Context) -> object:
        found = await ctx.step.wait_for_event(
            "wait",
            event=f"{client.app_id}/paid",
            if_exp="event.data.id == async.data.id",
            timeout=dt.timedelta(minutes=1),
        )
        return None if found is None else found.data

    return [f]


async def test_wait_for_event_fulfill(station: Station) -> None:
    place = await station.open(waiting)
    run_id = await place.start(f"{place.id}/f", {"id": 7})
    await place.send(f"{place.id}/paid", {"id": 7, "sum": 1}, id="sent")
    run = await place.rest(run_id)
    memo = place.calls(run_id)[-1].body["steps"][hashed("wait")]
    assert run.output == {"id": 7, "sum": 1}
    assert (memo["id"], memo["name"], memo["data"]) == (
        "sent",
        f"{place.id}/paid",
        {"id": 7, "sum": 1},
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [("paid", {"id": 8}), ("other", {"id": 7})],
    ids=["if_exp_not_match", "name_not_match"],
)
async def test_wait_for_event_timeout(station: Station, name: str, data: Any) -> None:
    place = await station.open(waiting)
    run_id = await place.start(f"{place.id}/f", {"id": 7})
    began = station.clock.now()
    await place.send(f"{place.id}/{name}", data)
    run = await place.rest(run_id)
    assert (run.output, place.calls(run_id)[-1].body["steps"]) == (None, {hashed("wait"): None})
    assert run.ended_at == began + 60_000


def invoking(client: inngest.Inngest) -> Functions:
    @on("child", client, retries=0)
    async def child(ctx: inngest.Context) -> object:
        data: Any = ctx.event.data
        if data.get("sleep"):
            await ctx.step.sleep_until("nap", dt.datetime.fromisoformat(data["sleep"]))
        if data.get("fail"):
            raise ValueError("oh no")
        return {"got": data["n"]}

    @on("f", client)
    async def f(ctx: inngest.Context) -> object:
        timeout = dt.timedelta(hours=1)
        data: Any = ctx.event.data
        by_id = ctx.step.invoke_by_id
        try:
            if "by_id" in data:
                return await by_id("ask", function_id=data["by_id"], data={"n": 2})
            return await ctx.step.invoke("ask", function=child, data=data, timeout=timeout)
        except inngest.StepError as error:
            return [error.name, error.message]

    return [f, child]


async def test_invoke_by_object(station: Station) -> None:
    place = await station.open(invoking)
    run = await place.run_of(f"{place.id}/f", {"n": 1})
    assert run.output == {"got": 1}
    assert place.calls(run.id)[-1].body["steps"] == {hashed("ask"): {"data": {"got": 1}}}
    (child,) = place.runs("child")
    assert child.events[0]["name"] == "inngest/function.invoked"
    assert child.events[0]["data"]["_inngest"]["correlation_id"] == f"{run.id}.{hashed('ask')}"


async def test_invoke_by_id(station: Station) -> None:
    place = await station.open(invoking)
    assert (await place.run_of(f"{place.id}/f", {"by_id": "child"})).output == {"got": 2}


async def test_invoke_failure(station: Station) -> None:
    place = await station.open(invoking)
    run = await place.run_of(f"{place.id}/f", {"n": 1, "fail": True})
    assert run.output == ["ValueError", "oh no"]


async def test_invoke_timeout(station: Station) -> None:
    place = await station.open(invoking)
    began = station.clock.now()
    until = dt.datetime.fromtimestamp(began / 1000 + 86_400, dt.UTC).isoformat()
    run = await place.run_of(f"{place.id}/f", {"n": 1, "sleep": until})
    assert (run.output[0], run.ended_at) == ("InngestInvokeTimeoutError", began + 3_600_000)
    (child,) = place.runs("child")
    assert not child.is_over
    place.engine.cancel(child.id)


async def test_invoke_what_does_not_exist(station: Station) -> None:
    place = await station.open(invoking)
    run = await place.run_of(f"{place.id}/f", {"by_id": "nobody"})
    assert "could not find function with ID" in run.output[1]
    assert len(place.calls(run.id)) == 2
    answer = await station.http.post(f"/invoke/{place.id}-nobody", json={"data": {}})
    assert answer.status_code == 404


def parallel(client: inngest.Inngest) -> Functions:
    """Two branches, of which the second is slow at its first step."""

    @on("f", client)
    async def f(ctx: inngest.Context) -> object:
        length = int(str(ctx.event.data["length"]))

        async def work(name: str) -> str:
            await asyncio.sleep(0.1 if name == "b0" else 0)
            return name

        async def chain(name: str) -> list[str]:
            return [await ctx.step.run(f"{name}{n}", work, f"{name}{n}") for n in range(length)]

        found = await ctx.group.parallel((lambda: chain("a"), lambda: chain("b")))
        await ctx.step.run("after", giving, 1)
        return list(found)

    return [f]


async def test_parallel_steps(station: Station) -> None:
    place = await station.open(parallel)
    run = await place.run_of(f"{place.id}/f", {"length": 1})
    calls = place.calls(run.id)
    assert run.output == [["a0"], ["b0"]]
    # Planned, called for, and joined by one call; the flag of the group is gone after it.
    assert [(each.target, each.ops) for each in calls] == [
        ("step", [("StepPlanned", "a0"), ("StepPlanned", "b0")]),
        (hashed("a0"), [("StepRun", "a0")]),
        (hashed("b0"), [("StepRun", "b0")]),
        ("step", [("StepRun", "after")]),
        ("step", []),
    ]
    flags = [each.ctx["disable_immediate_execution"] for each in calls]
    assert flags == [False, True, True, False, False]


async def test_parallel_mode_race(station: Station) -> None:
    is_second_done = asyncio.Event()
    ran: list[str] = []

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=0)
        async def f(ctx: inngest.Context) -> object:
            async def work(name: str) -> str:
                if name == "b0":  # lasts until the other branch has got to its second step
                    await asyncio.wait_for(is_second_done.wait(), 3)
                ran.append(name)
                if name == "a1":
                    is_second_done.set()
                return name

            async def a() -> list[str]:
                return [await ctx.step.run(name, work, name) for name in ("a0", "a1")]

            async def b() -> list[str]:
                return [await ctx.step.run("b0", work, "b0")]

            found = await ctx.group.parallel((a, b), parallel_mode=inngest.ParallelMode.RACE)
            await ctx.step.run("after", work, "after")
            return list(found)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    assert (run.output, ran) == ([["a0", "a1"], ["b0"]], ["a0", "a1", "b0", "after"])
    assert place.calls(run.id)[0].answer[0]["opts"] == {"parallelMode": "race"}


async def test_parallel_group_of_sequential_steps(station: Station) -> None:
    place = await station.open(parallel)
    run = await place.run_of(f"{place.id}/f", {"length": 2})
    ran = [name for each in place.calls(run.id) for op, name in each.ops if op == "StepRun"]
    assert run.output == [["a0", "a1"], ["b0", "b1"]]
    # The second layer begins when the whole first is done, however slow one of its steps is.
    assert (ran[:2], set(ran[2:4]), ran[4:]) == (["a0", "b0"], {"a1", "b1"}, ["after"])


async def test_parallel_step_disappears(station: Station) -> None:
    calls = 0

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=1)
        async def f(ctx: inngest.Context) -> object:
            nonlocal calls
            calls += 1
            names = ["a", "b"] if calls == 1 else ["a"]
            steps = tuple((lambda name=name: ctx.step.run(name, giving, name)) for name in names)
            return list(await ctx.group.parallel(steps))

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    # The call for `b` finds no step of its own and returns; the first 200 is the run's result.
    assert run.status is RunStatus.COMPLETED
    assert run.output in ([], ["a"])


async def test_unexpected_step_during_targeting(station: Station) -> None:
    calls = 0

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=1)
        async def f(ctx: inngest.Context) -> None:
            nonlocal calls
            calls += 1
            if calls == 1:
                steps = tuple((lambda name=name: ctx.step.run(name, giving, 1)) for name in "ab")
                await ctx.group.parallel(steps)
            await ctx.step.run("surprise", giving, 1)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    assert (run.status, run.output["code"]) == (RunStatus.FAILED, "step_unexpected")


async def test_ai_infer(station: Station) -> None:
    asked: list[Any] = []

    async def provider(scope: Any, receive: Any, send: Any) -> None:
        asked.append(dict(scope["headers"])[b"authorization"])
        await JSONResponse({"choices": ["hi"]})(scope, receive, send)

    async with serving(provider) as origin:

        def make(client: inngest.Inngest) -> Functions:
            @on("f", client)
            async def f(ctx: inngest.Context) -> object:
                model = ai.openai.Adapter(auth_key="secret", base_url=origin, model="m")
                return await ctx.step.ai.infer("ask", adapter=model, body={"messages": []})

            return [f]

        place = await station.open(make)
        run_id = await place.start(f"{place.id}/f")
        run = await place.rest(run_id)
    assert (run.output, asked) == ({"choices": ["hi"]}, [b"Bearer secret"])
    calls = place.calls(run.id)
    assert calls[0].ops == [("AIGateway", "ask")]
    assert calls[1].body["steps"] == {hashed("ask"): {"data": {"choices": ["hi"]}}}

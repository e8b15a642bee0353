"""Rows 5 to 16: functions and steps, as the SDK's own suite has them."""

import asyncio
import datetime as dt
from typing import Any

import inngest
import pytest
from inngest._internal.const import Streaming

from mainstem.engine import RunStatus

from .station import Functions, Station, giving, hashed, on

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_no_steps(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            return {"a": [1, None]}

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    (call,) = place.calls(run.id)
    assert (run.status, run.output, call.status) == (RunStatus.COMPLETED, {"a": [1, None]}, 200)
    assert (call.target, call.ctx["attempt"], call.ctx["max_attempts"]) == ("step", 0, 5)
    assert (call.body["version"], call.body["steps"], call.ctx["stack"]["current"]) == (-1, {}, 0)


async def test_function_args(station: Station) -> None:
    seen: list[inngest.Context] = []

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> None:
            seen.append(ctx)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f", {"n": 1})
    (ctx,) = seen
    assert (ctx.run_id, ctx.attempt, [each.data for each in ctx.events]) == (run.id, 0, [{"n": 1}])
    assert ctx.event == ctx.events[0]


async def test_two_steps(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            first = await ctx.step.run("one", giving, "hi")
            # With arguments of its own, as `step_callback_args` has it.
            return await ctx.step.run("two", giving, [first])

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    calls = place.calls(run.id)
    one, two = hashed("one"), hashed("two")
    assert (run.output, [each.status for each in calls]) == (["hi"], [206, 206, 200])
    assert [each.body["steps"] for each in calls] == [
        {},
        {one: {"data": "hi"}},
        {one: {"data": "hi"}, two: {"data": ["hi"]}},
    ]
    assert [each.ctx["stack"] for each in calls] == [
        {"current": 0, "stack": []},
        {"current": 1, "stack": [one]},
        {"current": 2, "stack": [one, two]},
    ]


async def test_event_payload(station: Station) -> None:
    seen: list[inngest.Event] = []

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> None:
            seen.append(ctx.event)

        return [f]

    place = await station.open(make)
    past = station.clock.now() - 60_000
    await place.run_of(f"{place.id}/f", {"foo": {"bar": "ø"}}, ts=past, id="of-its-sender")
    event = seen[0]
    assert (event.id, event.name, event.ts) == ("of-its-sender", f"{place.id}/f", past)
    assert event.data == {"foo": {"bar": "ø"}}


async def test_null_data_becomes_an_object(station: Station) -> None:
    seen: list[Any] = []

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> None:
            seen.append(ctx.event.data)

        return [f]

    place = await station.open(make)
    for sent in ({"name": f"{place.id}/f", "data": None}, {"name": f"{place.id}/f"}):
        assert (await station.http.post("/e/k", json=sent)).status_code == 200
    await station.engine.settle(timeout=10)
    assert seen == [{}, {}]


async def test_crazy_ids(station: Station) -> None:
    names = ["ø🚀 <script>alert('x')</script>", "", "x" * 5000, "%2F../'\"\\", "a\nb"]

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            return [await ctx.step.run(name, giving, name) for name in names]

        return [f]

    place = await station.open(make)
    crazy = "🚀/é " + "y" * 1000
    run = await place.run_of(f"{place.id}/f", {"k": names[0]}, id=crazy)
    assert run.output == names
    # What is shown of a step is cut, at 4096 characters; its id is the hash of the whole.
    assert [step.name for step in run.steps] == [name[:4096] for name in names]
    assert list(place.calls(run.id)[-1].body["steps"]) == sorted(map(hashed, names))
    assert run.events[0]["id"] == crazy


async def test_dedupe_step_ids(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            return [await ctx.step.run("foo", giving, n) for n in range(3)]

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    assert run.output == [0, 1, 2]
    assert place.calls(run.id)[-1].body["steps"] == {
        hashed("foo"): {"data": 0},
        hashed("foo:1"): {"data": 1},
        hashed("foo:2"): {"data": 2},
    }


async def test_inconsistent_step_order(station: Station) -> None:
    calls = 0
    ran: list[str] = []

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> object:
            nonlocal calls
            calls += 1
            names = ["a", "b"] if calls % 2 else ["b", "a"]

            async def work(name: str) -> str:
                ran.append(name)
                return name

            return {name: await ctx.step.run(name, work, name) for name in names}

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    assert run.output == {"a": "a", "b": "b"}
    assert sorted(ran) == ["a", "b"]


async def test_change_step_error(station: Station) -> None:
    attempts: list[int] = []

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=1)
        async def f(ctx: inngest.Context) -> object:
            async def broken() -> None:
                attempts.append(ctx.attempt)
                raise ValueError("foo")

            try:
                await ctx.step.run("broken", broken)
            except inngest.StepError as error:
                caught = [error.name, error.message]
                return await ctx.step.run("after", giving, caught)
            return None

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    calls = place.calls(run.id)
    assert (run.status, run.output) == (RunStatus.COMPLETED, ["ValueError", "foo"])
    assert attempts == [0, 1]
    assert [each.ops for each in calls] == [
        [("StepError", "broken")],
        [("StepFailed", "broken")],
        [("StepRun", "after")],
        [],
    ]
    # The retry takes its own counter with it; what follows begins anew.
    assert [each.ctx["attempt"] for each in calls] == [0, 1, 0, 0]
    memo = calls[2].body["steps"][hashed("broken")]
    assert (list(memo), memo["error"]["message"]) == (["error"], "foo")


async def test_step_failed(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=0)
        async def f(ctx: inngest.Context) -> None:
            async def broken() -> None:
                raise ValueError("foo")

            await ctx.step.run("broken", broken)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    assert (run.status, run.output["code"]) == (RunStatus.FAILED, "step_errored")
    assert (run.output["message"], run.output["name"]) == ("foo", "ValueError")
    assert [each.ops for each in place.calls(run.id)] == [[("StepFailed", "broken")], []]


async def test_non_retriable_error(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> None:
            async def broken() -> None:
                raise inngest.NonRetriableError("nope")

            await ctx.step.run("broken", broken)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    (call,) = place.calls(run.id)
    assert (run.status, run.output["message"]) == (RunStatus.FAILED, "nope")
    assert (call.status, call.answer_headers["x-inngest-no-retry"]) == (500, "true")


async def test_retry_after_error(station: Station) -> None:
    times: list[int] = []

    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=1)
        async def f(ctx: inngest.Context) -> None:
            times.append(station.clock.now())
            if ctx.attempt == 0:
                later = dt.datetime.fromtimestamp(times[0] / 1000 + 5400, dt.UTC)
                raise inngest.RetryAfterError("later", later)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    assert run.status is RunStatus.COMPLETED
    assert times[1] - times[0] == 5_400_000


async def test_on_failure(station: Station) -> None:
    told: list[inngest.Context] = []

    def make(client: inngest.Inngest) -> Functions:
        async def on_failure(ctx: inngest.Context) -> None:
            told.append(ctx)

        @on("f", client, retries=1, on_failure=on_failure)
        async def f(ctx: inngest.Context) -> None:
            raise ValueError("broke")

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f", {"n": 1})
    await station.engine.settle(timeout=10)
    (ctx,) = told
    data: Any = ctx.event.data
    assert (ctx.event.name, data["run_id"]) == ("inngest/function.failed", run.id)
    assert data["function_id"] == f"{place.id}-f"
    assert (data["error"]["name"], data["error"]["message"]) == ("ValueError", "broke")
    assert (data["event"]["name"], data["event"]["data"]) == (f"{place.id}/f", {"n": 1})
    assert len(place.runs("f-failure")) == 1
    assert [each.ctx["attempt"] for each in place.calls(run.id)] == [0, 1]


async def test_unserializable_step_output(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=1)
        async def f(ctx: inngest.Context) -> None:
            async def work() -> Any:
                return object()

            await ctx.step.run("work", work)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    calls = place.calls(run.id)
    assert (run.status, run.output["code"]) == (RunStatus.FAILED, "output_unserializable")
    assert run.output["message"] == '"work" returned unserializable data'
    # Without the header that forbids it, it is tried again.
    assert [each.ctx["attempt"] for each in calls] == [0, 1]
    assert "x-inngest-no-retry" not in calls[0].answer_headers


async def test_nested_step_run(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client)
        async def f(ctx: inngest.Context) -> None:
            async def outer() -> object:
                return await ctx.step.run("inner", giving, 1)

            await ctx.step.run("outer", outer)

        return [f]

    place = await station.open(make)
    run = await place.run_of(f"{place.id}/f")
    first, second = place.calls(run.id)
    assert (run.status, run.output["message"]) == (
        RunStatus.FAILED,
        "Nested steps are not supported.",
    )
    assert (first.ops, first.answer[0]["error"]["code"]) == (
        [("StepError", "outer")],
        "step_nested",
    )
    assert (first.answer_headers["x-inngest-no-retry"], second.ctx["attempt"]) == ("true", 0)
    assert second.body["steps"][hashed("outer")]["error"]["message"] == run.output["message"]


async def test_streaming(station: Station) -> None:
    def make(client: inngest.Inngest) -> Functions:
        @on("f", client, retries=1)
        async def f(ctx: inngest.Context) -> object:
            value = await ctx.step.run("one", giving, {"a": 1})
            await asyncio.sleep(0)
            if ctx.event.data:
                raise inngest.NonRetriableError("no")
            return value

        return [f]

    place = await station.open(make, streaming=Streaming.FORCE)
    run = await place.run_of(f"{place.id}/f")
    failed = await place.run_of(f"{place.id}/f", {"fail": True})
    assert (run.output, [step.output for step in run.steps]) == ({"a": 1}, [{"a": 1}])
    assert [each.status for each in place.calls(run.id)] == [201, 201]
    # The header that forbids a retry is inside, and counts.
    assert (failed.status, len(place.calls(failed.id))) == (RunStatus.FAILED, 2)

"""What a reader sees of a run when a test fails."""

import asyncio
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import inngest
import pytest

from mainstem.testing import Harness

from .shop import PLAIN, bought, open_shop


async def test_a_trace_tells_steps_with_tries_lines_events_and_the_wait() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.fail("charge", ConnectionError("busy"))
        harness.crash("charge")
        run = await harness.send_one(bought())
        await harness.advance(days=3, minutes=5)
        head, event, began, *happened = run.trace().splitlines()
        assert head == f"run {run.id} of shop-buy: RUNNING"
        assert event == '  event shop/bought {"order": 7}'
        assert began == "  began 2030-01-01 00:00:00.000"
        assert [line.split("  ", 2)[-1] for line in happened] == [
            "log INFO inngest._internal.client_lib.client: order 7",
            "step charge (run) try 1: the app was lost",
            "log INFO inngest._internal.client_lib.client: order 7",
            'step charge (run) [7, "CHF"] -> {"currency": "CHF", "order": 7}',
            "step cool-off (sleep) -> null",
            'sent shop/paid {"order": 7}',
            'step tell (send) -> ["' + run.steps["tell"].output[0] + '"]',
            "step review (wait) began",
            "waits in step 'review' (wait, waiting)",
        ]


async def test_a_failed_run_s_trace_ends_with_what_was_raised() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        harness.fail("charge", ConnectionError("busy"), times=None)
        run = await harness.send_one(bought())
        await harness.advance(days=1)
        trace = run.trace()
    assert "try 4 raised ConnectionError: busy" in trace
    assert "attempt" not in trace.partition("  raised:")[0]
    assert "failed: ConnectionError: busy" in trace
    assert trace.endswith("ConnectionError: busy")


async def test_assertions_show_the_trace() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(inngest.Event(name="shop/asked"))
        run.assert_completed(5)
        run.assert_steps([])
        claims: list[tuple[Callable[[], None], str]] = [
            (lambda: run.assert_completed(6), "the run returned 5, not 6"),
            (lambda: run.assert_steps(["a"]), r"the steps are \[\], not \['a'\]"),
            (run.assert_failed, "the run is COMPLETED, not FAILED"),
            (run.assert_cancelled, "the run is COMPLETED, not CANCELLED"),
        ]
        for claim, what in claims:
            with pytest.raises(AssertionError, match=rf"{what}\n\nrun {run.id} of shop-price"):
                claim()


NO_JSON = "OutputUnserializableError: returned unserializable data"


def told(trace: str) -> list[str]:
    """What happened, without its times."""
    return [line.split("  ", 2)[-1] for line in trace.splitlines() if line.startswith("  +")]


async def test_a_step_whose_error_concerns_the_whole_call_is_seen_with_its_tries() -> None:
    errors: list[Exception] = [
        inngest.RetryAfterError("slow", timedelta(minutes=1)),
        inngest.NonRetriableError("never"),
    ]

    async def work(_: int) -> None:
        raise errors.pop(0)

    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=3)
    async def f(ctx: inngest.Context) -> None:
        await ctx.step.run("first", asyncio.sleep, 0)
        await ctx.step.run("work", work, 5)

    async with Harness.open(PLAIN, [f]) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        work_step = run.steps["work"]
        assert (work_step.status, work_step.is_done, work_step.kind) == ("raised", False, "run")
        assert "waits in step 'work' (run, raised)" in run.trace()
        await harness.advance(minutes=1)
        assert [type(each.error).__name__ for each in run.steps["work"].tries] == [
            "RetryAfterError",
            "NonRetriableError",
        ]
        run.assert_steps(["first", "work"])
        assert run.steps["work"].error == {"name": "NonRetriableError", "message": "never"}
    assert told(run.trace()) == [
        "step first (run) [0] -> null",
        "step work (run) try 1 raised RetryAfterError: slow",
        "step work (run) try 2 raised NonRetriableError: never",
        "step work (run) [5] failed: NonRetriableError: never",
        "failed: NonRetriableError: never",
    ]


async def test_a_trace_tells_attempts_of_the_function_itself_and_answers_that_are_none() -> None:
    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=3)
    async def f(ctx: inngest.Context) -> Any:
        await ctx.step.run("first", asyncio.sleep, 0)
        if ctx.attempt == 0:
            raise ConnectionError("between steps")
        if ctx.attempt == 1:
            sys.exit(9)
        return object() if ctx.attempt == 2 else "done"

    async with Harness.open(PLAIN, [f]) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        assert await run.result(within=timedelta(hours=1)) == "done"
    assert told(run.trace()) == [
        "step first (run) [0] -> null",
        "attempt 1 raised ConnectionError: between steps",
        "no answer of the function: the app ended itself: SystemExit(9)",
        f"no answer of the function: HTTP 500 {NO_JSON}",
        'completed: "done"',
    ]


async def test_what_happens_at_one_moment_is_told_in_order() -> None:
    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=0)
    async def f(ctx: inngest.Context) -> None:
        await ctx.step.run("z", asyncio.sleep, 0)
        await ctx.step.sleep("nap", 0)
        await ctx.step.run("b", asyncio.sleep, 0)
        with pytest.raises(inngest.StepError):
            await ctx.step.invoke_by_id("ask", app_id="no", function_id="no")
        await ctx.step.run("a", asyncio.sleep, 0)
        await ctx.step.wait_for_event("wait", event="never", timeout=timedelta(days=1))

    async with Harness.open(PLAIN, [f]) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        names = [line.split()[1] for line in told(run.trace())]
        assert names == ["z", "nap", "b", "ask", "a", "wait"]
        assert run.step_ids == names


async def test_steps_are_in_the_order_in_which_they_were_met_whoever_knows_of_them() -> None:
    async def slow() -> None:
        raise inngest.RetryAfterError("slow", timedelta(seconds=2))

    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=1)
    async def f(ctx: inngest.Context) -> None:
        if ctx.attempt == 0:
            await ctx.step.run("first", slow)
        await ctx.step.run("second", asyncio.sleep, 0)

    async with Harness.open(PLAIN, [f]) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        await harness.advance(seconds=2)
        run.assert_steps(["first", "second"])
        assert run.steps["first"].status == "raised"

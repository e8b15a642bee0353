"""What a reader sees of a run when a test fails."""

from collections.abc import Callable

import inngest
import pytest

from mainstem.testing import Harness

from .shop import bought, open_shop


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

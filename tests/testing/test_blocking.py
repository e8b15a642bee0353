"""The harness without `await`, in plain tests."""

from datetime import timedelta
from typing import Any

import inngest
import pytest

from mainstem.testing import HarnessError, RunFailed, SyncHarness

from .shop import bought, open_shop


def test_a_plain_test_does_all_that_an_async_one_does(tmp_path: Any) -> None:
    shop = open_shop()
    with SyncHarness.open(shop.client, shop.functions, path=tmp_path / "e.db") as harness:
        charge = harness.stub("charge", {"currency": "EUR"})
        run = harness.send_one(bought())
        assert [each.reason for each in harness.pending()] == ["cron", "sleep"] or harness.pending()
        harness.restart()
        harness.advance(days=3)
        shop.client.send_sync(inngest.Event(name="shop/reviewed", data={"stars": 3}))
        assert run.result() == {"paid": "EUR", "review": 3}
        harness.assert_sent("shop/paid", {"order": 7})
        harness.assert_not_sent("shop/lost")
        assert charge.count == 1
        assert harness.replay(run.record()).first_difference is None
        assert harness.invoke("price").result() == 5
        assert [each.name for each in harness.events()][-1] == "shop/reviewed"
        other = harness.invoke("buy", {"order": 1})
        assert harness.cancel(other)
        assert harness.runs(status="CANCELLED")[0].id == other.id
        assert "shop-price" in harness.trace()
        harness.clear()
        assert harness.runs() == []
    harness.close()
    assert run.status == "COMPLETED"


def test_failures_and_crashes_are_ordered_in_plain_tests_too() -> None:
    shop = open_shop()
    with SyncHarness.open(shop.client, shop.functions) as harness:
        harness.crash("weigh", when="before")
        packed = harness.send_one(inngest.Event(name="shop/packed"))
        assert packed.result(within=timedelta(days=1)) == [6, None]
        harness.fail("charge", times=None)
        run = harness.send_one(bought())
        with pytest.raises(RunFailed, match="failed on order of the test"):
            run.result(within=timedelta(days=1))
        harness.drain()


def test_what_keeps_a_harness_from_opening_is_raised_and_leaves_no_thread() -> None:
    import threading

    shop = open_shop()
    before = set(threading.enumerate())
    with pytest.raises(HarnessError, match="give either its functions"):
        SyncHarness.open(shop.client)
    assert set(threading.enumerate()) <= before

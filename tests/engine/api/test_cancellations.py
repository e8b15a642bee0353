"""Bulk cancellation: which runs, until when, and what is refused."""

from typing import Any

import pytest

from mainstem.engine.cancellations import Cancellation, cancel_portion
from mainstem.engine.lifecycle import RunStatus

from .desk import Desk, desk, step

Json = Any
ASLEEP = step("nap", op="Sleep", name="2031-01-01T00:00:00Z")
FUNCTIONS = {"a": lambda _: ASLEEP, "b": lambda _: ASLEEP}


async def states(at: Desk) -> dict[str, str]:
    """The states of all runs."""
    return {run["id"]: run["status"] for run in await at.get("/v1/runs")}


async def test_runs_of_a_function_in_a_span_that_fulfil_the_condition_are_cancelled() -> None:
    async with desk(FUNCTIONS) as at:
        early = await at.run_of("a", {"user": 1})
        await at.rest(seconds=1)
        after = at.clock.now()
        hit, other_user = await at.run_of("a", {"user": 1}), await at.run_of("a", {"user": 2})
        other_function = await at.run_of("b", {"user": 1})
        await at.rest(seconds=1)
        before = at.clock.now()
        late = await at.run_of("a", {"user": 1})
        order = await at.post(
            "/v1/cancellations",
            {
                "app_id": "t",
                "function_id": "a",
                "started_after": after,
                "started_before": before,
                "if": "event.data.user == 1",
            },
        )
        assert (order["cancelled"], order["if"]) == (1, "event.data.user == 1")
        found = await states(at)
        assert found[hit] == "CANCELLED"
        assert {found[run] for run in (early, other_user, other_function, late)} == {"RUNNING"}


async def test_an_order_for_a_span_to_come_cancels_runs_as_they_are_created() -> None:
    async with desk(FUNCTIONS) as at:
        until = at.clock.now() + 60_000
        order = await at.post("/v1/cancellations", {"app_id": "t", "started_before": until})
        assert order["cancelled"] == 0
        within = await at.run_of("a")
        assert len(at.calls) == 0
        await at.rest(minutes=1)
        later = await at.run_of("a")
        assert await states(at) == {within: "CANCELLED", later: "RUNNING"}


async def test_an_order_is_listed_and_can_be_taken_back() -> None:
    async with desk(FUNCTIONS) as at:
        until = at.clock.now() + 60_000
        order = await at.post("/v1/cancellations", {"app_id": "t", "started_before": until})
        (listed,) = await at.get("/v1/cancellations")
        assert listed == {**order, "cancelled": None}
        assert (await at.api.delete(f"/v1/cancellations/{order['id']}")).status_code == 204
        assert (await at.api.delete(f"/v1/cancellations/{order['id']}")).status_code == 404
        run = await at.run_of("a")
        assert await states(at) == {run: "RUNNING"}


@pytest.mark.parametrize(("bound", "value"), [("PORTION", 2), ("PORTION_TEXT", 1)])
async def test_more_runs_than_a_portion_are_all_cancelled(
    monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    monkeypatch.setattr(f"mainstem.engine.cancellations.{bound}", value)
    async with desk(FUNCTIONS) as at:
        for _ in range(5):
            await at.run_of("a")
        before = at.clock.now() + 1
        order = await at.post("/v1/cancellations", {"app_id": "t", "started_before": before})
        assert order["cancelled"] == 5
        assert set((await states(at)).values()) == {"CANCELLED"}


async def test_runs_with_large_events_are_cancelled_a_few_at_a_time() -> None:
    async with desk(FUNCTIONS) as at:
        for _ in range(4):
            await at.run_of("a", {"text": "x" * 200_000})
        app_id = at.engine.registry.all()[0].app_id
        whole = Cancellation("", 0, app_id, None, None, at.clock.now() + 1, None)
        with at.engine.work() as work:
            first = cancel_portion(work, whole, RunStatus.RUNNING, "")
        assert (first.cancelled, list((await states(at)).values()).count("RUNNING")) == (3, 1)


@pytest.mark.parametrize(
    ("changed", "status", "problem"),
    [
        ({"app_id": "x"}, 404, "no app 'x'"),
        ({"function_id": "x"}, 404, "x"),
        ({"if": "event."}, 400, "Cannot compile the expression"),
        ({"started_before": "soon"}, 400, "milliseconds since 1970, or RFC 3339"),
        ({"started_after": 20}, 400, "'started_after': it is before 'started_before'"),
    ],
)
async def test_an_order_that_means_nothing_is_refused(
    changed: Json, status: int, problem: str
) -> None:
    async with desk(FUNCTIONS) as at:
        told = await at.post(
            "/v1/cancellations", {"app_id": "t", "started_before": 10, **changed}, status
        )
        assert problem in told["error"]
        assert await at.get("/v1/cancellations") == []

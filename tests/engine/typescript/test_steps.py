"""What steps do, in apps of the TypeScript SDK that know nothing of this engine."""

from datetime import timedelta

import pytest

from mainstem.engine import RunStatus, StepStatus

from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_function_gets_its_event_and_gives_its_value(shop: Shop) -> None:
    run = await shop.run_of("shop/plain", {"n": 1})
    assert run.status is RunStatus.COMPLETED
    assert run.output == {"got": {"n": 1}, "name": "shop/plain"}


async def test_steps_in_sequence_run_once_each(shop: Shop) -> None:
    run = await shop.run_of("shop/sequence")
    assert (run.status, run.output) == (RunStatus.COMPLETED, ["a", "b", "c"])
    assert [(step.name, step.status, step.output) for step in run.steps] == [
        (name, StepStatus.COMPLETED, name) for name in ("a", "b", "c")
    ]
    assert shop.node.ran(run.id) == ["a", "b", "c"]


async def test_steps_of_one_name_are_told_apart(shop: Shop) -> None:
    run = await shop.run_of("shop/repeated")
    assert run.output == [0, 1, 2]
    assert shop.node.ran(run.id) == ["same"] * 3


async def test_values_of_steps_come_back_as_they_were(shop: Shop) -> None:
    run = await shop.run_of("shop/values")
    assert run.output == [None, None, {"list": [1, {"two": "zwei ✓"}]}]


async def test_parallel_steps_run_once_each_and_then_what_follows(shop: Shop) -> None:
    run = await shop.run_of("shop/parallel")
    assert (run.status, run.output) == (RunStatus.COMPLETED, ["left", "right", "after"])
    ran = shop.node.ran(run.id)
    assert (sorted(ran[:2]), ran[2:]) == (["left", "right"], ["after"])


async def test_parallel_branches_of_two_steps_each_run_once(shop: Shop) -> None:
    run = await shop.run_of("shop/branches")
    assert run.output == [["x1", "x2"], ["y1", "y2"]]
    assert sorted(shop.node.ran(run.id)) == ["x1", "x2", "y1", "y2"]


async def test_the_first_of_a_race_wins(shop: Shop) -> None:
    run = await shop.run_of("shop/race")
    assert (run.status, run.output) == (RunStatus.COMPLETED, ["quick", "after"])


async def test_a_sleep_lasts_as_long_as_it_says(shop: Shop) -> None:
    began = shop.clock.now()
    run = await shop.run_of("shop/sleep")
    assert (run.status, run.output) == (RunStatus.COMPLETED, "after")
    assert shop.clock.now() - began == timedelta(hours=2) // timedelta(milliseconds=1)
    assert shop.node.ran(run.id) == ["before", "after"]


async def test_a_sleep_until_a_moment_ends_then(shop: Shop) -> None:
    until = shop.clock.now() + 90_000
    run = await shop.run_of("shop/sleep-until", {"until": until})
    assert (run.output, shop.clock.now()) == ("awake", until)


async def test_a_wait_is_met_by_the_event_that_matches(shop: Shop) -> None:
    event_id = await shop.send("shop/wait", {"id": "one"})
    await shop.settle()
    await shop.send("shop/paid", {"id": "another", "amount": 1})
    await shop.send("shop/paid", {"id": "one", "amount": 2})
    assert (await shop.finish(event_id)).output == 2


async def test_a_wait_is_met_by_the_event_of_its_condition(shop: Shop) -> None:
    event_id = await shop.send("shop/wait-if", {"least": 10})
    await shop.settle()
    await shop.send("shop/paid", {"amount": 9})
    await shop.send("shop/paid", {"amount": 11})
    assert (await shop.finish(event_id)).output == 11


async def test_a_wait_that_is_not_met_ends_with_nothing(shop: Shop) -> None:
    began = shop.clock.now()
    run = await shop.run_of("shop/wait", {"id": "one"})
    assert (run.status, run.output) == (RunStatus.COMPLETED, None)
    assert shop.clock.now() - began == timedelta(days=1) // timedelta(milliseconds=1)


@pytest.mark.parametrize(("function", "output"), [("invoke", 42), ("invoke-by-id", 8)])
async def test_an_invoked_function_gives_its_value(shop: Shop, function: str, output: int) -> None:
    run = await shop.run_of(f"shop/{function}")
    assert (run.status, run.output) == (RunStatus.COMPLETED, output)
    (invoked,) = shop.runs("doubled")
    assert (invoked.status, invoked.output) == (RunStatus.COMPLETED, output)


async def test_the_failure_of_an_invoked_function_can_be_caught(shop: Shop) -> None:
    run = await shop.run_of("shop/invoke-broken")
    assert (run.status, run.output) == (RunStatus.COMPLETED, "caught out of order")
    assert [each.status for each in shop.runs("broken")] == [RunStatus.FAILED]


async def test_an_invocation_is_waited_for_no_longer_than_its_timeout(shop: Shop) -> None:
    began = shop.clock.now()
    run = await shop.run_of("shop/invoke-late")
    assert run.status is RunStatus.COMPLETED
    assert run.output == "caught InngestInvokeTimeoutError"
    assert shop.clock.now() - began == timedelta(hours=1) // timedelta(milliseconds=1)


async def test_sent_events_start_their_functions_and_their_ids_are_given(shop: Shop) -> None:
    run = await shop.run_of("shop/send")
    await shop.settle()
    assert sorted(each.output for each in shop.runs("sent")) == [1, 2, 3]
    assert [len(shop.engine.runs(event=event_id)) for event_id in run.output] == [1, 1, 1]


async def test_a_step_that_waits_for_a_signal_gets_its_data(shop: Shop) -> None:
    event_id = await shop.send("shop/signal", {"signal": "go/1"})
    await shop.settle()
    assert shop.engine.signals.send("go/1", {"by": "hand"}) is not None
    assert (await shop.finish(event_id)).output == {"by": "hand"}


async def test_a_signal_that_does_not_come_is_nothing(shop: Shop) -> None:
    assert (await shop.run_of("shop/signal", {"signal": "go/2"})).output is None

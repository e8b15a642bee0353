"""Steps and functions that fail, in apps of the TypeScript SDK."""

from datetime import timedelta

import pytest

from mainstem.engine import RunStatus, StepStatus

from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_step_that_fails_once_is_tried_again_and_the_others_are_not(shop: Shop) -> None:
    run = await shop.run_of("shop/fails-once")
    assert (run.status, run.output) == (RunStatus.COMPLETED, 1)
    assert shop.node.ran(run.id) == ["first", "shaky", "shaky", "last"]
    assert [(step.name, step.attempt) for step in run.steps] == [
        ("first", 0),
        ("shaky", 1),
        ("last", 0),
    ]


async def test_a_step_that_always_fails_fails_the_run_when_its_attempts_are_used(
    shop: Shop,
) -> None:
    run = await shop.run_of("shop/always-fails")
    assert run.status is RunStatus.FAILED
    assert run.output["message"] == "never"
    (error,) = [step.error for step in run.steps if step.name == "bad"]
    assert error
    assert (error["name"], error["message"]) == ("TypeError", "never")
    assert shop.node.ran(run.id) == ["first", "bad", "bad", "bad"]


async def test_a_function_may_catch_what_its_step_threw_at_last(shop: Shop) -> None:
    run = await shop.run_of("shop/caught")
    assert (run.status, run.output) == (RunStatus.COMPLETED, "never")
    assert shop.node.ran(run.id) == ["bad", "bad", "instead"]
    assert [step.status for step in run.steps] == [StepStatus.FAILED, StepStatus.COMPLETED]


async def test_a_non_retriable_error_is_not_tried_again(shop: Shop) -> None:
    run = await shop.run_of("shop/non-retriable")
    assert (run.status, run.output["message"]) == (RunStatus.FAILED, "for good")
    assert shop.node.ran(run.id) == ["bad"]


async def test_the_next_attempt_is_when_the_error_says(shop: Shop) -> None:
    began = shop.clock.now()
    run = await shop.run_of("shop/retry-after")
    assert (run.status, run.output) == (RunStatus.COMPLETED, "done")
    hours = timedelta(milliseconds=shop.clock.now() - began) / timedelta(hours=1)
    assert hours == pytest.approx(6, abs=0.001)


async def test_a_function_that_throws_is_called_again_with_its_memos(shop: Shop) -> None:
    run = await shop.run_of("shop/throws")
    assert (run.status, run.output) == (RunStatus.COMPLETED, 2)
    assert shop.node.ran(run.id) == ["first"]


async def test_a_failure_handler_is_told_once(shop: Shop) -> None:
    run = await shop.run_of("shop/fails", {"n": 1})
    await shop.settle()
    assert (run.status, run.output["message"]) == (RunStatus.FAILED, "as told")
    (handler,) = shop.runs("fails-failure")
    assert handler.status is RunStatus.COMPLETED
    assert handler.output == {"of": {"n": 1}, "message": "as told"}

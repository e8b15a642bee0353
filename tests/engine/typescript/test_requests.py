"""How many requests the runs of each variant take, and what is reported on the side.

With checkpointing the SDK goes on inside one request. Inngest SDK protocol, "Checkpointing".
"""

from typing import Final

import pytest

from mainstem.engine import RunStatus

from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Requests and checkpoints, these as lists of steps, by variant. `v4-brief` is not among them: how
# far it comes is a matter of milliseconds.
Counts = dict[str, tuple[int, list[list[str]]]]
_COUNTED: Final = pytest.mark.parametrize(
    "shop", ["v4", "v4-classic", "v4-buffered", "v3"], indirect=True
)


def _counted(shop: Shop) -> tuple[int, list[list[str]]]:
    return shop.calls, shop.checkpoints()


async def test_a_function_without_steps_is_one_request(shop: Shop) -> None:
    run = await shop.run_of("shop/plain")
    assert run.status is RunStatus.COMPLETED
    assert _counted(shop) == (1, [])


@_COUNTED
async def test_checkpointed_steps_are_all_in_one_request(shop: Shop) -> None:
    await shop.run_of("shop/sequence")
    expected: Counts = {
        "v4": (1, [["a"], ["b"], ["c"]]),
        "v4-buffered": (1, [["a", "b", "c"]]),
        "v4-classic": (4, []),
        "v3": (4, []),
    }
    assert _counted(shop) == expected[shop.variant]


@_COUNTED
async def test_steps_left_in_the_buffer_come_with_the_end_of_the_run(shop: Shop) -> None:
    run = await shop.run_of("shop/two")
    expected: Counts = {
        "v4": (1, [["a"], ["b"]]),
        "v4-buffered": (1, []),
        "v4-classic": (3, []),
        "v3": (3, []),
    }
    assert _counted(shop) == expected[shop.variant]
    assert [(step.name, step.output) for step in run.steps] == [("a", "a"), ("b", "b")]


@_COUNTED
async def test_what_follows_a_parallel_group_is_checkpointed_again(shop: Shop) -> None:
    await shop.run_of("shop/parallel")
    # The plan, the two steps, and what follows them; the steps of a group are never checkpointed.
    expected: Counts = {
        "v4": (4, [["after"]]),
        "v4-buffered": (4, []),
        "v4-classic": (5, []),
        "v3": (5, []),
    }
    assert _counted(shop) == expected[shop.variant]


@_COUNTED
async def test_what_was_done_before_a_sleep_is_reported_before_it(shop: Shop) -> None:
    await shop.run_of("shop/sleep")
    expected: Counts = {
        "v4": (2, [["before"], ["after"]]),
        "v4-buffered": (2, [["before"]]),
        "v4-classic": (4, []),
        "v3": (4, []),
    }
    assert _counted(shop) == expected[shop.variant]


@_COUNTED
async def test_a_retry_has_all_memos_and_what_follows_it_is_checkpointed_again(shop: Shop) -> None:
    await shop.run_of("shop/fails-once")
    # The failure, the retry with nothing but its step, and the rest.
    expected: Counts = {
        "v4": (3, [["first"], ["last"]]),
        "v4-buffered": (3, [["first"]]),
        "v4-classic": (5, []),
        "v3": (5, []),
    }
    assert _counted(shop) == expected[shop.variant]


@pytest.mark.parametrize("shop", ["v4"], indirect=True)
async def test_a_step_planned_when_the_request_lasted_too_long_is_asked_for_alone(
    shop: Shop,
) -> None:
    run = await shop.run_of("shop/lengthy")
    assert (run.status, run.output) == (RunStatus.COMPLETED, "last")
    assert shop.node.ran(run.id) == ["long", "next", "last"]
    # `next` was planned and then called for; `last` was met in the ordinary call after it.
    assert _counted(shop) == (3, [["long"], ["last"]])


@pytest.mark.parametrize("shop", ["v4-buffered"], indirect=True)
async def test_steps_whose_checkpoint_is_refused_are_taken_from_the_answer(shop: Shop) -> None:
    shop.door.closed = "/v1/checkpoint"
    run = await shop.run_of("shop/sequence")
    assert (run.status, run.output) == (RunStatus.COMPLETED, ["a", "b", "c"])
    assert shop.node.ran(run.id) == ["a", "b", "c"]
    # Five attempts at the checkpoint; then three steps in one answer, and one request for the end.
    assert [each.status for each in shop.door.checkpoints()] == [404] * 5
    assert shop.calls == 2
    assert len(run.steps) == 3


@pytest.mark.parametrize("shop", ["v4", "v4-classic"], indirect=True)
async def test_what_a_cancelled_run_still_says_changes_nothing(shop: Shop) -> None:
    event_id = await shop.send("shop/held", {"hold": [100]})
    (run,) = shop.engine.runs(event=event_id)
    await shop.until_ran(2, run.id)
    shop.engine.cancel(run.id)
    await shop.settle()
    ended = shop.engine.run(run.id)
    assert (ended.status, ended.output) == (RunStatus.CANCELLED, None)
    assert shop.node.ran(run.id) == ["first", "held"]
    refused = [each.status for each in shop.door.checkpoints()][1:]
    assert refused == ([400] * 5 if shop.variant == "v4" else [])

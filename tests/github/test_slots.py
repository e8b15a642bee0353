"""Places for requests: the most urgent takes the next, and none is lost."""

import asyncio

import pytest

from mainstem.github.priorities import Priority
from mainstem.github.slots import Slots


async def hold(slots: Slots, priority: Priority, order: list[str], name: str) -> None:
    async with slots.held(priority):
        order.append(name)
        await asyncio.sleep(0)


async def test_user_who_waits_goes_before_a_backfill_that_came_first() -> None:
    slots, order = Slots(1), list[str]()
    came: list[tuple[Priority, str]] = [
        ("backfill", "past 1"),
        ("normal", "work"),
        ("backfill", "past 2"),
        ("interactive", "user"),
    ]
    async with slots.held("backfill"):
        waiting = [
            asyncio.create_task(hold(slots, priority, order, name)) for priority, name in came
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == ["user", "work", "past 1", "past 2"]


async def test_cancelled_waiters_and_failed_holders_leave_their_places() -> None:
    slots, order = Slots(1), list[str]()
    with pytest.raises(ValueError, match="odd"):
        async with slots.held("normal"):
            raise ValueError("odd")
    async with slots.held("normal"):
        first = asyncio.create_task(hold(slots, "normal", order, "first"))
        second = asyncio.create_task(hold(slots, "normal", order, "second"))
        await asyncio.sleep(0)
        first.cancel()
    await asyncio.wait_for(second, 1)
    assert order == ["second"]


async def test_place_handed_to_a_waiter_that_is_cancelled_goes_on() -> None:
    slots, order = Slots(1), list[str]()
    async with slots.held("normal"):
        first = asyncio.create_task(hold(slots, "normal", order, "first"))
        second = asyncio.create_task(hold(slots, "normal", order, "second"))
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 1)
    assert order == ["second"]

"""What keeps the loop going, lean and fair, whatever happens around it."""

import asyncio
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.responses import Response

from mainstem.engine import RunStatus, VirtualClock
from mainstem.engine.jobs import Job, JobKind
from mainstem.engine.queue import ReadyQueue

from .raw_app import answer, raw_app, step


def test_a_queue_forgets_the_timers_that_were_dropped() -> None:
    queue = ReadyQueue()
    queue.add(Job(1, JobKind.CRON, due=1))
    for number in range(2, 20_000):
        queue.add(Job(number, JobKind.INVOKE_TIMEOUT, due=10**9))
        queue.drop(number)
    assert len(queue) == 1
    assert len(queue._later) < 2_500
    assert [job.id for job in queue.take_timers(1, 10)] == [1]


def test_a_queue_that_forgot_has_the_timers_that_stay_in_order() -> None:
    queue = ReadyQueue()
    for number in range(1, 3_001):
        queue.add(Job(number, JobKind.SLEEP, due=10_000 - number))
    for number in range(1, 3_000):
        if number % 3:
            queue.drop(number)
    due = [job.due for job in queue.take_timers(10_000, 3_000)]
    assert due == sorted(due)
    assert len(due) == 1_000


def _count_sleeps(sql: sqlite3.Connection) -> int:
    return int(sql.execute("SELECT count(*) FROM jobs WHERE kind = 'sleep'").fetchone()[0])


async def test_many_timers_of_one_moment_leave_turns_to_others() -> None:
    clock = VirtualClock()
    async with raw_app(clock) as app:
        app.answering = lambda call: (
            answer(None, 200) if call.steps else answer([step("s", "Sleep", name="1h")])
        )
        await app.engine.send([{"name": "a"}] * 450)
        await app.engine.settle(timeout=10)
        clock.advance(timedelta(hours=1))
        seen = set()
        for _ in range(200):
            await asyncio.sleep(0)
            seen.add(_count_sleeps(app.engine.reader))
        assert len(seen - {0, 450}) >= 3, "all were done in one turn"
        await app.engine.wait_idle(timeout=20)
        assert app.engine.stats().runs == {RunStatus.COMPLETED: 450}


async def test_an_app_that_is_cancelled_inside_costs_an_attempt() -> None:
    async with raw_app(VirtualClock()) as app:

        async def cancelled() -> Response:
            task = asyncio.ensure_future(asyncio.sleep(60))
            asyncio.get_running_loop().call_soon(task.cancel)
            await task
            raise AssertionError

        run_id = await app.start(lambda _: cancelled() if len(app.calls) == 1 else answer(1, 200))
        assert (await app.rest(run_id)).output == 1
        assert len(app.calls) == 2


@pytest.mark.parametrize("what", ["an answer", "a timer"])
async def test_the_lock_of_another_program_is_waited_for(tmp_path: Path, what: str) -> None:
    path, clock = tmp_path / "e.db", VirtualClock()
    async with raw_app(clock, path=str(path)) as app:
        other = sqlite3.connect(path, isolation_level=None)

        async def slow() -> Response:
            other.execute("BEGIN IMMEDIATE")
            return answer(1, 200)

        if what == "an answer":
            run_id = await app.start(lambda _: slow())
            await app.until(lambda: other.in_transaction)
        else:
            run_id = await app.start(
                lambda call: (
                    answer(1, 200) if call.steps else answer([step("s", "Sleep", name="1h")])
                )
            )
            await app.engine.settle(timeout=5)
            other.execute("BEGIN IMMEDIATE")
            clock.advance(timedelta(hours=1))
        began = time.monotonic()
        await asyncio.sleep(0.25)
        assert time.monotonic() - began < 1.5, "the loop stood still"
        assert not app.engine.run(run_id).is_over
        other.execute("ROLLBACK")
        other.close()
        await app.engine.settle(timeout=5)
        assert app.engine.run(run_id).status is RunStatus.COMPLETED

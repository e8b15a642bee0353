"""Flow control, cron and cancellation, as apps of the TypeScript SDK register them."""

import pytest

from mainstem.engine import RunStatus

from .shop import Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR = 3_600_000


async def test_a_run_is_cancelled_by_the_event_that_matches(flow: Shop) -> None:
    one, other = await flow.send_all("flow/cancel", [{"id": "one"}, {"id": "other"}])
    await flow.settle()
    await flow.send("flow/stop", {"id": "one"})
    assert (await flow.finish(one)).status is RunStatus.CANCELLED
    run = await flow.finish(other)
    assert (run.status, run.output) == (RunStatus.COMPLETED, "slept")


async def test_no_more_steps_than_allowed_run_at_once(flow: Shop) -> None:
    before = len(flow.node.ran())
    await flow.send_all("flow/one-at-a-time", [{"n": n} for n in range(3)])
    await flow.pass_time(seconds=1)
    assert flow.node.ran()[before:] == [
        f"{what} {n}" for n in range(3) for what in ("begin", "end")
    ]


async def test_starts_are_throttled_and_none_is_lost(flow: Shop) -> None:
    began = flow.clock.now()
    ids = await flow.send_all("flow/throttle", [{"n": n} for n in range(3)])
    for event_id in ids:
        await flow.finish(event_id)
    runs = flow.runs("throttle")
    assert sorted(run.output for run in runs) == [0, 1, 2]
    assert sorted((run.started_at or 0) - began for run in runs) == [0, HOUR, 2 * HOUR]


async def test_events_over_the_rate_are_dropped_by_key(flow: Shop) -> None:
    data = [{"key": key, "n": n} for n, key in enumerate("aabba")]
    await flow.send_all("flow/rate-limit", data)
    await flow.pass_time(hours=1)
    await flow.send("flow/rate-limit", {"key": "a", "n": 9})
    await flow.settle()
    assert sorted(run.output for run in flow.runs("rate-limit")) == [0, 2, 9]


async def test_a_debounced_function_runs_once_with_the_last_event(flow: Shop) -> None:
    for n in range(3):
        await flow.send("flow/debounce", {"key": "a", "n": n})
        await flow.pass_time(seconds=30)
    assert flow.runs("debounce") == []
    await flow.pass_time(seconds=35)
    assert [run.output for run in flow.runs("debounce")] == [2]


async def test_a_key_starts_one_run_in_a_day(flow: Shop) -> None:
    await flow.send_all("flow/idempotency", [{"key": k, "n": n} for n, k in enumerate("aab")])
    await flow.pass_time(hours=23)
    await flow.send("flow/idempotency", {"key": "a", "n": 3})
    await flow.pass_time(hours=1)
    await flow.send("flow/idempotency", {"key": "a", "n": 4})
    await flow.settle()
    assert sorted(run.output for run in flow.runs("idempotency")) == [0, 2, 4]


async def test_events_are_handed_over_in_batches(flow: Shop) -> None:
    await flow.send_all("flow/batch", [{"n": n} for n in range(4)])
    await flow.settle()
    assert [run.output for run in flow.runs("batch")] == [[0, 1, 2]]
    await flow.pass_time(seconds=10)
    assert [run.output for run in flow.runs("batch")] == [[0, 1, 2], [3]]


async def test_a_singleton_skips_who_comes_while_it_runs(flow: Shop) -> None:
    for n in range(2):
        await flow.send("flow/singleton-skip", {"key": "a", "n": n})
        await flow.settle()
    await flow.pass_time(hours=1)
    runs = [(run.status, run.output) for run in flow.runs("singleton-skip")]
    assert runs == [(RunStatus.COMPLETED, 0), (RunStatus.SKIPPED, None)]


async def test_a_singleton_gives_way_to_who_comes(flow: Shop) -> None:
    for n in range(2):
        await flow.send("flow/singleton-cancel", {"key": "a", "n": n})
        await flow.settle()
    await flow.pass_time(hours=1)
    runs = [(run.status, run.output) for run in flow.runs("singleton-cancel")]
    assert runs == [(RunStatus.CANCELLED, None), (RunStatus.COMPLETED, 1)]


async def test_a_higher_priority_goes_first(flow: Shop) -> None:
    before = len(flow.node.ran())
    await flow.send_all("flow/priority", [{"n": n, "rank": 100 * n} for n in range(3)])
    await flow.pass_time(seconds=1)
    assert flow.node.ran()[before:] == ["n 2", "n 1", "n 0"]


async def test_a_run_is_ended_when_it_has_lasted_too_long(flow: Shop) -> None:
    began = flow.clock.now()
    run = await flow.run_of("flow/finish")
    assert (run.status, flow.clock.now() - began) == (RunStatus.CANCELLED, HOUR)


async def test_cron_fires_on_every_minute(flow: Shop) -> None:
    await flow.sync("/api/clocked")
    await flow.pass_time(minutes=2)
    runs = flow.engine.runs(function="clocked-cron")
    assert [run.output for run in runs] == ["inngest/scheduled.timer"] * 2
    assert all(run.created_at % 60_000 == 0 for run in runs)

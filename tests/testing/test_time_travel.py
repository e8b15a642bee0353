"""Time passes when the test says so, from one due moment to the next, the same way each time."""

from datetime import UTC, datetime, timedelta

import inngest
import pytest

from mainstem.testing import Harness, HarnessError
from mainstem.testing.retry_times import on_the_clock

from .shop import PLAIN, bought, open_shop


async def test_crons_tick_at_their_moments_on_the_clock() -> None:
    shop = open_shop()
    start = datetime(2030, 3, 1, tzinfo=UTC)  # a Friday
    async with Harness.open(shop.client, shop.functions, start=start) as harness:
        await harness.advance(days=14)
        runs = harness.runs(function="report")
        assert [f"{run.began_at:%a %d %H:%M}" for run in runs] == ["Mon 04 06:00", "Mon 11 06:00"]
        assert harness.now == datetime(2030, 3, 15, tzinfo=UTC)


async def test_one_step_of_time_passes_sleeps_waits_retries_debounces_and_throttles() -> None:
    client = PLAIN
    begun: list[str] = []

    @client.create_function(
        fn_id="debounced",
        trigger=inngest.TriggerEvent(event="e"),
        debounce=inngest.Debounce(period=timedelta(hours=1)),
    )
    async def debounced(ctx: inngest.Context) -> None:
        begun.append(f"debounced {ctx.event.data['n']}")

    @client.create_function(
        fn_id="throttled",
        trigger=inngest.TriggerEvent(event="e"),
        throttle=inngest.Throttle(limit=1, period=timedelta(days=1)),
    )
    async def throttled(ctx: inngest.Context) -> None:
        begun.append(f"throttled {ctx.event.data['n']}")

    @client.create_function(fn_id="moody", trigger=inngest.TriggerEvent(event="m"), retries=3)
    async def moody(ctx: inngest.Context) -> int:
        if ctx.attempt < 3:
            raise ConnectionError("busy")
        return ctx.attempt

    async with Harness.open(client, [debounced, throttled, moody]) as harness:
        await harness.send(*(inngest.Event(name="e", data={"n": n}) for n in (1, 2, 3)))
        run = await harness.send_one(inngest.Event(name="m"))
        reasons = {each.reason: each for each in await harness.pending()}
        assert reasons["debounce"].until == datetime(2030, 1, 1, 1, tzinfo=UTC)
        assert reasons["throttle"].until == datetime(2030, 1, 2, tzinfo=UTC)
        assert reasons["retry"].run == run.id
        await harness.advance(days=2)
        assert begun == [
            "throttled 1",
            "throttled 2",  # the burst
            "debounced 3",
            "throttled 3",
        ]
        assert await run.result() == 3
        assert await harness.pending() == []


async def test_the_same_seed_gives_the_same_history_and_another_one_another() -> None:
    async def history(seed: int) -> str:
        shop = open_shop()
        async with Harness.open(shop.client, shop.functions, seed=seed) as harness:
            harness.fail("charge", ConnectionError("busy"), times=2)
            await harness.send(bought(1), bought(2))
            await harness.send(inngest.Event(name="shop/packed"))
            await harness.advance(days=30)
            return harness.trace()

    first = await history(1)
    assert first == await history(1)
    assert first != await history(2)
    assert first.count("COMPLETED") == 7


async def test_time_stops_at_the_moment_asked_for() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        run = await harness.send_one(bought())
        await harness.advance(until=datetime(2030, 1, 3, 23, 59, 59, tzinfo=UTC))
        assert run.step_ids == ["charge", "cool-off"]
        await harness.advance(seconds=1)
        assert run.step_ids == ["charge", "cool-off", "tell", "review"]


@pytest.mark.parametrize(
    "until",
    [datetime(2029, 1, 1, tzinfo=UTC), datetime(2031, 1, 1)],  # noqa: DTZ001  the mistake
)
async def test_time_goes_to_aware_moments_ahead_only(until: datetime) -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        with pytest.raises(HarnessError, match="an aware moment that is still to come"):
            await harness.advance(until=until)


async def test_a_run_sleeps_through_a_restart_of_the_engine(tmp_path: object) -> None:
    shop = open_shop()
    path = f"{tmp_path}/engine.db"
    async with Harness.open(shop.client, shop.functions, path=path) as harness:
        run = await harness.send_one(bought())
        await harness.restart()
        assert run.status == "RUNNING"
        assert await run.result(within=timedelta(days=30)) == {"paid": "CHF", "review": None}
    assert shop.done == ["charge 7 CHF"] or shop.done.count("report") == 1


async def test_an_engine_in_memory_is_not_restarted() -> None:
    shop = open_shop()
    async with Harness.open(shop.client, shop.functions) as harness:
        with pytest.raises(HarnessError, match=r"path=tmp_path / 'engine\.db'"):
            await harness.restart()


@pytest.mark.parametrize("year", [2020, 2030])
@pytest.mark.parametrize("in_a_step", [True, False], ids=["step", "function"])
async def test_a_retry_after_a_span_is_counted_from_the_test_s_clock(
    year: int, in_a_step: bool
) -> None:
    tried: list[datetime] = []

    @PLAIN.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="e"), retries=1)
    async def f(ctx: inngest.Context) -> None:
        async def work() -> None:
            tried.append(harness.now)
            if len(tried) == 1:
                raise inngest.RetryAfterError("slow", timedelta(minutes=10))

        await (ctx.step.run("work", work) if in_a_step else work())

    async with Harness.open(PLAIN, [f], start=datetime(year, 1, 1, tzinfo=UTC)) as harness:
        run = await harness.send_one(inngest.Event(name="e"))
        await run.result(within=timedelta(days=2))
    assert tried[1] - tried[0] == timedelta(minutes=10)


def test_a_moment_to_retry_at_is_taken_as_it_is_meant() -> None:
    machine, now = datetime(2026, 5, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    hour, hair = timedelta(hours=1), timedelta(milliseconds=3)
    assert on_the_clock(now + hour, machine, now) == now + hour
    assert on_the_clock(machine + hour - hair, machine, now) == now + hour
    unaware = (machine + hour - hair).astimezone().replace(tzinfo=None)
    assert on_the_clock(unaware, machine, now) == now + hour

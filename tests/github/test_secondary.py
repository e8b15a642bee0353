"""Secondary limits of every shape against the pretend GitHub: met once, and not again."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mainstem.github import GitHub, RateLimited, RetryPolicy, SecondaryLimited
from mainstem.github.budget_keeper import MemoryBudgets, Row
from mainstem.simulate import Options, Secondary, World, simulated_github
from mainstem.store import Database, StoredBudgets

from .scripted import Script, SteeredClock, reply

OWNER, NAME = "riverside", "harbour"
HASTY = RetryPolicy(max_wait=timedelta(0))
PATIENT = RetryPolicy(max_wait=timedelta(hours=2))


def limited(clock: SteeredClock, **limits: Any) -> Options:
    return Options(now=clock, secondary=Secondary(**limits))


@pytest.mark.parametrize(("status", "retry_after"), [(403, 60), (429, 7), (403, None)])
async def test_limit_of_rest_is_met_once(
    world: World, clock: SteeredClock, status: int, retry_after: int | None
) -> None:
    options = limited(clock, rest_points=20, status=status, retry_after=retry_after)
    async with (
        simulated_github(world, options=options) as pretend,
        GitHub(
            base_url=pretend.url, token="t", policy=PATIENT, clock=clock, sleep=clock.sleep
        ) as github,
    ):
        for number in range(1, 45):
            await github.pulls_page(OWNER, NAME, per_page=number)
        met = [entry.status for entry in pretend.log.entries if entry.limited]
        (budget,) = github.ledger.snapshot().by_budget.values()
    assert met == [status]
    assert budget.refusals == {"GET /pulls": 1}
    assert clock.slept[0] == (retry_after or 60)


@pytest.mark.parametrize("status", [403, 200])
async def test_limit_of_graphql_is_met_once(world: World, clock: SteeredClock, status: int) -> None:
    options = limited(clock, graphql_points=36, graphql_status=status, retry_after=None)
    number = next(iter(world.repository.pulls))
    async with (
        simulated_github(world, options=options) as pretend,
        GitHub(
            base_url=pretend.url, token="t", policy=PATIENT, clock=clock, sleep=clock.sleep
        ) as github,
    ):
        for _ in range(80):
            await github.recent_pulls(OWNER, NAME, first=1)
        assert [entry.status for entry in pretend.log.entries if entry.limited] == [status]
        # The other API has its own limit, and was never quiet.
        await github.pull(OWNER, NAME, number)
        assert pretend.log.rest_requests == 1


@pytest.mark.parametrize("kind", ["RATE_LIMITED", "RATE_LIMIT"])
async def test_limit_in_either_spelling_quietens_others_where_the_budget_is_not_spent(
    script: Script, clock: SteeredClock, kind: str
) -> None:
    reset = str(int(clock().timestamp()) + 3_600)
    room = {
        "x_ratelimit_limit": "5000",
        "x_ratelimit_remaining": "4000",
        "x_ratelimit_reset": reset,
        "retry_after": "300",
    }
    script.play(reply({"errors": [{"type": kind, "message": "slow down"}]}, 200, **room))
    budgets = MemoryBudgets()
    async with (
        GitHub(base_url=script.url, token="t", clock=clock, budgets=budgets) as first,
        GitHub(base_url=script.url, token="t", clock=clock, budgets=budgets) as second,
    ):
        with pytest.raises(SecondaryLimited) as caught:
            await first.recent_pulls("o", "r")
        assert caught.value.retry_after == timedelta(seconds=300)
        with pytest.raises(SecondaryLimited, match="pause of 300 s"):
            await second.recent_pulls("o", "r")
    assert len(script.asked) == 1


async def test_process_that_has_points_in_hand_hears_of_anothers_limit_within_seconds(
    world: World, clock: SteeredClock, tmp_path: Any
) -> None:
    with Database(f"sqlite:///{tmp_path}/shared.db") as database:
        database.upgrade()
        budgets = StoredBudgets(database)
        async with (
            simulated_github(world, options=limited(clock, rest_points=30)) as pretend,
            GitHub(
                base_url=pretend.url, token="t", clock=clock, budgets=budgets, policy=HASTY
            ) as first,
            GitHub(
                base_url=pretend.url, token="t", clock=clock, budgets=budgets, policy=HASTY
            ) as second,
        ):
            for number in range(1, 3):
                await second.issues_page(OWNER, NAME, per_page=number)
            with pytest.raises(SecondaryLimited):
                await hammer(first, 40)
            sent = pretend.log.requests
            clock.at += timedelta(seconds=5)
            with pytest.raises(SecondaryLimited):
                await second.issues_page(OWNER, NAME, per_page=3)
            assert pretend.log.requests == sent


async def hammer(github: GitHub, times: int) -> None:
    for number in range(1, times):
        await github.pulls_page(OWNER, NAME, per_page=number)


class CountedBudgets(MemoryBudgets):
    """Budgets in memory that count how often they are changed."""

    changes = 0

    async def change(self, credential: str, resource: str, move: Callable[[Row], Row]) -> None:
        self.changes += 1
        await super().change(credential, resource, move)


async def test_ample_budget_is_borrowed_from_once_for_ten_requests(
    world: World, clock: SteeredClock
) -> None:
    budgets = CountedBudgets()
    async with (
        simulated_github(world, options=Options(core_per_hour=5_000, now=clock)) as pretend,
        GitHub(base_url=pretend.url, token="t", clock=clock, budgets=budgets) as github,
    ):
        await hammer(github, 61)
        assert pretend.log.requests == 60
        assert budgets.changes <= 60 / 10 + 2


async def test_budget_that_somebody_else_has_spent_refuses_one_process_only(
    world: World, clock: SteeredClock
) -> None:
    budgets = MemoryBudgets()
    async with (
        simulated_github(world, options=Options(core_per_hour=100, now=clock)) as pretend,
        GitHub(base_url=pretend.url, token="t", clock=clock, budgets=budgets) as first,
        GitHub(base_url=pretend.url, token="t", clock=clock, budgets=budgets) as second,
    ):
        await first.pulls_page(OWNER, NAME)
        await second.issues_page(OWNER, NAME)
        next(iter(pretend.budgets._open.values())).used = 100
        clock.at += timedelta(seconds=6)
        for github in (first, second, first):
            with pytest.raises(RateLimited, match="budget is spent"):
                await github.pull(OWNER, NAME, 1)
        assert [entry.status for entry in pretend.log.entries] == [200, 200, 403]


async def test_unchanged_answers_leave_the_hourly_budget_as_it_is(
    world: World, clock: SteeredClock
) -> None:
    options = Options(core_per_hour=20, now=clock)
    async with (
        simulated_github(world, options=options) as pretend,
        GitHub(base_url=pretend.url, token="t", clock=clock) as github,
    ):
        for _ in range(30):
            await github.issues_page(OWNER, NAME)
        (budget,) = github.ledger.snapshot().by_budget.values()
    assert (budget.requests, budget.charged, budget.not_modified) == (30, 1, 29)


async def test_user_who_waits_goes_before_a_backfill_that_came_first(
    script: Script, clock: SteeredClock
) -> None:
    script.play(reply({"data": {"repository": None}}))
    async with GitHub(base_url=script.url, token="t", clock=clock) as github:
        backfill = github.with_priority("backfill")
        user = github.with_priority("interactive")
        await asyncio.gather(
            *(backfill.recent_pulls("o", f"past{n}") for n in range(3)),
            user.recent_pulls("o", "now"),
            return_exceptions=True,
        )
    asked = [json.loads(body)["variables"]["name"] for body in script.bodies]
    assert asked == ["past0", "now", "past1", "past2"]


async def test_minutes_of_github_itself_are_never_overstepped(
    world: World, clock: SteeredClock
) -> None:
    options = limited(clock, rest_points=900)
    async with (
        simulated_github(world, options=options) as pretend,
        GitHub(
            base_url=pretend.url, token="t", paced=True, clock=clock, sleep=clock.sleep
        ) as github,
    ):
        # Without latency four at once would send thousands a minute.
        for first in range(0, 400, 100):
            await asyncio.gather(
                *(github.commit_activity(OWNER, NAME) for _ in range(first, first + 100))
            )
        assert not [entry for entry in pretend.log.entries if entry.limited]
        assert sum(clock.slept) > 0
        (budget,) = github.ledger.snapshot().by_budget.values()
    assert budget.waits == len(clock.slept)


async def test_low_budget_is_spread_and_a_user_who_waits_is_not_held_back(
    world: World, clock: SteeredClock
) -> None:
    options = Options(core_per_hour=1_000, now=clock)
    async with (
        simulated_github(world, options=options) as pretend,
        GitHub(
            base_url=pretend.url, token="t", paced=True, clock=clock, sleep=clock.sleep
        ) as github,
    ):
        await github.pulls_page(OWNER, NAME)
        clock.at += timedelta(minutes=20)
        next(iter(pretend.budgets._open.values())).used = 760
        for number in range(1, 16):
            await github.with_priority("backfill").pulls_page(OWNER, NAME, per_page=number)
        assert clock.slept
        assert max(clock.slept) < 30
        held_back = len(clock.slept)
        await github.with_priority("interactive").pulls_page(OWNER, NAME, per_page=9)
        assert len(clock.slept) == held_back


async def test_backfill_leaves_the_reserve_and_says_when_to_come_back(
    world: World, clock: SteeredClock
) -> None:
    options = Options(graphql_per_hour=40, now=clock)
    async with (
        simulated_github(world, options=options) as pretend,
        GitHub(base_url=pretend.url, token="t", clock=clock, sleep=clock.sleep) as github,
    ):
        backfill = github.with_priority("backfill")
        for _ in range(36):
            await backfill.recent_pulls(OWNER, NAME, first=1)
        with pytest.raises(RateLimited, match="kept for users who wait") as caught:
            await backfill.recent_pulls(OWNER, NAME, first=1)
        assert caught.value.resets_at == clock() + timedelta(hours=1)
        for _ in range(4):
            await github.with_priority("interactive").recent_pulls(OWNER, NAME, first=1)
        with pytest.raises(RateLimited, match="budget is spent"):
            await github.with_priority("interactive").recent_pulls(OWNER, NAME, first=1)
        assert not [entry for entry in pretend.log.entries if entry.limited]
        usage = github.ledger.snapshot()
    (budget,) = usage.by_budget.values()
    assert (budget.expected, budget.charged) == (40, 40)
    assert usage.graphql_remaining == 0

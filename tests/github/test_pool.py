"""Several tokens: each request goes to the one that sees the repository and has the most room."""

import asyncio
import contextvars
import logging
from collections import Counter
from typing import Any

import pytest

from mainstem.github import GitHub, NotFound, RateLimited, Unauthorized
from mainstem.github.conditional import MemoryValidators
from mainstem.simulate import Allowance, Options, SimulatedGitHub, World, simulated_github

from .scripted import Script, SteeredClock, pull_json, reply

OWNER, NAME = "riverside", "harbour"
SOME = frozenset({"riverside/harbour"})
OTHER = frozenset({"riverside/other"})


def options(clock: SteeredClock, **allowances: Allowance) -> Options:
    return Options(tokens=frozenset(), allowances=allowances, now=clock)


def client(pretend: SimulatedGitHub, clock: SteeredClock, *tokens: str) -> GitHub:
    return GitHub(base_url=pretend.url, tokens=tokens, clock=clock, sleep=clock.sleep)


async def ask_often(github: GitHub, times: int) -> None:
    for number in range(1, times):
        await github.pulls_page(OWNER, NAME, per_page=number)


def answered(pretend: SimulatedGitHub, status: int = 200) -> Counter[str | None]:
    return Counter(entry.token for entry in pretend.log.entries if entry.status == status)


async def test_three_tokens_are_spent_to_their_reserves_and_none_is_overdrawn(
    world: World, clock: SteeredClock
) -> None:
    budgets = {"a": 40, "b": 30, "c": 20}
    allowances = {name: Allowance(core_per_hour=most) for name, most in budgets.items()}
    async with (
        simulated_github(world, options=options(clock, **allowances)) as pretend,
        client(pretend, clock, *budgets) as github,
    ):
        with pytest.raises(RateLimited, match="kept for users who wait"):
            await ask_often(github, 200)
        assert answered(pretend) == {"a": 36, "b": 27, "c": 18}
        await github.with_priority("interactive").issues_page(OWNER, NAME)
        assert pretend.log.requests == 82


async def test_repository_that_one_token_sees_is_asked_of_that_one(
    world: World, clock: SteeredClock
) -> None:
    world.repository.record["private"] = True
    allowances = {
        "blind": Allowance(repositories=OTHER),
        "sighted": Allowance(core_per_hour=900, graphql_per_hour=900, repositories=SOME),
    }
    async with (
        simulated_github(world, options=options(clock, **allowances)) as pretend,
        client(pretend, clock, *allowances) as github,
    ):
        for per_page in (1, 2, 3):
            assert (await github.pulls_page(OWNER, NAME, per_page=per_page)).seen
        await github.pull_bundle(OWNER, NAME, next(iter(world.repository.pulls)))
        assert [(entry.token, entry.status) for entry in pretend.log.entries] == [
            ("blind", 404),
            *[("sighted", 200)] * 4,
        ]


async def test_thing_that_is_not_there_is_not_looked_for_with_every_token(
    world: World, clock: SteeredClock
) -> None:
    allowances = {"a": Allowance(), "b": Allowance()}
    async with (
        simulated_github(world, options=options(clock, **allowances)) as pretend,
        client(pretend, clock, *allowances) as github,
    ):
        await github.pulls_page(OWNER, NAME)
        await github.issues_page(OWNER, NAME)
        before = pretend.log.requests
        with pytest.raises(NotFound):
            await github.pull(OWNER, NAME, 99_999)
        assert pretend.log.requests == before + 1


async def test_repository_that_nobody_sees_is_not_found(world: World, clock: SteeredClock) -> None:
    allowances = {"a": Allowance(), "b": Allowance()}
    async with (
        simulated_github(world, options=options(clock, **allowances)) as pretend,
        client(pretend, clock, *allowances) as github,
    ):
        with pytest.raises(NotFound, match="repository nobody/nothing"):
            await github.repository("nobody", "nothing")
        assert pretend.log.requests == 2


async def test_token_that_is_not_accepted_is_left_out_and_the_others_go_on(
    world: World, clock: SteeredClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        simulated_github(world, options=options(clock, good=Allowance())) as pretend,
        client(pretend, clock, "expired-token", "good") as github,
    ):
        with caplog.at_level(logging.WARNING):
            for per_page in (1, 2, 3):
                await github.pulls_page(OWNER, NAME, per_page=per_page)
        assert answered(pretend, 401) == {"expired-token": 1}
    assert [record.levelname for record in caplog.records if "left out" in record.message]
    assert "does not accept token 1" in caplog.text
    assert "expired-token" not in caplog.text


async def test_last_token_that_is_not_accepted_is_an_error(
    world: World, clock: SteeredClock
) -> None:
    async with (
        simulated_github(world, options=options(clock)) as pretend,
        client(pretend, clock, "a", "b") as github,
    ):
        for _ in range(2):
            with pytest.raises(Unauthorized):
                await github.pulls_page(OWNER, NAME)
        assert pretend.log.requests == 3


async def test_answer_is_kept_for_the_token_that_got_it(
    script: Script, clock: SteeredClock
) -> None:
    def budget(remaining: int) -> dict[str, Any]:
        return {
            "x_ratelimit_limit": "5000",
            "x_ratelimit_remaining": str(remaining),
            "x_ratelimit_reset": str(int(clock().timestamp()) + 3_600),
            "etag": f'"{remaining}"',
        }

    async with GitHub(base_url=script.url, tokens=["a", "b"], clock=clock) as github:
        for remaining in (1_000, 4_000, 3_990):
            script.play(reply([pull_json()], **budget(remaining)))
            await github.pulls_page("o", "r")
    sent = [
        (one.headers["authorization"], one.headers.get("if-none-match")) for one in script.asked
    ]
    assert sent == [("Bearer a", None), ("Bearer b", None), ("Bearer b", '"4000"')]


async def test_request_that_names_no_repository_goes_to_the_one_it_is_said_to_be_for(
    world: World, clock: SteeredClock
) -> None:
    world.repository.record["private"] = True
    allowances = {"blind": Allowance(repositories=OTHER), "sighted": Allowance(repositories=SOME)}
    async with (
        simulated_github(world, options=options(clock, **allowances)) as pretend,
        client(pretend, clock, *allowances) as github,
    ):
        await github.pulls_page(OWNER, NAME)
        by_id = f"/repositories/{world.repository.record['id']}/pulls?page=1"
        await asyncio.create_task(
            github.pulls_page(OWNER, NAME, next=by_id), context=contextvars.Context()
        )
        seen = github.for_repository(OWNER, NAME)
        await asyncio.create_task(seen.account(next(iter(world.users))))
        assert [entry.token for entry in pretend.log.entries] == ["blind", *["sighted"] * 3]


async def test_same_token_polls_in_every_process(world: World, clock: SteeredClock) -> None:
    allowances = {name: Allowance() for name in "abcd"}
    validators = MemoryValidators()
    async with simulated_github(world, options=options(clock, **allowances)) as pretend:
        for spent in ("abcd", "dbca", "cadb"):
            async with GitHub(
                base_url=pretend.url, tokens=list(spent), validators=validators, clock=clock
            ) as github:
                await github.issues_page(OWNER, NAME)
                lists = [
                    await github.poll_pulls(OWNER, NAME),
                    await github.poll_issues(OWNER, NAME, since=None),
                ]
                await github.accept_polls([one.offer for one in lists if one and one.offer])
        polled = [entry.status for entry in pretend.log.entries]
    assert polled.count(304) == 4


async def test_query_by_node_id_goes_to_the_token_of_its_tasks_repository(
    world: World, clock: SteeredClock
) -> None:
    world.repository.record["private"] = True
    allowances = {"blind": Allowance(repositories=OTHER), "sighted": Allowance(repositories=SOME)}
    async with (
        simulated_github(world, options=options(clock, **allowances)) as pretend,
        client(pretend, clock, *allowances) as github,
    ):
        probe = max(world.repository.pulls, key=lambda n: len(world.repository.review_comments[n]))
        await github.pull_bundle(OWNER, NAME, probe)
        await github.pull_bundle(OWNER, NAME, probe)
        assert {entry.token for entry in pretend.log.entries[1:]} == {"sighted"}


async def test_without_any_credential_graphql_says_what_to_set(
    script: Script, clock: SteeredClock
) -> None:
    script.play(reply({"message": "API rate limit exceeded"}, 403))
    async with GitHub(base_url=script.url, clock=clock, sleep=clock.sleep) as github:
        assert github.is_anonymous
        with pytest.raises(Unauthorized, match="Set GITHUB_TOKEN to a token"):
            await github.pull_bundle("o", "r", 5)
        script.play(reply([pull_json()]))
        assert (await github.pulls_page("o", "r")).seen == 1
    assert clock.slept == []

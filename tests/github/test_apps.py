"""A GitHub App against the pretend GitHub, whose clock and tokens' ends are steered."""

import asyncio
import builtins
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mainstem.errors import GitHubError
from mainstem.github import AppKey, Forbidden, GitHub, NotFound, Unauthorized
from mainstem.github.apps import app_token
from mainstem.simulate import (
    App,
    Installation,
    Options,
    SimulatedGitHub,
    World,
    simulated_github,
)

from .scripted import START, SteeredClock

OWNER, NAME = "riverside", "harbour"
LOOK = "GET /repos/{owner}/{repo}/installation"
FETCH = "POST /app/installations/{id}/access_tokens"


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode(), public.decode()


@pytest.fixture
def key(keys: tuple[str, str]) -> AppKey:
    return AppKey("77", keys[0])


def options(keys: tuple[str, str], clock: SteeredClock, **changes: Any) -> Options:
    installation = Installation(id=5, account=OWNER, **changes)
    app = App(id=77, installations=(installation,), public_key=keys[1])
    return Options(tokens=frozenset({"personal"}), app=app, now=clock)


@asynccontextmanager
async def app_client(
    pretend: SimulatedGitHub, clock: SteeredClock, key: AppKey, *tokens: str
) -> AsyncIterator[GitHub]:
    async with GitHub(
        base_url=pretend.url, app=key, tokens=tokens, clock=clock, sleep=clock.sleep
    ) as github:
        yield github


def endpoints(pretend: SimulatedGitHub) -> list[str]:
    return [entry.endpoint for entry in pretend.log.entries]


async def test_private_repository_is_read_with_its_installations_token(
    world: World, keys: tuple[str, str], key: AppKey, clock: SteeredClock
) -> None:
    world.repository.record["private"] = True
    async with (
        simulated_github(world, options=options(keys, clock)) as pretend,
        app_client(pretend, clock, key) as github,
    ):
        await github.repository(OWNER, NAME)
        await github.pull_bundle(OWNER, NAME, next(iter(world.repository.pulls)))
        await github.issues_page(OWNER, NAME)
        asked = endpoints(pretend)
        tokens = {entry.token for entry in pretend.log.entries[2:]}
    # Looked up once, fetched once, for both APIs.
    assert asked[:2] == [LOOK, FETCH]
    assert not {LOOK, FETCH} & set(asked[2:])
    assert len(tokens) == 1


async def test_token_is_refreshed_five_minutes_before_its_end_by_one_task(
    world: World, keys: tuple[str, str], key: AppKey, clock: SteeredClock
) -> None:
    async with (
        simulated_github(world, options=options(keys, clock)) as pretend,
        app_client(pretend, clock, key) as github,
    ):
        await github.pulls_page(OWNER, NAME)
        clock.at += timedelta(minutes=54)
        await github.issues_page(OWNER, NAME)
        assert endpoints(pretend).count(FETCH) == 1
        clock.at += timedelta(minutes=2)
        await asyncio.gather(*(github.pulls_page(OWNER, NAME, per_page=n) for n in (1, 2, 3, 4)))
        assert endpoints(pretend).count(FETCH) == 2
        assert {entry.status for entry in pretend.log.entries} == {200, 201}


async def test_token_that_ends_in_mid_flight_is_replaced_once(
    world: World, keys: tuple[str, str], key: AppKey, clock: SteeredClock
) -> None:
    async with (
        simulated_github(world, options=options(keys, clock)) as pretend,
        app_client(pretend, clock, key) as github,
    ):
        await github.pulls_page(OWNER, NAME)
        pretend.apps.issued.clear()
        assert (await github.issues_page(OWNER, NAME)).seen
        assert [entry.status for entry in pretend.log.entries] == [200, 201, 200, 401, 201, 200]
        assert clock.slept == []


async def test_key_that_github_does_not_know_is_unauthorized_and_does_not_go_round(
    world: World, keys: tuple[str, str], key: AppKey, clock: SteeredClock
) -> None:
    async with (
        simulated_github(world, options=options(keys, clock)) as pretend,
        app_client(pretend, clock, AppKey("78", key.private_key)) as github,
    ):
        with pytest.raises(Unauthorized, match="installation of GitHub App '78'"):
            await github.pulls_page(OWNER, NAME)
        assert len(pretend.log.entries) == 1


async def test_where_the_app_is_not_installed_a_token_reads_or_the_error_says_so(
    world: World, keys: tuple[str, str], key: AppKey, clock: SteeredClock
) -> None:
    elsewhere = options(keys, clock, repositories=frozenset({"riverside/other"}))
    async with simulated_github(world, options=elsewhere) as pretend:
        async with app_client(pretend, clock, key) as github:
            for _ in range(2):
                with pytest.raises(NotFound, match=r"'77' is not installed there\. Install it"):
                    await github.pulls_page(OWNER, NAME)
            assert endpoints(pretend) == [LOOK]
        async with app_client(pretend, clock, key, "personal") as github:
            assert (await github.pulls_page(OWNER, NAME)).seen
        assert pretend.log.entries[-1].token == "personal"


async def test_suspended_installation_is_looked_for_again(
    world: World, keys: tuple[str, str], key: AppKey, clock: SteeredClock
) -> None:
    async with (
        simulated_github(world, options=options(keys, clock, suspended=True)) as pretend,
        app_client(pretend, clock, key) as github,
    ):
        for _ in range(2):
            with pytest.raises(Forbidden, match="installation 5 of GitHub App '77'"):
                await github.pulls_page(OWNER, NAME)
        assert endpoints(pretend).count(LOOK) > 1


async def test_installation_has_budgets_of_its_own_that_outlive_its_token(
    world: World, keys: tuple[str, str], key: AppKey, clock: SteeredClock
) -> None:
    async with (
        simulated_github(world, options=options(keys, clock)) as pretend,
        app_client(pretend, clock, key) as github,
    ):
        await github.pulls_page(OWNER, NAME)
        clock.at += timedelta(minutes=56)
        await github.issues_page(OWNER, NAME)
        used = github.ledger.snapshot().by_budget
    # The App's own account, and the installation's.
    assert sorted(budget.requests for budget in used.values()) == [2, 3]
    assert pretend.log.requests == 5


async def test_request_that_belongs_to_no_repository_goes_through_any_installation(
    world: World, keys: tuple[str, str], key: AppKey, clock: SteeredClock
) -> None:
    async with (
        simulated_github(world, options=options(keys, clock)) as pretend,
        app_client(pretend, clock, key) as github,
    ):
        await github.account(next(iter(world.users)))
        assert endpoints(pretend)[:2] == ["GET /app/installations", FETCH]


def test_apps_own_token_is_set_back_a_minute_and_lasts_less_than_ten(
    keys: tuple[str, str], key: AppKey
) -> None:
    jwt = pytest.importorskip("jwt")
    told = jwt.decode(
        app_token(key, START), keys[1], algorithms=["RS256"],
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    now = START.timestamp()
    assert (told["iss"], told["iat"], told["exp"]) == ("77", now - 60, now + 540)


def test_key_that_is_none_is_told_without_showing_it() -> None:
    spoilt = AppKey("77", "-----BEGIN RSA PRIVATE KEY-----\nhidden\n")
    with pytest.raises(GitHubError, match="GitHub App '77': its private key") as caught:
        app_token(spoilt, START)
    assert caught.value.__cause__ is None
    assert "hidden" not in str(caught.value) + repr(spoilt) + repr(caught.value.__context__ and "")


@pytest.fixture
def without_jwt(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any, **named: Any) -> Any:
        if name == "jwt":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", missing)


@pytest.mark.usefixtures("without_jwt")
def test_missing_extra_is_told_with_what_to_install(key: AppKey) -> None:
    with pytest.raises(GitHubError, match=r"pip install 'mainstem\[app\]'"):
        app_token(key, START)


async def test_no_secret_in_any_repr_log_or_report(
    world: World,
    keys: tuple[str, str],
    key: AppKey,
    clock: SteeredClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        simulated_github(world, options=options(keys, clock)) as pretend,
        app_client(pretend, clock, key, "personal", "wrong-token") as github,
    ):
        for at in range(4):
            await github.account(list(world.users)[at])
        await github.pulls_page(OWNER, NAME)
        issued = list(pretend.apps.issued)
        report: Mapping[str, Any] = github.ledger.snapshot().by_budget
        shown = f"{caplog.text} {github!r} {key!r} {report!r} {vars(github._transport)!r}"
    assert issued
    for secret in (*issued, "personal", "wrong-token", key.private_key.splitlines()[2]):
        assert secret not in shown

"""What webhooks sent is read to its end, and asked for again: an App's as the App itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mainstem.github import GitHub, Unauthorized
from mainstem.github.apps import AppKey
from mainstem.github.hook_deliveries import MOST_ATTEMPTS, Hook, HookAttempt, missed
from mainstem.simulate import (
    App,
    Options,
    SimulatedGitHub,
    deliveries,
    generate,
    simulated_github,
)

AT = datetime(2026, 7, 1, tzinfo=UTC)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
async def github() -> AsyncIterator[SimulatedGitHub]:
    async with simulated_github(generate(7, 12), options=Options(app=App(id=5))) as served:
        for made in deliveries(served.world):
            served.hooks.record(made, 502)
        yield served


def attempt(number: int, guid: str, *, taken: bool = False) -> HookAttempt:
    return HookAttempt(number, guid, AT + timedelta(minutes=number), taken)


def test_only_what_was_never_taken_is_missed_by_its_newest_attempt() -> None:
    tries = [
        attempt(1, "taken", taken=True),
        attempt(2, "mended"),
        attempt(3, "mended", taken=True),
        attempt(4, "missed"),
        attempt(5, "missed"),
    ]
    assert missed(tries) == {"missed": 5}


def test_what_failed_too_often_is_given_up() -> None:
    assert missed([attempt(n, "hopeless") for n in range(MOST_ATTEMPTS)]) == {}


async def test_an_app_reads_its_webhook_as_itself_page_by_page(
    github: SimulatedGitHub, pem: str
) -> None:
    async with GitHub(base_url=github.url, app=AppKey("5", pem)) as client:
        assert client.is_app
        found = await client.hook_attempts(Hook(), since=LONG_AGO)
        assert len(found) == len(github.hooks.attempts) > 100
        assert not any(one.was_taken for one in found)
        await client.deliver_again(Hook(), found[0].id)
    assert github.hooks.attempts[-1].redelivery
    assert github.hooks.attempts[-1].delivery.guid == found[0].guid


async def test_reading_stops_at_what_is_too_old(github: SimulatedGitHub) -> None:
    newest = datetime.fromisoformat(github.hooks.attempts[-1].delivery.at)
    async with GitHub(base_url=github.url, token="t") as client:
        assert not client.is_app
        owner, name = github.world.repository.full_name.split("/")
        found = await client.hook_attempts(Hook(400000001, owner, name), since=newest)
    assert {one.delivered_at for one in found} == {newest}
    assert github.log.requests == 1


async def test_an_apps_webhook_is_not_asked_for_without_the_app(github: SimulatedGitHub) -> None:
    async with GitHub(base_url=github.url, token="t") as client:
        with pytest.raises(Unauthorized, match="the deliveries of the App's webhook"):
            await client.hook_attempts(Hook(), since=AT)
    assert github.log.requests == 0

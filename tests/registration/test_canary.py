"""A canary comes back, or it is said how far it came."""

from typing import Any

import fastapi
import pytest

from mainstem.catalog import EventData, define, event
from mainstem.clients import client_for
from mainstem.registration.canary import (
    CANARY_ID,
    CanaryLost,
    canary_definition,
    send_canary,
    with_canary,
)
from mainstem.registration.contract import check_contract
from mainstem.serving.fastapi import serve

from .house import shop
from .stage import PATH, SIGNING_KEY, served, stage


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_a_canary_comes_back(environment: str) -> None:
    key = SIGNING_KEY if environment == "production" else None
    async with stage(signing_key=key) as on:
        settings = on.settings(environment)
        async with on.endpoint(settings, shop(canary_definition)):
            back = await send_canary(settings, client_for(settings), wait_s=10)
        run = on.engine.run(back.run_id)
    assert back.seconds < 10
    assert run.events[0]["name"] == "mainstem/canary"


async def test_without_its_function_none_is_sent() -> None:
    async with stage() as on:
        settings = on.settings()
        async with on.endpoint(settings):
            with pytest.raises(CanaryLost, match="app 'shop' has no function") as lost:
                await send_canary(settings, client_for(settings), wait_s=10)
    assert lost.value.code == "unregistered"


async def test_where_nothing_is_registered_it_says_what_to_look_at() -> None:
    async with stage() as on:
        settings = on.settings()
        with pytest.raises(CanaryLost, match=r"no run of it ended within 0\.2 sec") as lost:
            await send_canary(settings, client_for(settings), wait_s=0.2)
    assert lost.value.code == "unanswered"
    assert f"'{CANARY_ID}' is registered" in str(lost.value)


async def test_another_apps_canary_does_not_answer_for_ours() -> None:
    async with stage() as on:
        well, ill = on.settings(MAINSTEM_APP_ID="other"), on.settings()
        async with on.endpoint(well, with_canary(shop())), on.endpoint(ill, shop(_ill)):
            with pytest.raises(CanaryLost, match="the database is away"):
                await send_canary(ill, client_for(ill), wait_s=10)


def test_a_catalogue_has_the_canary_once() -> None:
    once = with_canary(shop())
    assert CANARY_ID in once
    assert with_canary(once) is once
    assert check_contract(once) == ()


async def test_an_event_key_that_the_server_does_not_know_sends_no_canary() -> None:
    async with stage(signing_key=SIGNING_KEY, event_keys=frozenset({"another"})) as on:
        settings = on.settings("production")
        with pytest.raises(
            CanaryLost, match=r"Event key not found\. Check INNGEST_EVENT_KEY"
        ) as lost:
            await send_canary(settings, client_for(settings), wait_s=1)
    assert lost.value.code == "unsent"


class AnyCanary(EventData, name="mainstem/canary"):
    nonce: str


@define(id=CANARY_ID, on=event(AnyCanary), retries=0)
async def _ill(run: Any, services: Any) -> None:
    raise ValueError("the database is away")


async def test_a_canary_that_fails_tells_the_runs_error() -> None:
    async with stage() as on:
        settings = on.settings()
        async with on.endpoint(settings, shop(_ill)):
            with pytest.raises(CanaryLost, match="the database is away") as lost:
                await send_canary(settings, client_for(settings), wait_s=10)
    assert lost.value.code == "failed"


def test_a_canary_belongs_to_the_part_that_is_served() -> None:
    by_group = with_canary(shop(), groups=["night", "mail"])
    by_tag = with_canary(shop(), tags=["light"])
    assert CANARY_ID in by_group.group("mail")
    assert by_tag.get(CANARY_ID).tags == ("light",)


async def test_a_canary_that_a_switch_skips_is_told_at_once() -> None:
    async with stage() as on:
        settings = on.settings(MAINSTEM_FUNCTIONS="off")
        app = fastapi.FastAPI()
        serve(app, with_canary(shop()), settings=settings)
        async with served(app) as url:
            await on.engine.sync_app(url + PATH)
            with pytest.raises(CanaryLost, match="all functions are switched off in loc") as lost:
                await send_canary(settings, client_for(settings), wait_s=10)
    assert lost.value.code == "skipped"


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_who_answered_is_told(environment: str) -> None:
    key = SIGNING_KEY if environment == "production" else None
    async with stage(signing_key=key) as on:
        settings = on.settings(environment)
        async with on.endpoint(settings, shop(canary_definition)) as url:
            back = await send_canary(settings, client_for(settings), wait_s=10)
    assert (back.app_id, back.url) == ("shop", url)


async def test_another_app_that_answered_is_told_where_ours_is_not_registered() -> None:
    async with stage() as on:
        other, ours = on.settings(MAINSTEM_APP_ID="other"), on.settings()
        async with on.endpoint(other, with_canary(shop())) as url:
            back = await send_canary(ours, client_for(ours), wait_s=10)
    assert (back.app_id, back.url) == ("other", url)

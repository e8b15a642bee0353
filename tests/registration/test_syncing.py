"""Registering, and waiting until the server really has it."""

import time

import fastapi
import pytest

from mainstem.registration.asking import Answer
from mainstem.registration.refusals import SyncFailed, refusal
from mainstem.registration.syncing import sync

from .house import billing, receipt, shop, tidying
from .stage import OTHER_KEY, SIGNING_KEY, answering, served, stage


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_what_is_registered_is_told_by_the_server(environment: str) -> None:
    key = SIGNING_KEY if environment == "production" else None
    async with stage(signing_key=key) as on:
        settings = on.settings(environment)
        async with on.endpoint(settings, sync=False) as url:
            (first,) = await sync(settings, [url])
            (again,) = await sync(settings, [url])
            (app,) = on.engine.apps()
    assert (first.app_id, first.is_modified) == ("shop", True)
    assert first.functions == ("send-bill", "send-receipt", "tidy-up")
    assert again.is_modified is False
    assert app.url == url


async def test_parts_on_two_hosts_are_both_registered() -> None:
    async with stage() as on:
        mail, night = (on.settings(MAINSTEM_APP_ID=name) for name in ("shop-mail", "shop-night"))
        async with (
            on.endpoint(mail, shop(receipt(), billing()), sync=False) as one,
            on.endpoint(night, shop(tidying()), sync=False) as two,
        ):
            synced = await sync(on.settings(), [one, two])
    assert [each.app_id for each in synced] == ["shop-mail", "shop-night"]


@pytest.mark.parametrize("environment", ["local", "production"])
async def test_two_addresses_for_one_app_are_refused_with_both(environment: str) -> None:
    key = SIGNING_KEY if environment == "production" else None
    async with stage(signing_key=key) as on:
        settings = on.settings(environment)
        async with (
            on.endpoint(settings, sync=False) as one,
            on.endpoint(settings, sync=False) as two,
        ):
            with pytest.raises(SyncFailed, match="it is app 'shop', and so is") as failed:
                await sync(settings, [one, two])
    assert one in str(failed.value)
    assert two in str(failed.value)
    assert failed.value.code == "two-urls"


async def test_an_endpoint_with_another_key_is_told_to_take_ours() -> None:
    async with stage(signing_key=SIGNING_KEY) as on:
        theirs = on.settings("production", INNGEST_SIGNING_KEY=OTHER_KEY)
        async with on.endpoint(theirs, sync=False) as url:
            with pytest.raises(SyncFailed, match="another signing key than INNGEST_SIGNING_KEY"):
                await sync(on.settings("production"), [url])


async def test_a_server_that_refuses_the_key_is_named() -> None:
    async with stage(signing_key=OTHER_KEY) as on:
        settings = on.settings("production")
        async with on.endpoint(settings, sync=False) as url:
            with pytest.raises(SyncFailed, match="the server refused: Authentication failed"):
                await sync(settings, [url])


async def test_a_server_that_is_away_is_named() -> None:
    async with stage() as on:
        settings = on.settings()
        away = on.settings(INNGEST_BASE_URL="http://127.0.0.1:9")
        async with on.endpoint(away, sync=False) as url:
            with pytest.raises(
                SyncFailed, match=r"Cannot register http://.*All connection attempts"
            ):
                await sync(settings, [url])


async def test_the_other_mode_is_refused_before_anything_is_asked_for() -> None:
    async with stage() as on, on.endpoint(on.settings(), sync=False) as url:
        with pytest.raises(SyncFailed, match="it is in dev mode, and this environment is in cloud"):
            await sync(on.settings("production"), [url])
        assert on.engine.apps() == []


async def test_an_endpoint_that_is_away_is_named() -> None:
    async with stage() as on:
        with pytest.raises(SyncFailed, match="nothing listens there") as failed:
            await sync(on.settings(), ["http://127.0.0.1:9/api/inngest"])
    assert failed.value.code == "unreachable"


async def test_an_endpoint_that_registers_elsewhere_is_found_out() -> None:
    async with stage() as on, stage() as other:
        elsewhere = other.settings()
        async with on.endpoint(elsewhere, sync=False) as url:
            with pytest.raises(SyncFailed, match="Does the endpoint register with another server"):
                await sync(on.settings(), [url], wait_s=0.2)


async def test_what_swallows_the_put_is_told_apart_from_an_endpoint() -> None:
    app = fastapi.FastAPI()

    @app.get("/api/inngest")
    def get() -> fastapi.Response:
        told = {"mode": "dev", "function_count": 1}
        return fastapi.responses.JSONResponse(told, headers={"x-inngest-sdk": "inngest-py:v0.5.19"})

    async with stage() as on, answering(app) as url:
        with pytest.raises(SyncFailed, match="it answered HTTP 405"):
            await sync(on.settings(), [url])


SDK = {"x-inngest-sdk-handled": "true"}


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (Answer(0, {}, "", problem="nothing listens there"), "unreachable", "nothing listens"),
        (Answer(400, SDK, "", {"code": "server_kind_mismatch", "message": "Sync rejected"}),
         "mode", "Sync rejected. Set INNGEST_DEV and MAINSTEM_ENV"),
        (Answer(401, {}, "Log in"), "refused-in-front", "a login, a firewall"),
        (Answer(401, SDK, "", {"message": "Unauthorized"}), "signature-refused",
         "its signing key is another"),
        (Answer(500, SDK, "", {"code": "registration_failed", "message": "not JSON"}),
         "server-refused", "most often it is a 401"),
        (Answer(200, SDK, "", {"error": "At least one function is invalid."}), "server-refused",
         "the server refused: At least one function is invalid."),
        (Answer(502, {}, "Bad gateway"), "failed", "it answered HTTP 502: Bad gateway."),
    ],
)  # fmt: skip
def test_each_refusal_names_its_cause_and_the_mend(answer: Answer, code: str, said: str) -> None:
    failed = refusal("http://app/api/inngest", answer, "http://server")
    assert failed is not None
    assert failed.code == code
    assert said in str(failed)


def test_an_answer_that_registered_is_no_refusal() -> None:
    assert refusal("http://app", Answer(200, SDK, "", {"ok": True}), "http://server") is None


def _mute(status: int) -> fastapi.FastAPI:
    """Takes every registration; asked what it holds, it answers with that status."""
    app = fastapi.FastAPI()
    app.put("/fn/register")(lambda: {"ok": True, "modified": True})
    app.post("/fn/register")(lambda: {"ok": True, "modified": True})
    app.get("/{path:path}")(lambda: fastapi.Response("no", status_code=status))
    return app


async def test_a_server_that_cannot_be_asked_is_an_error_after_the_wait() -> None:
    async with stage() as on, served(_mute(500)) as server:
        settings = on.settings(INNGEST_BASE_URL=server)
        async with on.endpoint(settings, sync=False) as url:
            began = time.monotonic()
            with pytest.raises(SyncFailed, match=r"could not be asked for 0\.4 seconds") as failed:
                await sync(settings, [url], wait_s=0.4)
    assert failed.value.code == "server-failing"
    assert "HTTP 500" in str(failed.value)
    assert time.monotonic() - began >= 0.4


async def test_a_server_that_tells_nothing_by_design_leaves_it_unconfirmed() -> None:
    async with stage() as on, served(_mute(404)) as server:
        settings = on.settings(INNGEST_BASE_URL=server)
        async with on.endpoint(settings, sync=False) as url:
            (synced,) = await sync(settings, [url], wait_s=0.4)
    assert synced.functions is None
    assert "does not tell what it holds" in synced.note


async def test_another_address_that_answers_for_the_app_is_an_error() -> None:
    async with stage() as on:
        settings = on.settings()
        async with on.endpoint(settings) as first, on.endpoint(settings, sync=False) as second:
            with pytest.raises(SyncFailed, match="and it is app 'shop', and so is") as failed:
                await sync(settings, [second])
    assert failed.value.code == "two-urls"
    assert first in str(failed.value)

"""Syncs as a hosted server does them, and a refusal that names its cause and its mend."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import inngest
import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mainstem.engine import RunStatus, SyncMethod, SyncRefused
from mainstem.engine.syncing import why_refused

from .house import House, forging, serving

KEY = "signkey-test-" + "ab" * 16
OTHER = "signkey-test-" + "ef" * 16
NOBODY = "http://127.0.0.1:9"

OpenHouse = Callable[..., Awaitable[House]]


def one(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"))
    async def f(ctx: inngest.Context) -> str:
        return ctx.event.name

    return [f]


def none(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    return []


async def refusal(house: House, url: str) -> str:
    with pytest.raises(SyncRefused) as caught:
        await house.engine.sync_app(url)
    assert (caught.value.url, caught.value.reason in str(caught.value)) == (url, True)
    return caught.value.reason


async def test_a_cloud_engine_syncs_in_band(open_house: OpenHouse) -> None:
    house = await open_house(signing_key=KEY, env="blue")
    await house.add_app(one, signing_key=KEY, env="blue", app_version="1.2.3")
    (app,) = house.engine.apps()
    assert (app.sync_method, app.env, app.app_version) == (SyncMethod.IN_BAND, "blue", "1.2.3")
    assert (app.sdk_language, app.framework) == ("py", "fast_api")
    assert app.sdk_version.startswith("0.5.")
    assert (await house.run_of("a")).status is RunStatus.COMPLETED


async def test_an_app_that_answers_out_of_band_is_registered_all_the_same(
    open_house: OpenHouse,
) -> None:
    house = await open_house(signing_key=KEY)
    url = await house.serve_app(one, signing_key=KEY)
    house.served[url].app = knowing_no_in_band(house.served[url].app)
    answer = await house.engine.sync_app(url)
    (app,) = house.engine.apps()
    assert (answer["ok"], app.sync_method) == (True, SyncMethod.OUT_OF_BAND)


def knowing_no_in_band(app: ASGIApp) -> ASGIApp:
    async def older(scope: Scope, receive: Receive, send: Send) -> None:
        kept = [pair for pair in scope["headers"] if pair[0] != b"x-inngest-sync-kind"]
        await app({**scope, "headers": kept}, receive, send)

    return older


async def test_the_same_sync_again_by_another_way_modifies_nothing(open_house: OpenHouse) -> None:
    house = await open_house(signing_key=KEY)
    url = await house.serve_app(one, signing_key=KEY)
    first = await house.engine.sync_app(url)
    house.served[url].app = knowing_no_in_band(house.served[url].app)
    second = await house.engine.sync_app(url)
    assert (first["modified"], second["modified"]) == (True, False)
    assert first["app_id"] == second["app_id"]


async def test_an_app_with_another_key_is_named_as_such(open_house: OpenHouse) -> None:
    house = await open_house(signing_key=KEY)
    reason = await refusal(house, await house.serve_app(one, signing_key=OTHER))
    assert "401" in reason
    assert "Set INNGEST_SIGNING_KEY on the app to this server's key" in reason


async def test_functions_under_a_wrong_signature_are_not_taken(open_house: OpenHouse) -> None:
    house = await open_house(signing_key=KEY)
    url = await house.serve_app(one, signing_key=KEY)
    house.served[url].app = forging(house.served[url].app)
    assert "the signature of its answer is wrong" in await refusal(house, url)
    assert house.engine.apps() == []


async def test_a_dev_app_says_so_to_a_cloud_engine(open_house: OpenHouse) -> None:
    house = await open_house(signing_key=KEY)
    reason = await refusal(house, await house.serve_app(one))
    assert "It is in dev mode, this server signs its calls" in reason


async def test_a_cloud_app_says_so_to_a_dev_engine(house: House) -> None:
    reason = await refusal(house, await house.serve_app(one, signing_key=KEY))
    assert "It is in cloud mode, this is a dev server" in reason


async def test_a_cloud_app_that_wants_signatures_says_so_to_a_dev_engine(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INNGEST_ENABLE_UNAUTHED_SYNC", "0")
    reason = await refusal(house, await house.serve_app(one, signing_key=KEY))
    assert "takes signed requests only, and this is a dev server" in reason


async def test_what_is_no_sdk_is_told_from_one(house: House) -> None:
    async with serving(JSONResponse({"ok": True})) as origin:
        assert "is not an Inngest SDK. Check the path" in await refusal(house, origin)


async def test_an_app_without_functions_is_told_to_list_them(house: House) -> None:
    reason = await refusal(house, await house.serve_app(none))
    assert "it serves no functions" in reason


async def test_an_app_that_cannot_reach_the_engine_is_told_to_look_at_its_api_address(
    house: House,
) -> None:
    url = await house.serve_app(one, api_base_url=NOBODY)
    assert "set INNGEST_BASE_URL" in await refusal(house, url)


async def test_an_app_that_registers_with_another_server_is_found_out(
    open_house: OpenHouse, tmp_path: Path
) -> None:
    ours = await open_house(path=str(tmp_path / "ours.db"))
    theirs = await open_house(path=str(tmp_path / "theirs.db"))
    url = await theirs.serve_app(one)
    assert "it registered, but with another server" in await refusal(ours, url)


async def test_a_refused_configuration_reaches_who_asked_for_the_sync(house: House) -> None:
    def bad(client: inngest.Inngest) -> list[inngest.Function[Any]]:
        trigger = inngest.TriggerEvent(event="a", expression="event.data.")
        return [client.create_function(fn_id="f", trigger=trigger)(one(client)[0]._handler)]

    reason = await refusal(house, await house.serve_app(bad))
    assert "its registration was refused: At least one function is invalid" in reason


@pytest.mark.parametrize("is_in_band", [True, False])
async def test_an_app_of_another_environment_is_refused_with_both_names(
    open_house: OpenHouse, is_in_band: bool
) -> None:
    house = await open_house(signing_key=KEY, env="blue")
    url = await house.serve_app(one, signing_key=KEY, env="green")
    if not is_in_band:
        house.served[url].app = knowing_no_in_band(house.served[url].app)
    reason = await refusal(house, url)
    assert "it names the environment 'green'" in reason
    assert "this server is the environment 'blue'" in reason
    assert house.engine.apps() == []


async def test_an_app_that_names_no_environment_is_no_app_of_a_branch(
    open_house: OpenHouse,
) -> None:
    house = await open_house(signing_key=KEY, env="blue")
    url = await house.serve_app(one, signing_key=KEY)
    assert "it names no environment" in await refusal(house, url)


async def test_a_refused_sync_is_kept_until_one_goes_well(house: House) -> None:
    url = await house.serve_app(one)
    await house.engine.sync_app(url)
    good = house.served[url].app
    house.served[url].app = JSONResponse({})
    reason = await refusal(house, url)
    (app,) = house.engine.apps()
    assert app.last_error == reason
    assert app.last_error_at == pytest.approx(house.engine.clock.now(), abs=5000)
    house.served[url].app = good
    await house.engine.sync_app(url)
    assert house.engine.apps()[0].last_error is None


def test_an_answer_of_an_unknown_kind_is_shown() -> None:
    headers = {"x-inngest-sdk": "js:v9"}
    assert why_refused(500, headers, {"message": "boom"}, kind="dev") == (
        "it answered HTTP 500: boom. Look at the app's log for the cause."
    )
    assert "refuses a cloud server (HTTP 403)" in why_refused(403, headers, {}, kind="cloud")

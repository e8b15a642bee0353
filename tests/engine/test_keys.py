"""Keys: calls are signed, doors locked, answers checked, and a rotation breaks none of it."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import inngest
import pytest

from mainstem.engine import Engine, EngineError, EngineOptions, RunStatus, engine_app
from mainstem.engine.signatures import is_signed, sign

from .house import House, forging

OLD = "signkey-test-" + "ab" * 16
NEW = "signkey-test-" + "cd" * 16
OTHER = "signkey-test-" + "ef" * 16

OpenHouse = Callable[..., Awaitable[House]]


def echo(client: inngest.Inngest) -> list[inngest.Function[Any]]:
    @client.create_function(fn_id="f", trigger=inngest.TriggerEvent(event="a"), retries=1)
    async def f(ctx: inngest.Context) -> object:
        return ctx.event.data

    return [f]


async def test_a_call_is_signed_over_its_canonical_form(open_house: OpenHouse) -> None:
    house = await open_house(signing_key=OLD)
    await house.add_app(echo, signing_key=OLD)
    run = await house.run_of("a", {"price": 1e21, "ø": "é", "n": 1.0})
    assert (run.status, run.output["ø"]) == ("COMPLETED", "é")


@pytest.mark.parametrize(
    ("engine", "app"),
    [
        ((OLD, None), (OLD, None)),
        ((OLD, None), (OLD, NEW)),
        ((NEW, OLD), (OLD, NEW)),
        ((NEW, OLD), (NEW, None)),
        ((NEW, None), (NEW, None)),
    ],
    ids=("before", "apps know the new key", "engine swaps", "apps swap", "after"),
)
async def test_at_every_stage_of_the_documented_rotation_an_app_registers_and_runs(
    open_house: OpenHouse,
    monkeypatch: pytest.MonkeyPatch,
    engine: tuple[str, str | None],
    app: tuple[str, str | None],
) -> None:
    house = await open_house(signing_key=engine[0], signing_key_fallback=engine[1])
    if app[1] is not None:
        monkeypatch.setenv("INNGEST_SIGNING_KEY_FALLBACK", app[1])
    url = await house.serve_app(echo, signing_key=app[0])
    async with httpx.AsyncClient() as http:
        assert (await http.put(url)).json()["ok"] is True
    assert (await house.engine.sync_app(url))["ok"] is True
    assert (await house.run_of("a")).status is RunStatus.COMPLETED


async def test_an_engine_that_swaps_before_its_apps_know_the_new_key_fails_their_runs(
    open_house: OpenHouse,
) -> None:
    house = await open_house(signing_key=NEW, signing_key_fallback=OLD)
    url = await house.serve_app(echo, signing_key=OLD)
    async with httpx.AsyncClient() as http:
        assert (await http.put(url)).json()["ok"] is True
    assert (await house.run_of("a")).status is RunStatus.FAILED


@pytest.mark.parametrize("path", ["/dev", "/v1/events", "/v1/apps/none/functions"])
@pytest.mark.parametrize(
    ("token", "is_let_in"),
    [
        (NEW, True),
        (OLD, True),
        (OLD.removeprefix("signkey-test-"), True),
        (hashlib.sha256(bytes.fromhex("ab" * 16)).hexdigest(), True),
        (OTHER, False),
        ("", False),
    ],
)
async def test_either_key_opens_the_doors_in_each_of_its_forms(
    path: str, token: str, is_let_in: bool
) -> None:
    options = EngineOptions(signing_key=NEW, signing_key_fallback=OLD)
    async with Engine.open(options) as engine:
        transport = httpx.ASGITransport(engine_app(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://e") as api:
            answer = await api.get(path, headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code != 401) is is_let_in


async def test_the_query_api_is_locked_too() -> None:
    async with Engine.open(EngineOptions(signing_key=NEW)) as engine:
        transport = httpx.ASGITransport(engine_app(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://e") as api:
            assert (await api.post("/v0/gql", json={"query": "{x}"})).status_code == 401


def test_a_fallback_alone_is_refused() -> None:
    with pytest.raises(EngineError, match="a fallback signing key but no signing key"):
        EngineOptions(signing_key_fallback=OLD)


def test_options_never_show_their_keys() -> None:
    shown = repr(
        EngineOptions(signing_key=NEW, signing_key_fallback=OLD, event_keys=frozenset({"secret"}))
    )
    assert NEW not in shown
    assert OLD not in shown
    assert "secret" not in shown


def test_a_signature_holds_for_the_very_bytes_only() -> None:
    signature = sign(b'{"a":1}', OLD, now_seconds=1_700_000_000)
    assert is_signed(b'{"a":1}', signature, [NEW, OLD])
    assert not is_signed(b'{"a":1}', signature, [NEW])
    assert not is_signed(b'{"a": 1}', signature, [OLD])
    assert not is_signed(b'{"a":1}', "nonsense", [OLD])


async def test_an_answer_with_a_wrong_signature_fails_the_attempt_and_says_so(
    open_house: OpenHouse,
) -> None:
    house = await open_house(signing_key=OLD)
    url = await house.serve_app(echo, signing_key=OLD)
    await house.engine.sync_app(url)
    house.served[url].app = forging(house.served[url].app)
    run = await house.run_of("a")
    assert run.status is RunStatus.FAILED
    assert run.output["name"] == "BadSignature"
    assert "Give the app and this server the same key" in run.output["message"]

"""No variable that the installed SDK reads is unknown to us, and none that we neutralise counts."""

import os
import re
from pathlib import Path

import fastapi
import httpx
import inngest
import inngest.connect
import inngest.fast_api
import pytest
from inngest._internal.const import EnvKey
from inngest._internal.net import sign_request

from mainstem.clients import (
    SDK_VARIABLES,
    SdkVariable,
    client_for,
    reset_clients,
    sdk_environment,
    serve_options,
)
from mainstem.settings import Settings, load_settings

from .event_api import POISON

KEY = "signkey-prod-" + "ab" * 32
PRODUCTION = {
    "MAINSTEM_ENV": "production",
    "INNGEST_EVENT_KEY": "our-event-key",
    "INNGEST_SIGNING_KEY": KEY,
    "INNGEST_SIGNING_KEY_FALLBACK": "signkey-prod-" + "cd" * 32,
    "MAINSTEM_SERVE_ORIGIN": "https://ours.example",
}
SDK = Path(inngest.__file__).parent


@pytest.fixture(autouse=True)
def _lying_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in POISON.items():
        monkeypatch.setenv(name, value)
    reset_clients()


def test_every_variable_that_the_sdk_knows_is_in_the_table() -> None:
    assert {one.variable for one in SDK_VARIABLES} == {key.value for key in EnvKey}


@pytest.mark.parametrize("one", SDK_VARIABLES, ids=lambda one: one.variable)
def test_the_document_has_the_same_table(one: SdkVariable) -> None:
    document = Path(__file__).parents[2] / "docs" / "environments.md"
    line = f"| `{one.variable}` | {one.read_by} | {one.neutralised} |\n"
    assert line in document.read_text(encoding="utf-8")


def test_the_sdk_reads_no_variable_but_those_it_names() -> None:
    """Its tests, and the development server that it starts in its own tests, apart."""
    sources = [
        path
        for path in SDK.rglob("*.py")
        if "experimental" not in path.parts and not path.name.endswith(("_test.py", "_pb2.py"))
    ]
    reads = [
        (path.name, found[1].strip())
        for path in sources
        for found in re.finditer(
            r"(?:os\.getenv|os\.environ\.get|os\.environ)[\(\[]\s*([^,\)\]]+)", path.read_text()
        )
    ]
    assert len(sources) > 20
    strange = [
        read
        for read in reads
        if not re.fullmatch(r"(const\.)?EnvKey\.\w+\.value|env_var\.value", read[1])
    ]
    assert strange == []
    assert len(reads) >= 10


def app_of(settings: Settings) -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    with sdk_environment(settings):
        inngest.fast_api.serve(app, client_for(settings), [], **serve_options(settings))
    return app


def asking(settings: Settings) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app_of(settings))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def inspected(settings: Settings) -> dict[str, object]:
    """What the served endpoint says of itself to one who signs."""
    signature = sign_request(b"", KEY)
    assert isinstance(signature, str)
    async with asking(settings) as http:
        answer = await http.get(settings.serve_path, headers={"x-inngest-signature": signature})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_key_hashes_are_those_of_the_sdks_introspection() -> None:
    settings = load_settings(PRODUCTION)
    found = await inspected(settings)
    hashes = settings.key_hashes()
    assert {name: found[name] for name in hashes} == hashes
    assert all(hashes.values())


async def test_an_endpoint_in_a_lying_environment_is_what_the_settings_say() -> None:
    found = await inspected(load_settings(PRODUCTION))
    told = ("env", "api_origin", "event_api_origin", "serve_origin", "serve_path", "mode")
    assert [found[name] for name in told] == [
        None,
        "https://api.inngest.com/",
        "https://inn.gs/",
        "https://ours.example",
        "/api/inngest",
        "cloud",
    ]


async def test_streaming_and_unsigned_syncs_are_given_and_not_read() -> None:
    settings = load_settings({**PRODUCTION, "MAINSTEM_UNAUTHED_SYNC": "off"})
    assert serve_options(settings)["streaming"] is inngest.Streaming.DISABLE
    async with asking(settings) as http:
        assert (await http.put("/api/inngest")).status_code == 401
    streaming = serve_options(load_settings({"MAINSTEM_STREAMING": "on"}))
    assert streaming["streaming"] is inngest.Streaming.FORCE


async def _one(ctx: inngest.Context) -> None: ...


def worker(settings: Settings) -> object:
    client = client_for(settings)
    function = client.create_function(fn_id="one", trigger=inngest.TriggerEvent(event="x"))(_one)
    with sdk_environment(settings):
        return inngest.connect.connect([(client, [function])], shutdown_signals=[])


async def test_limits_without_an_argument_come_from_the_settings() -> None:
    few = load_settings({"MAINSTEM_CONNECT_MAX_CONCURRENCY": "7", "INNGEST_DEV": "1"})
    assert vars(worker(few))["_max_worker_concurrency"] == 7
    unlimited = load_settings({"INNGEST_DEV": "1"})
    assert vars(worker(unlimited))["_max_worker_concurrency"] is None


@pytest.mark.parametrize(("asked", "threads"), [("0", None), ("3", 3)])
def test_the_number_of_threads_comes_from_the_settings(asked: str, threads: int | None) -> None:
    from inngest._internal import comm_lib, server_lib

    settings = load_settings({"MAINSTEM_THREAD_POOL_WORKERS": asked})
    with sdk_environment(settings):
        handler = comm_lib.CommHandler(
            client=client_for(settings),
            enable_unauthed_sync=True,
            framework=server_lib.Framework.FAST_API,
            functions=[],
            streaming=inngest.Streaming.DISABLE,
        )
    pool = handler._thread_pool
    assert (pool and pool._max_workers) == threads


def test_the_processs_variables_are_as_before_afterwards() -> None:
    before = dict(os.environ)
    with sdk_environment(load_settings({"MAINSTEM_THREAD_POOL_WORKERS": "3"})):
        assert os.environ["INNGEST_THREAD_POOL_MAX_WORKERS"] == "3"
        assert "INNGEST_CONNECT_MAX_WORKER_CONCURRENCY" not in os.environ
    assert dict(os.environ) == before


def test_they_are_as_before_when_building_fails_too() -> None:
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), sdk_environment(load_settings({})):
        raise ZeroDivisionError
    assert dict(os.environ) == before

"""One client for equal settings; what it has comes from them and from nowhere else."""

import asyncio
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import inngest
import pytest
import structlog

from mainstem.clients import ClientNotOurs, client_for, log_client, reset_clients
from mainstem.settings import Settings, load_settings

KEY = "signkey-prod-0123456789abcdef"
PRODUCTION = {
    "MAINSTEM_ENV": "production",
    "INNGEST_EVENT_KEY": "event-key",
    "INNGEST_SIGNING_KEY": KEY,
    "INNGEST_SIGNING_KEY_FALLBACK": "signkey-prod-abcd",
}


@pytest.fixture(autouse=True)
def _no_clients() -> None:
    reset_clients()


@pytest.fixture
def _loud_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the SDK would pick up by itself, set to something else."""
    for name, value in {
        "INNGEST_EVENT_KEY": "wrong",
        "INNGEST_SIGNING_KEY": "signkey-branch-ffff",
        "INNGEST_SIGNING_KEY_FALLBACK": "signkey-branch-eeee",
        "INNGEST_ENV": "wrong",
        "INNGEST_DEV": "http://wrong:1",
        "INNGEST_BASE_URL": "http://wrong:2",
        "INNGEST_API_BASE_URL": "http://wrong:3",
        "INNGEST_EVENT_API_BASE_URL": "http://wrong:4",
        "RAILWAY_GIT_BRANCH": "wrong",
        "RENDER_GIT_BRANCH": "wrong",
        "VERCEL_GIT_COMMIT_REF": "wrong",
    }.items():
        monkeypatch.setenv(name, value)


def seen(client: inngest.Inngest) -> dict[str, object]:
    """What the SDK would act on: its public properties, and its HTTP client's own copies."""
    http = client._http_client
    assert (http._signing_key, http._env) == (client.signing_key, client.env)
    assert http._signing_key_fallback == client.signing_key_fallback
    names = ("app_id", "is_production", "event_key", "signing_key", "signing_key_fallback", "env",
             "api_origin", "event_api_origin")  # fmt: skip
    return {name: getattr(client, name) for name in names}


@pytest.mark.usefixtures("_loud_environment")
def test_a_local_client_has_no_keys_whatever_the_process_environment_says() -> None:
    assert seen(client_for(load_settings({}))) == {
        "app_id": "mainstem",
        "is_production": False,
        "event_key": None,
        "signing_key": None,
        "signing_key_fallback": None,
        "env": None,
        "api_origin": "http://127.0.0.1:8288/",
        "event_api_origin": "http://127.0.0.1:8288/",
    }


@pytest.mark.usefixtures("_loud_environment")
def test_a_production_client_has_what_the_settings_say() -> None:
    assert seen(client_for(load_settings(PRODUCTION))) == {
        "app_id": "mainstem",
        "is_production": True,
        "event_key": "event-key",
        "signing_key": KEY,
        "signing_key_fallback": "signkey-prod-abcd",
        "env": None,
        "api_origin": "https://api.inngest.com/",
        "event_api_origin": "https://inn.gs/",
    }


def test_a_preview_client_names_its_branch() -> None:
    preview = {
        **PRODUCTION,
        "MAINSTEM_ENV": "preview",
        "INNGEST_SIGNING_KEY": "signkey-branch-abcd",
        "INNGEST_SIGNING_KEY_FALLBACK": "",
        "INNGEST_ENV": "feature-x",
    }
    client = client_for(load_settings(preview))
    assert (client.env, client.is_production) == ("feature-x", True)


def test_an_address_may_be_spelt_in_any_case() -> None:
    client = client_for(load_settings({"INNGEST_DEV": "HTTP://127.0.0.1:9"}))
    assert client.api_origin == "http://127.0.0.1:9"


def test_equal_settings_have_one_client_and_different_ones_each_their_own() -> None:
    client = client_for(load_settings({}))
    assert client_for(load_settings({})) is client
    assert client_for(load_settings({}, app_id="other")) is not client
    reset_clients()
    assert client_for(load_settings({})) is not client


def test_many_threads_get_one_client() -> None:
    settings, found = load_settings({}), set[int]()
    threads = [
        threading.Thread(target=lambda: found.add(id(client_for(settings)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_another_process_has_a_client_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_for(load_settings({}))
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert client_for(load_settings({})) is not client


class _EventApi(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # so that connections are kept

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"ids": ["1"], "status": 200}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None: ...


def test_one_client_sends_in_one_event_loop_after_another() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _EventApi)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    client = client_for(load_settings({"INNGEST_BASE_URL": url}))

    async def send_twice() -> list[str]:
        event = inngest.Event(name="test/asked")
        return await client.send(event) + await client.send(event)

    try:
        assert [asyncio.run(send_twice()) for _ in range(3)] == [["1", "1"]] * 3
    finally:
        server.shutdown()
        server.server_close()


def test_an_sdk_that_keeps_something_to_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = property(lambda _self: "elsewhere")
    monkeypatch.setattr(inngest.Inngest, "signing_key_fallback", elsewhere)
    with pytest.raises(ClientNotOurs, match="did not take signing_key_fallback from the settings"):
        client_for(load_settings({}))


def logged(settings: Settings) -> dict[str, object]:
    with structlog.testing.capture_logs() as logs:
        log_client(settings)
    (entry,) = logs
    return dict(entry)


def test_the_configuration_is_logged_locally() -> None:
    entry = logged(load_settings({"INNGEST_DEV": "http://me:secret@127.0.0.1:9"}))
    assert (entry["log_level"], entry["environment"], entry["mode"]) == ("info", "local", "dev")
    assert entry["api_origin"] == "http://***@127.0.0.1:9"


def test_elsewhere_it_is_logged_for_those_who_look_and_never_a_key() -> None:
    entry = logged(load_settings(PRODUCTION))
    assert (entry["log_level"], entry["signing_key"]) == ("debug", "set")
    assert not [secret for secret in ("event-key", KEY, "abcd") if secret in repr(entry)]

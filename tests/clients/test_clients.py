"""One client for equal settings; what it has comes from them and from nowhere else."""

import asyncio
import threading

import inngest
import pytest
import structlog

from mainstem.clients import (
    ClientMadeOtherwise,
    ClientNotOurs,
    client_for,
    log_client,
    reset_clients,
)
from mainstem.errors import SettingsError, UnknownSdk
from mainstem.settings import Settings, load_settings

from .event_api import POISON

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
    for name, value in POISON.items():
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


def test_settings_that_make_no_difference_to_a_client_share_it() -> None:
    client = client_for(load_settings({}))
    assert client_for(load_settings({"PORT": "9", "MAINSTEM_LOG_LEVEL": "debug"})) is client
    assert client_for(load_settings({"MAINSTEM_APP_VERSION": "2"})) is not client


async def test_many_tasks_get_one_client() -> None:
    settings = load_settings({})
    made = await asyncio.gather(*(asyncio.to_thread(client_for, settings) for _ in range(8)))
    assert len({id(client) for client in made}) == 1


class _Counting(inngest.Middleware):
    """A middleware of an application's own."""


class _Other(inngest.Middleware):
    """Another one."""


def test_the_first_caller_gives_the_middleware_and_the_others_take_it() -> None:
    settings, serializer = load_settings({}), inngest.PydanticSerializer()
    client = client_for(settings, middleware=[_Counting], serializer=serializer)
    assert client.middleware == [_Counting]
    assert client_for(settings) is client
    assert client_for(settings, middleware=(_Counting,), serializer=serializer) is client


def test_other_middleware_for_a_client_that_is_there_is_refused() -> None:
    settings = load_settings({})
    client_for(settings, middleware=[_Counting])
    told = r"'mainstem' middleware \(_Other\): .* with _Counting\. Ask for it once"
    with pytest.raises(ClientMadeOtherwise, match=told):
        client_for(settings, middleware=[_Other])
    with pytest.raises(
        ClientMadeOtherwise, match=r"a serializer \(PydanticSerializer\).*with none"
    ):
        client_for(settings, serializer=inngest.PydanticSerializer())


def test_cloud_mode_without_a_signing_key_makes_no_client() -> None:
    """The SDK would look for the key in the process's environment."""
    with pytest.raises(SettingsError, match="INNGEST_SIGNING_KEY: there is none"):
        client_for(Settings(inngest_dev=False))


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


def test_a_release_that_takes_other_arguments_is_told_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def older(self: object, *, app_id: str) -> None: ...

    monkeypatch.setattr(inngest.Inngest, "__init__", older)
    with pytest.raises(UnknownSdk, match=r"the client of app 'mainstem': the installed inngest"):
        client_for(load_settings({"MAINSTEM_ENV": "local"}))

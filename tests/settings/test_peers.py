"""Other deployments, and the token of the status page, as settings."""

import pytest

from mainstem.errors import SettingsError
from mainstem.settings import load_settings

TOKEN = "a-token-that-nobody-guesses"


def problems(**environ: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings({"MAINSTEM_ENV": "local", **environ})
    return str(caught.value)


def test_peers_are_read_in_order_by_environment() -> None:
    text = "staging=https://a.test/, production=https://b.test/below"
    settings = load_settings({"MAINSTEM_STATUS_PEERS": text})
    assert [(str(one.environment), one.url) for one in settings.status_peers] == [
        ("staging", "https://a.test"),
        ("production", "https://b.test/below"),
    ]


def test_a_peers_token_is_taken_out_of_its_address_and_never_shown() -> None:
    settings = load_settings({"MAINSTEM_STATUS_PEERS": f"staging=https://:{TOKEN}@a.test:8443"})
    (peer,) = settings.status_peers
    assert peer.url == "https://a.test:8443"
    assert peer.token is not None
    assert peer.token.get_secret_value() == TOKEN
    assert TOKEN not in repr(settings) + str(settings.shown()) + str(peer)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://a.test", "a part of it names no address"),
        ("stage=https://a.test", "'stage' is no environment"),
        ("staging=a.test", "the address for staging is none"),
        ("staging=https://a.test:port", "the address for staging is none"),
        ("staging=https://a.test/?x=1", "the address for staging is none"),
        (",".join(["staging=https://a.test"] * 21), "it names 21 peers"),
    ],
)
def test_what_is_no_peer_is_told(text: str, told: str) -> None:
    assert told in problems(MAINSTEM_STATUS_PEERS=text)


def test_a_token_in_a_wrong_address_is_not_told() -> None:
    assert TOKEN not in problems(MAINSTEM_STATUS_PEERS=f"staging=ftp://:{TOKEN}@a.test")


def test_a_token_that_could_be_guessed_is_refused_and_not_shown() -> None:
    told = problems(MAINSTEM_STATUS_TOKEN="hunter2")
    assert "MAINSTEM_STATUS_TOKEN: it has fewer than 16 signs" in told
    assert "hunter2" not in told


def test_the_token_does_not_show() -> None:
    settings = load_settings({"MAINSTEM_STATUS_TOKEN": TOKEN})
    assert TOKEN not in repr(settings)
    assert settings.shown()["status_token"] == "set"

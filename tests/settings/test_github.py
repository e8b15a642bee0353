"""Credentials for GitHub: several tokens, an App by key or by file, every mistake by name."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mainstem.errors import SettingsError
from mainstem.settings import Settings, examine_settings, load_settings

TOKENS = "MAINSTEM_GITHUB_TOKENS"
APP_ID = "MAINSTEM_GITHUB_APP_ID"
KEY = "MAINSTEM_GITHUB_APP_PRIVATE_KEY"
FILE = "MAINSTEM_GITHUB_APP_PRIVATE_KEY_FILE"


def made_key() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


PEM = made_key()
BODY = PEM.splitlines()[3]


def problems(environ: dict[str, str]) -> dict[str, str]:
    return {one.variable: one.wrong for one in examine_settings(environ).problems}


def key_of(settings: Settings) -> str:
    assert settings.github_app_private_key is not None
    return settings.github_app_private_key.get_secret_value()


def test_tokens_stand_between_commas_each_once() -> None:
    settings = load_settings({TOKENS: " tok_a, tok_b,,tok_a "})
    assert [one.get_secret_value() for one in settings.github_tokens] == ["tok_a", "tok_b"]
    assert settings.has_github_credential
    assert not load_settings({}).has_github_credential


@pytest.mark.parametrize(
    "text", [PEM, PEM.replace("\n", "\\n"), PEM.replace("\n", "\r\n"), f'"{PEM.strip()}"']
)
def test_key_is_read_however_its_lines_are_joined(text: str) -> None:
    settings = load_settings({APP_ID: " 123 ", KEY: text})
    assert settings.github_app_id == "123"
    assert key_of(settings) == PEM


def test_key_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "app.pem").write_text(PEM)
    settings = load_settings({APP_ID: "Iv23abcDEF", FILE: str(tmp_path / "app.pem")})
    assert key_of(settings) == PEM


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    found = problems(
        {
            TOKENS: "tok_a,has space",
            APP_ID: "my-app",
            KEY: "not a key",
            FILE: str(tmp_path / "none.pem"),
            "MAINSTEM_GITHUB_PROXY": "proxy:80",
        }
    )
    assert found[TOKENS] == "of its token 2: it has white space inside"
    assert found[APP_ID] == "it is neither an App's id nor its client id"
    assert found[KEY] == "it is no private key in PEM"
    assert "is not an address" in found["MAINSTEM_GITHUB_PROXY"]


@pytest.mark.parametrize(
    ("environ", "variable", "wrong"),
    [
        ({APP_ID: "1"}, KEY, "it is not set, and MAINSTEM_GITHUB_APP_ID is"),
        ({KEY: PEM}, APP_ID, "it is not set, and the App's key is"),
        ({APP_ID: "1", KEY: PEM[:200]}, KEY, "it is a part of a private key"),
        ({APP_ID: "1", KEY: "-----BEGIN PUBLIC KEY-----"}, KEY, "it is a public key"),
        ({APP_ID: "1", FILE: "/nowhere/app.pem"}, FILE, "the file cannot be read"),
        ({APP_ID: "1", KEY: PEM, FILE: "x"}, KEY, f"{FILE} is set as well"),
    ],
)
def test_half_an_app_is_a_problem(environ: dict[str, str], variable: str, wrong: str) -> None:
    assert wrong in problems(environ)[variable]


def test_no_token_and_no_key_shows_anywhere() -> None:
    environ = {TOKENS: "hidden_a,hidden_b", APP_ID: "1", KEY: PEM}
    settings = load_settings(environ)
    for text in (repr(settings), str(settings), json.dumps(settings.shown())):
        assert "hidden_" not in text
        assert BODY not in text
    assert settings.shown()["github_tokens"] == "2 set"
    spoilt = {
        TOKENS: "hidden_a b",
        APP_ID: "1",
        KEY: PEM.replace("END", "E"),
        "GH_TOKEN": f" {PEM}",
    }
    with pytest.raises(SettingsError) as caught:
        load_settings(spoilt)
    assert BODY not in str(caught.value) + repr(caught.value.problems)
    assert "hidden_" not in str(caught.value)


def test_key_in_another_variable_is_told_where_it_belongs() -> None:
    found = examine_settings({"MAINSTEM_CATALOG": PEM}).problems[0]
    assert (found.variable, found.wrong) == ("MAINSTEM_CATALOG", "it holds a private key")
    assert KEY in found.remedy


@pytest.mark.parametrize(
    ("given", "noted"),
    [({}, True), ({"GITHUB_TOKEN": "x"}, False), ({TOKENS: "x"}, False), ({APP_ID: "1"}, False)],
)
def test_production_without_a_credential_is_noted(given: dict[str, str], noted: bool) -> None:
    notes = examine_settings({"MAINSTEM_ENV": "production", **given}).notes
    assert any("no credential for GitHub" in note for note in notes) == noted

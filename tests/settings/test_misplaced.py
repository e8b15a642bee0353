"""A secret in the wrong variable is told by name, and is shown nowhere."""

from pathlib import Path
from typing import Any

import pytest

from mainstem.errors import SettingsError
from mainstem.settings import (
    BRANCH_VARIABLES,
    NOT_READ,
    SIGNALS,
    VARIABLES,
    Settings,
    examine_settings,
    load_settings,
    without_password,
)

DIGITS = "0123456789abcdef" * 4
SIGNING_KEY = f"signkey-prod-{DIGITS}"
GITHUB_TOKEN = "ghp_" + "Ab3dEf9h" * 4
SECRET_SETTINGS = (
    "event_key",
    "signing_key",
    "signing_key_fallback",
    "github_token",
    "github_tokens",
    "github_app_private_key",
    "github_webhook_secret",
    "github_webhook_secret_fallback",
)
SECRET_VARIABLES = {
    *(name for setting in SECRET_SETTINGS for name in VARIABLES[setting]),
    "MAINSTEM_STATUS_TOKEN",
}
EVERY_VARIABLE = sorted(
    {
        "MAINSTEM_ENV",
        *(name for names in VARIABLES.values() for name in names),
        *(signal.variable for signal in SIGNALS),
        *(name for signal in SIGNALS for name in signal.also),
        *(row.variable for row in BRANCH_VARIABLES),
        *NOT_READ,
    }
)
NO_SECRETS = [name for name in EVERY_VARIABLE if name not in SECRET_VARIABLES]
PREVIEW = {
    "MAINSTEM_ENV": "preview",
    "INNGEST_EVENT_KEY": "Zx3-an-event-key-9fQ",
    "INNGEST_SIGNING_KEY": "signkey-branch-" + "9f" * 32,
    "NETLIFY": "true",
}


def everything_told(environ: dict[str, str], **more: Any) -> str:
    """All that is ever printed of these settings, or of their problems."""
    found = examine_settings(environ, **more)
    told = [repr(found), *map(str, found.problems), *found.notes, str(found.detected)]
    if found.settings is None:
        with pytest.raises(SettingsError) as caught:
            found.usable()
        return "\n".join([*told, str(caught.value)])
    return "\n".join([*told, repr(found.settings), repr(found.settings.shown())])


@pytest.mark.parametrize("beside", [{}, PREVIEW], ids=["alone", "in a preview"])
@pytest.mark.parametrize(
    ("secret", "parts"),
    [
        (SIGNING_KEY, [DIGITS[:12]]),
        (SIGNING_KEY.upper(), [DIGITS[:12].upper(), DIGITS[:12]]),
        (f"  {SIGNING_KEY}\n", [DIGITS[:12]]),
        (f"https://host/?x=1&token={SIGNING_KEY}", [DIGITS[:12]]),
        (f"classify={SIGNING_KEY}:1", [DIGITS[:12]]),
        (f"staging={SIGNING_KEY},{SIGNING_KEY}=https://host", [DIGITS[:12]]),
        (DIGITS, [DIGITS[:12]]),
        (f"sqlite:///{DIGITS}.db", [DIGITS[:12]]),
        (GITHUB_TOKEN, ["Ab3dEf9h", "AB3DEF9H", "ab3def9h"]),
        ("github_pat_11AB0cd_9xY", ["11AB0cd", "11ab0cd"]),
    ],
)  # fmt: skip
def test_a_secret_shows_nowhere_whatever_variable_it_was_put_into(
    secret: str, parts: list[str], beside: dict[str, str]
) -> None:
    told = {name: everything_told({**beside, name: secret}) for name in EVERY_VARIABLE}
    assert [name for name in told if any(part in told[name] for part in parts)] == []


def test_a_secret_without_a_form_is_known_by_the_variable_that_has_it() -> None:
    event_key = PREVIEW["INNGEST_EVENT_KEY"]
    told = {name: everything_told({**PREVIEW, name: event_key}) for name in EVERY_VARIABLE}
    assert [name for name in told if "an-event-key" in told[name].lower()] == []


@pytest.mark.parametrize(
    ("secret", "wrong", "place"),
    [
        (SIGNING_KEY, "it holds a signing key", "INNGEST_SIGNING_KEY"),
        (GITHUB_TOKEN, "it holds a token for GitHub", "GITHUB_TOKEN"),
    ],
)
def test_a_secret_in_the_wrong_variable_is_a_problem_that_says_where_it_belongs(
    secret: str, wrong: str, place: str
) -> None:
    for variable in NO_SECRETS:
        problem = examine_settings({variable: secret}).problems[0]
        assert (problem.variable, problem.wrong) == (variable, wrong)
        assert problem.remedy.startswith(f"Move that to {place}, and set {variable} to ")


def test_the_strictest_environment_is_assumed_where_a_key_stands_in_its_place() -> None:
    found = examine_settings({"MAINSTEM_ENV": SIGNING_KEY})
    assert found.detected.environment == "production"
    assert "one of local, test, preview, staging, production" in found.problems[0].remedy


def test_the_value_of_another_secret_is_told_by_its_variable() -> None:
    environ = {**PREVIEW, "INNGEST_ENV": "x", "MAINSTEM_APP_ID": PREVIEW["INNGEST_EVENT_KEY"]}
    with pytest.raises(SettingsError, match="it holds the secret that INNGEST_EVENT_KEY has"):
        load_settings(environ)


@pytest.mark.parametrize("name", ["INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY_FALLBACK", "NPM_TOKEN"])
def test_a_branch_is_not_taken_from_a_variable_with_a_secret(name: str) -> None:
    environ = {**PREVIEW, name: "Zx3-secret", "MAINSTEM_BRANCH_FROM": name}
    assert f"it names {name}, which holds a secret" in everything_told(environ)
    assert "Zx3-secret" not in everything_told(environ)


def test_a_secret_in_a_file_is_told_too(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(f"MAINSTEM_APP_ID={SIGNING_KEY}\nMAINSTEM_ENV={SIGNING_KEY}\n")
    found = examine_settings({}, env_file=file)
    assert {"MAINSTEM_APP_ID", "MAINSTEM_ENV"} <= {one.variable for one in found.problems}
    assert DIGITS[:12] not in everything_told({}, env_file=file)


@pytest.mark.parametrize(
    "branch", ["fix/signkey-test-flake", "signkey-rotation", "ghp-docs", "feat/ghs_x", "12/merge"]
)
def test_a_branch_that_speaks_of_keys_is_a_branch(branch: str) -> None:
    assert load_settings({**PREVIEW, "VERCEL_GIT_COMMIT_REF": branch}).inngest_env == branch


def test_a_commit_is_shown_as_the_version() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    settings = load_settings({"GITHUB_SHA": commit})
    assert settings.shown()["app_version"] == commit


def test_the_token_of_a_peer_may_be_that_of_the_page() -> None:
    token = "a-token-of-20-signs!"
    environ = {
        "MAINSTEM_STATUS_TOKEN": token,
        "MAINSTEM_STATUS_PEERS": f"staging=https://:{token}@host,test=https://other",
    }
    assert len(load_settings(environ).status_peers) == 2


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@host/a", "https://***@host/a"),
        ("https://host/a?access_token=x&b=1", "https://host/a?access_token=***&b=1"),
        ("https://host/a?b=1&apiKey=x", "https://host/a?b=1&apiKey=***"),
        ("postgresql://me@host/db?password=x", "postgresql://***@host/db?password=***"),
        ("https://host/?client_secret=x#y", "https://host/?client_secret=***#y"),
        ("http://me:pw@[bad", "http://***@[bad"),
        ("https://me:p@w@host", "https://***@host"),
        ("postgresql://me:p,w@host/db", "postgresql://***@host/db"),
        ("postgresql://me:p/w?x@y@host/db", "postgresql://***@host/db"),
        ("https://host:8080/@scope/x", "https://host:8080/@scope/x"),
        ("https://host/@scope/x", "https://host/@scope/x"),
        ("sqlite:///x.db?mode=ro", "sqlite:///x.db?mode=ro"),
        ("feat/x?key=1", "feat/x?key=1"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert without_password(url) == shown
    if "://" in url:
        assert Settings(inngest_base_url=url).shown()["inngest_base_url"] == shown

"""The mistakes that people make with keys are known by name, and no message ever has the key."""

import hashlib
from typing import Any

import pytest
from inngest._internal import transforms

from mainstem.errors import SettingsError
from mainstem.settings import Settings, examine_settings, key_hash, load_settings, short_hash

HEX = "0123456789abcdef" * 4
PROD, TEST, BRANCH = (f"signkey-{kind}-{HEX}" for kind in ("prod", "test", "branch"))
OLD = "signkey-prod-" + "fedcba98" * 8
EVENT = "Zx3-an-event-key-9fQ"
PRODUCTION = {
    "MAINSTEM_ENV": "production",
    "INNGEST_EVENT_KEY": EVENT,
    "INNGEST_SIGNING_KEY": PROD,
}


def problems_of(environ: dict[str, str]) -> dict[str, str]:
    """The problems by variable, as told."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    told = str(caught.value)
    assert not [secret for secret in (HEX, OLD, EVENT) if secret in told]
    return {problem.variable: str(problem) for problem in caught.value.problems}


def notes_of(environ: dict[str, str]) -> list[str]:
    found = examine_settings(environ)
    assert not [secret for secret in (HEX, OLD, EVENT) if secret in repr(found)]
    return [*found.notes]


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("INNGEST_EVENT_KEY", f"INNGEST_EVENT_KEY={EVENT}", "a whole line"),
        ("INNGEST_SIGNING_KEY", f"export INNGEST_SIGNING_KEY='{PROD}'", "a whole line"),
        ("INNGEST_EVENT_KEY", f"{EVENT}\r\n", "white space around it"),
        ("INNGEST_SIGNING_KEY", f'"{PROD}"', "wrapped in quotes"),
        ("INNGEST_SIGNING_KEY", f"{PROD[:30]} {PROD[30:]}", "white space inside"),
        ("INNGEST_SIGNING_KEY", f"{PROD}\\n", "an escaped line end"),
        ("INNGEST_SIGNING_KEY", f"{PROD}\u200b", "a sign in it that no key has"),
        ("INNGEST_SIGNING_KEY", "signkey-prod-0123…", "copied while it was hidden"),
        ("INNGEST_SIGNING_KEY", "signkey-prod-0123****", "copied while it was hidden"),
        ("INNGEST_EVENT_KEY", f"https://inn.gs/e/{EVENT}", "it is an address"),
        ("INNGEST_EVENT_KEY", "${INNGEST_EVENT_KEY}", "a reference that nothing filled in"),
        ("INNGEST_EVENT_KEY", "$INNGEST_EVENT_KEY", "a reference that nothing filled in"),
        ("INNGEST_EVENT_KEY", "${{ secrets.KEY }}", "white space inside"),
        ("INNGEST_EVENT_KEY", "<your-key>", "a reference that nothing filled in"),
        ("INNGEST_EVENT_KEY", PROD, "it holds a signing key"),
        ("INNGEST_EVENT_KEY", "ghp_0123456789", "it holds a token for GitHub"),
        ("INNGEST_EVENT_KEY", "changeme", "it is a placeholder"),
        ("INNGEST_EVENT_KEY", "your-event-key", "it is a placeholder"),
        ("INNGEST_EVENT_KEY", "dev-key", "it is a placeholder"),
        ("INNGEST_EVENT_KEY", "local-dev-key", "it is a placeholder"),
        ("INNGEST_EVENT_KEY", "NO_EVENT_KEY_SET", "it is a placeholder"),
        ("INNGEST_EVENT_KEY", "undefined", "it is a placeholder"),
        ("INNGEST_SIGNING_KEY", "your_signing_key_here", "it is a placeholder"),
        ("INNGEST_SIGNING_KEY", EVENT, "an event key in its place, perhaps"),
        ("INNGEST_SIGNING_KEY", PROD[:-1], "an odd number of hexadecimal digits"),
        ("INNGEST_SIGNING_KEY", HEX[:-1], "an odd number of hexadecimal digits"),
        ("INNGEST_SIGNING_KEY", "signkey-prod-", "the key itself is missing"),
        ("INNGEST_SIGNING_KEY", "signkey-prod", "the key itself is missing"),
        ("INNGEST_SIGNING_KEY", f"signkey_prod_{HEX}", "its prefix is misspelt"),
        ("INNGEST_SIGNING_KEY", PROD + PROD, "in there more than once"),
        ("INNGEST_SIGNING_KEY", f"signkey-prod-{HEX}zz", "its last part is not hexadecimal"),
        ("INNGEST_SIGNING_KEY", "github_pat_012345", "it holds a token for GitHub"),
        ("INNGEST_SIGNING_KEY", BRANCH, "a branch environment's, in production"),
        ("INNGEST_SIGNING_KEY", TEST, "a test environment's, in production"),
        ("INNGEST_SIGNING_KEY_FALLBACK", PROD, "it equals INNGEST_SIGNING_KEY"),
        ("INNGEST_SIGNING_KEY_FALLBACK", HEX.upper(), "it equals INNGEST_SIGNING_KEY"),
        ("INNGEST_SIGNING_KEY_FALLBACK", TEST.replace("0", "1"), "another environment's than"),
        ("GITHUB_TOKEN", PROD, "a signing key of Inngest's"),
        ("MAINSTEM_STATUS_TOKEN", PROD, "it holds a signing key"),
        ("MAINSTEM_STATUS_TOKEN", "ghp_0123456789012345", "it holds a token for GitHub"),
        ("INNGEST_DEV", "1", "dev mode is on in production"),
        ("VITE_INNGEST_SIGNING_KEY", OLD, "it shows a signing key to every browser"),
        ("NEXT_PUBLIC_INNGEST_SIGNING_KEY", OLD, "it shows a signing key to every browser"),
    ],
)
def test_a_mistake_with_a_key_is_named(variable: str, value: str, told: str) -> None:
    found = problems_of({**PRODUCTION, variable: value})
    assert list(found) == [variable]
    assert told in found[variable]


@pytest.mark.parametrize("environment", ["preview", "staging"])
def test_productions_key_is_refused_before_production(environment: str) -> None:
    found = problems_of({**PRODUCTION, "MAINSTEM_ENV": environment})
    assert "it is production's, in" in found["INNGEST_SIGNING_KEY"]
    own = {**PRODUCTION, "MAINSTEM_ENV": environment, "INNGEST_SIGNING_KEY": TEST}
    assert load_settings(own).signing_key is not None


@pytest.mark.parametrize("key", ["Zm9vYmFyKEY=", "abcKEY==", "a_b-c.d~e+f/g"])
def test_a_key_of_unusual_signs_is_a_key(key: str) -> None:
    assert load_settings({**PRODUCTION, "INNGEST_EVENT_KEY": key}).event_key is not None


@pytest.mark.parametrize(
    ("variable", "host", "told"),
    [
        ("INNGEST_EVENT_API_BASE_URL", "api.inngest.com", "is not where events go"),
        ("INNGEST_API_BASE_URL", "inn.gs", "is not where the API is"),
        ("INNGEST_BASE_URL", "api.inngest.com", "is not where both events and the API are"),
        ("INNGEST_BASE_URL", "inn.gs", "is not where both events and the API are"),
        ("INNGEST_API_BASE_URL", "app.inngest.com", "is not where the API is"),
    ],
)
def test_one_of_the_clouds_addresses_in_the_others_place_is_told(
    variable: str, host: str, told: str
) -> None:
    """The original sent its events to the API: its sender answered 500 (September 2025)."""
    found = problems_of({**PRODUCTION, variable: f"https://{host}/"})
    assert list(found) == [variable]
    assert told in found[variable]


def test_the_clouds_addresses_in_their_own_places_are_right() -> None:
    given = {
        "INNGEST_EVENT_API_BASE_URL": "https://inn.gs/",
        "INNGEST_API_BASE_URL": "https://api.inngest.com/",
    }
    assert load_settings({**PRODUCTION, **given}).event_origin == "https://inn.gs/"


def test_two_keys_in_each_others_place_are_both_told() -> None:
    swapped = {**PRODUCTION, "INNGEST_EVENT_KEY": PROD, "INNGEST_SIGNING_KEY": EVENT}
    assert set(problems_of(swapped)) == {"INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"}


def test_a_fallback_of_the_same_environment_is_a_rotation() -> None:
    rotating = load_settings({**PRODUCTION, "INNGEST_SIGNING_KEY_FALLBACK": OLD})
    assert rotating.signing_key_fallback is not None


def test_a_development_server_takes_any_word_for_an_event_key() -> None:
    assert load_settings({"INNGEST_EVENT_KEY": "local-dev-key"}).event_key is not None


@pytest.mark.parametrize(
    ("other", "variable"),
    [
        ("INNGEST_PRODUCTION_EVENT_KEY", "INNGEST_EVENT_KEY"),
        ("INNGEST_PRODUCTION_SIGNING_KEY", "INNGEST_SIGNING_KEY"),
        ("VITE_INNGEST_EVENT_KEY", "INNGEST_EVENT_KEY"),
        ("REACT_APP_INNGEST_EVENT_KEY", "INNGEST_EVENT_KEY"),
    ],
)
def test_a_key_under_the_originals_name_is_told_with_the_name_to_give_it(
    other: str, variable: str
) -> None:
    renamed = {name: value for name, value in PRODUCTION.items() if name != variable}
    found = problems_of({**renamed, other: PRODUCTION[variable]})
    assert list(found) == [variable]
    assert f"{other} is set and not read. Rename that to {variable}." in found[variable]


def test_a_local_key_is_not_offered_to_production() -> None:
    missing = {"MAINSTEM_ENV": "production", "INNGEST_SIGNING_KEY": PROD}
    found = problems_of({**missing, "INNGEST_LOCAL_EVENT_KEY": "x"})
    assert "Set it to production's key" in found["INNGEST_EVENT_KEY"]


@pytest.mark.parametrize(
    ("environ", "note"),
    [
        ({"INNGEST_LOCAL_EVENT_KEY": "x"},
         "INNGEST_LOCAL_EVENT_KEY is set and not read. Rename it to INNGEST_EVENT_KEY"),
        ({**PRODUCTION, "INNGEST_PRODUCTION_EVENT_KEY": "other"},
         "INNGEST_PRODUCTION_EVENT_KEY is set beside INNGEST_EVENT_KEY, and holds another value"),
        ({**PRODUCTION, "INNGEST_PRODUCTION_EVENT_KEY": EVENT},
         "INNGEST_PRODUCTION_EVENT_KEY is set beside INNGEST_EVENT_KEY; it is not read"),
        ({**PRODUCTION, "VITE_INNGEST_EVENT_KEY": EVENT},
         "VITE_INNGEST_EVENT_KEY is copied by a front end's build"),
        ({"VITE_GITHUB_TOKEN": "x"}, "VITE_GITHUB_TOKEN is copied by a front end's build"),
        ({**PRODUCTION, "INNGEST_SIGNING_KEY": PROD[:39]},
         "INNGEST_SIGNING_KEY has 26 hexadecimal digits after its prefix"),
        ({"MAINSTEM_ENV": "test", "INNGEST_SIGNING_KEY": PROD},
         "INNGEST_SIGNING_KEY is production's, in test"),
        ({"INNGEST_SIGNING_KEY": TEST}, "nothing says where this is: it runs as local"),
        ({**PRODUCTION, "INNGEST_BASE_URL": "http://127.0.0.1:8288"},
         "INNGEST_BASE_URL is this machine itself, in production"),
        ({**PRODUCTION}, "In production MAINSTEM_DATABASE_URL is not set"),
        ({**PRODUCTION, "DATABASE_URL": "sqlite:///x.db", "DYNO": "web.1"},
         "the database is SQLite: data stands in one machine's file which this platform"),
        ({**PRODUCTION, "MAINSTEM_ENV": "preview", "INNGEST_SIGNING_KEY": TEST},
         "shares that environment"),
        ({"MAINSTEM_ENV": "local", "VERCEL_ENV": "production"},
         "MAINSTEM_ENV overrules VERCEL_ENV=production, which says production"),
    ],
)  # fmt: skip
def test_what_does_not_stop_a_start_is_noted(environ: dict[str, str], note: str) -> None:
    assert [one for one in notes_of(environ) if note in one]


def test_nothing_is_noted_where_all_is_well() -> None:
    assert notes_of({}) == []
    assert notes_of({**PRODUCTION, "DATABASE_URL": "postgresql://me@db/x", "GH_TOKEN": "x"}) == []


@pytest.mark.parametrize(
    ("size", "told"), [(3_000, None), (3_700, "close to the 4,096"), (4_200, "over the 4,096")]
)
@pytest.mark.parametrize(
    "platform", [{"AWS_LAMBDA_FUNCTION_NAME": "x"}, {"NETLIFY": "true", "CONTEXT": "production"}]
)
def test_variables_near_the_limit_of_lambda_are_noted(
    size: int, told: str | None, platform: dict[str, str]
) -> None:
    full = {"INNGEST_EVENT_KEY": EVENT, "INNGEST_SIGNING_KEY": PROD, **platform}
    full |= {"BIG": "x" * (size - sum(len(k + v) for k, v in full.items())), "AWS_TOKEN": "y" * 999}
    about = [note for note in notes_of(full) if "bytes" in note]
    assert [told in note and "BIG" in note for note in about if told] == [True] * bool(told)
    assert bool(about) == bool(told)


def test_a_small_lambda_without_the_limit_elsewhere() -> None:
    big = {**PRODUCTION, "RENDER": "true", "BIG": "x" * 9_000}
    assert not [note for note in notes_of(big) if "bytes" in note]


@pytest.mark.parametrize("key", [PROD, HEX, f"signkey-some_env-{HEX}"])
def test_the_hash_of_a_signing_key_is_the_sdks(key: str) -> None:
    assert key_hash("signing", key) == transforms.hash_signing_key(key)


def test_the_hash_of_an_event_key_is_the_sdks() -> None:
    assert key_hash("event", EVENT) == transforms.hash_event_key(EVENT)
    assert short_hash(key_hash("event", EVENT)) == hashlib.sha256(EVENT.encode()).hexdigest()[:12]


def test_a_key_that_cannot_be_hashed_is_not_told() -> None:
    with pytest.raises(ValueError, match="not hexadecimal") as caught:
        key_hash("signing", "signkey-prod-secret")
    assert "secret" not in str(caught.value)


def test_settings_have_their_hashes_by_the_names_of_the_introspection() -> None:
    found: dict[str, Any] = load_settings(PRODUCTION).key_hashes()
    assert found == {
        "event_key_hash": key_hash("event", EVENT),
        "signing_key_hash": key_hash("signing", HEX),
        "signing_key_fallback_hash": None,
    }
    assert set(Settings().key_hashes().values()) == {None}

"""Settings are read once, typed, frozen, and every problem is told at once, never a secret."""

import json
from pathlib import Path
from typing import Any

import pydantic
import pytest

from mainstem.errors import SettingsError
from mainstem.settings import Environment, Settings, SyncLimits, examine_settings, load_settings

KEY = "signkey-prod-0123456789abcdef"
KEYS = {"INNGEST_EVENT_KEY": "event-key-value", "INNGEST_SIGNING_KEY": KEY}
PRODUCTION = {"MAINSTEM_ENV": "production", **KEYS}


def problems_of(environ: dict[str, str], **overrides: Any) -> dict[str, str]:
    """The problems by variable, as told."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, **overrides)
    assert all(str(problem) in str(caught.value) for problem in caught.value.problems)
    return {problem.variable: str(problem) for problem in caught.value.problems}


def test_nothing_set_is_local_and_needs_nothing() -> None:
    settings = load_settings({})
    assert (settings.environment, settings.decided_by) == (Environment.LOCAL, "default")
    assert settings.inngest_dev
    assert settings.database_url == "sqlite:///mainstem.db"
    assert settings.event_key is None


@pytest.mark.parametrize("environment", ["production", "preview", "staging"])
def test_where_signatures_count_both_keys_are_needed(environment: str) -> None:
    found = problems_of({"MAINSTEM_ENV": environment})
    assert set(found) == {"INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"}
    assert f"{environment} cannot check signatures without it" in found["INNGEST_SIGNING_KEY"]
    assert "MAINSTEM_ENV=local" in found["INNGEST_EVENT_KEY"]


@pytest.mark.parametrize("environment", ["local", "test"])
def test_development_needs_no_keys(environment: str) -> None:
    assert load_settings({"MAINSTEM_ENV": environment}).inngest_dev


def test_production_with_its_keys_starts_in_cloud_mode() -> None:
    settings = load_settings(PRODUCTION)
    assert not settings.inngest_dev
    assert settings.log_json
    assert settings.signing_key == pydantic.SecretStr(KEY)
    assert (settings.api_origin, settings.event_origin) == (
        "https://api.inngest.com/",
        "https://inn.gs/",
    )


def test_every_problem_is_told_at_once_with_its_variable() -> None:
    found = problems_of(
        {
            "VERCEL_ENV": "production",
            "INNGEST_EVENT_KEY": "",
            "INNGEST_SIGNING_KEY": f'"{KEY}"',
            "INNGEST_DEV": "1",
            "INNGEST_BASE_URL": "nowhere",
            "DATABASE_URL": "mysql://me:pw@host/db",
            "PORT": "http",
            "MAINSTEM_LOG_LEVEL": "loud",
            "MAINSTEM_COOLDOWN_MANUAL_HOURS": "soon",
            "MAINSTEM_APP_ID": "a b",
        }
    )
    assert set(found) == {
        "INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY", "INNGEST_DEV", "INNGEST_BASE_URL",
        "DATABASE_URL", "PORT", "MAINSTEM_LOG_LEVEL", "MAINSTEM_COOLDOWN_MANUAL_HOURS",
        "MAINSTEM_APP_ID",
    }  # fmt: skip
    assert all(told.count(". Set it") + told.count("Unset") for told in found.values())


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("INNGEST_EVENT_KEY", "   ", "it is set, but blank"),
        ("INNGEST_EVENT_KEY", "event-key\n", "white space around it"),
        ("INNGEST_EVENT_KEY", "'event-key'", "wrapped in quotes"),
        ("INNGEST_EVENT_KEY", "event key", "white space inside"),
        ("INNGEST_EVENT_KEY", KEY, "it holds a signing key"),
        ("INNGEST_SIGNING_KEY", "event-key-value", "an event key in its place, perhaps"),
        ("INNGEST_SIGNING_KEY", "signkey-prod-xyz", "its last part is not hexadecimal"),
        ("INNGEST_SIGNING_KEY", "signkey-prod-abc", "an odd number of hexadecimal digits"),
        ("INNGEST_SIGNING_KEY", "signkey-branch-abcd", "a branch environment's"),
        ("INNGEST_SIGNING_KEY_FALLBACK", KEY, "it equals INNGEST_SIGNING_KEY"),
        ("INNGEST_SIGNING_KEY_FALLBACK", "nonsense", "it is not a signing key"),
        ("GITHUB_TOKEN", " ghp_abc", "white space around it"),
    ],
)
def test_key_mistakes_that_people_make_are_named(variable: str, value: str, told: str) -> None:
    found = problems_of({**PRODUCTION, variable: value})
    assert list(found) == [variable]
    assert told in found[variable]


def test_a_key_without_its_prefix_is_a_key() -> None:
    assert load_settings({**PRODUCTION, "INNGEST_SIGNING_KEY": "0123abcd"}).signing_key


def test_a_wrong_key_is_told_even_where_none_is_needed() -> None:
    assert list(problems_of({"INNGEST_SIGNING_KEY": "nonsense"})) == ["INNGEST_SIGNING_KEY"]


def test_a_preview_needs_its_own_key_and_knows_its_branch() -> None:
    preview = {**PRODUCTION, "MAINSTEM_ENV": "preview"}
    assert "production's, in a preview" in problems_of(preview)["INNGEST_SIGNING_KEY"]
    branch = {**preview, "INNGEST_SIGNING_KEY": "signkey-branch-abcd"}
    assert list(problems_of(branch)) == ["INNGEST_ENV"]
    assert load_settings({**branch, "INNGEST_ENV": "feat"}).inngest_env == "feat"
    assert load_settings({**branch, "RENDER_GIT_BRANCH": "feat"}).inngest_env == "feat"


def test_a_platforms_branch_does_not_count_without_a_branch_key() -> None:
    assert load_settings({**PRODUCTION, "VERCEL_GIT_COMMIT_REF": "main"}).inngest_env is None


SECRETS = {
    "INNGEST_EVENT_KEY": "secret-event",
    "INNGEST_SIGNING_KEY": "signkey-prod-5ec7e7",
    "INNGEST_SIGNING_KEY_FALLBACK": "signkey-prod-01d5ec",
    "GITHUB_TOKEN": "secret-token",
    "DATABASE_URL": "postgresql://me:secret-pw@host/db",
    "MAINSTEM_GITHUB_URL": "https://me:secret-gh@host/api",
}


def parts_of_secrets() -> list[str]:
    return ["secret-", "5ec7e7", "01d5ec"]


def test_secrets_do_not_show_in_repr_str_or_what_is_shown() -> None:
    settings = load_settings({"MAINSTEM_ENV": "production", **SECRETS})
    for text in (repr(settings), str(settings), json.dumps(settings.shown())):
        assert not [part for part in parts_of_secrets() if part in text]
        assert "host" in text
    assert settings.shown()["github_token"] == "set"
    assert settings.database_url == "postgresql+psycopg://me:secret-pw@host/db"


def test_secrets_do_not_show_in_errors() -> None:
    spoilt = {name: f" {value} " for name, value in SECRETS.items()}
    spoilt |= {
        "DATABASE_URL": "mysql://me:secret-pw@host/db",
        "MAINSTEM_GITHUB_URL": "ftp://me:secret-gh@host",
        "INNGEST_BASE_URL": "http://me:secret-x@[bad",
        "INNGEST_DEV": "http://me:secret-y@host:port",
    }
    with pytest.raises(SettingsError) as caught:
        load_settings({"MAINSTEM_ENV": "production", **spoilt})
    assert len(caught.value.problems) >= 8
    assert not [part for part in parts_of_secrets() if part in str(caught.value)]
    assert not [part for part in parts_of_secrets() if part in repr(caught.value.problems)]


def test_dev_mode_left_on_in_production_stops_the_start() -> None:
    found = problems_of({**PRODUCTION, "INNGEST_DEV": "true"})
    assert "dev mode is on in production" in found["INNGEST_DEV"]
    assert load_settings({**PRODUCTION, "INNGEST_DEV": "0"}).inngest_dev is False


def test_dev_mode_turned_off_locally_needs_the_keys() -> None:
    assert "INNGEST_SIGNING_KEY" in problems_of({"INNGEST_DEV": "0"})
    assert load_settings({"INNGEST_DEV": "false", **KEYS}).inngest_dev is False


@pytest.mark.parametrize("environment", ["local", "test"])
def test_cloud_mode_that_was_asked_for_is_named_as_the_cause_of_missing_keys(
    environment: str,
) -> None:
    found = problems_of({"MAINSTEM_ENV": environment, "INNGEST_DEV": "0"})
    assert found == {
        variable: f"{variable}: it is not set, and cloud mode, which INNGEST_DEV asks for, cannot "
        f"{use} without it. Unset INNGEST_DEV to run without keys, or set the key."
        for variable, use in (
            ("INNGEST_EVENT_KEY", "send events"),
            ("INNGEST_SIGNING_KEY", "check signatures"),
        )
    }


@pytest.mark.parametrize("value", ["maybe", "localhost:8288", "ab" * 32])
@pytest.mark.parametrize("environ", [{}, PRODUCTION], ids=["local", "production"])
def test_dev_mode_is_a_yes_a_no_or_an_address(value: str, environ: dict[str, str]) -> None:
    found = problems_of({**environ, "INNGEST_DEV": value})
    assert list(found) == ["INNGEST_DEV"]
    assert "is neither a yes, nor a no, nor an address" in found["INNGEST_DEV"]
    assert "Set it to 1, true, yes or on; to 0, false, no or off; or" in found["INNGEST_DEV"]
    assert "abab" not in found["INNGEST_DEV"]


def test_dev_mode_may_be_the_servers_address() -> None:
    settings = load_settings({"INNGEST_DEV": "http://127.0.0.1:9999"})
    assert (settings.inngest_dev, settings.api_origin) == (True, "http://127.0.0.1:9999")
    settings = load_settings(
        {"INNGEST_EVENT_API_BASE_URL": "http://e:1", "INNGEST_BASE_URL": "http://b:1"}
    )
    assert (settings.api_origin, settings.event_origin) == ("http://b:1", "http://e:1")


def test_the_first_of_several_variables_wins_and_blank_ones_do_not_count() -> None:
    both = {"MAINSTEM_DATABASE_URL": "sqlite:///a.db", "DATABASE_URL": "sqlite:///b.db"}
    assert load_settings(both).database_url == "sqlite:///a.db"
    assert load_settings({**both, "MAINSTEM_DATABASE_URL": ""}).database_url == "sqlite:///b.db"


def test_lists_numbers_and_switches_are_typed() -> None:
    settings = load_settings(
        {
            "MAINSTEM_DISABLED_FUNCTIONS": " a, b,,",
            "PORT": "9000",
            "MAINSTEM_LOG_LEVEL": "debug",
            "MAINSTEM_LOG_JSON": "true",
            "MAINSTEM_COOLDOWN_REST_HOURS": "0.5",
            "MAINSTEM_PULLS_PER_SYNC": "50",
        }
    )
    assert settings.disabled_functions == {"a", "b"}
    assert (settings.serve_port, settings.log_level, settings.log_json) == (9000, "DEBUG", True)
    assert settings.sync == SyncLimits(cooldown_rest_hours=0.5, pulls_per_sync=50)


def test_the_newer_switches_lists_and_numbers_are_typed() -> None:
    settings = load_settings(
        {
            "MAINSTEM_STRICT": "true",
            "MAINSTEM_FUNCTIONS": "off",
            "MAINSTEM_SERVE_GROUPS": "capture, update",
            "MAINSTEM_SERVE_TAGS": "light",
            "MAINSTEM_CATALOG": "shop.functions:catalog",
            "MAINSTEM_APP_VERSION": " 1.2 ",
            "MAINSTEM_SERVE_PATH": "/functions",
            "INNGEST_STREAMING": "force",
            "INNGEST_ENABLE_UNAUTHED_SYNC": "0",
            "INNGEST_THREAD_POOL_MAX_WORKERS": "0",
            "MAINSTEM_CONNECT_MAX_CONCURRENCY": "5",
        }
    )
    assert (settings.strict, settings.functions_on, settings.streaming) == (True, False, True)
    assert settings.serve_groups == {"capture", "update"}
    assert settings.serve_tags == {"light"}
    assert (settings.catalog, settings.app_version) == ("shop.functions:catalog", "1.2")
    assert (settings.serve_path, settings.unauthed_sync) == ("/functions", False)
    assert (settings.thread_pool_workers, settings.connect_max_concurrency) == (0, 5)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("MAINSTEM_CATALOG", "shop", "'shop' names no attribute of a module"),
        ("MAINSTEM_SERVE_PATH", "api", "'api' is not a path"),
        ("MAINSTEM_SERVE_PATH", "/api/", "'/api/' is not a path"),
        ("MAINSTEM_FUNCTIONS", "perhaps", "Set it to true or false"),
        ("MAINSTEM_STREAMING", "maybe", "Set it to true or false"),
        ("MAINSTEM_THREAD_POOL_WORKERS", "-1", "a number, 0 for none"),
        ("MAINSTEM_CONNECT_MAX_CONCURRENCY", "0", "a number from 1"),
    ],
)
def test_a_wrong_value_of_the_newer_settings_is_told(variable: str, value: str, told: str) -> None:
    found = problems_of({variable: value})
    assert list(found) == [variable]
    assert told in found[variable]


@pytest.mark.parametrize(
    "variable",
    ["VERCEL_GIT_COMMIT_SHA", "RENDER_GIT_COMMIT", "RAILWAY_GIT_COMMIT_SHA", "K_REVISION"],
)
def test_the_platforms_commit_is_the_version_where_none_is_set(variable: str) -> None:
    assert load_settings({variable: "abc"}).app_version == "abc"
    assert load_settings({variable: "abc", "MAINSTEM_APP_VERSION": "1"}).app_version == "1"


def test_overrides_beat_the_environment() -> None:
    settings = load_settings(
        PRODUCTION,
        environment=Environment.TEST,
        serve_port=1,
        signing_key=pydantic.SecretStr("signkey-test-ab"),
        sync=SyncLimits(pulls_per_sync=3),
        github_token=None,
        disabled_functions=frozenset({"x"}),
    )
    assert (settings.environment, settings.decided_by) == (Environment.TEST, "argument")
    assert settings.signing_key == pydantic.SecretStr("signkey-test-ab")
    assert (settings.serve_port, settings.sync.pulls_per_sync) == (1, 3)
    assert settings.disabled_functions == {"x"}


def test_a_wrong_override_is_told_under_the_variable_to_set() -> None:
    assert list(problems_of({}, database_url="nonsense")) == ["MAINSTEM_DATABASE_URL"]
    assert list(problems_of({"PORT": "1"}, serve_port=99_999)) == ["MAINSTEM_SERVE_PORT"]
    with pytest.raises(TypeError, match="unknown settings: colour"):
        load_settings({}, colour="red")


def test_settings_are_frozen_values_that_can_be_keys() -> None:
    first, second = load_settings(PRODUCTION), load_settings(PRODUCTION)
    assert {first: 1}[second] == 1
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        first.app_id = "other"  # type: ignore[misc]
    assert Settings() == load_settings({})


def test_the_process_environment_is_read_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAINSTEM_ENV", "test")
    monkeypatch.setenv("MAINSTEM_APP_ID", "from-process")
    assert load_settings().app_id == "from-process"


def env_file(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / ".env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_file_is_read_locally_beneath_the_environment(tmp_path: Path) -> None:
    path = env_file(tmp_path, 'MAINSTEM_APP_ID="file"\nPORT=7\nODD\n# note\n')
    settings = load_settings({"PORT": "8"}, env_file=path)
    assert (settings.app_id, settings.serve_port) == ("file", 8)
    assert load_settings({}, env_file=tmp_path / "absent").app_id == "mainstem"


@pytest.mark.parametrize("environment", ["test", "production"])
def test_a_file_is_not_read_elsewhere(tmp_path: Path, environment: str) -> None:
    path = env_file(tmp_path, "MAINSTEM_APP_ID=file\n")
    environ = {**PRODUCTION, "MAINSTEM_ENV": environment}
    assert load_settings(environ, env_file=path).app_id == "mainstem"


def test_a_file_cannot_make_it_production(tmp_path: Path) -> None:
    path = env_file(tmp_path, "MAINSTEM_ENV=production\n")
    with pytest.raises(SettingsError, match=r"\.env says production, but such a file counts only"):
        load_settings({}, env_file=path)


def test_a_file_that_says_test_is_noted(tmp_path: Path) -> None:
    found = examine_settings({}, env_file=env_file(tmp_path, "MAINSTEM_ENV=test\n"))
    assert found.detected.environment == "local"
    assert found.notes == (
        (
            ".env says test (MAINSTEM_ENV), and this is local: the environment is not taken from "
            "such a file. Set it in the process's own environment, or take it out of the file."
        ),
    )


def test_a_file_that_says_local_is_right(tmp_path: Path) -> None:
    found = examine_settings({}, env_file=env_file(tmp_path, "MAINSTEM_ENV=local\n"))
    assert found.notes == ()


def test_a_broken_line_of_a_file_is_noted_by_its_number_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "# note\n\nsecret-a\nPORT=7\n\n\nKEY='secret-b\nMAINSTEM_APP_ID=shop\nexport secret_c\n"
    found = examine_settings({}, env_file=env_file(tmp_path, text))
    assert found.settings is not None
    assert (found.settings.serve_port, found.settings.app_id) == (7, "shop")
    assert found.notes == (
        ".env, line 3: it has no equals sign, so it is left out.",
        ".env, line 7: it cannot be read (a quote that is not closed, perhaps), so it is left out.",
        ".env, line 9: it has no equals sign, so it is left out.",
    )
    assert caplog.text == ""


def test_a_file_that_says_nonsense_or_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'moon' is no environment"):
        load_settings({}, env_file=env_file(tmp_path, "MAINSTEM_ENV=moon\n"))
    with pytest.raises(SettingsError, match=r"\.env: it cannot be read \(UnicodeDecodeError\)"):
        load_settings({}, env_file=env_file(tmp_path, b"A=\xff\xfe\n"))


def test_one_problem_is_told_in_the_singular() -> None:
    with pytest.raises(SettingsError, match=r"^Cannot start in local \(default\): 1 setting must"):
        load_settings({"PORT": "x"})

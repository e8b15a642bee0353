"""The small commands, and what every command promises."""

import json
from pathlib import Path
from typing import Any

import pytest

from mainstem import __version__
from mainstem.cli import main
from mainstem.functions import catalogue
from mainstem.settings import Environment

COMMANDS = (
    "demo",
    "capture",
    "dev",
    "serve",
    "engine",
    "functions",
    "doctor",
    "send",
    "simulate",
    "manifest",
    "check",
    "sync",
    "verify",
    "db upgrade",
    "db check",
    "db stats",
    "db copy",
    "db export",
)


@pytest.fixture(autouse=True)
def _somewhere_local(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAINSTEM_ENV", "local")
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "DATABASE_URL", "MAINSTEM_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    """What `mainstem` with `words` prints to stdout, in this process."""
    with pytest.raises(SystemExit) as ended:
        main(words)
    captured = capsys.readouterr()
    assert (ended.value.code or 0) == code, captured.err
    return captured.out


def parsed(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    return json.loads(said(capsys, *words, "--json", code=code))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_tells_the_exit_codes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = " ".join(said(capsys, *command.split(), "--help").split())
    assert f"Usage: mainstem {command}" in text
    assert "130 interrupted" in text


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--version") == f"mainstem {__version__}\n"


def test_functions_lists_all_with_trigger_configuration_and_environments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = parsed(capsys, "functions")
    assert len(rows) == len(catalogue())
    for row in rows:
        assert row["id"]
        assert row["name"]
        assert row["group"] in {"capture", "classify", "update", "webhooks"}
        assert row["triggers"]
        assert set(row["environments"]) == set(Environment)
    sync = next(row for row in rows if row["id"] == "capture-repository-sync-graphql")
    assert sync["triggers"][0]["event"] == "capture/repository.sync.graphql"
    assert sync["configuration"]["retries"] == 2
    assert all(there["on"] for there in sync["environments"].values())


def test_a_disabled_function_is_off_in_this_environment_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSTEM_DISABLED_FUNCTIONS", "update-pr-activity")
    rows = {row["id"]: row for row in parsed(capsys, "functions")}
    there = rows["update-pr-activity"]["environments"]
    assert there["local"] == {
        "on": False,
        "why": "MAINSTEM_DISABLED_FUNCTIONS",
        "overrides": {},
        "registered": True,
        "shares": {},
    }
    assert there["production"]["on"]


def test_the_matrix_for_people_shows_every_function(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "functions")
    assert f"{len(catalogue())} functions. This is local, by MAINSTEM_ENV." in text


def test_the_matrix_has_a_line_for_each_function_in_eighty_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("MAINSTEM_DISABLED_FUNCTIONS", "update-pr-activity")
    shown = said(capsys, "functions").splitlines()
    assert max(map(len, shown)) <= 80
    starts = [line.split() for line in shown if line.startswith(("capture-", "classify-"))]
    assert ["capture-pr-reviews", "capture/pr.reviews", "all"] in starts
    assert any(line.startswith("update-pr-activity") and "not local" in line for line in shown)


def test_the_doctor_says_what_was_detected_and_by_which_variable(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = parsed(capsys, "doctor")
    assert (found["environment"], found["decided_by"]) == ("local", "MAINSTEM_ENV")
    assert found["problems"] == []
    assert not Path("mainstem.db").exists()


def test_the_doctor_lists_every_problem_and_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSTEM_ENV", "production")
    found = parsed(capsys, "doctor", code=1)
    assert (found["environment"], found["decided_by"]) == ("production", "MAINSTEM_ENV")
    assert {problem["variable"] for problem in found["problems"]} == {
        "INNGEST_EVENT_KEY",
        "INNGEST_SIGNING_KEY",
    }


def test_the_doctor_never_shows_a_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_verysecret")
    assert "verysecret" not in said(capsys, "doctor") + said(capsys, "doctor", "--json")


def test_the_doctor_tells_a_misspelt_function_and_a_broken_database(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("broken.db").write_text("this is no database, whatever its name may say" * 20)
    monkeypatch.setenv("MAINSTEM_DATABASE_URL", "sqlite:///broken.db")
    monkeypatch.setenv("MAINSTEM_DISABLED_FUNCTIONS", "update-pr-activities")
    found = parsed(capsys, "doctor", code=1)
    assert [problem["variable"] for problem in found["problems"]] == [
        "MAINSTEM_DISABLED_FUNCTIONS",
        "MAINSTEM_DATABASE_URL",
    ]


def test_the_doctor_for_people_ends_with_a_verdict(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(capsys, "db", "upgrade")
    text = said(capsys, "doctor")
    assert "Environment local, decided by MAINSTEM_ENV." in text
    assert "Nothing is wrong." in text
    monkeypatch.setenv("MAINSTEM_DISABLED_FUNCTIONS", "nothing-like-it")
    text = said(capsys, "doctor", code=1)
    assert "MAINSTEM_DISABLED_FUNCTIONS: names 'nothing-like-it'" in text
    assert "Nothing is wrong." not in text


def test_upgrading_twice_is_harmless_and_check_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert not parsed(capsys, "db", "check", code=1)["current"]
    assert "up to date" in said(capsys, "db", "upgrade")
    assert parsed(capsys, "db", "upgrade")["current"]
    assert parsed(capsys, "db", "check")["current"]
    assert "up to date" in said(capsys, "db", "check")

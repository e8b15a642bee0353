"""The doctor says what it decided, why everything else lost, and what the environment asks for."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mainstem.cli.doctor import sqlite_file
from mainstem.settings import BRANCH_VARIABLES, SIGNALS, VARIABLES, load_settings

from .shell import call

PROD = "signkey-prod-" + "ab" * 32
VERCEL = {
    "VERCEL_ENV": "production",
    "CI": "1",
    "VERCEL_GIT_COMMIT_REF": "main",
    "INNGEST_EVENT_KEY": "Zx3-an-event-key",
    "INNGEST_SIGNING_KEY": PROD,
    "GITHUB_TOKEN": "ghp_verysecret",
}


@pytest.fixture(autouse=True)
def _no_other_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    for signal in SIGNALS:
        monkeypatch.delenv(signal.variable, raising=False)


def diagnosed(folder: Path, variables: dict[str, str], *, code: int = 0) -> dict[str, Any]:
    """What `mainstem doctor --json` prints in `folder`."""
    done = call(folder, "doctor", "--json", **variables)
    assert done.returncode == code, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def shown(folder: Path, variables: dict[str, str], *, code: int = 0) -> list[str]:
    """The lines of `mainstem doctor` in `folder`, white space evened out."""
    done = call(folder, "doctor", **variables)
    assert done.returncode == code, done.stdout + done.stderr
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_it_says_what_decided_and_why_the_rest_lost(tmp_path: Path) -> None:
    found = diagnosed(tmp_path, VERCEL)
    assert (found["environment"], found["decided_by"], found["platform"]) == (
        "production",
        "VERCEL_ENV=production",
        "Vercel",
    )
    (lost,) = found["lost"]
    assert (lost["variable"], lost["environment"]) == ("CI", "test")
    assert lost["why"] == "a row above decided: VERCEL_ENV=production"


def test_the_whole_table_is_printed_with_what_came_of_each_row(tmp_path: Path) -> None:
    signals = diagnosed(tmp_path, VERCEL)["signals"]
    assert [one["variable"] for one in signals] == [signal.variable for signal in SIGNALS]
    outcome = {one["variable"]: one["outcome"] for one in signals}
    assert outcome["VERCEL_ENV"] == "decided"
    assert outcome["CI"].startswith("a row above decided")
    assert outcome["DYNO"] == "not set"


def test_the_policy_is_that_of_the_environment(tmp_path: Path) -> None:
    policy = diagnosed(tmp_path, VERCEL)["policy"]
    assert (policy["mode"], policy["guard_rails"]) == ("cloud", False)
    assert policy["keys"] == ["INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY"]


def test_two_machines_can_be_compared_by_the_hashes_of_their_keys(tmp_path: Path) -> None:
    keys = diagnosed(tmp_path, VERCEL)["keys"]
    hashes = load_settings(VERCEL).key_hashes()
    assert keys["INNGEST_SIGNING_KEY"] == {
        "set": True,
        "hash": str(hashes["signing_key_hash"])[:12],
    }
    assert keys["INNGEST_SIGNING_KEY_FALLBACK"] == {"set": False, "hash": None}


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--json")])
def test_neither_a_key_nor_its_whole_hash_is_shown(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Inngest's API takes the hash of the signing key in the place of a password."""
    said = call(tmp_path, *words, **VERCEL).stdout
    hashes = filter(None, load_settings(VERCEL).key_hashes().values())
    secrets = ["ab" * 32, "an-event-key", "verysecret", *hashes]
    assert [secret for secret in secrets if secret in said] == []


EVERY_VARIABLE = sorted(
    {"MAINSTEM_ENV", *(name for names in VARIABLES.values() for name in names)}
    | {signal.variable for signal in SIGNALS}
    | {row.variable for row in BRANCH_VARIABLES}
)


@pytest.mark.parametrize("words", [("doctor",), ("doctor", "--json")])
@pytest.mark.parametrize("key", ["0123456789abcdef" * 4, "signkey-prod-" + "0123456789abcdef" * 4])
def test_a_key_in_any_variable_is_not_shown(
    tmp_path: Path, key: str, words: tuple[str, ...]
) -> None:
    said = {
        name: "".join(call(tmp_path, *words, **{name: key, "COLUMNS": "400"}).stdout.split())
        for name in EVERY_VARIABLE
    }
    assert all(said.values())
    assert [name for name, text in said.items() if "0123456789ab" in text.lower()] == []


def test_a_branch_that_was_ignored_is_told_with_its_reason(tmp_path: Path) -> None:
    found = diagnosed(tmp_path, VERCEL)
    (branch,) = found["branches"]
    assert (branch["variable"], branch["taken"]) == ("VERCEL_GIT_COMMIT_REF", False)
    note = "VERCEL_GIT_COMMIT_REF is not taken as the branch environment: production has no branch"
    assert [one for one in found["notes"] if one.startswith(note)]


def test_each_setting_says_its_variable_and_where_events_go(tmp_path: Path) -> None:
    found = diagnosed(tmp_path, {**VERCEL, "INNGEST_BASE_URL": "https://me:secret@inngest.example"})
    assert found["events_go_to"] == "https://***@inngest.example"
    assert found["sources"]["inngest_base_url"] == "INNGEST_BASE_URL"
    assert found["sources"]["inngest_dev"] == "policy"


def test_with_problems_the_rest_is_told_all_the_same(tmp_path: Path) -> None:
    wrong = {**VERCEL, "INNGEST_SIGNING_KEY": f'"{PROD}"', "INNGEST_DEV": "1", "PORT": "x"}
    found = diagnosed(tmp_path, wrong, code=1)
    assert {problem["variable"] for problem in found["problems"]} == {
        "INNGEST_SIGNING_KEY",
        "INNGEST_DEV",
        "PORT",
    }
    assert found["settings"] is None
    assert found["keys"]["INNGEST_SIGNING_KEY"] == {"set": True, "hash": None}
    assert found["lost"]


def test_for_people_it_says_the_same(tmp_path: Path) -> None:
    lines = shown(tmp_path, VERCEL)
    assert lines[0] == (
        "Environment production, decided by VERCEL_ENV=production. Platform: Vercel."
    )
    assert "CI says test; a row above decided: VERCEL_ENV=production" in lines
    assert "events go to https://inn.gs/" in lines
    assert "VERCEL_GIT_COMMIT_REF ignored: production has no branch environment main" in lines
    assert [line for line in lines if line.startswith("INNGEST_SIGNING_KEY set hash ")]
    assert "signing_key set INNGEST_SIGNING_KEY" in lines
    assert lines[-1] == "Nothing is wrong."


def test_for_people_problems_come_last_and_all_at_once(tmp_path: Path) -> None:
    wrong = {"RENDER": "true", "CI": "false", "NODE_ENV": "production", "PORT": "x"}
    lines = shown(tmp_path, wrong, code=1)
    assert "CI is switched off" in lines
    assert "NODE_ENV is not read; MAINSTEM_ENV is the one to set" in lines
    problems = [line.split()[1] for line in lines if line.startswith("problem ")]
    assert sorted(problems) == ["INNGEST_EVENT_KEY:", "INNGEST_SIGNING_KEY:", "PORT:"]
    assert lines[-1].startswith("problem ")
    assert "Nothing is wrong." not in lines


def test_the_mode_is_the_one_in_force(tmp_path: Path) -> None:
    cloud = {**VERCEL, "VERCEL_ENV": "", "CI": "", "MAINSTEM_ENV": "local", "INNGEST_DEV": "0"}
    assert "mode cloud (the SDK's)" in shown(tmp_path, cloud)


def test_what_the_file_gave_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAINSTEM_APP_ID=shop\n")
    assert diagnosed(tmp_path, {})["sources"]["app_id"] == "MAINSTEM_APP_ID in .env"


SHOP = """
from mainstem.catalog import Catalog, EventData, Run, define, event

class Ordered(EventData, name="shop/ordered"):
    order: int

@define(id="send-receipt", on=event(Ordered), group="mail", tags=("light",))
async def send_receipt(run: Run[Ordered], services: None) -> None: ...

catalog = Catalog([send_receipt])
"""


@pytest.fixture
def shop(tmp_path: Path) -> dict[str, str]:
    """A catalogue of somebody else's, in the folder where the doctor is asked."""
    name = f"shop_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(SHOP)
    return {"MAINSTEM_CATALOG": f"{name}:catalog"}


def test_names_are_measured_by_the_catalogue_of_the_settings(
    tmp_path: Path, shop: dict[str, str]
) -> None:
    right = {
        "MAINSTEM_DISABLED_FUNCTIONS": "send-receipt",
        "MAINSTEM_SERVE_GROUPS": "mail",
        "MAINSTEM_SERVE_TAGS": "light",
    }
    assert diagnosed(tmp_path, {**shop, **right})["problems"] == []


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("MAINSTEM_DISABLED_FUNCTIONS", "send-receit", "send-receipt"),
        ("MAINSTEM_ROLLOUT", "send-receit=2:0.5", "send-receipt"),
        ("MAINSTEM_ROLLOUT", "send-receipt=2:0.5", "version of 'send-receipt' '2'"),
        ("MAINSTEM_SERVE_GROUPS", "mial", "mail"),
        ("MAINSTEM_SERVE_TAGS", "heavy", "'heavy'"),
    ],
)
def test_a_name_that_fits_nothing_is_told_with_its_variable(
    tmp_path: Path, shop: dict[str, str], variable: str, value: str, told: str
) -> None:
    (problem,) = diagnosed(tmp_path, {**shop, variable: value}, code=1)["problems"]
    assert problem["variable"] == variable
    assert told in problem["wrong"] + problem["remedy"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "has no 'catalog'"), ("raise RuntimeError('at import')", "RuntimeError: at import")],
)
def test_a_catalogue_that_cannot_be_loaded_is_a_problem(
    tmp_path: Path, shop: dict[str, str], text: str, told: str
) -> None:
    module = shop["MAINSTEM_CATALOG"].partition(":")[0]
    (tmp_path / f"{module}.py").write_text(text)
    (problem,) = diagnosed(tmp_path, shop, code=1)["problems"]
    assert problem["variable"] == "MAINSTEM_CATALOG"
    assert told in problem["wrong"]


def test_a_server_that_cannot_be_found_is_a_problem(tmp_path: Path) -> None:
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: install psycopg")
    url = "postgresql://me:hunter2@no-such-host.invalid/x"
    (problem,) = diagnosed(tmp_path, {"DATABASE_URL": url}, code=1)["problems"]
    assert problem["variable"] == "MAINSTEM_DATABASE_URL"
    assert "no-such-host.invalid" in problem["wrong"]
    assert "hunter2" not in problem["wrong"]


@pytest.mark.parametrize("words", [("db", "upgrade"), ("db", "check"), ("serve", "--port", "0")])
def test_a_server_that_cannot_be_found_ends_a_command_with_one_line(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: install psycopg")
    done = call(tmp_path, *words, DATABASE_URL="postgresql://me:hunter2@no-such-host.invalid/x")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("mainstem: Cannot ")
    assert "Check that the server runs" in last
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_a_database_of_somebody_elses_is_a_problem(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as theirs:
        theirs.execute("CREATE TABLE alembic_version (other TEXT)")
        theirs.execute("INSERT INTO alembic_version VALUES ('x')")
        theirs.commit()
    (problem,) = diagnosed(tmp_path, {"DATABASE_URL": "sqlite:///theirs.db"}, code=1)["problems"]
    assert "it cannot be asked for its schema (OperationalError" in problem["wrong"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("no/such/x.db", "the folder no/such of the database file is not there"),
        ("file/x.db", "file, where the database file should be, is no folder"),
        ("folder", "the database file folder is a folder"),
        ("folder/x.db", "the folder folder of the database file cannot be written"),
        ("theirs.db", "the database file theirs.db cannot be read and written"),
    ],
)
def test_a_database_file_that_cannot_be_used_is_a_problem(
    tmp_path: Path, path: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write everywhere, so the answer of the system is given here.
    refused = {"folder", "theirs.db"}
    monkeypatch.setattr(os, "access", lambda name, _mode: str(name) not in refused)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "theirs.db").touch()
    found = diagnosed(tmp_path, {"DATABASE_URL": f"sqlite:///{path}"}, code=1)
    (problem,) = found["problems"]
    assert (problem["variable"], problem["wrong"]) == ("MAINSTEM_DATABASE_URL", told)
    assert problem["remedy"].startswith("Create the folder or change its permissions")


def test_a_database_file_that_is_not_there_yet_is_only_noted(tmp_path: Path) -> None:
    found = diagnosed(tmp_path, {"DATABASE_URL": "sqlite:///x.db"})
    assert [note for note in found["notes"] if note.startswith("The database file x.db is not")]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///x.db?timeout=3", Path("x.db")),
        ("sqlite:////a/x.db", Path("/a/x.db")),
        ("sqlite:///file:x.db?mode=ro&uri=true", Path("x.db")),
        ("sqlite:///file:x?mode=memory&uri=true", None),
        ("sqlite:///:memory:", None),
        ("postgresql://host/x", None),
    ],
)
def test_the_file_of_an_address_is_known(url: str, file: Path | None) -> None:
    assert sqlite_file(url) == file

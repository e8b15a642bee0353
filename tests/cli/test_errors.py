"""Whatever goes wrong: one clear line, an exit code, no traceback, nothing half-written."""

import lzma
import socket
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from mainstem.cli.servers import LOOPBACK, bind
from mainstem.github import RetryPolicy

from .shell import call, run

Prepare = Callable[[Path], list[str]]


def nothing(_: Path) -> list[str]:
    return []


def free_port() -> int:
    with bind(LOOPBACK, 0, option="") as listener:
        return int(listener.getsockname()[1])


def unreachable(_: Path) -> list[str]:
    return ["--github", f"http://127.0.0.1:{free_port()}"]


def no_recording(folder: Path) -> list[str]:
    return ["--recording", str(folder / "nowhere")]


def damaged_recording(folder: Path) -> list[str]:
    home = folder / "recording"
    home.mkdir()
    (home / "repository.json").write_text('{"id": 1, "full_name": "o/r", "owner": 1}')
    (home / "users.jsonl.xz").write_bytes(lzma.compress(b'{"id": 1}\n')[:-8])
    return ["--recording", str(home)]


def no_folder(folder: Path) -> list[str]:
    return ["--database", f"sqlite:///{folder / 'no' / 'x.db'}"]


def not_a_database(folder: Path) -> list[str]:
    (folder / "x.db").write_text("something else entirely, and longer than a header" * 10)
    return ["--database", f"sqlite:///{folder / 'x.db'}"]


def state_in_a_file(folder: Path) -> list[str]:
    (folder / "state").touch()
    return ["--sqlite-dir", str(folder / "state")]


# name → (words, prepared words, exit code, what the line says)
CASES: dict[str, tuple[list[str], Prepare, int, str]] = {
    "malformed name": (["capture", "octo"], nothing, 2, "Write OWNER/NAME"),
    "rival sources": (
        ["capture", "o/r", "--github", "http://x", "--recording", "y"],
        nothing,
        2,
        "choose one of them",
    ),
    "GitHub unreachable": (["capture", "o/r"], unreachable, 1, "from GitHub"),
    "recording missing": (["capture", "o/r"], no_recording, 1, "there is no folder"),
    "recording damaged": (["capture", "o/r"], damaged_recording, 1, "users.jsonl.xz"),
    "recording missing, simulate": (["simulate"], no_recording, 1, "there is no folder"),
    "nothing to simulate": (["simulate"], nothing, 2, "either --recording or --generate"),
    "database without a folder": (["db", "upgrade"], no_folder, 1, "cannot be opened"),
    "no database at all": (["db", "upgrade"], not_a_database, 1, "something else"),
    "no file to check": (["db", "check"], nothing, 1, "there is no such file"),
    "a file where state goes": (["engine", "--port", "0"], state_in_a_file, 1, "Cannot make"),
    "unknown event": (["send", "discover/repository.old"], nothing, 2, "discover/repository.new"),
    "data that is no JSON": (
        ["send", "discover/repository.new", "--data", "{"],
        nothing,
        2,
        "JSON",
    ),
    "data that is no object": (
        ["send", "discover/repository.new", "--data", "[1]"],
        nothing,
        2,
        "expected a JSON object",
    ),
    "data that does not fit": (
        ["send", "discover/repository.new", "--data", '{"owner": "o", "repos": "r"}'],
        nothing,
        1,
        "did you mean 'repo'",
    ),
}


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the tries of a request to GitHub: of the usual ones, up to ten seconds are waited."""
    short = partial(RetryPolicy, first_pause=timedelta(milliseconds=1))
    monkeypatch.setattr("mainstem.github.client.RetryPolicy", short)


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("case", CASES)
def test_an_error_is_one_clear_line_and_an_exit_code(case: str, tmp_path: Path) -> None:
    words, prepare, code, says = CASES[case]
    (tmp_path / "there").mkdir()
    done = call(tmp_path / "there", *words, *prepare(tmp_path))
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("mainstem: ")
    assert done.stdout == ""
    assert list((tmp_path / "there").iterdir()) == []


def test_all_wrong_settings_are_told_each_on_its_line(tmp_path: Path) -> None:
    done = call(
        tmp_path,
        "serve",
        MAINSTEM_ENV="production",
        MAINSTEM_SERVE_PORT="many",
        MAINSTEM_GITHUB_URL="ftp://example",
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for variable in (
        "INNGEST_EVENT_KEY",
        "INNGEST_SIGNING_KEY",
        "MAINSTEM_SERVE_PORT",
        "MAINSTEM_GITHUB_URL",
    ):
        assert sum(line.lstrip().startswith(f"- {variable}:") for line in done.stderr.splitlines())


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["serve", "--port"], "--port"),
        (["dev", "--engine-port", "0", "--port"], "--port"),
        (["dev", "--port", "0", "--engine-port"], "--engine-port"),
        (["engine", "--port"], "--port"),
        (["simulate", "--generate", "1", "--pulls", "2", "--port"], "port"),
    ],
)
def test_a_port_in_use_is_told_before_anything_is_opened(
    words: list[str], option: str, tmp_path: Path
) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        done = call(tmp_path, *words, str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "in use" in done.stderr.lower()
    assert option in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_process_of_its_own_ends_the_same_way(tmp_path: Path) -> None:
    done = run(tmp_path, "capture", "octo")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "mainstem: Cannot capture 'octo': it is not a repository's name. "
        "Write OWNER/NAME, for example octo/hello.\n"
    )


def test_a_database_of_another_kind_is_a_wrong_setting(tmp_path: Path) -> None:
    done = call(tmp_path, "db", "check", "--database", "mysql://user:secret@host/x")
    assert done.returncode == 2
    assert "'mysql://…' is not a database that Mainstem speaks" in done.stderr
    assert "secret" not in done.stderr


def test_an_unknown_command_suggests_the_nearest(tmp_path: Path) -> None:
    done = call(tmp_path, "captures")
    assert done.returncode == 2
    assert "capture" in done.stderr

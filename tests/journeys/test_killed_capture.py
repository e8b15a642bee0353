"""A capture that is killed at any moment and run again ends where an undisturbed one ends."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from . import captured
from .conftest import command, environment, result

PULLS = "80"


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A generated repository served by a process that outlives the captures; gives its address."""
    server = subprocess.Popen(
        command("simulate", "--generate", "11", "--pulls", PULLS, "--port", "0"),
        cwd=tmp_path_factory.mktemp("github"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        told = server.stdout.readline()  # its address, as soon as it answers
        found = re.search(r"http://\S+", told)
        assert found is not None, told
        yield found[0]
    finally:
        server.kill()
        server.communicate()


def start(github: str, database: Path, via: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            *command("capture", "riverside/harbour", "--github", github, "--via", via),
            *("--database", f"sqlite:///{database}", "--json"),
        ],
        cwd=database.parent,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> dict[str, object]:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-4000:]
    return result(subprocess.CompletedProcess(process.args, process.returncode, out, err))


def stored(database: Path) -> int:
    """Rows so far; 0 while there is no table yet."""
    with suppress(Exception):
        return sum(captured.counts(database).values())
    return 0


def kill_when_stored(process: subprocess.Popen[str], database: Path, rows: int) -> bool:
    """kill -9 as soon as `rows` rows are stored; whether the process was still at work."""
    deadline = time.monotonic() + 200
    while process.poll() is None and time.monotonic() < deadline:
        if stored(database) >= rows:
            process.kill()
            break
        time.sleep(0.02)
    process.communicate()
    return process.returncode == -9


@pytest.mark.parametrize("via", ["graphql", "rest"])
def test_killed_again_and_again_a_capture_ends_as_if_undisturbed(
    github: str, tmp_path: Path, via: str
) -> None:
    calm, rough = tmp_path / "calm.db", tmp_path / "rough.db"
    finish(start(github, calm, via))
    whole = stored(calm)
    kills = [kill_when_stored(start(github, rough, via), rough, whole * n // 10) for n in (1, 4, 8)]
    assert any(kills)
    finish(start(github, rough, via))
    assert captured.dump(rough) == captured.dump(calm)

"""A real repository, captured over HTTP through events and functions, both ways.

What is expected comes from the recording's own files (`recorded.py`), what is found from plain SQL
(`captured.py`).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from . import captured
from .conftest import command, environment, result
from .recorded import NAME, RECORDING, Recorded

pytestmark = pytest.mark.recording


def capture(database: Path, via: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *command("capture", NAME, "--recording", str(RECORDING), "--via", via),
            *("--database", f"sqlite:///{database}", "--json", *more),
        ],
        cwd=database.parent,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.fixture(scope="module", params=["graphql", "rest"])
def via(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@dataclass(frozen=True)
class Captures:
    """One database for each way, captured when it is first asked for, by whichever process asks.

    Tests of one file may be dealt out to several processes; each capture takes some ten seconds.
    """

    folder: Path

    def of(self, way: str) -> tuple[Path, dict[str, Any]]:
        """The way's database, and what the command reported."""
        database, report = self.folder / f"{way}.db", self.folder / f"{way}.json"
        with (self.folder / f"{way}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not report.exists():
                report.write_text(json.dumps(result(capture(database, way))))
        return database, json.loads(report.read_text())


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory, recorded: Recorded) -> Captures:
    del recorded  # asked for, so that an absent recording skips before anything runs
    base = tmp_path_factory.getbasetemp()
    is_one_of_several = "PYTEST_XDIST_WORKER" in os.environ
    folder = (base.parent if is_one_of_several else base) / "recorded"
    folder.mkdir(exist_ok=True)
    return Captures(folder)


@pytest.mark.parametrize("kind", list(Recorded.__dataclass_fields__))
def test_every_recorded_row_is_in_the_database_once_and_equal(
    captures: Captures, recorded: Recorded, via: str, kind: str
) -> None:
    expected, found = getattr(recorded, kind), getattr(captured.load(captures.of(via)[0]), kind)
    if kind == "people":  # assignees are people too, though they may never have written
        assert expected.items() <= found.items()
        return
    assert found.keys() == expected.keys()
    different = [(found[i], expected[i]) for i in expected if found[i] != expected[i]]
    assert different == []


def test_both_ways_write_the_same_rows(captures: Captures) -> None:
    by_graphql, by_rest = (captured.dump(captures.of(way)[0]) for way in ("graphql", "rest"))
    for table in captured.GITHUB_TABLES:
        assert by_graphql[table] == by_rest[table], table


def test_a_second_capture_writes_nothing_and_costs_a_fraction(
    captures: Captures, via: str, tmp_path: Path
) -> None:
    original, first = captures.of(via)
    path = tmp_path / "again.db"
    shutil.copy(original, path)
    before = captured.dump(path)
    second = result(capture(path, via))
    assert captured.dump(path) == before
    assert second["nothing_new"]
    assert sum(t["inserted"] + t["updated"] for t in second["rows"].values()) == 0
    assert second["github"]["requests"] * 5 < first["github"]["requests"]


def test_a_capture_reports_its_bill(captures: Captures, via: str) -> None:
    _, report = captures.of(via)
    assert report["github"]["requests"] > 0
    assert report["engine"]["runs"] > 0
    assert report["engine"]["steps"] > 0
    assert report["seconds"] > 0
    assert (report["github"]["points"] > 0) is (via == "graphql")

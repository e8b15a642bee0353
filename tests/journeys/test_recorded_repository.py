"""A real repository, captured over HTTP through events and functions, both ways.

What is expected comes from the recording's own files (`recorded.py`), what is found from plain SQL
(`captured.py`).
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from . import captured
from .conftest import command, environment, result
from .recorded import NAME, RECORDING, Recorded

pytestmark = [pytest.mark.recording, pytest.mark.xdist_group("recording")]


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


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory, recorded: Recorded
) -> dict[str, tuple[Path, dict[str, Any]]]:
    """One database for each way, and what the command reported."""
    del recorded  # asked for, so that an absent recording skips before anything runs
    folder = tmp_path_factory.mktemp("recorded")
    paths = {way: folder / f"{way}.db" for way in ("graphql", "rest")}
    return {way: (path, result(capture(path, way))) for way, path in paths.items()}


@pytest.mark.parametrize("kind", list(Recorded.__dataclass_fields__))
def test_every_recorded_row_is_in_the_database_once_and_equal(
    databases: dict[str, tuple[Path, dict[str, Any]]], recorded: Recorded, via: str, kind: str
) -> None:
    expected, found = getattr(recorded, kind), getattr(captured.load(databases[via][0]), kind)
    if kind == "people":  # assignees are people too, though they may never have written
        assert expected.items() <= found.items()
        return
    assert found.keys() == expected.keys()
    different = [(found[i], expected[i]) for i in expected if found[i] != expected[i]]
    assert different == []


def test_both_ways_write_the_same_rows(databases: dict[str, tuple[Path, dict[str, Any]]]) -> None:
    by_graphql, by_rest = (captured.dump(databases[way][0]) for way in ("graphql", "rest"))
    for table in captured.GITHUB_TABLES:
        assert by_graphql[table] == by_rest[table], table


def test_a_second_capture_writes_nothing_and_costs_a_fraction(
    databases: dict[str, tuple[Path, dict[str, Any]]], via: str
) -> None:
    path, first = databases[via]
    before = captured.dump(path)
    second = result(capture(path, via))
    assert captured.dump(path) == before
    assert second["nothing_new"]
    assert sum(t["inserted"] + t["updated"] for t in second["rows"].values()) == 0
    assert second["github"]["requests"] * 5 < first["github"]["requests"]


def test_a_capture_reports_its_bill(
    databases: dict[str, tuple[Path, dict[str, Any]]], via: str
) -> None:
    report = databases[via][1]
    assert report["github"]["requests"] > 0
    assert report["engine"]["runs"] > 0
    assert report["engine"]["steps"] > 0
    assert report["seconds"] > 0
    assert (report["github"]["points"] > 0) is (via == "graphql")

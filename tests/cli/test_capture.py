"""Captures from end to end: a made-up repository through API, engine, functions and database."""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from .shell import call, running, stopped, until

PULLS = "12"
TABLES = ("contributors", "pull_requests", "reviews", "comments", "issues")


def demo(folder: Path, *words: str) -> Any:
    done = call(folder, "demo", "--pulls", PULLS, "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any]]:
    """One demo over each API: the database's file and the result."""
    found = {}
    for via in ("graphql", "rest"):
        folder = tmp_path_factory.mktemp(via)
        file = folder / "x.db"
        found[via] = (file, demo(folder, "--via", via, "--database", f"sqlite:///{file}"))
    return found


@pytest.mark.parametrize("via", ["graphql", "rest"])
def test_a_demo_captures_every_pull_request(via: str, captured: dict[str, Any]) -> None:
    file, result = captured[via]
    assert result["summary"]["tally"]["pulls"] == int(PULLS) == count(file, "pull_requests")
    assert result["summary"]["completeness"]["status"] == "success"
    assert (result["via"], result["history"], result["nothing_new"]) == (via, "full", False)


@pytest.mark.parametrize("via", ["graphql", "rest"])
def test_the_bill_adds_up(via: str, captured: dict[str, Any]) -> None:
    file, result = captured[via]
    assert result["github"]["requests"] > 0
    assert (result["github"]["points"] > 0) == (via == "graphql")
    assert result["engine"]["runs"] > 0
    assert result["engine"]["steps"] > result["engine"]["runs"]
    for table in TABLES:
        assert result["rows"][table]["inserted"] == count(file, table)


def test_both_apis_give_the_same_counts(captured: dict[str, Any]) -> None:
    tallies = [captured[via][1]["summary"]["tally"] for via in ("graphql", "rest")]
    assert tallies[0] == tallies[1]


def test_a_second_run_writes_nothing_and_says_so(tmp_path: Path) -> None:
    database = ("--database", f"sqlite:///{tmp_path / 'x.db'}")
    first = demo(tmp_path, *database)
    second = demo(tmp_path, *database)
    assert second["nothing_new"]
    assert all(rows["inserted"] == rows["updated"] == 0 for rows in second["rows"].values())
    assert second["github"]["requests"] < first["github"]["requests"]


def test_a_demo_for_people_ends_with_a_report_on_stdout(tmp_path: Path) -> None:
    done = call(tmp_path, "demo", "--pulls", "5")
    assert done.returncode == 0, done.stderr
    assert "riverside/harbour" in done.stdout
    for heading in ("Repository", "How it works", "Who does the work", "Rows"):
        assert heading in done.stdout
    assert "Capturing riverside/harbour over graphql" in done.stderr
    assert (tmp_path / ".mainstem" / "demo" / "demo.db").is_file()


def test_a_capture_from_another_server_finds_the_same(tmp_path: Path) -> None:
    words = ("simulate", "--generate", "5", "--pulls", "4", "--port", "0", "--json")
    with running(tmp_path, *words) as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        database = f"sqlite:///{tmp_path / 'x.db'}"
        done = call(
            tmp_path, "capture", "riverside/harbour", "--github", url, "--database", database,
            "--json",
        )  # fmt: skip
        code, out, _ = stopped(server)
    assert done.returncode == 0, done.stderr
    asked = json.loads(done.stdout)["github"]["requests"]
    assert (code, json.loads(out)["log"]["requests"]) == (0, asked)


def test_an_unknown_repository_is_one_line_and_leaves_no_database(tmp_path: Path) -> None:
    words = ("simulate", "--generate", "5", "--pulls", "2", "--port", "0", "--json")
    with running(tmp_path, *words) as server:
        assert server.stdout is not None
        url = json.loads(server.stdout.readline())["url"]
        done = call(tmp_path, "capture", "riverside/harbor", "--github", url)
    assert done.returncode == 1
    assert re.search(r"^mainstem: .*riverside/harbor.*404", done.stderr)
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_capture_that_is_interrupted_says_how_to_go_on(tmp_path: Path) -> None:
    words = ("demo", "--pulls", "400", "--database", f"sqlite:///{tmp_path / 'x.db'}")
    with running(tmp_path, *words) as process:
        until(process, "Capturing")
        code, out, err = stopped(process)
    assert code == 130
    assert "the same command goes on" in err
    assert "Traceback" not in err
    assert out == ""

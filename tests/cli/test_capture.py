"""Captures from end to end: a made-up repository through API, engine, functions and database."""

import asyncio
import contextlib
import json
import re
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from mainstem.simulate import Options, SimulatedGitHub, generate, simulated_github

from .shell import Done, call, running, stopped

PULLS = "12"
NAME = "riverside/harbour"
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


@asynccontextmanager
async def github(pulls: int = 3, *tokens: str) -> AsyncIterator[SimulatedGitHub]:
    """A pretend GitHub in this process; with `tokens`, it takes no other one."""
    options = Options(tokens=frozenset(tokens) or None, stats_pending=0)
    async with simulated_github(generate(5, pulls), options=options) as simulated:
        yield simulated


async def capture(folder: Path, there: SimulatedGitHub, *words: str, **more: str) -> Done:
    """`mainstem capture` of the pretend GitHub's repository, beside this event loop."""
    database = f"sqlite:///{folder / 'x.db'}"
    said = ("capture", NAME, "--github", there.url, "--database", database, *words)
    return await asyncio.to_thread(call, folder, *said, **more)


def test_on_a_terminal_progress_is_a_live_panel_and_stdout_stays_json(tmp_path: Path) -> None:
    done = call(tmp_path, "demo", "--pulls", "5", "--json", FORCE_COLOR="1")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["tally"]["pulls"] == 5
    assert "\x1b[?25l" in done.stderr  # the cursor hidden while the panel lives


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_what_a_capture_says_it_asked_is_what_github_was_asked(tmp_path: Path) -> None:
    async with github() as there:
        done = await capture(tmp_path, there, "--json")
    assert done.returncode == 0, done.stderr
    asked = json.loads(done.stdout)["github"]
    assert (asked["requests"], asked["points"]) == (there.log.requests, there.log.points)


async def test_an_unknown_repository_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    async with github() as there:
        there.faults.answer(404, path=f"/repos/{NAME}", times=9)
        done = await capture(tmp_path, there)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"mainstem: Cannot get .*riverside/harbour.*\n", done.stderr)
    assert files_in(tmp_path) == []


async def test_a_bad_token_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    async with github(3, "the-right-one") as there:
        done = await capture(tmp_path, there, GITHUB_TOKEN="a-wrong-one")
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"mainstem: Cannot get .*401.*\n", done.stderr)
    assert "a-wrong-one" not in done.stderr
    assert files_in(tmp_path) == []


async def test_a_run_that_fails_is_told_with_its_step_and_goes_on_next_time(tmp_path: Path) -> None:
    async with github() as there:
        there.faults.answer(451, path="/graphql", times=99)
        failed = await capture(tmp_path, there)
        there.faults.clear()
        mended = await capture(tmp_path, there, "--json")
    assert (failed.returncode, failed.stdout) == (1, "")
    line = failed.stderr.splitlines()[-1]
    assert line.startswith("mainstem: Cannot capture riverside/harbour: run ")
    assert re.search(r"failed after step '.+': Cannot get .*451", line)
    assert mended.returncode == 0, mended.stderr
    assert json.loads(mended.stdout)["summary"]["tally"]["pulls"] == 3


@pytest.mark.parametrize("via", ["graphql", "rest"])
async def test_only_the_last_days_can_be_captured_again_and_again(via: str, tmp_path: Path) -> None:
    async with github(60) as there:
        words = ("--via", via, "--days", "7", "--json")
        first, second = [await capture(tmp_path, there, *words) for _ in range(2)]
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert json.loads(first.stdout)["summary"]["tally"]["pulls"] < 60
    assert json.loads(second.stdout)["nothing_new"]


def test_a_capture_that_is_interrupted_goes_on_where_it_stopped(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    words = ("demo", "--pulls", "200", "--database", f"sqlite:///{file}")
    with running(tmp_path, *words) as process:
        until_stored(process, file)
        code, out, err = stopped(process)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == (
        "mainstem: Stopped. What was captured is stored; "
        "the same command goes on where this one stopped."
    )
    again = call(tmp_path, *words, "--json")
    assert "An earlier capture left" in again.stderr
    assert json.loads(again.stdout)["summary"]["tally"]["pulls"] == 200


def until_stored(process: "subprocess.Popen[str]", file: Path) -> None:
    """Wait until the first pull requests are in the database."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(sqlite3.OperationalError):
            if file.exists() and count(file, "pull_requests"):
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing was stored; exit code {process.poll()}")

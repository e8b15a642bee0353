"""One `mainstem capture` as users run it, in a process of its own, and what it took."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from github_process import GitHubProcess
from models import Bill
from repository_sizes import Totals

_KIB_PER_MIB = 1024
# What a capture asks besides the records that the reference's formulas count.
_BESIDES = (
    "GET /repos/{owner}/{repo}",
    "GET /repositories/{id}",
    "GET /user/{id}",
    "GET /users/{login}",
    "GET /repos/{owner}/{repo}/contributors",
    "GET /repos/{owner}/{repo}/stats/commit_activity",
)
FREE = "GET /rate_limit"
"""The endpoint that counts against no hourly limit."""


@dataclass(frozen=True, slots=True)
class Process:
    """What a process that ended took: seconds on the clock and of the processor, and memory."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    status: int
    output: str
    errors: str


class CaptureFailedError(RuntimeError):
    """The command ended with an error; its last words are in the message."""


@dataclass(frozen=True, slots=True)
class CaptureRun:
    """A capture's bill, counted by the pretend GitHub, and what it cost here.

    `besides` of the requests are for the repository itself, its people and its statistics.
    `missing` records are at GitHub and not in the database afterwards; below zero, too many.
    """

    rest: int
    graphql: int
    points: int
    not_modified: int
    besides: int
    runs: int
    steps: int
    calls: int
    rows: int
    missing: int
    wall_seconds: float
    cpu_seconds: float
    peak_mib: float

    @property
    def bill(self) -> Bill:
        """Requests and points, without the requests that GitHub answers for free."""
        return Bill(self.rest - self.not_modified, self.graphql, self.points)

    @property
    def records_total(self) -> int:
        """The bill of the records alone; repeated requests for the repository are the free ones."""
        return self.bill.total - max(0, self.besides - self.not_modified)

    @property
    def executions(self) -> int:
        """Functions and steps that ran."""
        return self.runs + self.steps

    def as_json(self) -> dict[str, Any]:
        """All figures, with the sums."""
        return {**asdict(self), "total": self.bill.total, "executions": self.executions}


def run_process(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Process:
    """Run it to its end, and say what it took, its own children included."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = time.perf_counter()
        child = subprocess.Popen(
            command, stdout=output, stderr=errors, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        return Process(
            wall,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / _KIB_PER_MIB,
            child.returncode,
            output.read(),
            errors.read(),
        )


def capture(
    github: GitHubProcess, database: str, totals: Totals, *, python: Sequence[str] = ()
) -> CaptureRun:
    """Capture the repository that `github` serves into `database`.

    `python` are options of the interpreter, or a script to run the command in. Raises
    `CaptureFailedError` when it fails.
    """
    github.reset()
    options = ["--github", github.url, "--database", database, "--json"]
    ended = run_process(
        [sys.executable, *(python or ("-m", "mainstem")), "capture", github.repository, *options],
        environment={"GITHUB_TOKEN": "bench-token"},
    )
    if ended.status:
        raise CaptureFailedError(f"its capture failed: {_last_words(ended.errors)}")
    log, told = github.log(), json.loads(ended.output)
    return CaptureRun(
        rest=log["rest_requests"] - log["by_endpoint"].get(FREE, 0),
        graphql=log["graphql_requests"],
        points=log["points"],
        not_modified=log["not_modified"],
        besides=sum(log["by_endpoint"].get(each, 0) for each in _BESIDES),
        runs=told["engine"]["runs"],
        steps=told["engine"]["steps"],
        calls=told["engine"]["calls"],
        rows=sum(each["inserted"] + each["updated"] for each in told["rows"].values()),
        missing=_missing(totals, told["summary"]["tally"]),
        wall_seconds=ended.wall_seconds,
        cpu_seconds=ended.cpu_seconds,
        peak_mib=ended.peak_mib,
    )


def _last_words(errors: str) -> str:
    """The last line that says something in an orderly way, or else the last of all."""
    lines = errors.strip().splitlines() or ["it said nothing"]
    told = [line for line in lines if line.startswith("mainstem: ") or "Error: " in line]
    return (told or lines)[-1][:400]


def _missing(totals: Totals, tally: Mapping[str, int]) -> int:
    """Records at GitHub that the summary does not count.

    It leaves out what is known of automatic accounts in no list of these, so they must be equal.
    """
    return (
        totals.pulls + totals.issues + totals.reviews + totals.review_comments
        + totals.comments + totals.issue_comments
        - sum(tally[each] for each in (
            "pulls", "issues", "reviews", "review_comments", "conversation_comments"
        ))
    )  # fmt: skip


def sqlite_url(folder: Path, name: str = "captured") -> str:
    """A database in a file of its own."""
    return f"sqlite:///{folder / f'{name}.db'}"

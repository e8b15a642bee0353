"""Other collectors, the real packages, on the same pretend GitHub in the same run.

Each is installed into an environment that is thrown away afterwards; where that is not possible it
is left out, and said why. perceval takes the server's address (`--enterprise-url`); the two others
have GitHub's own in their code, at least in part, and run under `redirected.py`. What each of them
does not capture is in its `lacks`: their bills are for less work than ours.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from capture_runs import FREE, Process, run_process
from github_process import GitHubProcess

_REDIRECTED = Path(__file__).parent / "redirected.py"
_INSTALL_SECONDS = 180.0
_TAP_STREAMS = (
    "repositories",
    "pull_requests",
    "reviews",
    "review_comments",
    "issues",
    "issue_comments",
)


@dataclass(frozen=True, slots=True)
class PeerRun:
    """What a collector asked and got; `records` by its own names for them."""

    name: str
    version: str
    requests: int
    points: int
    refused: int
    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    records: dict[str, int]
    lacks: str

    @property
    def got(self) -> int:
        """Records that it got, of all kinds."""
        return sum(self.records.values())

    def as_json(self) -> dict[str, Any]:
        """All figures."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A collector that could not be run, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a collector runs: its environment's Python, the server, and a folder to write to."""

    python: Path
    github: GitHubProcess
    folder: Path

    def run(self, *arguments: str) -> Process:
        """One of its commands. Raises `RuntimeError` with its last words when it fails."""
        ended = run_process([str(self.python), *arguments], environment={"GITHUB_TOKEN": "x"})
        if ended.status:
            last = ended.errors.strip().splitlines()[-1:]
            raise RuntimeError(f"it failed ({ended.status}): {' '.join(last)[:200]}")
        return ended

    def redirected(self, place: str, *arguments: str) -> Process:
        """A command with GitHub's address in its code."""
        return self.run(str(_REDIRECTED), self.github.url, place, *arguments)


@dataclass(frozen=True, slots=True)
class Peer:
    """A collector: its package, and how to let it capture a repository."""

    name: str
    package: str
    run: Callable[[Stage], tuple[list[Process], dict[str, int]]]
    lacks: str


def _perceval(stage: Stage) -> tuple[list[Process], dict[str, int]]:
    owner, _, name = stage.github.repository.partition("/")
    ended, records = [], Counter[str]()
    for category in ("pull_request", "issue"):
        told = stage.folder / f"{category}.jsonl"
        options = ["--enterprise-url", stage.github.url, "-t", "x", "--category", category]
        script = str(stage.python.parent / "perceval")
        ended.append(
            stage.run(script, "github", owner, name, *options, "--json-line", "-o", str(told))
        )
        for line in told.read_text().splitlines():
            data = json.loads(line)["data"]
            if category == "issue":
                records["issues"] += "pull_request" not in data
                records["comments"] += len(data["comments_data"])
                continue
            records["pulls"] += 1
            records["reviews"] += len(data["reviews_data"])
            records["review comments"] += len(data["review_comments_data"])
    return ended, dict(records)


def _github_to_sqlite(stage: Stage) -> tuple[list[Process], dict[str, int]]:
    file = str(stage.folder / "github.db")
    place = "github_to_sqlite.cli:cli"
    ended = [
        stage.redirected(place, command, file, stage.github.repository)
        for command in ("pull-requests", "issues", "issue-comments")
    ]
    tables = {"pulls": "pull_requests", "issues and pulls": "issues", "comments": "issue_comments"}
    with sqlite3.connect(file) as database:
        counts = {
            name: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for name, table in tables.items()
        }
    return ended, counts


def _tap_github(stage: Stage) -> tuple[list[Process], dict[str, int]]:
    config, catalog = stage.folder / "config.json", stage.folder / "catalog.json"
    config.write_text(
        json.dumps(
            {
                "api_url_base": stage.github.url,
                "auth_token": "x",
                "repositories": [stage.github.repository],
                "start_date": "2000-01-01T00:00:00Z",
            }
        )
    )
    place = "tap_github.tap:cli"
    found = json.loads(stage.redirected(place, "--config", str(config), "--discover").output)
    for stream in found["streams"]:
        chosen = stream["tap_stream_id"] in _TAP_STREAMS
        stream["selected"] = chosen
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = chosen
    catalog.write_text(json.dumps(found))
    stage.github.reset()
    ended = stage.redirected(place, "--config", str(config), "--catalog", str(catalog))
    records = Counter[str]()
    for line in ended.output.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            records[message["stream"]] += 1
    return [ended], dict(records)


PEERS = (
    Peer("perceval", "perceval", _perceval, "nothing that is compared"),
    Peer(
        "github-to-sqlite", "github-to-sqlite", _github_to_sqlite,
        "reviews, review comments, sizes, mergers",
    ),
    Peer("tap-github", "meltanolabs-tap-github", _tap_github, "sizes, mergers"),
)  # fmt: skip


def peer_runs(github: GitHubProcess, names: Sequence[str]) -> Iterator[PeerRun | Skipped]:
    """Each of the named collectors, one after the other."""
    for peer in PEERS:
        if peer.name not in names:
            continue
        with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder:
            try:
                python = _installed(peer.package, Path(folder) / "environment")
                yield _measured(peer, Stage(python, github, Path(folder)))
            except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                yield Skipped(peer.name, str(error))


def _measured(peer: Peer, stage: Stage) -> PeerRun:
    stage.github.reset()
    ended, records = peer.run(stage)
    log = stage.github.log()
    asked = f"import importlib.metadata as m; print(m.version({peer.package!r}))"
    return PeerRun(
        name=peer.name,
        version=stage.run("-c", asked).output.strip(),
        requests=log["requests"] - log["not_modified"] - log["by_endpoint"].get(FREE, 0),
        points=log["points"],
        refused=sum(count for status, count in log["by_status"].items() if int(status) >= 400),
        wall_seconds=sum(each.wall_seconds for each in ended),
        cpu_seconds=sum(each.cpu_seconds for each in ended),
        peak_mib=max(each.peak_mib for each in ended),
        records=records,
        lacks=peer.lacks,
    )


def _installed(package: str, folder: Path) -> Path:
    """The Python of a fresh environment with the package. Raises `RuntimeError`."""
    uv = Path(sys.executable).parent / "uv"
    python = folder / "bin" / "python"
    for command in (
        [str(uv), "venv", "--quiet", "--python", sys.executable, str(folder)],
        [str(uv), "pip", "install", "--quiet", "--python", str(python), package],
    ):
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:]
            raise RuntimeError(f"it cannot be installed: {' '.join(last)[:200]}")
    return python

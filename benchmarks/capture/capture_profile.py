"""Where a capture's own time goes: by library, by room of ours, and the busiest functions."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from pathlib import Path

from capture_runs import capture, sqlite_url
from contents import Content
from github_process import github_process
from rich.console import Console
from rich.table import Table

_SCRIPT = Path(__file__).parent / "sampled_command.py"
_LINES = 20


def profile(content: Content) -> None:
    """Capture once under the sampler, and print what it saw."""
    with (
        github_process(content.served) as github,
        tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder,
    ):
        told = Path(folder) / "samples.json"
        os.environ["MAINSTEM_BENCH_SAMPLES"] = str(told)
        totals = github.sizes().totals
        run = capture(github, sqlite_url(Path(folder)), totals, python=(str(_SCRIPT),))
        samples = json.loads(told.read_text())
    print(f"{content.name}: {run.cpu_seconds:.1f} s of the processor, {run.wall_seconds:.1f} s")
    rooms: Counter[str] = Counter()
    for place, count in samples["owners"]:
        rooms["/".join(place.split(":")[0].split("/")[:2])] += count
    libraries: Counter[str] = Counter()
    for place, count in samples["places"]:
        libraries["/".join(place.split(":")[0].split("/")[:1])] += count
    _print("on behalf of", rooms)
    _print("in", libraries)
    _print("on behalf of our function", Counter(dict(samples["owners"])))
    _print("in the function", Counter(dict(samples["places"])))


def _print(what: str, counts: Counter[str]) -> None:
    table = Table(what, "share")
    total = sum(counts.values())
    for name, count in counts.most_common(_LINES):
        table.add_row(name, f"{count / total:.1%}")
    Console().print(table)

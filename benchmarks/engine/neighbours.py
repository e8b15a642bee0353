"""The same three-step workflow on the engine and on DBOS, each in a fresh process, in turns."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

_SCRIPT = Path(__file__).parent / "three_steps.py"
CONTENDERS = ("mainstem", "dbos", "dbos-wal")


async def side_by_side(rounds: int, runs: Mapping[int, int]) -> dict[str, dict[str, object]]:
    """By how many runs are under way at once: runs per second of each, and ratios to DBOS.

    `runs` says how many runs a round has, by how many are under way at once.
    """
    rates: dict[tuple[int, str], list[float]] = {}
    how: dict[str, str] = {}
    for number in range(rounds):
        order = CONTENDERS if number % 2 == 0 else CONTENDERS[::-1]
        for at_once, count in runs.items():
            for who in order:
                found = await measured(who, count, at_once)
                how[who] = str(found["how"])
                rates.setdefault((at_once, who), []).append(float(str(found["runs_per_second"])))
    return {
        f"{at_once} at a time": _compared(
            {who: statistics.median(rates[at_once, who]) for who in CONTENDERS}, how
        )
        for at_once in runs
    }


def _compared(rates: Mapping[str, float], how: Mapping[str, str]) -> dict[str, object]:
    best = max(rates["dbos"], rates["dbos-wal"])
    return {
        **{f"{who}, runs/s": round(rate, 1) for who, rate in rates.items()},
        "ratio to DBOS at its best": round(rates["mainstem"] / best, 2),
        "how": dict(how),
    }


async def measured(who: str, runs: int, at_once: int, *python: str) -> dict[str, object]:
    """What `three_steps.py` found in a process of its own; `python` are options of Python's."""
    with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *python, str(_SCRIPT), who, folder, str(runs), str(at_once)),
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"three_steps.py {who} ended with {process.returncode}")
    found: dict[str, object] = json.loads(told.decode().splitlines()[0])
    return found

"""How fast the engine is: over HTTP with an app of the SDK, with history, and next to DBOS.

The server, the app (the SDK on FastAPI) and the client are three processes of this machine. All
figures of one table were measured in one run, in turns. `--server` puts any Inngest-compatible
server under the same work instead of `mainstem engine`, which is else started on a file of its own:
what it accepted and every step's result are on disk before it goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent / "engine"))

from aims import AIMS, IDLE, PEAK, RATIO, RESUMED, WORST_DROP, drop_percent, worst_drop
from disk import disk_wait_ms
from neighbours import measured, side_by_side
from profiles import by_room, top
from rounds import FULL, QUICK, Figures, Size, measure
from served_app import ASLEEP_SECONDS
from stand import Stand, foreign_stand, own_stand

Found = dict[str, Any]


async def over_http(options: argparse.Namespace, size: Size) -> Found:
    """Every stand's figures, by how many runs it held before."""
    async with AsyncExitStack() as stack:
        if options.server:
            stand = foreign_stand(options.server.rstrip("/"), options.pid)
            stands = [await stack.enter_async_context(stand)]
        else:
            stands = [await stack.enter_async_context(own_stand(each)) for each in options.history]
        taken = await measure(stands, size)
        found: Found = {}
        for stand_, figures in zip(stands, taken, strict=True):
            found[f"{stand_.stored:,} stored runs"] = {**figures, **_of_process(stand_)}
        if stands[0].engine is not None:
            found[f"{stands[0].stored:,} stored runs"] |= await _resume(stands[0], size.sleepers)
    return found


def _of_process(stand: Stand) -> Figures:
    found = {}
    if stand.start_seconds is not None:
        found["start to first answer, s"] = stand.start_seconds
    if stand.idle_mib is not None:
        found[IDLE] = stand.idle_mib
    if stand.traffic.server is not None:
        found["memory MiB, after the load"] = stand.traffic.server.memory_mib()
        found[PEAK] = stand.traffic.server.peak_mib()
    if stand.fill_seconds:
        found["writing the stored runs, s"] = stand.fill_seconds
    return found


async def _resume(stand: Stand, runs: int) -> Figures:
    """Kill the server while runs sleep; how many of them go on after it is back."""
    numbers = await stand.traffic.put_to_sleep(runs)
    await asyncio.sleep(0.3)  # the last answers are on their way to the disk
    back = await stand.restart()
    waiting = [stand.traffic.ledger.told("done", number) for number in numbers]
    try:
        async with asyncio.timeout(ASLEEP_SECONDS + 30):
            await asyncio.gather(*waiting)
    except TimeoutError:
        pass
    done = stand.traffic.ledger.count("done", numbers)
    return {RESUMED: done / runs * 100, "restart after kill -9 to first answer, s": back}


async def profile(size: Size) -> None:
    """Print where the time of the engine's process goes, and that of the engine in process.

    Each is profiled without work first: what starting and stopping takes is subtracted.
    """
    with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder:
        idle, busy = Path(folder) / "idle.prof", Path(folder) / "busy.prof"
        async with own_stand(0, profile=idle):
            pass
        async with own_stand(0, profile=busy) as stand:
            for _ in range(size.rounds):
                await stand.traffic.burst("ten", size.bursts["ten"])
        steps = size.rounds * size.bursts["ten"] * 10
        _print_profile("the engine's process, ten-step runs", idle, busy, steps)
        runs = 2 * size.neighbour_runs[32]
        for kept, count in ((idle, 0), (busy, runs)):
            await measured("mainstem", count, 32, "-m", "cProfile", "-o", str(kept))
        _print_profile("in process with the SDK, three-step runs", idle, busy, runs * 3)


def _print_profile(what: str, idle: Path, busy: Path, steps: int) -> None:
    table = Table(f"{what}, under cProfile", "s", "ms per step", "share")
    before, after = by_room(idle), by_room(busy)
    spent = {room: after[room] - before.get(room, 0.0) for room in after}
    for room, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        share = f"{seconds / sum(spent.values()):.0%}"
        table.add_row(room, f"{seconds:.3f}", f"{seconds / steps * 1e3:.3f}", share)
    Console().print(table)
    print(top(busy))


def _print_figures(found: Mapping[str, Figures]) -> None:
    columns = list(found)
    first = found[columns[0]]
    table = Table("figure", *columns, *(f"worse by, {each}" for each in columns[1:]))
    for name in dict.fromkeys(name for each in found.values() for name in each):
        values = [found[each].get(name) for each in columns]
        drops = [
            ""
            if value is None or name not in first
            else f"{drop_percent(name, first[name], value):+.0f} %"
            for value in values[1:]
        ]
        shown = ["" if value is None else f"{value:,.5g}" for value in values]
        table.add_row(name, *shown, *drops)
    Console().print(table)


def _print_neighbours(found: Found) -> None:
    for name, figures in found.items():
        table = Table(f"three steps in process, {name}", "")
        for who, value in figures.items():
            if who == "how":
                for each, how in value.items():
                    table.add_row(f"{each}: durable by", how)
            else:
                table.add_row(who, f"{value:g}")
        Console().print(table)


def _print_aims(reached: Figures) -> None:
    table = Table("aim", "bound", "reached", "met", "Inngest's dev server")
    for aim in AIMS:
        if aim.figure in reached:
            value = reached[aim.figure]
            met = "yes" if aim.is_met(value) else "NO"
            table.add_row(aim.figure, aim.text, f"{value:,.4g}", met, aim.theirs)
    Console().print(table)


def _reached(http: Mapping[str, Figures], neighbours: Found) -> Figures:
    columns = list(http.values())
    reached = dict(columns[0])
    if len(columns) > 1:
        drop, figure = max(worst_drop(columns[0], each) for each in columns[1:])
        print(f"The worst drop with stored runs is that of {figure!r}.")
        reached[WORST_DROP] = drop
    for name, figures in neighbours.items():
        reached[RATIO.format(name)] = float(figures["ratio to DBOS at its best"])
    return reached


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more rounds and a million runs")
    parser.add_argument("--quick", action="store_true", help="within a minute; the default")
    parser.add_argument("--server", help="origin of a server that is there, instead of ours")
    parser.add_argument("--pid", type=int, help="its process, to measure CPU and memory")
    parser.add_argument("--history", help="numbers of stored runs, with commas; ours only")
    parser.add_argument("--no-neighbours", action="store_true", help="leave DBOS out")
    parser.add_argument("--profile", action="store_true", help="only tell where the time goes")
    options = parser.parse_args()
    usual = "0,100000,1000000" if options.full else "0,100000"
    options.history = [int(each) for each in (options.history or usual).split(",")]
    return options


async def run(options: argparse.Namespace) -> None:
    """Measure, and print tables and JSON."""
    size = FULL if options.full else QUICK
    if options.profile:
        await profile(FULL)
        return
    before = disk_wait_ms()
    http = await over_http(options, size)
    neighbours: Found = {}
    if not options.no_neighbours and not options.server:
        neighbours = await side_by_side(size.neighbour_rounds, size.neighbour_runs)
    disk = (before, disk_wait_ms())
    _print_figures(http)
    _print_neighbours(neighbours)
    reached = _reached(http, neighbours)
    _print_aims(reached)
    print(f"One wait for the disk (4 KiB, fdatasync): {disk[0]:.2g} ms before, {disk[1]:.2g} after")
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "disk_ms": disk}
    told = {"machine": machine, "over_http": http, "in_process": neighbours}
    print(json.dumps({"engine": told}))


def main() -> None:
    """The command."""
    asyncio.run(run(_options()))


if __name__ == "__main__":
    main()

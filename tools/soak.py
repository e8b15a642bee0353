"""Kill an engine and an app with -9 under load, and look whether anything was lost or doubled.

Both are real processes, the moments and the load are drawn from the seed. In the end every event
that was accepted must have had its run, each step one memo, and all outcomes must be those of the
same load on an engine that nobody disturbed. Prints what it found, as JSON with --json; ends with 1
when there is a fault, and then the folder with the file, the ledger and the logs stays.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from soaking.campaign import Found, Plan, run_campaign


def main() -> int:
    """Run one campaign."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200, help="processes to kill (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of moments and load (default: 1)")
    parser.add_argument("--rate", type=float, default=10, help="events in a second (default: 10)")
    parser.add_argument(
        "--up", type=float, default=1.2, help="seconds that both live at most (default: 1.2)"
    )
    parser.add_argument(
        "--patience", type=float, default=180, help="seconds to come to rest (default: 180)"
    )
    # An app that is dead costs attempts, and a run may have 21: they must outlast many kills.
    parser.add_argument(
        "--retry-interval", type=float, default=1.5, help="of the engine, in seconds (default: 1.5)"
    )
    parser.add_argument("--folder", type=Path, help="where to keep everything")
    parser.add_argument(
        "--alone", action="store_true", help="do not compare with an undisturbed run"
    )
    parser.add_argument(
        "--forked", action="store_true", help="fork the processes: they start ten times as fast"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="mainstem-soak-"))
    plan = Plan(
        *(asked.kills, asked.seed, asked.rate, asked.up, asked.patience, asked.retry_interval),
        is_compared=not asked.alone,
        is_forked=asked.forked,
    )
    found = asyncio.run(run_campaign(plan, folder, _say))
    if asked.json:
        json.dump(asdict(found), sys.stdout, indent=2)
        print()
    else:
        _print(found)
    if found.faults:
        _say(f"everything is in {folder}")
    elif asked.folder is None:
        shutil.rmtree(folder)
    return int(bool(found.faults))


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print(found: Found) -> None:
    for name, value in asdict(found).items():
        if name != "faults":
            print(f"{name.replace('_', ' '):24} {value}")
    print(f"{'faults':24} {len(found.faults)}")
    for fault in found.faults[:50]:
        print(f"  {fault}")


if __name__ == "__main__":
    sys.exit(main())

"""Capture generated repositories under fire, and look whether anything was lost, doubled or dear.

The pretend GitHub refuses, delays, truncates, times out, lies about `Link`, answers 502 on large
pages, and its repository changes while it is read; all drawn from the seed. In the end the database
must hold what a quiet capture of the last state holds, no budget may be overdrawn, and the bill be
at most 1.5 times the quiet one. Prints a table, or JSON with --json; ends with 1 for any fault.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import count

from firing.campaign import Fire, Found, burn
from firing.databases import Databases

DEAREST = 1.5
SHAPES = ("lifelike", "huge-threads", "tiny", "issues", "burst", "discussions")
# A budget of an hour that most captures here come to the end of, and pause.
LITTLE = 120
# Large enough for a bill that a few faults do not double, small enough to burn in seconds.
SIZES = {"huge-threads": 25, "issues": 12, "tiny": 400, "burst": 200}


def main() -> int:
    """Burn until the seeds or the minutes are used up."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="the first (default: 1)")
    parser.add_argument("--fires", type=int, default=12, help="how many (default: 12)")
    parser.add_argument("--minutes", type=float, default=600, help="at most (default: no limit)")
    parser.add_argument("--shape", choices=SHAPES, help="one shape only")
    parser.add_argument("--pulls", type=int, help="pull requests (default: by the shape)")
    parser.add_argument("--size", type=float, default=1, help="share of those (default: 1)")
    parser.add_argument("--rate", type=float, default=0.15, help="of trouble (default: 0.15)")
    parser.add_argument("--deeds", type=int, default=30, help="changes (default: 30)")
    parser.add_argument("--via", choices=("graphql", "rest", "both"), default="graphql")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--server", default="own", help="URL of a PostgreSQL server")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    found = asyncio.run(_campaign(asked))
    quiet = sum(one.quiet.requests + one.quiet.points for one in found)
    fired = sum(one.bill.requests + one.bill.points for one in found)
    dearer = fired / max(1, quiet)
    faulty = any(one.faults for one in found) or dearer > DEAREST
    if asked.json:
        fires = [{**asdict(one), "dearer": round(one.dearer, 2)} for one in found]
        json.dump({"dearer": round(dearer, 3), "fires": fires}, sys.stdout, indent=1)
        print()
    else:
        print(f"{len(found)} fires, {dearer:.2f} times the quiet bill")
    return int(faulty)


async def _campaign(asked: argparse.Namespace) -> list[Found]:
    found: list[Found] = []
    until = time.monotonic() + asked.minutes * 60
    _say(f"{'seed':>5} {'shape':12} {'via':7} {'quiet':>9} {'fired':>9}  x  rounds runs faults")
    with Databases(asked.database, asked.server) as databases:
        for fire, _ in zip(_fires(asked), range(asked.fires), strict=False):
            if time.monotonic() >= until:
                break
            found.append(await burn(fire, databases))
            _tell(found[-1])
    return found


def _fires(asked: argparse.Namespace) -> Iterator[Fire]:
    """One for each seed; what a seed burns does not depend on where the campaign begins."""
    for seed in count(asked.seed):
        shape = asked.shape or SHAPES[seed % len(SHAPES)]
        # REST needs two requests for each pull request: every seventh is enough.
        both = "rest" if seed % 7 == 0 else "graphql"
        # Every other refuses too much work with a 502, every third has little to spend.
        yield Fire(
            seed,
            shape,
            max(1, int((asked.pulls or SIZES.get(shape, 300)) * asked.size)),
            asked.rate,
            asked.deeds,
            both if asked.via == "both" else asked.via,
            asked.database,
            core=LITTLE if seed % 3 == 0 else 5_000,
            points=LITTLE if seed % 3 == 0 else 5_000,
            refusal="502" if seed % 2 == 0 else "RESOURCE_LIMITS_EXCEEDED",
            timeouts=2 if seed % 5 == 0 else 0,
            widest=(None, 40, 25)[seed // 6 % 3],
        )


def _tell(one: Found) -> None:
    fire = one.fire
    _say(
        f"{fire.seed:>5} {fire.shape:12} {fire.via:7} {one.quiet.requests:>4}+{one.quiet.points:<4}"
        f" {one.bill.requests:>4}+{one.bill.points:<4} {one.dearer:4.2f} {one.rounds:>3} "
        f"{one.runs:>4} {len(one.faults)}"
    )
    for fault in one.faults[:8]:
        _say(f"      {fault}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

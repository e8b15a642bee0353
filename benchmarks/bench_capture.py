"""What captures and refreshes cost: requests and points against the least there is, and time here.

Each capture is `mainstem capture` in a process of its own against a pretend GitHub in another one,
which counts. Beside it, in the same run: the reference's floor, the cheapest plan that a search
with full knowledge of all sizes finds, models of what other collectors spend, and some of these
themselves. `--only` chooses parts; `--profile` only tells where a capture's time goes.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "capture"))

from bills import Bills
from capture_aims import Reached, of_all, of_refreshes, of_stores, of_the_recording
from capture_profile import profile
from capture_runs import CaptureFailedError, CaptureRun, capture, sqlite_url
from capture_tables import print_aims, print_bills, print_refreshes, print_runs, print_skipped
from contents import RECORDING, Content, generated, recording, shaped
from github_process import NotServingError, github_process
from peers import PEERS, PeerRun, Skipped, peer_runs
from postgres import postgres_url
from refreshes import Refresh, refreshes

_FOR_PEERS = 200
SECTIONS = ("bills", "shapes", "stores", "refreshes", "peers")


def all_bills(options: argparse.Namespace) -> list[Bills]:
    """Every repository's, one after the other; printed as they come."""
    contents = []
    if "bills" in options.only:
        contents += [generated(pulls) for pulls in options.pulls]
        if (recorded := recording(options.recording)) is not None:
            contents.insert(0, recorded)
    if "shapes" in options.only:
        contents += shaped()
    with_peers = None
    if "peers" in options.only:
        # Thousands of requests each: in a hurry, of a repository that is small enough.
        with_peers = contents[0] if options.full and contents else generated(_FOR_PEERS)
        if with_peers not in contents:
            contents.append(with_peers)
    found = []
    for content in contents:
        try:
            bills = _bills(content, options.peers if content == with_peers else [])
        except (NotServingError, CaptureFailedError) as error:
            print_skipped(content.name, str(error))
            continue
        print_bills(bills)
        found.append(bills)
    return found


def _bills(content: Content, peers: list[str]) -> Bills:
    measured: tuple[PeerRun | Skipped, ...] = ()
    with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder:
        with github_process(content.served) as github:
            sizes = github.sizes()
            free = capture(github, sqlite_url(Path(folder), "free"), sizes.totals)
            measured = tuple(peer_runs(github, peers))
        limited = None
        with github_process(content.narrow()) as github:
            try:
                limited = capture(github, sqlite_url(Path(folder), "limited"), sizes.totals)
            except CaptureFailedError as error:
                print_skipped(f"{content.name} in narrow pages", str(error))
    return Bills(content.name, sizes, free, limited, measured)


def stores(content: Content) -> dict[str, CaptureRun]:
    """The same capture into both databases, from near and from 50 ms away."""
    found = {}
    for where, served in (("near", content.served), ("50 ms away", content.distant())):
        with (
            github_process(served) as github,
            tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder,
        ):
            totals = github.sizes().totals
            found[f"SQLite, {where}"] = capture(github, sqlite_url(Path(folder)), totals)
            try:
                with postgres_url() as url:
                    found[f"PostgreSQL, {where}"] = capture(github, url, totals)
            except ImportError as error:
                print_skipped("PostgreSQL", str(error))
    return found


def refreshed(content: Content, counts: list[int]) -> list[Refresh]:
    """Refreshes of one repository after each number of changes."""
    with (
        github_process(content.served) as github,
        tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder,
    ):
        return refreshes(github, counts, Path(folder))


def run(options: argparse.Namespace) -> None:
    """Measure, and print tables and JSON."""
    usual = recording(options.recording) or generated(options.pulls[0])
    if options.profile:
        profile(usual)
        return
    reached: list[Reached] = []
    told: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()}
    }
    bills = all_bills(options)
    if bills and bills[0].name == "the recording":
        reached += of_the_recording(bills[0])
    reached += of_all(bills)
    told["bills"] = {each.name: each.as_json() for each in bills}
    told["peers"] = [
        peer.as_json() for each in bills for peer in each.peers if isinstance(peer, PeerRun)
    ]
    if "stores" in options.only:
        into = stores(usual)
        print_runs(f"{usual.name}, into", into)
        reached += of_stores(into)
        told["stores"] = {name: each.as_json() for name, each in into.items()}
    if "refreshes" in options.only:
        again = refreshed(usual, options.changes)
        print_refreshes(f"{usual.name}, refreshed after", again)
        reached += of_refreshes(again)
        told["refreshes"] = [each.as_json() for each in again]
    print_aims(reached)
    print(json.dumps({"capture": told}))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"of {', '.join(SECTIONS)}")
    parser.add_argument("--full", action="store_true", help="10,000 and 100,000 pull requests too")
    parser.add_argument("--pulls", help="sizes of generated repositories, with commas")
    parser.add_argument(
        "--changes", default="0,1,10,100,1000", help="before refreshes, with commas"
    )
    parser.add_argument("--peers", help="of the collectors to run, with commas")
    parser.add_argument("--recording", type=Path, default=RECORDING, help="a recording's folder")
    parser.add_argument("--profile", action="store_true", help="only tell where the time goes")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if unknown := set(options.only) - set(SECTIONS):
        parser.error(f"--only: no such part: {', '.join(sorted(unknown))}")
    usual = "1000,10000,100000" if options.full else "1000"
    options.pulls = [int(each) for each in (options.pulls or usual).split(",")]
    options.changes = [int(each) for each in options.changes.split(",")]
    options.peers = (options.peers or ",".join(peer.name for peer in PEERS)).split(",")
    return options


def main() -> None:
    """The command."""
    run(_options())


if __name__ == "__main__":
    main()

"""Run what stands on the SDK against every release of the last year.

Each release is installed beside the environment, without its dependencies, and put in front of the
installed one. Nothing is installed into the environment itself. Prints a line for each release, and
JSON with --json; ends with 1 when a release fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

# The newest on 2025-11-26, and every one since.
RELEASES = ("0.5.13", "0.5.14", "0.5.15", "0.5.16", "0.5.17", "0.5.18", "0.5.19")
# Definitions, adoption, binding and running a handler work with each. Serving and the client need
# the newest, and say so of the others (`UnknownSdk`).
TESTS = ("tests/catalog", "tests/testing")
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Outcome:
    """How the tests went with one release."""

    release: str
    passed: int
    failed: int
    skipped: int
    details: str


def main() -> int:
    """Test each release that is asked for; all by default."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("releases", nargs="*", help="releases to test (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    outcomes = []
    for release in asked.releases or RELEASES:
        outcomes.append(outcome := outcome_of(release))
        if not asked.json:
            told = "failed" if outcome.failed else "ok"
            print(f"inngest {release:8} {told:7} {outcome.passed} passed, {outcome.failed} failed")
            if outcome.failed:
                print(outcome.details)
    if asked.json:
        json.dump([asdict(outcome) for outcome in outcomes], sys.stdout, indent=2)
        print()
    return int(any(outcome.failed for outcome in outcomes))


def outcome_of(release: str) -> Outcome:
    """Install `release` into a folder of its own and run the tests with it."""
    with tempfile.TemporaryDirectory(prefix="sdk-") as folder:
        install = ["-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", folder]
        subprocess.run([sys.executable, *install, f"inngest=={release}"], check=True, timeout=300)
        done = subprocess.run(
            [
                sys.executable,
                *("-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--no-header"),
                *(test for test in TESTS if (ROOT / test).is_dir()),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": folder, "MAINSTEM_TESTED_SDK": release},
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
        )
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", last_line(done))}
    failed = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
    return Outcome(
        release,
        counts.get("passed", 0),
        failed or int(done.returncode != 0),
        counts.get("skipped", 0),
        "\n".join(
            line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))
        ),
    )


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """The runner's closing line."""
    lines = done.stdout.strip().splitlines()
    return lines[-1] if lines else ""


if __name__ == "__main__":
    sys.exit(main())

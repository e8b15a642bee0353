"""The short form of the campaign of kills; the long one is `tools/soak.py --kills 200`."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_eight_kills_under_load_lose_double_and_invent_nothing(tmp_path: Path) -> None:
    options = ("--kills", "8", "--seed", "148", "--rate", "20", "--up", "0.3", "--patience", "20")
    quick = ("--retry-interval", "0.3", "--alone", "--forked", "--json")
    line = (sys.executable, "tools/soak.py", *options, *quick)
    # Coverage of what is killed is never written: do not let it start measuring.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
    done = subprocess.run(
        [*line, "--folder", str(tmp_path)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert found["kills"] >= 8
    # It did something: runs came to their end, and some of their steps were cut off.
    assert found["counts"]["runs"] >= 15
    assert found["events_repeated"] > 0

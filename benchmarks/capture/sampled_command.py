"""Runs `mainstem` with its arguments, and tells where its threads were, many times a second.

cProfile sees one thread only and makes Python's calls dear; this asks each thread where it is and
leaves out those that wait. The samples go as JSON to the file that `MAINSTEM_BENCH_SAMPLES` names.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_SECONDS = 0.003
_WAITING = ("selectors.py", "threading.py", "queue.py", "thread.py", "subprocess.py")
_OWN = os.sep + "mainstem" + os.sep


def main() -> None:
    """The command, sampled until it ends."""
    stop, places, owners = threading.Event(), Counter[str](), Counter[str]()
    sampler = threading.Thread(target=_sample, args=(stop, places, owners), daemon=True)
    sampler.start()
    try:
        from mainstem.cli.app import app

        app()
    finally:
        stop.set()
        sampler.join()
        told = {"places": places.most_common(400), "owners": owners.most_common(400)}
        Path(os.environ["MAINSTEM_BENCH_SAMPLES"]).write_text(json.dumps(told))


def _sample(stop: threading.Event, places: Counter[str], owners: Counter[str]) -> None:
    own = threading.get_ident()
    while not stop.wait(_SECONDS):
        for thread, frame in sys._current_frames().items():  # noqa: SLF001
            if thread == own or Path(frame.f_code.co_filename).name in _WAITING:
                continue
            places[_named(frame)] += 1
            owner = next(
                (each for each in _outwards(frame) if _OWN in each.f_code.co_filename), frame
            )
            owners[_named(owner)] += 1


def _outwards(frame: FrameType) -> Iterator[FrameType]:
    above: FrameType | None = frame
    while above is not None:
        yield above
        above = above.f_back


def _named(frame: FrameType) -> str:
    path = frame.f_code.co_filename.replace(os.sep, "/")
    for part in ("site-packages/", "/src/", "/python3"):
        path = path.rpartition(part)[2]
    return f"{path}:{frame.f_code.co_name}"


if __name__ == "__main__":
    main()

"""How long this machine's disk makes one wait: what durable work on it cannot be faster than."""

from __future__ import annotations

import os
import statistics
import tempfile
import time

_BLOCK = b"x" * 4096
_TIMES = 60


def disk_wait_ms() -> float:
    """Median milliseconds from asking for it until a block that was appended is on disk."""
    taken = []
    with tempfile.NamedTemporaryFile(prefix="mainstem-bench-", buffering=0) as file:
        for _ in range(_TIMES):
            file.write(_BLOCK)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)

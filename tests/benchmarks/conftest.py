"""The benches' own parts are importable by their plain names, as they are to each other."""

from __future__ import annotations

import sys
from pathlib import Path

_CAPTURE = Path(__file__).parents[2] / "benchmarks" / "capture"
if str(_CAPTURE) not in sys.path:
    sys.path.append(str(_CAPTURE))

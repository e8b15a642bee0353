"""Where the engine's time goes, from a cProfile file: by what it belongs to, and the top."""

from __future__ import annotations

import io
import pstats
from collections import defaultdict
from pathlib import Path
from typing import Any

_Place = tuple[str, int, str]
# The first that a file's path or a built-in's name holds counts.
_ROOMS = (
    ("mainstem/engine", "the engine's own Python"),
    ("mainstem/", "the rest of mainstem"),
    ("aiohttp", "HTTP client (aiohttp)"),
    ("multidict", "HTTP client (aiohttp)"),
    ("yarl", "HTTP client (aiohttp)"),
    ("httptools", "HTTP server (uvicorn)"),
    ("uvicorn", "HTTP server (uvicorn)"),
    ("starlette", "Starlette"),
    ("fastapi", "FastAPI"),
    ("inngest", "the SDK"),
    ("pydantic", "pydantic"),
    ("sqlite3", "SQLite"),
    ("json", "JSON"),
    ("asyncio", "asyncio"),
    ("selectors", "asyncio"),
    ("dbos", "DBOS"),
    ("sqlalchemy", "SQLAlchemy"),
)
_OTHER = "other"
_IDLE = ("method 'poll' of 'select.epoll'", "method 'acquire' of '_thread.lock'")


def by_room(profile: Path) -> dict[str, float]:
    """Seconds spent, without those of waiting, by library; a built-in counts for its caller."""
    spent: dict[str, float] = defaultdict(float)
    for place, (_, _, seconds, _, callers) in _stats(profile).items():
        if any(name in place[2] for name in _IDLE):
            continue
        room = _room(place)
        if room != _OTHER or not callers:
            spent[room] += seconds
            continue
        for caller, (_, _, of_caller, _) in callers.items():
            spent[_room(caller)] += of_caller
    return dict(spent)


def top(profile: Path, lines: int = 45) -> str:
    """The functions that took most time themselves, as cProfile prints them."""
    told = io.StringIO()
    pstats.Stats(str(profile), stream=told).strip_dirs().sort_stats("tottime").print_stats(lines)
    return told.getvalue()


def _stats(profile: Path) -> dict[_Place, tuple[int, int, float, float, dict[_Place, Any]]]:
    found: dict[_Place, Any] = vars(pstats.Stats(str(profile)))["stats"]
    return found


def _room(place: _Place) -> str:
    file, _, name = place
    text = name if file == "~" else file.replace("\\", "/")
    text = text.rpartition("site-packages/")[2]
    return next((room for part, room in _ROOMS if part in text), _OTHER)

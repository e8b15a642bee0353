"""Printing results: JSON for programs, rich for people; to stdout, the rest to stderr."""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from rich.console import Console


def print_json(value: object) -> None:
    """Write `value` as indented JSON, and nothing else, to stdout."""
    json.dump(plain(value), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_json_line(value: object) -> None:
    """Write `value` as one line of JSON, at once: for commands that tell several things in time."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def plain(value: object) -> Any:
    """`value` in JSON's own types: dataclasses as objects, times as ISO 8601, spans as seconds."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Path):
        return str(value)
    return value


def stdout_console() -> Console:
    """Where reports for people go."""
    from rich.console import Console

    return Console(highlight=False)


def stderr_console() -> Console:
    """Where progress and remarks go, so that stdout stays clean for results."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)

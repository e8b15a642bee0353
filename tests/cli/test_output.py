"""JSON on stdout."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import pytest

from mainstem.cli.output import plain, print_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Thing:
    at: datetime
    parts: tuple[int, ...]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            Thing(datetime(2026, 1, 2, tzinfo=UTC), (1, 2)),
            {"at": "2026-01-02T00:00:00+00:00", "parts": [1, 2]},
        ),
        ({Colour.RED: timedelta(minutes=1)}, {"red": 60.0}),
        (frozenset({"b", "a"}), ["a", "b"]),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Path("a/b"), "a/b"),
        (None, None),
    ],
)
def test_values_become_jsons_own_types(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_what_is_printed_is_json_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "Grüße"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"name": "Grüße"}
    assert "Grüße" in out

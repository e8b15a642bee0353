"""Recorded exchanges of a real server and app: read, and freed of what differs every time."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = Any

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "inngest"
_ULID = re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_TIME = re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One recording."""

    name: str
    is_unordered: bool
    is_loose: bool
    checks: tuple[Mapping[str, Json], ...]
    exchanges: tuple[Mapping[str, Json], ...]
    runs: tuple[Mapping[str, Json], ...]
    internal_events: tuple[Mapping[str, Json], ...]

    def of_kind(self, *kinds: str) -> list[Mapping[str, Json]]:
        """The exchanges of these kinds in order."""
        return [exchange for exchange in self.exchanges if exchange["kind"] in kinds]

    @property
    def epoch(self) -> int:
        """The moment that `at_ms` counts from, in milliseconds; read off the first ULID."""
        for exchange in self.of_kind("event", "call", "api"):
            text = json.dumps([exchange["response"]["body"], exchange["request"]["headers"]])
            found = _ULID.search(text)
            if found:
                return ulid_moment(found[0]) - int(exchange["at_ms"])
        return 0


def names() -> list[str]:
    """The scenarios there are; none where the folder is absent."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> Scenario:
    """The scenario of this name."""
    raw = _lengthened(json.loads((FOLDER / f"{name}.json").read_text()))
    return Scenario(
        name=name,
        is_unordered=bool(raw.get("unordered")),
        is_loose=bool(raw.get("loose_output")),
        checks=tuple(raw["checks"]),
        exchanges=tuple(raw["exchanges"]),
        runs=tuple(raw["runs"]),
        internal_events=tuple(raw["internal_events"]),
    )


def ulid_moment(ulid: str) -> int:
    """The milliseconds in a ULID."""
    number = 0
    for character in ulid[:10]:
        number = number * 32 + _ALPHABET.index(character)
    return number


def steady(value: Json) -> Json:
    """A value without what is new in every run: ids, times, the server's own fields."""
    if isinstance(value, Mapping):
        if "message" in value:  # beside it, `error` is the server's own wording
            value = {key: each for key, each in value.items() if key != "error"}
        return {
            key: "<time>" if key == "ts" else steady(each)
            for key, each in value.items()
            if key not in ("_inngest", "stack")
        }
    if isinstance(value, list):
        return [steady(each) for each in value]
    if isinstance(value, str):
        for pattern, name in ((_ULID, "<ulid>"), (_UUID, "<uuid>"), (_TIME, "<time>")):
            value = pattern.sub(name, value)
    return value


def _lengthened(value: Json) -> Json:
    """Long texts were cut when recorded; those that repeat one letter can be written out again."""
    if isinstance(value, list):
        return [_lengthened(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$long"}:
        kept = value["$long"]
        text = kept["starts"][0] * kept["chars"]
        is_same = hashlib.sha256(text.encode()).hexdigest() == kept["sha256"]
        return text if is_same else value
    return {key: _lengthened(each) for key, each in value.items()}

"""What the page shows, as values: gathered elsewhere, rendered elsewhere, the same as JSON.

None means "not known", and beside it stands why; that is another thing than "none" or "no".
Moments are aware, in UTC.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Json = Any

State = Literal[
    "registered", "drifted", "missing", "switched-off", "off", "unknown", "extra",
]  # fmt: skip
"""How a function stands in an environment.

`off` is left out by its definition, `switched-off` is registered while its runs are skipped, and
`extra` is registered without being in the catalogue.
"""

ServerState = Literal["answers", "refuses", "unreachable"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that the sides do not agree on.

    `values` has it by side (`wanted` by the catalogue, `served`, `held` by the server), None where
    a side sets nothing; a side that is not known is not in it.
    """

    field: str
    values: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Cell:
    """One function in one environment.

    `why` says why it is not simply registered, and what would mend it. `overrides` are the fields
    that the definition has otherwise there. `configuration` is what should be, canonically, and
    `fingerprint` is over it; both are None where the function should not be.
    """

    state: State
    why: str = ""
    differences: tuple[Difference, ...] = ()
    overrides: Mapping[str, Json] = field(default_factory=dict)
    fingerprint: str | None = None
    configuration: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class VersionShare:
    """A version of a function: the share its definition gives it, and the one that holds here."""

    label: str
    share: float
    declared: float
    by: str | None
    is_own: bool


@dataclass(frozen=True, slots=True)
class Sync:
    """When the server last took a function in, and as what.

    `version` rises when its configuration changed, last at `changed_at`. `answer` is what the
    server said.
    """

    at: datetime
    answer: str
    method: str
    version: int | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class LastRun:
    """One run. `result` and `error` are short; the whole is behind the run's own address."""

    id: str
    status: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    result: Json = None
    error: str | None = None
    skip_reason: str | None = None

    @property
    def took(self) -> timedelta | None:
        """How long it ran, once it is over."""
        if self.ended_at is None:
            return None
        return self.ended_at - (self.started_at or self.created_at)


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """One function. What its definition says first, then how it stands and what it did.

    `runs` are the last ones, newest first, None where they are not known; `runs_today` counts those
    of the last day by status. `previous` has the state of each older id.
    """

    id: str
    name: str
    about: str
    place: str
    group: str | None
    tags: tuple[str, ...]
    triggers: tuple[Mapping[str, Json], ...]
    configuration: Mapping[str, Json]
    sends: tuple[str, ...] | None
    is_adopted: bool
    has_failure_handler: bool
    versions: tuple[VersionShare, ...]
    previous: Mapping[str, State]
    cells: Mapping[str, Cell]
    sync: Sync | None = None
    runs: tuple[LastRun, ...] | None = None
    runs_today: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Here:
    """Where the page runs. `keys` says of each key "set, hash …" or "not set"."""

    environment: str
    decided_by: str
    app_id: str
    app_version: str | None
    mode: str
    branch: str | None
    sdk: str
    endpoint: str | None
    functions: int
    is_part: bool
    is_on: bool
    rollouts_on: bool
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """The server that calls this endpoint; `problem` is why it tells nothing, with what to do."""

    origin: str
    kind: str
    version: str | None
    state: ServerState
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """Something that is wrong, or worth knowing; `about` are the functions or places it is about.

    `is_of_functions` says that the matrix shows it too.
    """

    level: str
    code: str
    about: tuple[str, ...]
    message: str
    mend: str
    is_of_functions: bool = False


@dataclass(frozen=True, slots=True)
class PeerFacts:
    """Another deployment that was asked how things stand there; `problem` is why it did not say."""

    environment: str
    url: str
    problem: str | None
    app_id: str | None = None
    functions: int | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything, at one moment."""

    here: Here
    server: ServerFacts
    functions: tuple[FunctionFacts, ...]
    findings: tuple[FindingFacts, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...]
    peers: tuple[PeerFacts, ...]
    gathered_at: datetime

    @property
    def revision(self) -> str:
        """Equal for equal facts, whenever they were gathered."""
        facts = self.as_json()
        del facts["gathered_at"]
        text = json.dumps(facts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Json]:
        """The same for programs: moments as text, everything else as it is."""
        plain: dict[str, Json] = _plain(asdict(self))
        return plain

    def counts(self, environment: str) -> dict[State, int]:
        """How many functions are in each state in `environment`, of the states that occur."""
        found: dict[State, int] = {}
        for function in self.functions:
            state = function.cells[environment].state
            found[state] = found.get(state, 0) + 1
        return found


def _plain(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value

"""What the engine's file and the app's ledger hold in the end, as values."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

Json = Any
FINAL: Final = frozenset({"COMPLETED", "FAILED", "CANCELLED", "SKIPPED"})
# Rows of these are for what is still to come; in the end there are none.
_PENDING: Final = ("jobs", "pauses", "debounces", "batches", "batched_events", "singletons")


@dataclass(frozen=True)
class Step:
    """A step of a run. A memo may be null: `is_done` tells whether there is one."""

    id: str
    name: str
    status: str
    is_done: bool
    memo: Json
    stack_index: int | None
    ended: int | None


@dataclass(frozen=True)
class Run:
    """A run. `keys` and `group` are those of its events, `outcomes` those of its attempts.

    `reported` is how many of the app's answers brought a result of each step, by the step's id.
    """

    id: str
    kind: str
    status: str
    keys: tuple[str, ...]
    group: str
    event_ids: tuple[str, ...]
    output: Json
    steps: tuple[Step, ...]
    outcomes: tuple[str, ...]
    reported: Mapping[str, int]

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL


@dataclass(frozen=True)
class Event:
    """A stored event; `key` is None for those of the engine itself."""

    id: str
    name: str
    ts: int
    key: str | None
    run_id: str | None


@dataclass(frozen=True)
class Execution:
    """A step that the app ran, whatever became of its answer."""

    run_id: str
    step: str
    at: int
    nonce: str


@dataclass
class Record:
    """All of it."""

    integrity: str
    pending: dict[str, int]
    runs: list[Run]
    events: list[Event]
    executions: list[Execution] = field(default_factory=list)


def count_pending(path: Path) -> int:
    """How much the engine still has to do."""
    with closing(_open(path)) as sql:
        live = sql.execute(
            "SELECT count(*) FROM runs WHERE status IN ('QUEUED', 'RUNNING')"
        ).fetchone()[0]
        return int(live) + sum(_pending(sql).values())


def read_record(path: Path, ledger: Path) -> Record:
    """Read the file of an engine that has stopped, and the ledger."""
    with closing(_open(path)) as sql:
        return Record(
            integrity=str(sql.execute("PRAGMA integrity_check").fetchone()[0]),
            pending=_pending(sql),
            runs=_runs(sql),
            events=[_event(row) for row in sql.execute("SELECT id, name, body FROM events")],
            executions=_executions(ledger),
        )


def _open(path: Path) -> sqlite3.Connection:
    sql = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    sql.row_factory = sqlite3.Row
    return sql


def _pending(sql: sqlite3.Connection) -> dict[str, int]:
    # The tables' names are those above.
    return {table: sql.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _PENDING}


def _runs(sql: sqlite3.Connection) -> list[Run]:
    steps: defaultdict[str, list[Step]] = defaultdict(list)
    for row in sql.execute("SELECT * FROM steps ORDER BY run_id, position"):
        memo = None if row["memo"] is None else json.loads(row["memo"])
        step = Step(
            id=row["id"],
            name=row["name"],
            status=row["status"],
            is_done=row["memo"] is not None,
            memo=memo,
            stack_index=row["stack_index"],
            ended=row["ended"],
        )
        steps[row["run_id"]].append(step)
    outcomes: defaultdict[str, list[str]] = defaultdict(list)
    reported: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in sql.execute("SELECT * FROM attempts ORDER BY run_id, number"):
        outcomes[row["run_id"]].append(row["outcome"])
        if row["outcome"] == "reported":
            for op, step_id in json.loads(row["detail"]):
                reported[row["run_id"]][step_id] += op == "StepRun"
    return [
        _run(row, steps[row["id"]], outcomes[row["id"]], reported[row["id"]])
        for row in sql.execute("SELECT * FROM runs ORDER BY id")
    ]


def _run(
    row: sqlite3.Row, steps: list[Step], outcomes: list[str], reported: Mapping[str, int]
) -> Run:
    events = [json.loads(text) for text in row["events"].split("\n")]
    data = [_own_data(event) for event in events]
    return Run(
        id=row["id"],
        kind=row["slug"].removeprefix("soak-"),
        status=row["status"],
        keys=tuple(str(each["key"]) for each in data),
        group=str(data[0].get("group")),
        event_ids=tuple(event["id"] for event in events),
        output=None if row["output"] is None else json.loads(row["output"]),
        steps=tuple(steps),
        outcomes=tuple(outcomes),
        reported=dict(reported),
    )


def _own_data(event: Mapping[str, Json]) -> Mapping[str, Json]:
    """What the sender said; of a function that failed, what its own event said."""
    data = event["data"]
    return dict(data["event"]["data"] if event["name"].startswith("inngest/function.f") else data)


def _event(row: sqlite3.Row) -> Event:
    body = json.loads(row["body"])
    data = body["data"] or {}
    return Event(row["id"], row["name"], body["ts"], data.get("key"), data.get("run_id"))


def _executions(ledger: Path) -> list[Execution]:
    if not ledger.exists():
        return []
    lines = [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()]
    return [Execution(each["run"], each["step"], each["at"], each["nonce"]) for each in lines]

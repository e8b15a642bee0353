"""Runs and their steps as rows, as the engine works on them."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mainstem.engine.errors import UnknownRun
from mainstem.engine.ids import first_ulid
from mainstem.engine.lifecycle import PENDING_STEPS, RunStatus, StepStatus
from mainstem.engine.wire import encode, size_of

Json = Any
_PENDING: Final = ", ".join(f"'{status}'" for status in sorted(PENDING_STEPS))


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the engine works on it; `events` are JSON texts, moments milliseconds.

    `overrides` are inputs for steps that have not run, `defers` what it asked to start at its end,
    both JSON. A `token` has the run of a durable endpoint: who knows it may read the output.
    """

    id: str
    function_id: str
    slug: str
    app_id: str
    status: RunStatus
    created: int
    position: int
    started: int | None
    events: tuple[str, ...]
    groups: str
    version: int
    max_attempts: int
    state_bytes: int
    overrides: str | None = None
    defers: str | None = None
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the engine works on it; `memo` is JSON text once it is done."""

    run_id: str
    id: str
    name: str
    op: str
    status: StepStatus
    attempt: int
    is_race: bool
    memo: str | None
    repeats: int


def insert_run(sql: sqlite3.Connection, run: Run) -> None:
    """Store a new run and tie it to its events."""
    sql.execute(
        "INSERT INTO runs (id, function_id, slug, app_id, status, created, position, events,"
        " groups, max_attempts) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            run.id,
            run.function_id,
            run.slug,
            run.app_id,
            run.status,
            run.created,
            run.position,
            "\n".join(run.events),
            run.groups,
            run.max_attempts,
        ),
    )


def tie_events(sql: sqlite3.Connection, run_id: str, internal_ids: Sequence[str]) -> None:
    """Remember which events started a run."""
    sql.executemany(
        "INSERT OR IGNORE INTO run_events VALUES (?, ?)", [(each, run_id) for each in internal_ids]
    )


def last_id(sql: sqlite3.Connection, now: int) -> str | None:
    """The highest id that a run or an event was given up to a moment."""
    end = first_ulid(now + 1)
    row = sql.execute(
        "SELECT max(id) FROM (SELECT max(id) AS id FROM runs WHERE id < :end UNION ALL"
        " SELECT max(internal_id) FROM events WHERE internal_id < :end)",
        {"end": end},
    ).fetchone()
    return None if row[0] is None else str(row[0])


def find_run(sql: sqlite3.Connection, run_id: str) -> Run | None:
    """The run of this id."""
    row = sql.execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
    return _read_run(row) if row else None


def load_run(sql: sqlite3.Connection, run_id: str) -> Run:
    """The run of this id. Raises `UnknownRun`."""
    run = find_run(sql, run_id)
    if run is None:
        raise UnknownRun(run_id)
    return run


def start_run(sql: sqlite3.Connection, run_id: str, status: RunStatus, now: int) -> None:
    """Note that a run's first request goes out."""
    sql.execute("UPDATE runs SET status = ?, started = ? WHERE id = ?", (status, now, run_id))


def close_run(
    sql: sqlite3.Connection, run_id: str, status: RunStatus, now: int, output: str | None
) -> None:
    """Write the end of a run: status and output become visible together."""
    sql.execute(
        "UPDATE runs SET status = ?, ended = ?, output = ? WHERE id = ?",
        (status, now, output, run_id),
    )


def save_version(sql: sqlite3.Connection, run_id: str, version: int) -> None:
    """Remember the request version the app has told."""
    sql.execute("UPDATE runs SET version = ? WHERE id = ?", (version, run_id))


def memos_of(sql: sqlite3.Connection, run_id: str) -> dict[str, str]:
    """Memos by step id in order of completion, as JSON texts."""
    rows = sql.execute(
        "SELECT id, memo FROM steps WHERE run_id = ? AND memo IS NOT NULL ORDER BY stack_index",
        (run_id,),
    )
    return {row["id"]: row["memo"] for row in rows}


def with_overrides(run: Run, memos: Mapping[str, str]) -> Mapping[str, str]:
    """Memos, and beside them the inputs given to steps that have not run."""
    if run.overrides is None:
        return memos
    given = json.loads(run.overrides)
    return {**{key: encode({"input": each}) for key, each in given.items()}, **memos}


def find_step(sql: sqlite3.Connection, run_id: str, step_id: str) -> Step | None:
    """The step of a run."""
    row = sql.execute(
        "SELECT * FROM steps WHERE run_id = ? AND id = ?", (run_id, step_id)
    ).fetchone()
    return _read_step(row) if row else None


def insert_step(
    sql: sqlite3.Connection,
    step: Step,
    *,
    position: int,
    now: int,
    started: int | None,
    given: str | None,
) -> None:
    """Store a step that was met for the first time; `given` is its input as JSON text."""
    sql.execute(
        "INSERT INTO steps (run_id, id, position, name, op, status, attempt, is_race, queued,"
        " started, input) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (
            step.run_id,
            step.id,
            position,
            step.name,
            step.op,
            step.status,
            step.attempt,
            step.is_race,
            now,
            started,
            given,
        ),
    )


def save_attempt(
    sql: sqlite3.Connection, run_id: str, step_id: str, status: StepStatus, attempt: int
) -> None:
    """Note that an attempt of a step failed."""
    sql.execute(
        "UPDATE steps SET status = ?, attempt = ? WHERE run_id = ? AND id = ?",
        (status, attempt, run_id, step_id),
    )


def mark_step_started(sql: sqlite3.Connection, run_id: str, step_id: str, now: int) -> None:
    """Note that a step's own request goes out."""
    sql.execute(
        "UPDATE steps SET started = coalesce(started, ?) WHERE run_id = ? AND id = ?",
        (now, run_id, step_id),
    )


def save_memo(
    sql: sqlite3.Connection, step: Step, status: StepStatus, memo: str, *, attempt: int, now: int
) -> None:
    """Put a step's memo on the stack; it never changes afterwards."""
    sql.execute(
        "UPDATE steps SET status = :status, memo = :memo, attempt = :attempt, ended = :now,"
        " stack_index = (SELECT count(*) FROM steps WHERE run_id = :run AND memo IS NOT NULL)"
        " WHERE run_id = :run AND id = :id",
        {
            "status": status,
            "memo": memo,
            "attempt": attempt,
            "now": now,
            "run": step.run_id,
            "id": step.id,
        },
    )
    sql.execute(
        "UPDATE runs SET state_bytes = state_bytes + ? WHERE id = ?", (size_of(memo), step.run_id)
    )


def count_repeat(sql: sqlite3.Connection, run_id: str, step_id: str) -> None:
    """Note that a step which is done was reported again."""
    sql.execute(
        "UPDATE steps SET repeats = repeats + 1 WHERE run_id = ? AND id = ?", (run_id, step_id)
    )


def count_steps(sql: sqlite3.Connection, run_id: str) -> int:
    """How many steps a run has met."""
    row = sql.execute("SELECT count(*) FROM steps WHERE run_id = ?", (run_id,)).fetchone()
    return int(row[0])


def count_memos(sql: sqlite3.Connection, run_id: str) -> int:
    """How many steps of a run are done."""
    row = sql.execute(
        "SELECT count(*) FROM steps WHERE run_id = ? AND memo IS NOT NULL", (run_id,)
    ).fetchone()
    return int(row[0])


def is_waiting(sql: sqlite3.Connection, run_id: str) -> bool:
    """Whether there is a step that a run waits for."""
    row = sql.execute(
        f"SELECT 1 FROM steps WHERE run_id = ? AND memo IS NULL AND status IN ({_PENDING}) LIMIT 1",  # noqa: S608  constants
        (run_id,),
    ).fetchone()
    return row is not None


def pending_steps(sql: sqlite3.Connection, run_id: str) -> list[Step]:
    """The steps a run waits for."""
    rows = sql.execute(
        f"SELECT * FROM steps WHERE run_id = ? AND memo IS NULL AND status IN ({_PENDING})"  # noqa: S608  constants
        " ORDER BY position",
        (run_id,),
    )
    return [_read_step(row) for row in rows]


def _read_run(row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        function_id=row["function_id"],
        slug=row["slug"],
        app_id=row["app_id"],
        status=RunStatus(row["status"]),
        created=row["created"],
        position=row["position"],
        started=row["started"],
        events=event_texts(row["events"]),
        groups=row["groups"],
        version=row["version"],
        max_attempts=row["max_attempts"],
        state_bytes=row["state_bytes"],
        overrides=row["overrides"],
        defers=row["defers"],
        token=row["token"],
    )


def event_texts(stored: str) -> tuple[str, ...]:
    """The JSON texts of a run's events: one in a line, in older files one array of all."""
    if stored.startswith("["):
        return tuple(encode(event) for event in json.loads(stored))
    return tuple(stored.split("\n"))


def _read_step(row: sqlite3.Row) -> Step:
    return Step(
        run_id=row["run_id"],
        id=row["id"],
        name=row["name"],
        op=row["op"],
        status=StepStatus(row["status"]),
        attempt=row["attempt"],
        is_race=bool(row["is_race"]),
        memo=row["memo"],
        repeats=row["repeats"],
    )

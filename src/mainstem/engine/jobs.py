"""What waits to be done: calls to apps and timers, as values and as rows.

A call asks an app for the next piece of a run and is subject to concurrency and throttle; a timer
is the engine's own business and is not.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from mainstem.engine.configuration import Pace
from mainstem.engine.lifecycle import JOB_MOVES, JobMove, JobStatus, moved


class JobKind(StrEnum):
    """Kinds of jobs; the first three are calls."""

    START = "start"
    DISCOVER = "discover"
    TARGET = "target"
    GATEWAY = "gateway"
    SLEEP = "sleep"
    WAIT_TIMEOUT = "wait-timeout"
    INVOKE_TIMEOUT = "invoke-timeout"
    START_TIMEOUT = "start-timeout"
    FINISH_TIMEOUT = "finish-timeout"
    CRON = "cron"
    DEBOUNCE = "debounce"
    BATCH = "batch"


JOBS_OF_ALL: Final = "SELECT * FROM jobs WHERE id > ? ORDER BY id LIMIT ?"
JOBS_OF_RUN: Final = "SELECT * FROM jobs WHERE run_id = ? AND id > ? ORDER BY id LIMIT ?"
CALLS: Final = frozenset({JobKind.START, JobKind.DISCOVER, JobKind.TARGET})


@dataclass(frozen=True, slots=True)
class Group:
    """A set of requests of which at most `limit` are under way at once."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class Throttle:
    """The bucket a start waits for."""

    bucket: str
    pace: Pace


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do at `due` (milliseconds); `position` orders those that are due.

    `is_planned` is the protocol's `disable_immediate_execution`; `detail` belongs to the kind;
    `generation` rises with each retry.
    """

    id: int
    kind: JobKind
    due: int
    position: int = 0
    run_id: str | None = None
    step_id: str | None = None
    attempt: int = 0
    is_planned: bool = False
    stack_current: int = 0
    groups: tuple[Group, ...] = ()
    throttle: Throttle | None = None
    detail: str = ""
    generation: int = 1

    @property
    def is_call(self) -> bool:
        """Whether it is a request: to an app, or to someone else on behalf of one."""
        return self.kind in CALLS or self.kind is JobKind.GATEWAY


def insert_job(sql: sqlite3.Connection, job: Job) -> Job:
    """Store a new job; the answer carries its id."""
    cursor = sql.execute(
        "INSERT INTO jobs (run_id, kind, step_id, attempt, due, position, status, is_planned,"
        " stack_current, groups, throttle, detail, generation)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            job.run_id,
            job.kind,
            job.step_id,
            job.attempt,
            job.due,
            job.position,
            JobStatus.QUEUED,
            job.is_planned,
            job.stack_current,
            encode_groups(job.groups),
            _encode_throttle(job.throttle),
            job.detail,
            job.generation,
        ),
    )
    assert cursor.lastrowid is not None  # noqa: S101  sqlite3 types it so; an INSERT has one
    return replace(job, id=cursor.lastrowid)


def lease_job(sql: sqlite3.Connection, job_id: int, now: int) -> None:
    """Mark a job as being done. It has passed its throttle, also if it must be done again."""
    status = moved(JOB_MOVES, JobStatus.QUEUED, JobMove.LEASE)
    sql.execute(
        "UPDATE jobs SET status = ?, leased = ?, throttle = NULL WHERE id = ?",
        (status, now, job_id),
    )


def reclaim_jobs(sql: sqlite3.Connection) -> int:
    """Take back what a dead process had leased; how many jobs that were.

    The attempt stays what it was: nobody knows how it ended. The generation rises: an app that is
    still at work on the old request must not be taken for the one that gets it again.
    """
    status = moved(JOB_MOVES, JobStatus.LEASED, JobMove.RECLAIM)
    return sql.execute(
        "UPDATE jobs SET status = ?, leased = NULL, generation = generation + 1 WHERE status = ?",
        (status, JobStatus.LEASED),
    ).rowcount


def delete_job(sql: sqlite3.Connection, job_id: int) -> bool:
    """Forget a job; whether it was there."""
    return sql.execute("DELETE FROM jobs WHERE id = ?", (job_id,)).rowcount > 0


def delete_jobs(
    sql: sqlite3.Connection, run_id: str, step_id: str | None = None, kinds: Iterable[str] = ()
) -> list[int]:
    """Forget a run's jobs, or only those of a step or of some kinds; their ids."""
    wanted = json.dumps([str(kind) for kind in kinds])
    rows = sql.execute(
        "DELETE FROM jobs WHERE run_id = :run AND (:step IS NULL OR step_id = :step)"
        " AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds))) RETURNING id",
        {"run": run_id, "step": step_id, "kinds": wanted},
    ).fetchall()
    return [row["id"] for row in rows]


def has_fresh_discovery(sql: sqlite3.Connection, run_id: str, now: int) -> bool:
    """Whether a discovery that has not been sent yet is due anyway."""
    row = sql.execute(
        "SELECT 1 FROM jobs WHERE run_id = ? AND kind = ? AND status = ? AND due <= ?",
        (run_id, JobKind.DISCOVER, JobStatus.QUEUED, now),
    ).fetchone()
    return row is not None


def has_other_calls(sql: sqlite3.Connection, run_id: str, but: int) -> bool:
    """Whether the run has a call queued or under way besides one."""
    row = sql.execute(
        "SELECT 1 FROM jobs WHERE run_id = ? AND id <> ? AND kind IN (?, ?, ?)",
        (run_id, but, *sorted(CALLS)),
    ).fetchone()
    return row is not None


def find_queued(sql: sqlite3.Connection, run_id: str, kind: JobKind, detail: str) -> Job | None:
    """A run's job of this kind and detail that was never sent."""
    row = sql.execute(
        "SELECT * FROM jobs WHERE run_id = ? AND kind = ? AND detail = ? AND status = ?"
        " AND attempt = 0 AND generation = 1",
        (run_id, kind, detail, JobStatus.QUEUED),
    ).fetchone()
    return _read(row) if row else None


def queued_jobs(sql: sqlite3.Connection) -> list[Job]:
    """Every job that is not being done, in order of creation."""
    rows = sql.execute("SELECT * FROM jobs WHERE status = ? ORDER BY id", (JobStatus.QUEUED,))
    return [_read(row) for row in rows]


def save_limits(sql: sqlite3.Connection, job: Job) -> None:
    """Write anew what may hold a job back: its groups and its throttle."""
    sql.execute(
        "UPDATE jobs SET groups = ?, throttle = ? WHERE id = ?",
        (encode_groups(job.groups), _encode_throttle(job.throttle), job.id),
    )


def jobs_after(
    sql: sqlite3.Connection, job_id: int, *, run_id: str | None = None, limit: int
) -> list[tuple[Job, int | None]]:
    """Jobs with a higher id, all or those of a run, each with when it was leased if it is."""
    statement = JOBS_OF_ALL if run_id is None else JOBS_OF_RUN
    values = (job_id, limit) if run_id is None else (run_id, job_id, limit)
    return [(_read(row), row["leased"]) for row in sql.execute(statement, values)]


def encode_groups(groups: Iterable[Group]) -> str:
    """Groups as the text a row holds."""
    told = [[group.name, group.limit] for group in groups]
    return json.dumps(told) if told else "[]"


def decode_groups(text: str) -> tuple[Group, ...]:
    """Groups from the text a row holds."""
    return () if text == "[]" else tuple(Group(*each) for each in json.loads(text))


def _encode_throttle(throttle: Throttle | None) -> str | None:
    if throttle is None:
        return None
    pace = throttle.pace
    return json.dumps([throttle.bucket, pace.limit, pace.period_ms, pace.burst])


def _decode_throttle(text: str | None) -> Throttle | None:
    if text is None:
        return None
    bucket, limit, period, burst = json.loads(text)
    return Throttle(bucket, Pace(limit, period, burst))


def _read(row: sqlite3.Row) -> Job:
    return Job(
        id=row["id"],
        kind=JobKind(row["kind"]),
        due=row["due"],
        position=row["position"],
        run_id=row["run_id"],
        step_id=row["step_id"],
        attempt=row["attempt"],
        is_planned=bool(row["is_planned"]),
        stack_current=row["stack_current"],
        groups=decode_groups(row["groups"]),
        throttle=_decode_throttle(row["throttle"]),
        detail=row["detail"],
        generation=row["generation"],
    )

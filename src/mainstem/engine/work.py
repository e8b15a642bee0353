"""One transaction of the engine: what it reads, and what it leaves to be done after the commit.

Everything that changes runs takes a `Work`. It writes rows at once; queue entries, notices and
events the engine sends itself are collected, so that nothing is acted on before it is on disk.
"""

import sqlite3
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from mainstem.engine.events import Event
from mainstem.engine.ids import UlidSource
from mainstem.engine.jobs import Job, delete_job, delete_jobs, insert_job
from mainstem.engine.registry import Registry


@dataclass(frozen=True, slots=True)
class Change:
    """A move of a run or a step, told to whoever listens once it is on disk."""

    kind: Literal["run", "step"]
    run_id: str
    function_id: str
    status: str
    step: str | None = None
    attempt: int = 0
    at: int = 0


@dataclass(slots=True)
class Work:
    """A transaction under way at the moment `now`.

    `ended` are the ids of the runs that ended in it. `is_queue_stale` asks for the queue in memory
    to be read from the file again after the commit. `causes` is how many commits must be on disk
    before its calls go out, if not this one too. No call goes out with one that `holds_calls`.
    """

    sql: sqlite3.Connection
    now: int
    registry: Registry
    ulids: UlidSource
    queued: list[Job] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    outbox: deque[Event] = field(default_factory=deque)
    ended: set[str] = field(default_factory=set)
    is_queue_stale: bool = False
    causes: int | None = None
    holds_calls: bool = False

    def new_id(self) -> str:
        """A fresh ULID."""
        return self.ulids.next(self.now)

    def queue(self, job: Job) -> int:
        """Store a job and queue it after the commit; its id."""
        stored = insert_job(self.sql, job)
        self.queued.append(stored)
        return stored.id

    def drop_job(self, job_id: int) -> bool:
        """Forget a job; whether it was there."""
        self.dropped.append(job_id)
        return delete_job(self.sql, job_id)

    def drop_jobs(self, run_id: str, step_id: str | None = None, *kinds: str) -> None:
        """Forget a run's jobs, or only those of a step or of some kinds."""
        self.dropped.extend(delete_jobs(self.sql, run_id, step_id, kinds))

    def tell(self, change: Change) -> None:
        """Announce a move after the commit."""
        self.changes.append(change)

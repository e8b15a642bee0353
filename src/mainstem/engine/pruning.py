"""Forgetting: runs that ended long ago, with all that was kept of them, and events of nobody.

A pass goes over the file by id, from the oldest on, in portions of one transaction each: as much as
a running engine can do between two turns of its loop. Runs that have not ended stay, whatever their
age, and so do their events. What is freed is used again for what comes; the file shrinks only when
it is packed (`Storage.pack`).

Events stay for a day at least, however short the span: by them a request that is sent again is
known. The keys that keep an event from starting a function twice are not touched at all; those that
have expired are the sweep's (see `sweeping`).
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from mainstem.engine.durations import parse_span
from mainstem.engine.errors import EngineError
from mainstem.engine.ids import first_ulid
from mainstem.engine.lifecycle import FINAL_RUNS
from mainstem.engine.limits import DEDUPLICATION_WINDOW
from mainstem.engine.storage import Storage, storage_failure

PORTION: Final = 100
# What is kept of a run, besides its row and which events it is tied to.
_OF_RUNS: Final = ("steps", "attempts", "logs")

OLD_RUNS: Final = (
    "SELECT id, slug, ended FROM runs INDEXED BY runs_by_status"
    " WHERE status = ? AND id > ? AND id < ? ORDER BY id LIMIT ?"
)
# An event is free when no run that stays is tied to it and none is still to come of it.
OLD_EVENTS: Final = """
    SELECT old.internal_id, old.received < :before AND NOT EXISTS (
        SELECT 1 FROM run_events JOIN runs ON runs.id = run_events.run_id
        WHERE run_events.event_id = old.internal_id
        AND runs.id NOT IN (SELECT id FROM temp.pruned_runs)
    ) AND old.internal_id NOT IN (SELECT id FROM temp.held_events) AS is_free
    FROM (SELECT internal_id, received FROM events
          WHERE internal_id > :after AND internal_id < :end ORDER BY internal_id LIMIT :portion
    ) AS old
"""
_TEMPORARY: Final = """
    CREATE TABLE IF NOT EXISTS temp.pruned_runs (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS temp.held_events (id TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_HELD: Final = """
    INSERT OR IGNORE INTO temp.held_events
    SELECT json_extract(event, '$[0]') FROM debounces UNION ALL
    SELECT json_extract(event, '$[0]') FROM batched_events
"""
# The newest run that is too old to be among the last ones of its function.
_BEYOND: Final = "SELECT id FROM runs WHERE slug = ? ORDER BY id DESC LIMIT 1 OFFSET ?"


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept: runs that ended less than `age` milliseconds ago, and those that have not.

    Of each function the `keep_last` newest runs stay, however old.
    """

    age: int
    keep_last: int = 0

    @classmethod
    def parse(cls, age: str, *, keep_last: int = 0) -> Self:
        """Of an age such as `7d` or `12h`. Raises `BadDuration`."""
        return cls(parse_span(age), keep_last)


@dataclass(slots=True)
class Pruned:
    """How much was, or in a trial would be, forgotten."""

    runs: int = 0
    steps: int = 0
    attempts: int = 0
    logs: int = 0
    events: int = 0
    cancellations: int = 0


def prune_file(
    path: str, retention: Retention, *, now: int, is_trial: bool = False, pack: bool = False
) -> Pruned:
    """Prune a file that no engine has open; `pack` gives what is free back to the disk.

    Raises `EngineBusy` when an engine has it, `EngineError` when there is none of ours, and
    `StorageFailed`; what was forgotten until then stays so.
    """
    if not Path(path).is_file():
        raise EngineError(f"Cannot prune {path!r}: there is no such file. Name one with --path.")
    storage = Storage(path)
    try:
        going = Pass(storage.connection, retention, now, is_trial)
        is_unfinished = True
        while is_unfinished:
            with storage.transaction():
                is_unfinished = going.step()
        if pack and not is_trial:
            storage.pack()
    except sqlite3.DatabaseError as error:
        raise storage_failure(storage.path, error) from error
    finally:
        storage.close()
    return going.pruned


@dataclass(slots=True)
class Pass:
    """One pass. `step` does a portion in the caller's transaction until it gives False."""

    sql: sqlite3.Connection
    retention: Retention
    now: int
    is_trial: bool = False
    pruned: Pruned = field(default_factory=Pruned)
    _portions: Iterator[None] | None = None
    _beyond: dict[str, str] = field(default_factory=dict)

    def step(self) -> bool:
        """Do one portion; whether there may be more."""
        if self._portions is None:
            self._portions = self._go()
        return next(self._portions, self) is None

    def _go(self) -> Iterator[None]:
        self._prepare()
        before = self.now - self.retention.age
        yield from self._runs(before)
        yield from self._events(min(before, self.now - DEDUPLICATION_WINDOW))
        self._cancellations(before)

    def _prepare(self) -> None:
        # Executed one by one: a script would commit the caller's transaction.
        for statement in _TEMPORARY.split(";"):
            self.sql.execute(statement)
        for table in ("pruned_runs", "held_events"):
            self.sql.execute(f"DELETE FROM temp.{table}")  # noqa: S608  the names above
        self.sql.execute(_HELD)

    def _runs(self, before: int) -> Iterator[None]:
        for status in sorted(FINAL_RUNS):
            after = ""
            while True:
                rows = self.sql.execute(
                    OLD_RUNS, (status, after, first_ulid(before), PORTION)
                ).fetchall()
                for row in rows:
                    if row["ended"] < before and not self._is_among_last(row["slug"], row["id"]):
                        self._forget_run(row["id"])
                if len(rows) < PORTION:
                    break
                after = rows[-1]["id"]
                yield
            yield

    def _is_among_last(self, slug: str, run_id: str) -> bool:
        if not self.retention.keep_last:
            return False
        if slug not in self._beyond:
            row = self.sql.execute(_BEYOND, (slug, self.retention.keep_last)).fetchone()
            self._beyond[slug] = "" if row is None else row["id"]
        return run_id > self._beyond[slug]

    def _forget_run(self, run_id: str) -> None:
        self.pruned.runs += 1
        for table in _OF_RUNS:
            what = "SELECT count(*)" if self.is_trial else "DELETE"
            done = self.sql.execute(f"{what} FROM {table} WHERE run_id = ?", (run_id,))
            count = done.fetchone()[0] if self.is_trial else done.rowcount
            setattr(self.pruned, table, getattr(self.pruned, table) + count)
        if self.is_trial:
            self.sql.execute("INSERT INTO temp.pruned_runs VALUES (?)", (run_id,))
        else:
            self.sql.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def _events(self, before: int) -> Iterator[None]:
        after = ""
        while True:
            rows = self.sql.execute(
                OLD_EVENTS,
                {"before": before, "after": after, "end": first_ulid(before), "portion": PORTION},
            ).fetchall()
            for row in rows:
                if row["is_free"]:
                    self._forget_event(row["internal_id"])
            if len(rows) < PORTION:
                break
            after = rows[-1]["internal_id"]
            yield

    def _forget_event(self, internal_id: str) -> None:
        self.pruned.events += 1
        if not self.is_trial:
            self.sql.execute("DELETE FROM run_events WHERE event_id = ?", (internal_id,))
            self.sql.execute("DELETE FROM events WHERE internal_id = ?", (internal_id,))

    def _cancellations(self, before: int) -> None:
        """Orders whose span ended before then: they mean no run that is still to be created."""
        what = "SELECT count(*)" if self.is_trial else "DELETE"
        condition = "FROM cancellations WHERE started_before < ? AND created < ?"
        done = self.sql.execute(f"{what} {condition}", (before, before))
        self.pruned.cancellations = done.fetchone()[0] if self.is_trial else done.rowcount

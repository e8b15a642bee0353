"""The engine's file: opened by one engine at a time, changed in short transactions.

SQLite in WAL mode with `synchronous=NORMAL`: a commit survives `kill -9` at once, and a power cut
when `on_disk` has returned, which waits for many commits at a time (see `durability`). Other
engines are kept out (see `holding`).
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

from mainstem.engine.durability import GroupCommit
from mainstem.engine.errors import DAMAGED, EngineError, StorageBusy, StorageFailed
from mainstem.engine.holding import FileHold

MEMORY: Final = ":memory:"

_SCHEMA: Final = """
CREATE TABLE apps (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, url TEXT NOT NULL, sdk TEXT NOT NULL,
    framework TEXT NOT NULL, checksum TEXT NOT NULL, synced INTEGER NOT NULL) STRICT;
CREATE TABLE functions (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, app_id TEXT NOT NULL REFERENCES apps(id),
    name TEXT NOT NULL, version INTEGER NOT NULL, config TEXT NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE events (
    internal_id TEXT PRIMARY KEY, id TEXT NOT NULL, name TEXT NOT NULL, received INTEGER NOT NULL,
    body TEXT NOT NULL, is_internal INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    id TEXT PRIMARY KEY, function_id TEXT NOT NULL, slug TEXT NOT NULL, app_id TEXT NOT NULL,
    status TEXT NOT NULL, created INTEGER NOT NULL, position INTEGER NOT NULL, started INTEGER,
    ended INTEGER, output TEXT, events TEXT NOT NULL, groups TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT -1, max_attempts INTEGER NOT NULL,
    state_bytes INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX runs_by_slug ON runs (slug);
CREATE TABLE run_events (
    event_id TEXT NOT NULL, run_id TEXT NOT NULL, PRIMARY KEY (event_id, run_id)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE steps (
    run_id TEXT NOT NULL, id TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
    op TEXT NOT NULL, status TEXT NOT NULL, attempt INTEGER NOT NULL, is_race INTEGER NOT NULL,
    queued INTEGER NOT NULL, started INTEGER, ended INTEGER, memo TEXT, stack_index INTEGER,
    repeats INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run_id, id)) STRICT, WITHOUT ROWID;
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT, kind TEXT NOT NULL, step_id TEXT,
    attempt INTEGER NOT NULL, due INTEGER NOT NULL, position INTEGER NOT NULL,
    status TEXT NOT NULL, leased INTEGER, is_planned INTEGER NOT NULL,
    stack_current INTEGER NOT NULL, groups TEXT NOT NULL, throttle TEXT, detail TEXT NOT NULL
    ) STRICT;
CREATE INDEX jobs_by_run ON jobs (run_id);
CREATE TABLE pauses (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, run_id TEXT NOT NULL, step_id TEXT,
    event_name TEXT NOT NULL, condition TEXT, correlation TEXT, expires INTEGER NOT NULL,
    armed_by TEXT NOT NULL) STRICT;
CREATE INDEX pauses_by_event ON pauses (event_name);
CREATE INDEX pauses_by_run ON pauses (run_id);
CREATE INDEX pauses_by_correlation ON pauses (correlation);
CREATE TABLE start_keys (
    function_id TEXT NOT NULL, key TEXT NOT NULL, expires INTEGER NOT NULL,
    PRIMARY KEY (function_id, key)) STRICT, WITHOUT ROWID;
CREATE INDEX start_keys_by_expiry ON start_keys (expires);
CREATE TABLE buckets (key TEXT PRIMARY KEY, tat REAL NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE debounces (
    function_id TEXT NOT NULL, key TEXT NOT NULL, event TEXT NOT NULL, ts INTEGER NOT NULL,
    first INTEGER NOT NULL, job_id INTEGER NOT NULL, PRIMARY KEY (function_id, key)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE batches (
    function_id TEXT NOT NULL, key TEXT NOT NULL, events TEXT NOT NULL, job_id INTEGER NOT NULL,
    PRIMARY KEY (function_id, key)) STRICT, WITHOUT ROWID;
CREATE TABLE singletons (
    function_id TEXT NOT NULL, key TEXT NOT NULL, run_id TEXT NOT NULL,
    PRIMARY KEY (function_id, key)) STRICT, WITHOUT ROWID;
CREATE INDEX singletons_by_run ON singletons (run_id);
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""

# What each later layout changed. A new file gets the first layout and then all of these, so that
# there is one description of what a file holds.
_CHANGES: Final[tuple[str, ...]] = (
    """
    ALTER TABLE apps ADD COLUMN previous_url TEXT;
    ALTER TABLE apps ADD COLUMN app_version TEXT;
    ALTER TABLE apps ADD COLUMN env TEXT;
    ALTER TABLE apps ADD COLUMN sync_method TEXT NOT NULL DEFAULT 'out_of_band';
    ALTER TABLE apps ADD COLUMN error TEXT;
    ALTER TABLE apps ADD COLUMN error_at INTEGER;
    ALTER TABLE functions ADD COLUMN synced INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE functions ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
    UPDATE functions SET (synced, changed) =
        (SELECT synced, synced FROM apps WHERE apps.id = functions.app_id);
    CREATE INDEX functions_by_app ON functions (app_id);
    CREATE TABLE rivals (
        app_id TEXT NOT NULL, url TEXT NOT NULL, seen INTEGER NOT NULL,
        PRIMARY KEY (app_id, url)) STRICT, WITHOUT ROWID;
    DROP INDEX runs_by_slug;
    CREATE INDEX runs_by_slug ON runs (slug, id, status);
    """,
    """
    ALTER TABLE jobs ADD COLUMN generation INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE steps ADD COLUMN input TEXT;
    ALTER TABLE runs ADD COLUMN replay_of TEXT;
    ALTER TABLE runs ADD COLUMN overrides TEXT;
    ALTER TABLE runs ADD COLUMN defers TEXT;
    ALTER TABLE runs ADD COLUMN token TEXT;
    CREATE TABLE attempts (
        run_id TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, step_id TEXT,
        attempt INTEGER NOT NULL, generation INTEGER NOT NULL, started INTEGER NOT NULL,
        ended INTEGER NOT NULL, outcome TEXT NOT NULL, detail TEXT, PRIMARY KEY (run_id, number)
        ) STRICT, WITHOUT ROWID;
    CREATE TABLE logs (
        run_id TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, level TEXT NOT NULL,
        message TEXT NOT NULL, step_id TEXT, PRIMARY KEY (run_id, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE cancellations (
        id TEXT PRIMARY KEY, created INTEGER NOT NULL, name TEXT, app_id TEXT NOT NULL,
        function_id TEXT, started_after INTEGER, started_before INTEGER NOT NULL,
        condition TEXT) STRICT, WITHOUT ROWID;
    CREATE INDEX cancellations_by_end ON cancellations (started_before);
    CREATE TABLE paused_functions (
        function_id TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX events_by_name ON events (name, internal_id);
    ALTER TABLE pauses ADD COLUMN match_path TEXT;
    ALTER TABLE pauses ADD COLUMN match_key TEXT;
    ALTER TABLE pauses ADD COLUMN first TEXT;
    DROP INDEX pauses_by_event;
    CREATE INDEX pauses_by_event ON pauses (event_name, match_path, match_key);
    ALTER TABLE buckets RENAME TO buckets_in_milliseconds;
    CREATE TABLE buckets (key TEXT PRIMARY KEY, tat INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO buckets SELECT key, CAST(tat * 1000000 AS INTEGER) FROM buckets_in_milliseconds;
    DROP TABLE buckets_in_milliseconds;
    ALTER TABLE batches RENAME TO batches_in_one;
    CREATE TABLE batches (
        function_id TEXT NOT NULL, key TEXT NOT NULL, size INTEGER NOT NULL,
        bytes INTEGER NOT NULL, job_id INTEGER NOT NULL, PRIMARY KEY (function_id, key)
        ) STRICT, WITHOUT ROWID;
    CREATE TABLE batched_events (
        function_id TEXT NOT NULL, key TEXT NOT NULL, number INTEGER NOT NULL, event TEXT NOT NULL,
        PRIMARY KEY (function_id, key, number)) STRICT, WITHOUT ROWID;
    INSERT INTO batches SELECT function_id, key, json_array_length(events), length(events), job_id
        FROM batches_in_one;
    INSERT INTO batched_events SELECT one.function_id, one.key, each.key, each.value
        FROM batches_in_one AS one, json_each(one.events) AS each;
    DROP TABLE batches_in_one;
    """,
)
_VERSION: Final = 1 + len(_CHANGES)
# Tables that every layout has had: a file without them is somebody else's.
_OURS: Final = frozenset({"apps", "functions", "events", "runs", "steps", "jobs", "start_keys"})
# How long a transaction waits, with everything else, for another program to let go of the file.
_BUSY_SECONDS: Final = 0.05
_LOCKED: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_OURS_ONLY: Final = (
    "It must be a file written by this engine, or none yet, in a folder that can be written, on a"
    " disk with room."
)
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNUSABLE: Final = _DAMAGED | frozenset(
    {
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR),
        *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN),
    }
)


class Storage:
    """One open file. `connection` is for reading; all writing is inside `transaction`."""

    def __init__(self, path: str) -> None:
        """Open or create the file. Raises `EngineBusy`, or `EngineError` if it is not ours."""
        # By its true name: two links to one file must meet the same lock.
        path = path if path == MEMORY else os.path.realpath(path)
        self.path = path
        self._hold = None if path == MEMORY else FileHold(path)
        self._commits = None if self._hold is None else GroupCommit(path, self._hold.is_there)
        # Whether a transaction waits for another program; not while one is known to hold the file.
        self._is_patient = True
        try:
            self.connection = _connect(path)
        except BaseException:
            self._release()
            raise

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing: commits at the end, rolls back when an exception leaves.

        Raises `StorageFailed` when the file cannot be written, and `StorageBusy`, before anything
        was done, when another program is writing to it; nothing is changed then.
        """
        try:
            self._begin()
            try:
                yield self.connection
            except BaseException:
                self._roll_back()
                raise
            try:
                self.connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except sqlite3.DatabaseError as error:
            if _is_unusable(error):
                raise storage_failure(self.path, error) from error
            raise
        if self._commits is not None:
            self._commits.note_commit()

    @property
    def committed(self) -> int:
        """How many transactions were committed; what `on_disk` can wait for."""
        return 0 if self._commits is None else self._commits.committed

    async def on_disk(self, until: int | None = None) -> None:
        """Return when everything committed, or the first `until` commits, is on disk.

        Raises `StorageFailed`.
        """
        if self._commits is not None:
            await self._commits.wait(until)

    def pack(self) -> None:
        """Give the room that is free in the file back to the disk; takes as much again meanwhile.

        Raises `sqlite3.OperationalError` when there is not that much.
        """
        self.connection.execute("VACUUM")
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give the file back; a second call does nothing."""
        if self._commits is not None:
            self._commits.close()
        self.connection.close()
        self._release()

    def _begin(self) -> None:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not _is_locked(error):
                raise
            # Many may try meanwhile, and everybody waits with each of them: one wait is enough.
            self._wait_for_others(0)
            raise StorageBusy(self.path) from error
        if not self._is_patient:
            self._wait_for_others(_BUSY_SECONDS)

    def _wait_for_others(self, seconds: float) -> None:
        self._is_patient = seconds > 0
        self.connection.execute(f"PRAGMA busy_timeout={round(seconds * 1000)}")

    def _roll_back(self) -> None:
        # SQLite rolls back by itself when the disk is full; a second time would be an error.
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def _release(self) -> None:
        if self._hold is not None:
            self._hold.release()
            self._hold = None


def storage_failure(path: str, error: sqlite3.DatabaseError) -> StorageFailed:
    """What SQLite tells of a file that cannot be used, with what to do about it."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED:
        return StorageFailed(path, str(error), DAMAGED)
    return StorageFailed(path, str(error))


def _is_locked(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _LOCKED


def _is_unusable(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _UNUSABLE


def _script(version: int) -> str:
    """What a file of an older layout lacks; 0 is an empty one."""
    missing = [_SCHEMA, *_CHANGES][version:]
    return f"BEGIN IMMEDIATE;{''.join(missing)}PRAGMA user_version={_VERSION};COMMIT;"


@lru_cache(maxsize=1)
def _empty() -> bytes:
    """A new database's bytes: tests open one each, and a copy takes a twentieth of the time."""
    with closing(sqlite3.connect(MEMORY, isolation_level=None)) as made:
        made.executescript(_script(0))
        return made.serialize()


def _connect(path: str) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        if path != MEMORY and Path(path).stat().st_size > 0:
            _expect_ours(path)
        connection = sqlite3.connect(
            path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        connection.row_factory = sqlite3.Row
        if path == MEMORY and hasattr(connection, "deserialize"):
            connection.deserialize(_empty())
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version < _VERSION:
            connection.executescript(_script(version))
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if _is_locked(error):
            raise StorageBusy(path) from error
        is_damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT
        advice = DAMAGED if is_damaged else _OURS_ONLY
        raise EngineError(f"Cannot open the engine's file {path!r}: {error}. {advice}") from error
    return connection


def _expect_ours(path: str) -> None:
    """Look at a file before anything in it is touched. Raises `EngineError` or `sqlite3.Error`."""
    # Without a log nobody else writes it: then SQLite need not make one beside it to look.
    still = "" if Path(f"{path}-wal").exists() else "&immutable=1"
    looking = sqlite3.connect(f"{Path(path).as_uri()}?mode=ro{still}", uri=True)
    try:
        version = looking.execute("PRAGMA user_version").fetchone()[0]
        tables = looking.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    finally:
        looking.close()
    names = {name for (name,) in tables}
    if names and (version == 0 or not names >= _OURS):
        raise EngineError(
            f"Cannot open the engine's file {path!r}: it is a database of something else. Nothing"
            " was changed in it; choose another path."
        )
    if version > _VERSION:
        raise EngineError(
            f"The engine's file {path!r} has layout {version}, this engine writes {_VERSION}."
            " Use the version of mainstem that wrote it, or start with a new file."
        )

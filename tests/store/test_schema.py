"""Migrations: from nothing to the tables the code knows, back, and by two at once."""

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from mainstem.errors import StoreError
from mainstem.store import Database, SchemaOutdated, SchemaTooNew, schema, table_counts, tables


def differences(conn: Connection) -> list[Any]:
    with warnings.catch_warnings():
        # Neither compares indexes over expressions; the test below asks for ours by name.
        warnings.filterwarnings("ignore", message=".*expression-based index.*")
        context = MigrationContext.configure(conn, opts={"compare_server_default": False})
        return list(compare_metadata(context, tables.metadata))


def checks(conn: Connection) -> dict[str, set[Any]]:
    found = inspect(conn)
    return {
        name: {check["name"] for check in found.get_check_constraints(name)}
        for name in tables.metadata.tables
    }


def test_migrating_an_empty_database_gives_the_tables_of_the_code(db: Database) -> None:
    assert db.read(differences) == []
    assert set(db.read(table_counts)) == set(tables.metadata.tables)


def test_migrations_make_the_checks_of_the_code(db: Database) -> None:
    def declared(conn: Connection) -> dict[str, set[Any]]:
        tables.metadata.create_all(conn)
        return checks(conn)

    with Database("sqlite://") as direct:
        assert db.read(checks) == direct.write(declared)


def test_migrations_make_the_two_unique_indexes_that_no_constraint_can_express(
    db: Database,
) -> None:
    names = {"sqlite": ("sqlite_master", "name"), "postgresql": ("pg_indexes", "indexname")}
    table, column = names[db.dialect]
    question = text(f"SELECT {column} FROM {table} WHERE {column} LIKE 'uq\\_%' ESCAPE '\\'")
    found = set(db.read(lambda conn: conn.execute(question).scalars().all()))
    assert {"uq_repositories_owner_name", "uq_workspace_aggregation_queue_open"} <= found


def test_downgrading_to_the_base_leaves_no_table(own_db: Database) -> None:
    own_db.write(schema.downgrade)
    assert own_db.read(lambda conn: inspect(conn).get_table_names()) == ["alembic_version"]
    own_db.upgrade()
    own_db.check_current()


def test_upgrading_again_is_harmless(db: Database) -> None:
    db.upgrade()
    db.check_current()


def test_a_database_without_tables_is_outdated(empty_url: str) -> None:
    with (
        Database(empty_url) as db,
        pytest.raises(SchemaOutdated, match="has no tables yet") as seen,
    ):
        db.check_current()
    assert "Run `mainstem db upgrade`" in str(seen.value)


def test_a_database_of_a_newer_mainstem_is_refused_and_left_alone(own_db: Database) -> None:
    own_db.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    for use in (own_db.check_current, own_db.upgrade):
        with pytest.raises(SchemaTooNew, match=r"'9999'.* Upgrade Mainstem") as seen:
            use()
        assert seen.value.expected == schema.HEAD


def test_the_revisions_the_code_knows_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", "mainstem.store:migrations")
    config.set_main_option("path_separator", "os")
    walked = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(walked)) == schema.REVISIONS


def test_threads_that_upgrade_at_once_all_succeed(empty_url: str) -> None:
    def upgrade(_: int) -> None:
        with Database(empty_url) as db:
            db.upgrade()
            db.check_current()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, range(4)))


def test_processes_that_upgrade_at_once_all_succeed(tmp_path: Path) -> None:
    code = f"from mainstem.store import Database; Database('sqlite:///{tmp_path}/x.db').upgrade()"
    started = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [process.wait(timeout=60) for process in started] == [0, 0, 0]


def test_alembic_without_our_connection_says_what_to_use() -> None:
    from alembic import command

    config = Config()
    config.set_main_option("script_location", "mainstem.store:migrations")
    config.set_main_option("path_separator", "os")
    with pytest.raises(StoreError, match="Use `mainstem db upgrade`"):
        command.upgrade(config, "head")

"""Migrations keep what is stored, up and down, and make exactly the tables that the code has."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, inspect, select

import databases
from mainstem.store import Database, mark_deleted, save_comments, save_reviews, schema, tables

from .rows import T0, plant, pull_comment, review

OLD = schema.REVISIONS[0]


def spelt(thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: spelt(value) for key, value in thing.items()}
    return str(thing)


def described(conn: Connection) -> dict[str, Any]:
    """All that the database itself says of its tables."""
    found = inspect(conn)

    def by_name(things: list[Any]) -> list[Any]:
        return sorted((spelt(each) for each in things), key=str)

    return {
        name: {
            "columns": [
                spelt(each)
                for each in sorted(found.get_columns(name), key=lambda each: each["name"])
            ],
            "primary key": str(found.get_pk_constraint(name)),
            "foreign keys": by_name(list(found.get_foreign_keys(name))),
            "unique": by_name(list(found.get_unique_constraints(name))),
            "checks": by_name(list(found.get_check_constraints(name))),
            "indexes": by_name(list(found.get_indexes(name))),
            "comment": str(found.get_table_comment(name)) if conn.dialect.supports_comments else "",
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def stored(conn: Connection, columns: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """Every row, as the driver gives it, of the named columns or all."""
    seen = MetaData()
    seen.reflect(conn)
    found = {}
    for name, table in seen.tables.items():
        if name == "alembic_version" or (columns is not None and name not in columns):
            continue
        names = sorted(table.c.keys()) if columns is None else columns[name]
        rows = conn.execute(select(*(table.c[each] for each in names)).order_by(table.c.id))
        found[name] = [tuple(row) for row in rows]
    return found


def column_names(conn: Connection) -> dict[str, list[str]]:
    found = inspect(conn)
    return {
        name: sorted(each["name"] for each in found.get_columns(name))
        for name in found.get_table_names()
        if name != "alembic_version"
    }


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")
def test_down_and_up_again_loses_nothing_of_the_older_columns(own_db: Database) -> None:
    plant(own_db)
    own_db.write(save_reviews, [review(5, 1), review(6, 2)])
    own_db.write(save_comments, [pull_comment(7, 1)])
    own_db.write(mark_deleted, "review", github_ids=[5], at=T0)
    own_db.write(schema.downgrade, OLD)
    columns = own_db.read(column_names)
    before = own_db.read(stored)
    assert len(before["reviews"]) == 2
    assert "deleted_at" not in columns["reviews"]
    for _ in range(2):
        own_db.upgrade()
        own_db.check_current()
        assert own_db.read(stored, columns) == before
        own_db.write(schema.downgrade, OLD)
        assert own_db.read(stored) == before


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")
def test_an_older_database_that_is_upgraded_is_one_that_was_made_anew(own_db: Database) -> None:
    fresh = own_db.read(described)
    own_db.write(schema.downgrade, OLD)
    assert own_db.read(described) != fresh
    own_db.upgrade()
    assert own_db.read(described) == fresh


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")
def test_migrations_and_models_make_the_same_tables(db: Database, tmp_path: Path) -> None:
    """Types, defaults, comments, keys, indexes, and the words of every check."""
    is_sqlite = db.dialect == "sqlite"
    url = f"sqlite:///{tmp_path}/x.db" if is_sqlite else None
    made = None if is_sqlite else databases.postgres().create()
    with Database(url or databases.shown(made)) as direct:  # type: ignore[arg-type]
        direct.write(tables.metadata.create_all)
        migrated, declared = db.read(described), direct.read(described)
    assert set(migrated) == set(declared)
    for name in declared:
        assert migrated[name] == declared[name], name
    if made is not None:
        databases.postgres().drop(made)

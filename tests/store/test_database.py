"""Opening, reading, writing, and what is said when it cannot be done."""

import asyncio
import contextvars
import re
import sqlite3
import threading
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from mainstem.errors import StoreError
from mainstem.store import (
    Database,
    DatabaseUnavailable,
    NaiveTime,
    find_repository,
    save_repositories,
    table_counts,
    tables,
)

from .rows import REPO, T0, repo


def test_a_write_that_raises_undoes_everything(db: Database) -> None:
    def save_and_fail(conn: Connection) -> None:
        save_repositories(conn, [repo()])
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        db.write(save_and_fail)
    assert db.read(table_counts)["repositories"] == 0


def test_a_read_may_not_write(db: Database) -> None:
    with pytest.raises(StoreError, match=r"in a read: .* Use `Database.write`"):
        db.read(save_repositories, [repo()])
    assert db.write(save_repositories, [repo()]).inserted == 1


async def test_on_a_thread_it_does_the_same_and_keeps_the_callers_context(db: Database) -> None:
    name = contextvars.ContextVar("name", default="?")
    name.set("run 1")
    assert (await db.run_write(save_repositories, [repo()], at=T0)).inserted == 1
    found = await db.run_read(find_repository, "octo", "HELLO")
    assert found is not None
    assert found.id == REPO
    assert await db.run_read(lambda _: name.get()) == "run 1"


async def test_many_writes_at_once_all_land(db: Database) -> None:
    rows = [repo(n, name=f"r{n}") for n in range(1, 31)]
    await asyncio.gather(*(db.run_write(save_repositories, [row]) for row in rows))
    assert (await db.run_read(table_counts))["repositories"] == 30


def test_a_reader_is_not_held_up_by_a_writer(db: Database) -> None:
    writing, read = threading.Event(), threading.Event()

    def save_slowly(conn: Connection) -> None:
        save_repositories(conn, [repo()])
        writing.set()
        assert read.wait(10)

    writer = threading.Thread(target=db.write, args=(save_slowly,))
    writer.start()
    assert writing.wait(10)
    assert db.read(table_counts)["repositories"] == 0
    read.set()
    writer.join()
    assert db.read(table_counts)["repositories"] == 1


def test_two_databases_on_one_file_take_turns(db: Database) -> None:
    rows = [repo(n, name=f"r{n}") for n in range(1, 21)]
    url = db._engine.url.render_as_string(hide_password=False)
    with Database(url) as other:
        threads = [
            threading.Thread(target=one.write, args=(save_repositories, [row]))
            for one, row in zip([db, other] * 10, rows, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert db.read(table_counts)["repositories"] == 20


def test_sqlite_is_opened_with_wal_and_foreign_keys(sqlite_template: Path) -> None:
    names = ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")

    def pragmas(conn: Connection) -> list[object]:
        return [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    with Database(f"sqlite:///{sqlite_template}") as db:
        found = db.read(pragmas)
    assert found == ["wal", 1, 30_000, 1]


def test_a_database_in_memory_is_one_for_all_threads() -> None:
    with Database("sqlite://") as db:
        db.upgrade()
        thread = threading.Thread(target=db.write, args=(save_repositories, [repo()]))
        thread.start()
        thread.join()
        assert db.read(table_counts)["repositories"] == 1


def test_a_missing_folder_is_one_clear_line(tmp_path: Path) -> None:
    with (
        Database(f"sqlite:///{tmp_path}/no/x.db") as db,
        pytest.raises(DatabaseUnavailable, match="Create the folder") as seen,
    ):
        db.upgrade()
    assert "\n" not in str(seen.value)
    assert not (tmp_path / "no").exists()


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("a letter to my aunt, quite long enough to be a header" * 40)
    with (
        Database(f"sqlite:///{tmp_path}/x.db") as db,
        pytest.raises(DatabaseUnavailable, match="the file is something else"),
    ):
        db.upgrade()


def test_a_file_that_may_not_be_written_is_one_clear_line(sqlite_template: Path) -> None:
    with (
        Database(f"sqlite:///file:{sqlite_template}?mode=ro&uri=true") as db,
        pytest.raises(DatabaseUnavailable, match="it may not be written"),
    ):
        db.write(save_repositories, [repo()])


def test_a_busy_database_says_so(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem.store.database.BUSY_TIMEOUT_MS", 1)
    holder = sqlite3.connect(sqlite_template, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with (
        Database(f"sqlite:///{sqlite_template}") as db,
        pytest.raises(DatabaseUnavailable, match="another process has been writing"),
    ):
        db.write(save_repositories, [repo()])
    holder.close()


@pytest.mark.parametrize("url", ["", "nonsense", "mystery://host/x", "sqlite://host:x/x"])
def test_a_url_that_means_nothing_is_refused_at_once(url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"Cannot use the database URL .*sqlite:///FILE"):
        Database(url)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: install psycopg")
    with (
        Database("postgres://me:hunter2@127.0.0.1:1/x") as db,
        pytest.raises(DatabaseUnavailable, match="Check that the server runs") as seen,
    ):
        db.read(table_counts)
    assert "hunter2" not in str(seen.value)
    assert "hunter2" not in db.url


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("no-such-host.invalid", "no-such-host.invalid"),
        (f"{'a' * 70}.invalid", "its host's name is none"),
        ("127.0.0.1:1", "Check that the server runs"),
    ],
)
@pytest.mark.parametrize("use", ["upgrade", "check_current"])
def test_a_server_that_cannot_be_found_is_one_clear_line(host: str, said: str, use: str) -> None:
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: install psycopg")
    with (
        Database(f"postgresql://me:hunter2@{host}/x?sslpassword=hunter3") as db,
        pytest.raises(DatabaseUnavailable, match=re.escape(said)) as seen,
    ):
        getattr(db, use)()
    assert "\n" not in str(seen.value)
    assert "hunter" not in str(seen.value) + db.url


def test_an_option_that_the_server_does_not_know_is_one_clear_line() -> None:
    pytest.importorskip("psycopg", reason="no PostgreSQL driver: install psycopg")
    with (
        Database("postgresql://me@127.0.0.1:1/x?colour=red") as db,
        pytest.raises(DatabaseUnavailable, match="colour"),
    ):
        db.check_current()


def test_a_mistake_in_a_query_is_not_called_unavailable(db: Database) -> None:
    with pytest.raises(Exception, match="nothing_here") as seen:
        db.read(lambda conn: conn.execute(text("SELECT * FROM nothing_here")))
    assert not isinstance(seen.value, StoreError)


def test_a_time_without_a_zone_is_refused(db: Database) -> None:
    naive = T0.replace(tzinfo=None)
    with pytest.raises(NaiveTime, match="it has no zone"):
        db.write(save_repositories, [{**repo(), "github_pushed_at": naive}])


def test_times_come_back_aware_and_in_utc(db: Database) -> None:
    elsewhere = T0.astimezone(timezone(timedelta(hours=5, minutes=30)))
    db.write(save_repositories, [{**repo(), "github_pushed_at": elsewhere}])
    found = db.read(
        lambda conn: conn.execute(select(tables.repositories.c.github_pushed_at)).scalar()
    )
    assert found == T0
    assert found.utcoffset() == timedelta(0)


def test_json_keeps_its_shape_and_loses_nul(db: Database) -> None:
    db.write(save_repositories, [repo()])
    payload = {"b": ["x\x00y", 1, None], "a": {"k\x00": True}}
    row = {
        "id": REPO,
        "event_id": "1",
        "event_type": "WatchEvent",
        "repository_id": REPO,
        "payload": payload,
        "created_at": T0,
        "row_synced_at": T0,
    }
    db.write(lambda conn: conn.execute(insert(tables.github_events_cache).values(row)))
    found = db.read(
        lambda conn: conn.execute(select(tables.github_events_cache.c.payload)).scalar()
    )
    assert found == {"a": {"k": True}, "b": ["xy", 1, None]}


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/x.db")
    db.close()
    db.close()

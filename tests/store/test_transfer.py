"""A copy is the source, whichever way it goes, however often it was stopped."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, insert, select, update

import databases
from mainstem.store import (
    CopyRefused,
    Database,
    copy_database,
    create_workspace,
    ids,
    mark_deleted,
    reading,
    save_comments,
    save_github_events,
    save_metrics_days,
    save_pull_requests,
    save_reviews,
    table_counts,
    tables,
    track_repository,
    transfer,
)

from .rows import REPO, T0, plant, pull, pull_comment, review


def fill(db: Database) -> None:
    """Something of most kinds: documents, odd texts, large numbers, days, marks."""
    plant(db)
    many: list[Any] = [
        {**pull(n), "labels": ["b", "é\"{'"], "body": 'q"\\\n\t𝄞', "additions": n}
        for n in range(4, 124)
    ]
    db.write(save_pull_requests, many)
    db.write(save_reviews, [review(n, 1) for n in range(1, 9)])
    talk: list[Any] = [{**pull_comment(2**53, 1), "in_reply_to_github_id": 2**60}]
    db.write(save_comments, talk)
    db.write(mark_deleted, "review", github_ids=[4], at=T0)
    event: Any = {
        "id": ids.github_event_id("1"),
        "event_id": "1",
        "event_type": "PushEvent",
        "repository_id": REPO,
        "payload": {"z": [1.0, 2.5, None, 1e20, True], "a": {"é": "x"}},
        "created_at": T0,
    }
    db.write(save_github_events, [event])
    db.write(track_repository, REPO, owner="Octo", name="Hello", at=T0)
    workspace = db.write(create_workspace, "Work", "work", at=T0)
    day: Any = {
        "id": ids.metrics_day_id(workspace, date(2024, 2, 29)),
        "workspace_id": workspace,
        "metric_date": date(2024, 2, 29),
        **dict.fromkeys(
            ("daily_prs", "daily_merged_prs", "daily_issues", "daily_closed_issues"), 1
        ),
        "daily_active_contributors": 2,
    }
    db.write(save_metrics_days, [day])


def contents(db: Database) -> dict[str, list[Any]]:
    def load(conn: Connection, table: Table) -> list[Any]:
        return [tuple(row) for row in conn.execute(select(table).order_by(table.c.id))]

    return {table.name: db.read(load, table) for table in tables.metadata.sorted_tables}


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BATCH_ROWS", 50)


@pytest.fixture
def filled(db: Database) -> Database:
    fill(db)
    return db


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/copy.db" if is_sqlite else databases.postgres().take()
    with Database(url) as database:
        yield database


def test_a_copy_holds_what_the_source_holds(filled: Database, target: Database) -> None:
    done = copy_database(filled, target)
    assert contents(target) == contents(filled)
    assert {name: each.rows for name, each in done.items()} == filled.read(table_counts)
    assert done["pull_requests"].copied == 122


def test_copying_again_copies_nothing(filled: Database, target: Database) -> None:
    first = copy_database(filled, target)
    again = copy_database(filled, target)
    assert sum(each.copied for each in again.values()) == 0
    assert {n: each.digest for n, each in again.items()} == {
        n: each.digest for n, each in first.items()
    }


def test_a_copy_that_was_stopped_goes_on_where_it_stood(filled: Database, target: Database) -> None:
    def stop(table: str, done: int, _total: int) -> None:
        if table == "pull_requests" and done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_database(filled, target, progress=stop)
    assert target.read(table_counts)["pull_requests"] == 50
    done = copy_database(filled, target)["pull_requests"]
    assert (done.already, done.copied) == (50, 72)
    assert contents(target) == contents(filled)


def test_a_target_with_rows_of_its_own_is_refused_and_left_alone(
    filled: Database, target: Database
) -> None:
    target.upgrade()
    target.write(create_workspace, "Theirs", "theirs", at=T0)
    before = target.read(table_counts)
    with pytest.raises(CopyRefused, match=r"its table workspaces holds rows .* Give an empty"):
        copy_database(filled, target)
    assert target.read(table_counts) == before


def test_a_copy_of_a_source_that_changed_since_is_refused(
    filled: Database, target: Database
) -> None:
    copy_database(filled, target)
    filled.write(lambda conn: conn.execute(update(tables.issues).values(title="Other")))
    with pytest.raises(CopyRefused, match="its table issues holds rows"):
        copy_database(filled, target)


def test_what_something_else_writes_into_the_copy_meanwhile_is_found(
    filled: Database, target: Database
) -> None:
    def meddle(table: str, done: int, total: int) -> None:
        if table == "comments" and done == total:
            target.write(lambda conn: conn.execute(update(tables.issues).values(title="Other")))

    with pytest.raises(CopyRefused, match="is not the source: its table issues has 1 rows"):
        copy_database(filled, target, progress=meddle)


def test_what_is_written_to_the_source_meanwhile_is_not_in_the_copy(
    filled: Database, target: Database
) -> None:
    added = {**pull(5_000), "row_synced_at": T0}

    def add(table: str, done: int, _total: int) -> None:
        if table == "repositories" and done:
            filled.write(lambda conn: conn.execute(insert(tables.pull_requests).values(added)))

    done = copy_database(filled, target, progress=add)
    assert done["pull_requests"].rows == 122
    assert filled.read(table_counts)["pull_requests"] == 123


def test_a_database_is_not_copied_to_itself(filled: Database) -> None:
    with pytest.raises(CopyRefused, match="to itself"):
        copy_database(filled, filled)


def test_equal_documents_have_equal_hashes_on_both(filled: Database, target: Database) -> None:
    copy_database(filled, target)
    table = tables.github_events_cache
    assert filled.read(transfer.digest_of, table) == target.read(transfer.digest_of, table)

"""`mainstem db stats`, `copy` and `export`, as users meet them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]

import databases
from mainstem.store import (
    Database,
    ids,
    mark_deleted,
    save_pull_requests,
    save_repositories,
    table_counts,
)

from .shell import Done, call

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
REPO = ids.repository_id(7)


def pull(number: int) -> Any:
    return {
        "id": ids.pull_request_id(7, number),
        "github_id": number,
        "repository_id": REPO,
        "number": number,
        "title": "A change",
        "state": "open",
        "created_at": T0,
        "updated_at": T0,
    }


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with `x.db`: one repository, three pull requests, one of them gone."""
    (tmp_path / "x.db").write_bytes(databases.migrated_sqlite())
    repository: Any = {
        "id": REPO,
        "github_id": 7,
        "owner": "octo",
        "name": "hello",
        "full_name": "octo/hello",
    }
    with Database(f"sqlite:///{tmp_path}/x.db") as database:
        database.write(save_repositories, [repository], at=T0)
        database.write(save_pull_requests, [pull(1), pull(2), pull(3)], at=T0)
        database.write(mark_deleted, "pull_request", ids=[pull(3)["id"]], at=T0)
    return tmp_path


def done(folder: Path, *words: str, code: int = 0) -> Done:
    ended = call(folder, "db", *words)
    assert ended.returncode == code, ended.stderr
    return ended


def test_stats_tell_rows_sizes_and_how_complete_each_repository_is(here: Path) -> None:
    told = json.loads(done(here, "stats", "--database", "sqlite:///x.db", "--json").stdout)
    pulls = told["stats"]["tables"]["pull_requests"]
    assert (pulls["rows"], pulls["deleted"], pulls["newest"]) == (3, 1, T0.isoformat())
    (repository,) = told["repositories"]
    assert repository["repository"] == "octo/hello"
    assert repository["completeness"]["pulls"] == 2


def test_stats_for_people_name_the_tables_that_hold_rows(here: Path) -> None:
    text = done(here, "stats", "--database", "sqlite:///x.db").stdout
    assert "sqlite:///x.db: sqlite 3." in text
    assert "pull_requests" in text
    assert "octo/hello" in text
    assert "webhook_deliveries" not in text


def test_a_copy_to_postgresql_and_back_is_verified(here: Path) -> None:
    url = databases.postgres().take()
    text = done(here, "copy", "sqlite:///x.db", url).stdout
    assert "holds all 4 rows of sqlite:///x.db (4 copied now), verified." in text
    back = json.loads(done(here, "copy", url, "sqlite:///back.db", "--json").stdout)
    assert back["verified"]
    assert back["tables"]["pull_requests"]["copied"] == 3
    with Database(f"sqlite:///{here}/back.db") as copied:
        assert copied.read(table_counts)["pull_requests"] == 3


def test_a_copy_never_shows_a_password(here: Path) -> None:
    ended = done(here, "copy", "sqlite:///x.db", "postgresql://me:geheim@127.0.0.1:1/x", code=1)
    assert "Cannot write to database" in ended.stderr
    assert "geheim" not in ended.stderr + ended.stdout


def test_a_copy_into_somebody_elses_database_is_refused(here: Path) -> None:
    (here / "y.db").write_bytes(databases.migrated_sqlite())
    other: Any = {
        "id": ids.repository_id(8),
        "github_id": 8,
        "owner": "a",
        "name": "b",
        "full_name": "a/b",
    }
    with Database(f"sqlite:///{here}/y.db") as database:
        database.write(save_repositories, [other])
    ended = done(here, "copy", "sqlite:///x.db", "sqlite:///y.db", code=1)
    assert "its table repositories holds rows that are not the source's" in ended.stderr


@pytest.mark.parametrize(
    "words", [("copy", "sqlite:///no.db", "sqlite:///y.db"), ("stats",), ("export", "out")]
)
def test_a_file_that_is_not_there_is_an_error_and_is_not_made(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    more = () if words[0] == "copy" else ("--database", "sqlite:///no.db")
    ended = done(tmp_path, *words, *more, code=1)
    assert "'sqlite:///no.db': there is no such file" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_export_writes_a_file_for_each_table(here: Path) -> None:
    told = json.loads(done(here, "export", "out", "--database", "sqlite:///x.db", "--json").stdout)
    rows = {each["table"]: each["rows"] for each in told["files"]}
    assert rows["pull_requests"] == 3
    for each in told["files"]:
        assert parquet.read_table(here / each["path"]).num_rows == each["rows"]


def test_an_export_of_one_repository_and_table_is_just_that(here: Path) -> None:
    chosen = ("--repository", "Octo/Hello", "--table", "pull_requests", "--format", "csv")
    text = done(here, "export", "out", "--database", "sqlite:///x.db", *chosen).stdout
    assert "Wrote 1 file to out." in text
    assert [path.name for path in (here / "out").iterdir()] == ["pull_requests.csv"]


def test_an_export_of_an_unknown_repository_says_where_to_look(here: Path) -> None:
    words = ("export", "out", "--database", "sqlite:///x.db", "--repository", "a/b")
    ended = done(here, *words, code=1)
    assert "Cannot export repository 'a/b': it is not stored" in ended.stderr


def test_a_database_of_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"")
    for words in (("stats",), ("export", "out")):
        ended = done(tmp_path, *words, "--database", "sqlite:///x.db", code=1)
        assert "Run `mainstem db upgrade`" in ended.stderr

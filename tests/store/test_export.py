"""Exported files hold what the tables hold, typed."""

import csv
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]
from sqlalchemy import select

from mainstem.store import (
    Database,
    ExportFailed,
    export,
    export_tables,
    ids,
    save_comments,
    save_pull_requests,
    save_repositories,
    tables,
)

from .rows import HOUR, REPO, T0, person, pull, pull_comment, repo

ODD = 'a "quoted", line\nand \\ é𝄞'


@pytest.fixture
def filled(planted: Database) -> Database:
    odd: Any = {
        **pull(1),
        "body": ODD,
        "labels": ["a,b", '"'],
        "draft": True,
        "author_id": person(1)["id"],
        "milestone": "",
    }
    planted.write(save_pull_requests, [odd])
    talk: list[Any] = [{**pull_comment(2**53, 1), "in_reply_to_github_id": 2**60}]
    planted.write(save_comments, talk)
    return planted


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_parquet_is_typed(filled: Database, tmp_path: Path) -> None:
    filled.read(export_tables, tmp_path, format="parquet")
    schema = parquet.read_schema(tmp_path / "pull_requests.parquet")
    kinds = {name: str(schema.field(name).type) for name in schema.names}
    assert {
        name: kinds[name] for name in ("id", "number", "github_id", "draft", "created_at", "labels")
    } == {
        "id": "string",
        "number": "int64",
        "github_id": "int64",
        "draft": "bool",
        "created_at": "timestamp[us, tz=UTC]",
        "labels": "string",
    }


def test_parquet_holds_the_rows(filled: Database, tmp_path: Path) -> None:
    filled.read(export_tables, tmp_path, format="parquet", names=["pull_requests", "comments"])
    rows = parquet.read_table(tmp_path / "pull_requests.parquet").to_pylist()
    first = next(row for row in rows if row["number"] == 1)
    assert (first["body"], first["labels"], first["merged_at"]) == (ODD, '["a,b","\\""]', None)
    assert first["created_at"] == T0 - HOUR
    (said,) = parquet.read_table(tmp_path / "comments.parquet").to_pylist()
    assert said["in_reply_to_github_id"] == 2**60


def test_csv_holds_the_rows(filled: Database, tmp_path: Path) -> None:
    (done,) = filled.read(export_tables, tmp_path, format="csv", names=["pull_requests"])
    rows = read_csv(done.path)
    first = next(row for row in rows if row["number"] == "1")
    assert (done.rows, len(rows)) == (2, 2)
    assert (first["body"], first["labels"], first["draft"]) == (ODD, '["a,b","\\""]', "true")
    assert datetime.fromisoformat(first["created_at"]) == T0 - HOUR
    assert first["id"] == str(pull(1)["id"])
    assert first["created_at"].endswith("+00:00")


def test_csv_tells_nothing_from_an_empty_text(filled: Database, tmp_path: Path) -> None:
    filled.read(export_tables, tmp_path, format="csv", names=["pull_requests"])
    text = (tmp_path / "pull_requests.csv").read_bytes().decode()
    columns = text.split("\r\n", maxsplit=1)[0].split(",")
    second = next(line for line in text.split("\r\n") if ",2," in line).split(",")
    assert second[columns.index("body")] == ""
    assert ',"",' in next(part for part in text.split("\r\n") if "a,b" in part)


def test_tables_of_many_batches_are_whole(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_GROUP_ROWS", 7)
    filled.write(save_pull_requests, [pull(n) for n in range(10, 31)])
    for kind in ("parquet", "csv"):
        filled.read(export_tables, tmp_path, format=kind, names=["pull_requests"])
    wanted = filled.read(lambda c: c.execute(select(tables.pull_requests.c.id)).scalars().all())
    found = parquet.read_table(tmp_path / "pull_requests.parquet").column("id").to_pylist()
    assert sorted(found) == sorted(map(str, wanted))
    assert len(read_csv(tmp_path / "pull_requests.csv")) == len(wanted)


def test_an_export_of_one_repository_has_its_rows_and_people_alone(
    filled: Database, tmp_path: Path
) -> None:
    filled.write(save_repositories, [repo(8, "other", "one")])
    other: Any = {
        **pull(1),
        "id": ids.pull_request_id(8, 1),
        "github_id": 99,
        "repository_id": ids.repository_id(8),
        "author_id": person(2)["id"],
    }
    filled.write(save_pull_requests, [other])
    done = filled.read(export_tables, tmp_path, format="csv", repository_id=REPO)
    rows = {each.table: read_csv(each.path) for each in done}
    assert [row["full_name"] for row in rows["repositories"]] == ["Octo/Hello"]
    assert [row["username"] for row in rows["contributors"]] == ["user1"]
    assert len(rows["pull_requests"]) == 2


@pytest.mark.parametrize(
    ("names", "of", "words"),
    [
        (["pulls"], None, "Cannot export table 'pulls': there is none"),
        (["workspaces"], REPO, "its rows belong to none"),
    ],
)
def test_tables_that_cannot_be_exported_are_refused_by_name(
    filled: Database, tmp_path: Path, names: list[str], of: Any, words: str
) -> None:
    with pytest.raises(ExportFailed, match=words):
        filled.read(export_tables, tmp_path, format="csv", names=names, repository_id=of)


def test_without_pyarrow_parquet_says_what_to_install(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ExportFailed, match=r"Install mainstem\[export\]"):
        filled.read(export_tables, tmp_path, format="parquet")


def test_an_export_that_fails_leaves_the_earlier_file_and_nothing_else(
    filled: Database, tmp_path: Path
) -> None:
    filled.read(export_tables, tmp_path, format="csv", names=["issues"])
    before = (tmp_path / "issues.csv").read_bytes()

    def fail(_table: str, _rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filled.read(export_tables, tmp_path, format="csv", names=["issues"], progress=fail)
    assert [path.name for path in tmp_path.glob("*issues*")] == ["issues.csv"]
    assert (tmp_path / "issues.csv").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_named(filled: Database, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportFailed, match="Give a folder that can be written"):
        filled.read(export_tables, tmp_path / "file", format="csv")


def test_every_time_that_is_exported_is_in_utc(filled: Database, tmp_path: Path) -> None:
    filled.read(export_tables, tmp_path, format="parquet", names=["pull_requests"])
    rows = parquet.read_table(tmp_path / "pull_requests.parquet").to_pylist()
    assert {row["row_synced_at"].utcoffset() for row in rows} == {UTC.utcoffset(None)}

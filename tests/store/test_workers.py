"""Many writers on one PostgreSQL: nobody's rows are lost, and no circle of waiting is for ever."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update
from sqlalchemy.exc import DBAPIError

from databases import empty
from mainstem.store import (
    Database,
    ids,
    save_comments,
    save_contributors,
    save_pull_requests,
    save_repositories,
    tables,
)

from .rows import T0, person, plant, repo

WORKERS, PAGES, PULLS, PEOPLE = 4, 4, 5, 30


@pytest.fixture
def served(postgres_url: str) -> Iterator[Database]:
    with Database(postgres_url) as database:
        yield database
        database.write(empty)


def page_of(repository: int, number: int) -> tuple[list[Any], list[Any], list[Any]]:
    """People shared by all repositories, pull requests of one, and their comments."""
    people = [person(1 + (number * 7 + n * 11 + repository) % PEOPLE) for n in range(12)]
    pulls, comments = [], []
    for each in range(number * PULLS + 1, (number + 1) * PULLS + 1):
        pull = ids.pull_request_id(repository, each)
        belongs = {
            "repository_id": ids.repository_id(repository),
            "author_id": people[each % 12]["id"],
            "created_at": T0,
            "updated_at": T0,
        }
        pulls.append(
            {
                "id": pull,
                "github_id": repository * 10_000 + each,
                "number": each,
                "title": "A change",
                "state": "open",
                **belongs,
            }
        )
        github_id = repository * 10_000 + each
        comments.append(
            {
                "id": ids.comment_id(github_id, "issue_comment"),
                "github_id": github_id,
                "comment_type": "issue_comment",
                "pull_request_id": pull,
                "issue_id": None,
                "body": "Hm",
                **belongs,
            }
        )
    return people, pulls, comments


def save_page(conn: Connection, repository: int, number: int, turn: int) -> None:
    people, pulls, comments = page_of(repository, number)
    save_repositories(conn, [repo(repository, "octo", f"r{repository}")])
    # In two parts and with changing names, so that workers do wait for each other.
    parts = [people[:6], people[6:]] if turn % 2 else [people[6:], people[:6]]
    for part in parts:
        named: list[Any] = [{**each, "display_name": f"turn {turn}"} for each in part]
        save_contributors(conn, named)
    save_pull_requests(conn, pulls)
    save_comments(conn, comments)


def capture(url: str, worker: int) -> None:
    """One worker: a repository of its own, and one that all capture."""
    with Database(url) as database:
        for number in range(PAGES):
            for repository in (10 + worker, 1):
                database.write(save_page, repository, number, worker)


def counts(conn: Connection) -> dict[str, int]:
    asked = (tables.repositories, tables.contributors, tables.pull_requests, tables.comments)
    return {
        table.name: conn.execute(select(func.count()).select_from(table)).scalar_one()
        for table in asked
    }


EXPECTED = {
    "repositories": WORKERS + 1,
    "contributors": PEOPLE,
    "pull_requests": (WORKERS + 1) * PAGES * PULLS,
    "comments": (WORKERS + 1) * PAGES * PULLS,
}


def test_threads_that_capture_the_same_and_other_repositories_lose_nothing(
    served: Database, postgres_url: str
) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda worker: capture(postgres_url, worker), range(WORKERS)))
    assert served.read(counts) == EXPECTED


def test_processes_that_capture_the_same_and_other_repositories_lose_nothing(
    served: Database, postgres_url: str
) -> None:
    root = Path(__file__).parents[1]
    code = (
        "import sys; from store.test_workers import capture; capture(sys.argv[1], int(sys.argv[2]))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, postgres_url, str(worker)], cwd=root)
        for worker in range(WORKERS)
    ]
    assert [process.wait(timeout=60) for process in started] == [0] * WORKERS
    assert served.read(counts) == EXPECTED


def test_a_write_that_was_undone_to_end_a_circle_is_done_again(served: Database) -> None:
    plant(served)
    both_hold_one = threading.Barrier(2)
    calls: list[int] = []

    def rename(conn: Connection, first: int, second: int) -> None:
        calls.append(first)
        table = tables.contributors
        for place, number in enumerate((first, second)):
            conn.execute(update(table).where(table.c.github_id == number).values(bio=str(first)))
            if place == 0 and len(calls) <= 2:
                both_hold_one.wait(timeout=30)

    with ThreadPoolExecutor(2) as pool:
        pairs = ((1, 2), (2, 1))
        done = [pool.submit(partial(served.write, rename, *pair)) for pair in pairs]
        assert [each.result() for each in done] == [None, None]
    assert len(calls) == 3


def test_a_write_that_loses_every_time_raises_what_the_server_said(
    served: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mainstem.store import database

    monkeypatch.setattr(database, "PAUSE_SECONDS", 0.0)
    calls: list[None] = []

    def lose(conn: Connection) -> None:
        calls.append(None)
        conn.exec_driver_sql("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$")

    with pytest.raises(DBAPIError, match="lost"):
        served.write(lose)
    assert len(calls) == database.WRITE_ATTEMPTS


def test_an_unchanged_person_is_not_locked_by_a_save(served: Database) -> None:
    plant(served)

    def save_while_another_does(conn: Connection) -> None:
        save_contributors(conn, [person(1)])
        # Would wait for ever, were the row locked: this transaction has not ended.
        other: Any = {**person(1), "bio": "new"}
        with ThreadPoolExecutor(1) as pool:
            pool.submit(partial(served.write, save_contributors, [other])).result(timeout=20)

    served.write(save_while_another_does)

"""Reading whole what is doubted: what is gone is marked, by an answer about the same repository."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any, Literal

import pytest
from sqlalchemy import Connection

import databases
from mainstem.catalog import NonRetriableError
from mainstem.functions.capture.mending import Mended, mend
from mainstem.functions.capture.refresh_note import (
    RefreshNote,
    hold_refresh,
    load_refresh,
    save_refresh,
)
from mainstem.functions.home import load_home
from mainstem.simulate import changes, generate
from mainstem.store import Database, ids, mark_deleted

from .captured import captured_house
from .conftest import Build
from .house import NOW, House, save_home


@pytest.fixture
async def small(build: Build) -> House:
    return await captured_house(build, 13, 12)


async def doubt(house: House, *, pulls: Sequence[int] = (), issues: Sequence[int] = ()) -> Mended:
    note = RefreshNote().doubting(pulls, issues)
    house.database.write(save_refresh, house.repository_id, note, NOW)
    home = await load_home(house.services, house.repository_id)
    return await mend(house.services, home, "run/mend-1")


async def test_what_is_as_it_was_is_settled_without_a_change(small: House) -> None:
    before = small.what_github_said()
    done = await doubt(small, pulls=sorted(small.there.pulls)[:3])
    assert (done.checked, done.missing, done.deleted, done.left) == (3, 0, 0, 0)
    assert small.what_github_said() == before


async def test_a_pull_request_that_is_gone_is_marked_with_what_belongs_to_it(small: House) -> None:
    number = next(n for n in small.there.pulls if small.there.issue_comments[n])
    del small.there.pulls[number]
    small.there.changed()
    done = await doubt(small, pulls=[number])
    assert small.pull(number)["deleted_at"] == small.clock.moment
    on_it = [
        row for row in small.rows("comments") if row["pull_request_id"] == small.pull_id(number)
    ]
    assert on_it
    assert all(row["deleted_at"] for row in on_it)
    assert done.deleted > len(on_it)


async def test_a_number_that_was_never_stored_is_missing_and_fetched(small: House) -> None:
    new = changes.open_issue(small.there, "Unseen", user=small.user())
    done = await doubt(small, issues=[new["number"]])
    assert (done.missing, done.tally.read.issues) == (1, 1)


async def test_under_a_name_that_is_anothers_now_nothing_is_marked(small: House) -> None:
    home = await load_home(small.services, small.repository_id)
    number = min(small.there.pulls)
    note = RefreshNote().doubting([number])
    small.database.write(save_refresh, small.repository_id, note, NOW)
    small.there.record["id"] = 999
    del small.there.pulls[number]
    small.there.changed()
    with pytest.raises(NonRetriableError, match="now has repository 999"):
        await mend(small.services, home, "run/mend-1")
    assert small.pull(number)["deleted_at"] is None


async def test_a_comment_that_comes_and_goes_is_stored_and_marked(small: House) -> None:
    number = min(small.there.pulls)
    before = len([row for row in small.rows("comments") if row["deleted_at"] is None])
    said = changes.add_comment(small.there, number, "Now.", user=small.user())
    await doubt(small, pulls=[number])
    assert len([row for row in small.rows("comments") if row["deleted_at"] is None]) == before + 1
    changes.delete_comment(small.there, said["id"])
    done = await doubt(small, pulls=[number])
    assert done.deleted == 1


async def test_what_is_deleted_after_the_answer_stays_gone(
    small: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = next(n for n in sorted(small.there.pulls) if small.there.issue_comments[n])
    said = small.there.issue_comments[number][0]["id"]
    ask = small.services.github.whole_pulls

    async def answered_in_time(*asked: Any) -> object:
        answer = await ask(*asked)
        mark(small, "issue_comment", said)
        return answer

    monkeypatch.setattr(small.services.github, "whole_pulls", answered_in_time)
    done = await doubt(small, pulls=[number])
    assert done.restored == 0
    assert gone_comments(small) == [said]


async def test_what_went_with_a_pull_request_does_not_come_back_if_it_is_gone(
    small: House,
) -> None:
    number = next(n for n in sorted(small.there.pulls) if len(small.there.issue_comments[n]) > 1)
    said = small.there.issue_comments[number][0]["id"]
    mark(small, "pull_request", small.pull(number)["github_id"])
    changes.delete_comment(small.there, said)
    await doubt(small, pulls=[number])
    assert small.pull(number)["deleted_at"] is None
    assert gone_comments(small) == [said]


def mark(house: House, kind: Literal["issue_comment", "pull_request"], github_id: int) -> None:
    at = house.clock.now()
    house.database.write(lambda conn: mark_deleted(conn, kind, github_ids=[github_id], at=at))


def gone_comments(house: House) -> list[int]:
    return [row["github_id"] for row in house.rows("comments") if row["deleted_at"]]


def test_two_that_doubt_at_once_both_keep_their_doubt(tmp_path: Path) -> None:
    with Database(databases.fresh(tmp_path / "note.db")) as database:
        world = generate(14, 1)
        save_home(database, world.repository)
        home = ids.repository_id(world.repository.id)
        one_has_read, other_is_done = Event(), Event()

        def doubt_one(conn: Connection) -> None:
            hold_refresh(conn, home, NOW)
            note = load_refresh(conn, home)
            one_has_read.set()
            # The other one waits for this transaction, which waits for it no longer than this.
            other_is_done.wait(0.3)
            save_refresh(conn, home, note.doubting(pulls=[1]), NOW)

        def doubt_other(conn: Connection) -> None:
            hold_refresh(conn, home, NOW)
            save_refresh(conn, home, load_refresh(conn, home).doubting(pulls=[2]), NOW)

        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(database.write, doubt_one)
            one_has_read.wait(5)
            database.write(doubt_other)
            other_is_done.set()
            first.result()
        assert database.read(load_refresh, home).doubted_pulls == {1, 2}


async def test_a_step_tried_again_answers_the_same(small: House) -> None:
    number = min(small.there.pulls)
    first = await doubt(small, pulls=[number])
    home = await load_home(small.services, small.repository_id)
    small.github.log.clear()
    assert await mend(small.services, home, "run/mend-1") == first
    assert small.github.log.requests == 0
    assert small.database.read(load_refresh, small.repository_id).doubted == 0

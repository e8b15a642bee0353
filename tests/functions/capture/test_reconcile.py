"""Reconciliation: what was missed is found by counts, and mended; what is gone is marked."""

from typing import Any

import pytest

from mainstem.functions.capture import reconcile_repository
from mainstem.functions.capture.reconcile_repository import Reconciled
from mainstem.functions.events import RepositoryReconcileRequested
from mainstem.simulate import changes, generate
from mainstem.store import COUNTED, list_counts, mark_deleted, tables
from mainstem.testing import run_handler

from .captured import capture, captured_house, fresh
from .conftest import Build
from .happenings import assert_same
from .house import House


async def reconcile(house: House, run_id: str = "reconcile", *, whole: bool = False) -> Reconciled:
    asked = RepositoryReconcileRequested(repository_id=house.repository_id, whole=whole)
    result = await run_handler(reconcile_repository, asked, house.services, run_id=run_id)
    assert isinstance(result.output, Reconciled)
    return result.output


@pytest.fixture
async def captured(build: Build) -> House:
    return await captured_house(build, 13, 12)


async def test_a_whole_capture_agrees_with_every_total(captured: House) -> None:
    done = await reconcile(captured)
    assert done.agrees
    assert done.github == done.stored
    assert (done.doubted, done.missing, done.deleted) == (0, 0, 0)


async def test_it_costs_two_points_and_a_request_per_list_of_comments(captured: House) -> None:
    await capture(captured, "look")
    captured.github.log.clear()
    await reconcile(captured)
    log = captured.github.log
    assert (log.points, log.rest_requests - log.not_modified) == (2, 2)


async def test_a_deleted_comment_is_found_and_marked(captured: House, build: Build) -> None:
    comment = next(iter(captured.there.by_id("issue_comments")))
    changes.delete_comment(captured.there, comment)
    done = await reconcile(captured)
    assert (done.agrees, done.deleted) == (True, 1)
    gone = [row["github_id"] for row in captured.rows("comments") if row["deleted_at"]]
    assert gone == [comment]
    assert_same(captured, await fresh(build, captured))


async def test_a_deleted_issue_is_marked_with_its_comments(captured: House, build: Build) -> None:
    number = next(n for n in captured.there.issues if captured.there.issue_comments.get(n))
    said = len(captured.there.issue_comments[number])
    changes.delete_issue(captured.there, number)
    done = await reconcile(captured)
    assert (done.agrees, done.deleted) == (True, 1 + said)
    assert_same(captured, await fresh(build, captured))


async def test_rows_that_are_missing_are_fetched(captured: House, build: Build) -> None:
    def lose(conn: Any) -> None:
        for table in (tables.comments, tables.reviews, tables.pull_requests, tables.issues):
            kept = sorted(row["id"] for row in captured.rows(table.name))[::2]
            conn.execute(table.delete().where(table.c.id.in_(kept)))

    captured.database.write(lose)
    done = await reconcile(captured)
    assert done.agrees
    assert done.missing > 0
    assert_same(captured, await fresh(build, captured))


async def test_what_is_listed_again_is_restored(captured: House, build: Build) -> None:
    ids = [row["id"] for row in captured.rows("pull_requests")][:3]
    captured.database.write(
        lambda conn: mark_deleted(conn, "pull_request", ids=ids, at=captured.clock.now())
    )
    done = await reconcile(captured)
    assert (done.agrees, done.restored >= 3) == (True, True)
    assert_same(captured, await fresh(build, captured))


async def test_an_empty_store_is_filled_by_it(build: Build) -> None:
    house = await build(generate(13, 12))
    done = await reconcile(house)
    assert done.agrees
    assert_same(house, await fresh(build, house))


async def test_an_answer_with_an_error_marks_nothing(captured: House) -> None:
    captured.github.faults.graphql_error("INTERNAL", "Something went wrong.", times=50)
    with pytest.raises(Exception, match="Something went wrong"):
        await reconcile(captured)
    assert not [row for row in captured.rows("pull_requests") if row["deleted_at"]]
    assert not [row for row in captured.rows("comments") if row["deleted_at"]]


async def test_the_totals_are_kept_with_the_moment_of_their_count(captured: House) -> None:
    await reconcile(captured)
    counts = captured.database.read(list_counts, captured.repository_id)
    assert [one.name for one in counts] == list(COUNTED)
    assert all(one.total == one.stored for one in counts)
    assert {one.counted_at for one in counts} == {captured.clock.moment}

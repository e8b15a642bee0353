"""Reconciliation: what was missed is found by counts, and mended; what is gone is marked."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from mainstem.catalog import Scheduled
from mainstem.functions.capture import reconcile_repository
from mainstem.functions.capture.reconcile_repository import Reconciled
from mainstem.functions.capture.sweeping import doubtful
from mainstem.functions.events import RepositoryReconcileRequested
from mainstem.functions.update import schedule_reconciliation
from mainstem.github import Outline
from mainstem.simulate import Compute, changes, generate
from mainstem.store import COUNTED, StoredItem, ids, list_counts, mark_deleted, tables
from mainstem.testing import replay_from_every_step, run_handler

from . import happenings
from .captured import capture, captured_house, fresh
from .conftest import Build
from .happenings import assert_same
from .house import NOW, House


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


async def test_what_looks_otherwise_at_the_same_time_is_read_again(
    captured: House, build: Build
) -> None:
    await capture(captured, "look")
    wrong = {"title": "Of a lost delivery", "head_sha": "0" * 40, "draft": True}
    captured.database.write(lambda conn: conn.execute(tables.pull_requests.update().values(wrong)))
    captured.database.write(
        lambda conn: conn.execute(tables.issues.update().values(title="Of a lost delivery"))
    )
    done = await reconcile(captured, whole=True)
    assert done.agrees
    assert done.doubted == len(captured.there.pulls) + len(captured.there.issues)
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


@pytest.mark.parametrize("seed", range(2))
async def test_after_any_changes_it_leaves_what_a_fresh_capture_finds(
    captured: House, build: Build, seed: int
) -> None:
    rng = Random(seed)
    every = (*happenings.TELLING, *happenings.UNTOLD, happenings.force_push)
    for _ in range(rng.randint(5, 25)):
        rng.choice(every)(captured, rng)
    done = await reconcile(captured)
    assert done.agrees
    assert_same(captured, await fresh(build, captured))


async def test_a_share_of_a_large_repository_is_compared_each_time(build: Build) -> None:
    house = await captured_house(build, 12, 110)
    first = await reconcile(house)
    second = await reconcile(house, "next day")
    # 110 pull requests are two pages, of which each run takes one; the issues are one page.
    issues = len(house.there.issues)
    assert (first.checked, second.checked) == (100 + issues, 10 + issues)
    assert (await reconcile(house, "whole", whole=True)).checked == 110 + issues


async def test_an_interruption_after_any_step_changes_nothing(build: Build) -> None:
    houses: list[House] = []

    async def services() -> Any:
        house = await captured_house(build, 13, 12)
        houses.append(house)
        changes.delete_comment(house.there, next(iter(house.there.by_id("issue_comments"))))
        changes.add_comment(house.there, min(house.there.pulls), "New.", user=house.user())
        return house.services

    asked = RepositoryReconcileRequested(
        repository_id=(await captured_house(build, 13, 12)).repository_id
    )
    proof = await replay_from_every_step(
        reconcile_repository, asked, services, look=lambda _: houses[-1].what_github_said()
    )
    assert len(proof.interrupted_after) > 5


async def test_the_schedule_asks_for_what_was_captured_whole(captured: House) -> None:
    result = await run_handler(schedule_reconciliation, Scheduled(), captured.services)
    (sent,) = result.sent
    assert (sent.name, sent.data["repositoryId"]) == (
        "capture/repository.reconcile",
        str(captured.repository_id),
    )


async def test_the_schedule_leaves_out_what_github_shows_no_more(captured: House) -> None:
    captured.database.write(
        lambda conn: conn.execute(tables.repositories.update().values(refused="unreachable"))
    )
    result = await run_handler(schedule_reconciliation, Scheduled(), captured.services)
    assert result.sent == ()


def outline(**values: Any) -> Outline:
    known = {
        "number": 1,
        "created_at": NOW,
        "updated_at": NOW,
        "title": "Silt",
        "state": "open",
        "closed_at": None,
        "comments": 2,
    }
    return Outline(**{**known, **values})


def stored(**values: Any) -> StoredItem:
    known = {
        "id": ids.issue_id(1, values.get("number", 1)),
        "number": 1,
        "title": "Silt",
        "state": "open",
        "closed_at": None,
        "draft": None,
        "head_sha": None,
        "created_at": NOW,
        "updated_at": NOW,
        "comments_count": 2,
        "is_gone": False,
        "comments": 2,
        "reviews": 0,
    }
    return StoredItem(**{**known, **values})


@pytest.mark.parametrize(
    ("listed", "kept", "doubted"),
    [
        ([outline()], [stored()], set()),
        ([outline()], [], {1}),
        ([], [stored()], {1}),
        ([], [stored(is_gone=True)], set()),
        ([outline()], [stored(is_gone=True)], {1}),
        ([outline(comments=3)], [stored()], {1}),
        ([outline(comments=2)], [stored(comments_count=1)], {1}),
        ([outline(comments=None)], [stored()], set()),
        ([outline(reviews=1)], [stored()], {1}),
        ([outline(title="Sand")], [stored()], {1}),
        ([outline(title="Silt\0")], [stored()], set()),
        ([outline(state="merged")], [stored()], {1}),
        ([outline(closed_at=NOW)], [stored()], {1}),
        ([outline(draft=False, head_sha="b")], [stored(draft=False, head_sha="a")], {1}),
        ([outline(draft=False, head_sha="a")], [stored(draft=True, head_sha="a")], {1}),
        ([outline(state="closed")], [stored(updated_at=NOW + timedelta(seconds=1))], set()),
        ([outline(updated_at=NOW + timedelta(seconds=1))], [stored()], {1}),
        ([outline()], [stored(updated_at=NOW + timedelta(seconds=1))], set()),
    ],
)
def test_what_is_doubtful(listed: list[Outline], kept: list[StoredItem], doubted: set[int]) -> None:
    assert doubtful(listed, kept) == doubted


async def test_many_of_one_second_on_the_border_of_pages_are_not_read_anew(build: Build) -> None:
    house = await build(generate(5, 60, shape="burst", issues=2))
    await capture(house, "whole")
    house.github.graph.compute = Compute(most_items=16)
    done = await reconcile(house, whole=True)
    assert (done.agrees, done.checked, done.doubted) == (True, 62, 0)


async def test_one_that_is_gone_from_the_border_of_pages_is_found_once(build: Build) -> None:
    house = await build(generate(5, 4, issues=60))
    moment = next(iter(house.there.issues.values()))["created_at"]
    for row in house.there.issues.values():
        row["created_at"] = moment
    await capture(house, "whole")
    house.github.graph.compute = Compute(most_items=16)
    gone = sorted(house.there.issues)[10:14]
    for number in gone:
        changes.delete_issue(house.there, number)
    done = await reconcile(house, whole=True)
    assert (done.agrees, done.doubted) == (True, len(gone))
    marked = {row["number"] for row in house.rows("issues") if row["deleted_at"]}
    assert marked == set(gone)

"""What is stored of pull requests and issues, as a refresh holds it against GitHub."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from mainstem.store import (
    Database,
    StoredGap,
    belongings,
    compared_items,
    head_shas,
    ids,
    lone_reviews,
    mark_deleted,
    note_told,
    numbers_of_gone,
    pulls_with_places,
    replace_gaps,
    save_comments,
    save_pull_requests,
    save_reviews,
    set_details_synced,
    stored_comments,
    stored_items,
    tables,
    update_times,
)

from .rows import HOUR, REPO, REPO_GITHUB_ID, T0, issue_comment, pull, pull_comment, review

PULL = ids.pull_request_id(REPO_GITHUB_ID, 1)
LATER = T0 + HOUR


@pytest.fixture
def talked(planted: Database) -> Database:
    """Pull request 1 with two reviews, of which one has a comment on the diff; issue 3 with one."""
    planted.write(save_reviews, [review(50, 1), review(51, 1)])
    said: list[Any] = [
        {**pull_comment(60, 1), "review_github_id": 50, "position": 4},
        issue_comment(61, 3),
    ]
    planted.write(save_comments, said)
    row: Any = {**pull(1), "comments_count": 1, "head_sha": "abc"}
    planted.write(save_pull_requests, [row])
    return planted


def test_an_item_tells_what_is_on_it(talked: Database) -> None:
    (found,) = talked.read(stored_items, REPO, "pulls", numbers=[1, 99])
    assert (found.number, found.comments_count, found.comments, found.reviews) == (1, 1, 1, 2)
    assert found.is_gone is False


def test_what_deliveries_told_of_does_not_count_as_read(talked: Database) -> None:
    talked.write(note_told, PULL, T0 - HOUR)
    (found,) = talked.read(stored_items, REPO, "pulls", numbers=[1])
    assert found.updated_at == T0 - HOUR
    assert talked.read(update_times, REPO, "pulls", [1]) == {1: T0 - HOUR}


@pytest.mark.parametrize(("age", "known"), [(HOUR, T0 - 2 * HOUR), (timedelta(0), T0)])
def test_what_is_saved_as_new_as_it_is_stored_counts_as_read(
    talked: Database, age: timedelta, known: Any
) -> None:
    talked.write(note_told, PULL, T0 - 2 * HOUR)
    talked.write(set_details_synced, [PULL], LATER)  # an older answer may have ended then
    talked.write(save_pull_requests, [{**pull(1), "updated_at": T0 - age}])
    assert talked.read(update_times, REPO, "pulls", [1]) == {1: known}


def test_items_are_found_by_when_they_were_created(talked: Database) -> None:
    at = T0 - HOUR
    found = talked.read(stored_items, REPO, "pulls", created=(at, at))
    assert 1 in {item.number for item in found}
    after = (at + timedelta(seconds=1), T0)
    assert talked.read(stored_items, REPO, "pulls", created=after) == []


def test_what_is_gone_is_still_an_item_and_has_no_update_time(talked: Database) -> None:
    talked.write(lambda conn: mark_deleted(conn, "pull_request", ids=[PULL], at=LATER))
    (found,) = talked.read(stored_items, REPO, "pulls", numbers=[1])
    assert (found.is_gone, found.comments) == (True, 0)
    assert talked.read(update_times, REPO, "pulls", [1]) == {}


def test_what_is_gone_is_told_by_the_number_that_it_is_on(talked: Database) -> None:
    said = [row.id for row in talked.read(lambda conn: conn.execute(select(tables.comments)).all())]
    talked.write(mark_deleted, "issue_comment", github_ids=[61], at=LATER)
    assert talked.read(numbers_of_gone, "issues", comment_ids=said) == {3}
    assert talked.read(numbers_of_gone, "pulls", comment_ids=said, ids=[PULL]) == set()
    talked.write(mark_deleted, "review", github_ids=[51], at=LATER)
    reviews = [ids.review_id(51)]
    assert talked.read(numbers_of_gone, "pulls", review_ids=reviews) == {1}
    talked.write(mark_deleted, "pull_request", ids=[PULL], at=LATER)
    assert talked.read(numbers_of_gone, "pulls", ids=[PULL]) == {1}


def test_update_times_are_those_of_live_rows(talked: Database) -> None:
    assert talked.read(update_times, REPO, "pulls", [1, 99]) == {1: T0}


@pytest.mark.parametrize(("count", "is_equal"), [(1, True), (2, False), (0, False)])
def test_comments_are_compared_with_githubs_count(
    talked: Database, count: int, *, is_equal: bool
) -> None:
    row: Any = {**pull(1), "comments_count": count}
    talked.write(save_pull_requests, [row])
    found = {one.number: one.is_equal for one in talked.read(compared_items, REPO, "pulls", T0)}
    assert found == {1: is_equal}


def test_what_was_not_touched_since_or_has_an_open_list_is_not_compared(talked: Database) -> None:
    assert talked.read(compared_items, REPO, "pulls", LATER) == []
    of_issue = StoredGap("issue_comments", 1, "node", None, 1)
    talked.write(replace_gaps, REPO, [1], [of_issue], T0)
    assert len(talked.read(compared_items, REPO, "pulls", None)) == 1
    talked.write(replace_gaps, REPO, [1], [StoredGap("reviews", 1, "node", None, 1)], T0)
    assert talked.read(compared_items, REPO, "pulls", None) == []


def test_a_review_whose_comment_is_there_is_not_alone(talked: Database) -> None:
    assert talked.read(lone_reviews, [PULL]) == {PULL: {51}}
    talked.write(lambda conn: mark_deleted(conn, "review_comment", github_ids=[60], at=LATER))
    assert talked.read(lone_reviews, [PULL]) == {PULL: {50, 51}}


def test_pull_requests_with_places_have_a_live_comment_on_the_diff(talked: Database) -> None:
    assert talked.read(pulls_with_places, [PULL]) == {PULL}
    talked.write(lambda conn: mark_deleted(conn, "review_comment", github_ids=[60], at=LATER))
    assert talked.read(pulls_with_places, [PULL]) == set()


def test_the_last_commit_is_known_by_number(talked: Database) -> None:
    assert talked.read(head_shas, REPO, [1, 99]) == {1: "abc"}


def test_belongings_are_all_of_them_gone_or_not(talked: Database) -> None:
    talked.write(lambda conn: mark_deleted(conn, "review", github_ids=[51], at=LATER))
    found = talked.read(belongings, "pulls", [PULL])
    assert {(one.kind, one.github_id, one.is_gone) for one in found} == {
        ("review", 50, False),
        ("review", 51, True),
        ("review_comment", 60, False),
    }
    on_issue = talked.read(belongings, "issues", [ids.issue_id(REPO_GITHUB_ID, 3)])
    assert [(one.kind, one.github_id) for one in on_issue] == [("issue_comment", 61)]


def test_a_comment_tells_what_it_is_on(talked: Database) -> None:
    (found,) = talked.read(stored_comments, REPO, "issue_comment", github_ids=[61, 60])
    assert (found.github_id, found.number, found.on_pull, found.is_gone) == (61, 3, False, False)


def test_comments_written_since_are_the_live_ones(talked: Database) -> None:
    first = min(row["created_at"] for row in _rows(talked, "comments"))
    since = talked.read(stored_comments, REPO, "review_comment", created_since=first)
    assert [one.github_id for one in since] == [60]
    talked.write(lambda conn: mark_deleted(conn, "review_comment", github_ids=[60], at=LATER))
    assert talked.read(stored_comments, REPO, "review_comment", created_since=first) == []


def _rows(database: Database, name: str) -> list[Any]:
    table = tables.metadata.tables[name]
    return database.read(
        lambda conn: [dict(row) for row in conn.execute(table.select()).mappings()]
    )

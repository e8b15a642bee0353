"""What is gone at GitHub is marked, counted nowhere, and can come back."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select

from mainstem.store import (
    Database,
    count_by_pull,
    count_pull_requests,
    find_pull,
    has_complete_data,
    ids,
    live_total,
    mark_deleted,
    pulls_lacking_diff,
    pulls_needing_update,
    restore,
    save_comments,
    save_issues,
    save_pull_requests,
    save_reviews,
    stored_counts_by_pull,
    tables,
)

from .rows import HOUR, REPO, REPO_GITHUB_ID, T0, issue, issue_comment, pull, pull_comment, review

PULL = ids.pull_request_id(REPO_GITHUB_ID, 1)
ISSUE = ids.issue_id(REPO_GITHUB_ID, 3)
LATER = T0 + HOUR


@pytest.fixture
def talked(planted: Database) -> Database:
    """Pull request 1 with a review of one diff comment and a conversation; issue 3 with one."""
    planted.write(save_reviews, [review(50, 1)])
    said: list[Any] = [
        {**pull_comment(1, 1), "review_github_id": 50},
        pull_comment(2, 1),
        {**issue_comment(1, 3), "pull_request_id": PULL, "issue_id": None},
        issue_comment(9, 3),
    ]
    planted.write(save_comments, said)
    return planted


def gone(db: Database, table: Any) -> dict[int, Any]:
    def ask(conn: Connection) -> dict[int, Any]:
        question = select(table.c.github_id, table.c.deleted_at).where(
            table.c.deleted_at.is_not(None)
        )
        return {row[0]: row[1] for row in conn.execute(question)}

    return db.read(ask)


def test_marking_a_comment_by_githubs_number_marks_that_type_alone(talked: Database) -> None:
    assert talked.write(mark_deleted, "review_comment", github_ids=[1], at=LATER) == 1
    assert talked.read(stored_counts_by_pull, [PULL, UUID(int=1)]) == {PULL: 2, UUID(int=1): 0}


def test_marking_again_changes_nothing_and_keeps_the_first_time(talked: Database) -> None:
    talked.write(mark_deleted, "comment", ids=[ids.comment_id(2, "review_comment")], at=T0)
    again = talked.write(mark_deleted, "review_comment", github_ids=[2], at=LATER)
    assert (again, gone(talked, tables.comments)) == (0, {2: T0})


def test_comments_by_number_need_their_type(talked: Database) -> None:
    with pytest.raises(ValueError, match="their numbers overlap"):
        talked.write(mark_deleted, "comment", github_ids=[1], at=LATER)


def test_a_pull_request_takes_along_what_belongs_to_it(talked: Database) -> None:
    assert talked.write(mark_deleted, "pull_request", ids=[PULL], at=LATER) == 5
    assert set(gone(talked, tables.comments)) == {1, 2}
    assert set(gone(talked, tables.reviews)) == {50}
    assert talked.read(live_total, REPO, tables.comments) == 1


def test_an_issue_and_a_review_take_their_comments_along(talked: Database) -> None:
    assert talked.write(mark_deleted, "issue", ids=[ISSUE], at=LATER) == 2
    assert talked.write(mark_deleted, "review", github_ids=[50], at=LATER) == 2
    assert set(gone(talked, tables.comments)) == {9, 1}


def test_restoring_brings_back_what_went_along_and_nothing_else(talked: Database) -> None:
    talked.write(mark_deleted, "review_comment", github_ids=[2], at=T0)
    talked.write(mark_deleted, "pull_request", ids=[PULL], at=LATER)
    assert talked.write(restore, "pull_request", ids=[PULL]) == 4
    assert gone(talked, tables.comments) == {2: T0}
    assert talked.write(restore, "pull_request", ids=[PULL]) == 0


def test_a_writer_leaves_the_mark_alone(talked: Database) -> None:
    talked.write(mark_deleted, "pull_request", ids=[PULL], at=LATER)
    talked.write(save_pull_requests, [pull(1, updated=LATER, title="Edited")])
    assert set(gone(talked, tables.pull_requests)) == {pull(1)["github_id"]}


def test_what_is_not_stored_is_no_error(talked: Database) -> None:
    assert talked.write(mark_deleted, "discussion", ids=[UUID(int=7)], at=LATER) == 0
    assert talked.write(mark_deleted, "issue", at=LATER) == 0


def test_no_question_counts_a_pull_request_that_is_gone(talked: Database) -> None:
    talked.write(mark_deleted, "pull_request", ids=[PULL], at=LATER)
    assert talked.read(count_pull_requests, REPO) == 1
    asked = talked.read(pulls_needing_update, REPO, since=T0), talked.read(pulls_lacking_diff, REPO)
    assert [[each.number for each in found] for found in asked] == [[2], [2]]
    counted = talked.read(count_by_pull, [PULL])[PULL]
    assert (counted.reviews, counted.comments) == (0, 0)


def test_a_stored_pull_counts_what_is_there(talked: Database) -> None:
    talked.write(mark_deleted, "review", github_ids=[50], at=LATER)
    found = talked.read(find_pull, REPO, 1)
    assert found is not None
    assert (found.reviews, found.comments) == (0, 2)


def test_a_repository_of_which_all_is_gone_holds_no_complete_data(talked: Database) -> None:
    assert talked.read(has_complete_data, REPO)
    talked.write(mark_deleted, "pull_request", ids=[PULL], at=LATER)
    talked.write(mark_deleted, "issue", ids=[ISSUE], at=LATER)
    assert not talked.read(has_complete_data, REPO)


def test_more_records_than_one_statement_takes_are_marked(planted: Database) -> None:
    planted.write(save_issues, [issue(number) for number in range(100, 1_300)])
    keys = [ids.issue_id(REPO_GITHUB_ID, number) for number in range(100, 1_300)]
    assert planted.write(mark_deleted, "issue", ids=keys, at=LATER) == 1_200
    assert planted.read(live_total, REPO, tables.issues) == 1

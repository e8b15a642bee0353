"""GitHub's values become our rows, and nothing that GitHub did not say is written."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from mainstem.functions.capture.rows import Rows
from mainstem.functions.home import Home
from mainstem.github import UNSET, Account, Comment, Issue, PullRequest, Review
from mainstem.store import CommentRow, ContributorRow, IssueRow, PullRequestRow, ReviewRow, ids

AT = datetime(2026, 5, 1, tzinfo=UTC)
HOME = Home(UUID(int=1), 600, "riverside", "harbour", None)
PERSON = Account(7, "miga", "User", "https://pictures.test/7", "https://github.test/miga")
BOT = Account(8, "tide-keeper[bot]", "Bot")
NAMELESS_APP = Account(None, "old-app", "Bot")

PULL = PullRequest(
    id=2**40,
    number=3,
    title="Mend the lock",
    body=None,
    state="merged",
    draft=False,
    author=PERSON,
    created_at=AT,
    updated_at=AT,
    closed_at=AT,
    merged_at=AT,
    merged=True,
    base_branch="main",
    head_branch="mend",
    head_sha="a" * 40,
    html_url="https://github.test/riverside/harbour/pull/3",
)
REVIEW = Review(11, 3, "APPROVED", "", PERSON, AT, "a" * 40)
COMMENT = Comment(12, "issue_comment", 3, "Good.", PERSON, AT, AT, True, "https://github.test/c")
REPLY = replace(
    COMMENT,
    kind="review_comment",
    review_id=2**41,
    in_reply_to_id=2**42,
    path="src/lock.py",
    position=None,
    original_position=4,
    diff_hunk="@@",
)
ISSUE = Issue(
    id=13,
    number=4,
    title="Leak",
    body="It drips.",
    state="open",
    state_reason=None,
    author=PERSON,
    labels=("bug",),
    assignees=("miga",),
    milestone=None,
    comments_count=1,
    created_at=AT,
    updated_at=AT,
    closed_at=None,
    html_url="https://github.test/riverside/harbour/issues/4",
)
ROWS = Rows(HOME)


def test_rows_have_only_keys_that_their_writers_take() -> None:
    batch = ROWS.pulls([PULL], reviews=[REVIEW], comments=[COMMENT, REPLY], details=True)
    batch += ROWS.issues([ISSUE])
    for rows, kind in (
        (batch.people, ContributorRow),
        (batch.pulls, PullRequestRow),
        (batch.reviews, ReviewRow),
        (batch.comments, CommentRow),
        (batch.issues, IssueRow),
    ):
        assert rows
        for row in rows:
            assert row.keys() <= kind.__annotations__.keys()


def test_a_field_the_answer_did_not_carry_is_absent_and_a_null_is_none() -> None:
    (listed,) = ROWS.pulls([PULL]).pulls
    assert not listed.keys() & {"additions", "deletions", "changed_files", "commits"}
    assert listed["body"] is None
    (detailed,) = ROWS.pulls([replace(PULL, additions=0, commits=1)]).pulls
    assert (detailed["additions"], detailed["commits"]) == (0, 1)
    assert "deletions" not in detailed


def test_d07_a_person_has_only_what_the_answer_held() -> None:
    (person,) = ROWS.pulls([replace(PULL, author=BOT)]).people
    assert person.keys() == {"id", "github_id", "username", "account_type", "is_bot"}
    assert person["is_bot"] is True


def test_d13_a_reply_keeps_githubs_numbers_and_may_be_outdated() -> None:
    (reply,) = ROWS.pulls((), comments=[REPLY]).comments
    assert reply["in_reply_to_github_id"] == 2**42
    assert reply["review_github_id"] == 2**41
    assert reply["position"] is None
    assert "line" not in reply


def test_d21_a_deleted_author_leaves_the_columns_alone() -> None:
    (pull,) = ROWS.pulls([replace(PULL, author=None)]).pulls
    assert not pull.keys() & {"author_id", "author_login", "author_type"}
    assert ROWS.pulls([replace(PULL, author=None)]).people == ()


def test_an_app_without_a_number_has_no_row_of_its_own_but_its_login_is_kept() -> None:
    batch = ROWS.pulls([replace(PULL, author=NAMELESS_APP)])
    (pull,) = batch.pulls
    assert (pull["author_id"], pull["author_login"], pull["author_type"]) == (
        None,
        "old-app",
        "Bot",
    )
    assert batch.people == ()


def test_a_merger_is_stored_and_an_unknown_one_is_not_written() -> None:
    (merged,) = ROWS.pulls([replace(PULL, merged_by=BOT)]).pulls
    assert merged["merged_by_id"] == ids.contributor_id(8)
    assert merged["merged_by_login"] == "tide-keeper[bot]"
    for unknown in (None, UNSET):
        (row,) = ROWS.pulls([replace(PULL, merged_by=unknown)]).pulls
        assert not row.keys() & {"merged_by_id", "merged_by_login"}


@pytest.mark.parametrize("details", [True, False])
def test_what_github_computes_at_reading_is_written_by_details_only(details: bool) -> None:
    pull = replace(PULL, mergeable=True, mergeable_state="clean")
    (row,) = ROWS.pulls([pull], details=details).pulls
    assert ("mergeable" in row, "mergeable_state" in row) == (details, details)


def test_a_comment_belongs_to_exactly_one_parent() -> None:
    (on_pull,) = ROWS.pulls((), comments=[COMMENT]).comments
    (on_issue,) = ROWS.issues((), comments=[replace(COMMENT, number=4)]).comments
    assert (on_pull["pull_request_id"], on_pull["issue_id"]) == (ROWS.pull_id(3), None)
    assert (on_issue["pull_request_id"], on_issue["issue_id"]) == (None, ROWS.issue_id(4))


def test_a_canonical_login_replaces_the_one_that_came() -> None:
    batch = Rows(HOME, {8: "tide-keeper-app[bot]"}).pulls(
        [replace(PULL, author=BOT, merged_by=BOT)]
    )
    assert batch.people[0]["username"] == "tide-keeper-app[bot]"
    assert batch.pulls[0]["author_login"] == "tide-keeper-app[bot]"
    assert batch.pulls[0]["merged_by_login"] == "tide-keeper-app[bot]"


def test_an_account_that_appears_often_is_one_row() -> None:
    batch = ROWS.pulls([replace(PULL, merged_by=PERSON)], reviews=[REVIEW], comments=[COMMENT])
    assert [person["github_id"] for person in batch.people] == [7]

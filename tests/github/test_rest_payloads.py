import json
from pathlib import Path
from typing import Any

import pytest

from mainstem.github import UNSET, BadAnswer, Issue
from mainstem.github.payload import Fields
from mainstem.github.rest_payloads import (
    read_account,
    read_issue,
    read_issue_comment,
    read_pull,
    read_repository,
    read_review,
    read_review_comment,
)

from .scripted import pull_json, user


@pytest.fixture(scope="module")
def exchanges(shared: Path) -> list[dict[str, Any]]:
    text = (shared / "recorded-http" / "exchanges.json").read_text(encoding="utf-8")
    return list(json.loads(text))


def bodies(exchanges: list[dict[str, Any]], scenario: str) -> list[Any]:
    return [
        one["response"]["body"]
        for one in exchanges
        if one["scenario"] == scenario and one["response"]["status"] == 200
    ]


def test_recorded_repositories_are_read(exchanges: list[dict[str, Any]]) -> None:
    asked, renamed = (
        read_repository(bodies(exchanges, scenario)[0], "recorded")
        for scenario in ("get-repository", "rename-repository")
    )
    assert (asked.id, asked.full_name) == (103703892, "octokit-fixture-org/hello-world")
    assert renamed.full_name.endswith("-newname")
    assert asked.created_at.tzinfo is not None


def test_recorded_issues_are_read_page_by_page(exchanges: list[dict[str, Any]]) -> None:
    pages = bodies(exchanges, "paginate-issues")
    issues = [read_issue(row, "recorded") for page in pages for row in page]
    assert len(pages) == 5
    assert len({issue.number for issue in issues if isinstance(issue, Issue)}) == 13


def test_recorded_organization_is_an_account(exchanges: list[dict[str, Any]]) -> None:
    account = read_account(Fields(bodies(exchanges, "get-organization")[0], "recorded"))
    assert (account.id, account.type) == (31898100, "Organization")


def test_pull_of_a_list_leaves_sizes_and_merger_unset() -> None:
    pull = read_pull(pull_json(), "o/r")
    assert pull.id == 3_000_000_005
    assert (pull.additions, pull.commits, pull.merged_by, pull.mergeable) == (UNSET,) * 4
    assert (pull.body, pull.merged, pull.state) == (None, False, "open")


def test_merged_pull_of_a_list_is_merged_although_its_state_is_closed() -> None:
    pull = read_pull(pull_json(state="closed", merged_at="2026-01-02T00:00:00Z"), "o/r")
    assert (pull.state, pull.merged) == ("merged", True)


@pytest.mark.parametrize("author", [None, user(10137, "ghost")])
def test_deleted_author_is_none_however_it_is_told(author: object) -> None:
    assert read_pull(pull_json(user=author), "o/r").author is None


def test_detail_carries_what_the_list_lacks() -> None:
    more: dict[str, Any] = {
        "additions": 1, "deletions": 2, "changed_files": 3, "commits": 4, "merged_by": None,
        "mergeable": None, "mergeable_state": "unknown",
    }  # fmt: skip
    pull = read_pull(pull_json(**more), "o/r")
    assert (pull.additions, pull.deletions, pull.changed_files, pull.commits) == (1, 2, 3, 4)
    assert (pull.merged_by, pull.mergeable, pull.mergeable_state) == (None, None, "unknown")


def test_broken_pull_is_named_by_its_number() -> None:
    with pytest.raises(BadAnswer, match="'title' of pull request 5 in o/r"):
        read_pull(pull_json(title=None), "o/r")
    with pytest.raises(BadAnswer, match="'ref' of 'base' of pull request 5"):
        read_pull(pull_json(base={}), "o/r")


REVIEW: dict[str, Any] = {
    "id": 4_000_000_001, "user": user(), "body": None, "state": "approved", "commit_id": "f00",
    "submitted_at": "2026-01-02T00:00:00Z", "pull_request_url": "https://x/repos/o/r/pulls/12",
}  # fmt: skip


def test_review_takes_its_number_from_the_url_and_null_bodies_are_empty() -> None:
    review = read_review(REVIEW, "o/r")
    assert review is not None
    assert (review.pull_number, review.state, review.body) == (12, "APPROVED", "")


def test_draft_review_is_dropped() -> None:
    draft = {"id": 1, "state": "PENDING", "user": user()}
    assert read_review(draft, "o/r") is None


def test_url_without_a_number_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer, match="a URL that ends in a number"):
        read_review(REVIEW | {"pull_request_url": "https://x/pulls"}, "o/r")


COMMENT: dict[str, Any] = {
    "id": 2, "user": user(), "body": "hm", "created_at": "2026-01-02T00:00:00Z",
    "updated_at": "2026-01-02T00:00:00Z", "html_url": "https://x/o/r/pull/12#c2",
    "issue_url": "https://x/repos/o/r/issues/12",
}  # fmt: skip


@pytest.mark.parametrize(
    ("page", "expected"), [("pull", True), ("issues", False), ("discussions", None)]
)
def test_comment_tells_a_pull_request_from_an_issue_by_its_page(
    page: str, expected: bool | None
) -> None:
    comment = read_issue_comment(COMMENT | {"html_url": f"https://x/o/r/{page}/12#c2"}, "o/r")
    assert (comment.on_pull, comment.number, comment.review_id) == (expected, 12, UNSET)


def test_outdated_comment_older_than_reviews_is_read() -> None:
    old = COMMENT | {
        "pull_request_url": "https://x/repos/o/r/pulls/12", "pull_request_review_id": None,
        "path": "a.c", "position": None, "original_position": 3, "diff_hunk": "@@",
        "commit_id": "a", "original_commit_id": "b",
    }  # fmt: skip
    comment = read_review_comment(old, "o/r")
    assert (comment.review_id, comment.position, comment.original_position) == (None, None, 3)
    assert (comment.in_reply_to_id, comment.line, comment.kind) == (None, None, "review_comment")


def test_issue_lists_labels_and_assignees_in_order() -> None:
    issue = read_issue(
        {
            "id": 3_100_000_000, "number": 3, "title": "t", "body": "", "state": "closed",
            "state_reason": "completed", "user": None, "labels": [{"name": "b"}, "a"],
            "assignees": [user(1, "zoe"), user(2, "ada")], "milestone": {"title": "1.0"},
            "comments": 2, "created_at": "2026-01-02T00:00:00Z", "html_url": "h",
            "updated_at": "2026-01-02T00:00:00Z", "closed_at": None,
        },
        "o/r",
    )  # fmt: skip
    assert issue is not None
    assert (issue.labels, issue.assignees) == (("a", "b"), ("ada", "zoe"))
    assert (issue.body, issue.milestone, issue.author) == (None, "1.0", None)


def test_pull_request_among_the_issues_is_left_out() -> None:
    assert read_issue({"number": 5, "pull_request": {"url": "x"}}, "o/r") is None


def test_old_repository_leaves_unknown_features_unset() -> None:
    repository = read_repository(
        {
            "id": 1, "name": "r", "full_name": "o/r", "owner": user(), "description": None,
            "language": None, "stargazers_count": 1, "watchers_count": 1, "forks_count": 0,
            "open_issues_count": 0, "default_branch": "main", "fork": False, "archived": False,
            "private": False, "created_at": "2026-01-02T00:00:00Z", "pushed_at": None,
            "updated_at": "2026-01-02T00:00:00Z",
        },
        "o/r",
    )  # fmt: skip
    assert (repository.topics, repository.has_discussions, repository.size) == (UNSET,) * 3
    assert (repository.license, repository.pushed_at) == (UNSET, None)

"""Rows to save: a small repository whose parts are made on demand."""

from datetime import UTC, datetime, timedelta

from mainstem.store import (
    CommentRow,
    ContributorRow,
    Database,
    IssueRow,
    PullRequestRow,
    RepositoryRow,
    ReviewRow,
    ids,
    save_contributors,
    save_issues,
    save_pull_requests,
    save_repositories,
)

REPO_GITHUB_ID = 7
REPO = ids.repository_id(REPO_GITHUB_ID)
T0 = datetime(2024, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def repo(
    github_id: int = REPO_GITHUB_ID, owner: str = "Octo", name: str = "Hello"
) -> RepositoryRow:
    return {
        "id": ids.repository_id(github_id),
        "github_id": github_id,
        "owner": owner,
        "name": name,
        "full_name": f"{owner}/{name}",
    }


def person(github_id: int, username: str | None = None) -> ContributorRow:
    return {
        "id": ids.contributor_id(github_id),
        "github_id": github_id,
        "username": username or f"user{github_id}",
    }


def pull(number: int, *, updated: datetime = T0, title: str = "A change") -> PullRequestRow:
    return {
        "id": ids.pull_request_id(REPO_GITHUB_ID, number),
        "github_id": 5_000_000_000 + number,
        "repository_id": REPO,
        "number": number,
        "title": title,
        "state": "open",
        "created_at": T0 - HOUR,
        "updated_at": updated,
    }


def issue(number: int, *, updated: datetime = T0, title: str = "A wish") -> IssueRow:
    return {
        "id": ids.issue_id(REPO_GITHUB_ID, number),
        "github_id": 6_000_000_000 + number,
        "repository_id": REPO,
        "number": number,
        "title": title,
        "state": "open",
        "created_at": T0 - HOUR,
        "updated_at": updated,
    }


def review(github_id: int, number: int) -> ReviewRow:
    return {
        "id": ids.review_id(github_id),
        "github_id": github_id,
        "repository_id": REPO,
        "pull_request_id": ids.pull_request_id(REPO_GITHUB_ID, number),
        "state": "APPROVED",
        "submitted_at": T0,
    }


def pull_comment(github_id: int, number: int, *, updated: datetime = T0) -> CommentRow:
    return {
        "id": ids.comment_id(github_id, "review_comment"),
        "github_id": github_id,
        "comment_type": "review_comment",
        "repository_id": REPO,
        "pull_request_id": ids.pull_request_id(REPO_GITHUB_ID, number),
        "body": "Why?",
        "created_at": T0 - HOUR,
        "updated_at": updated,
    }


def issue_comment(github_id: int, number: int) -> CommentRow:
    return {
        "id": ids.comment_id(github_id, "issue_comment"),
        "github_id": github_id,
        "comment_type": "issue_comment",
        "repository_id": REPO,
        "issue_id": ids.issue_id(REPO_GITHUB_ID, number),
        "body": "Me too",
        "created_at": T0,
        "updated_at": T0,
    }


def plant(db: Database) -> None:
    """One repository, two people, pull requests 1 and 2, issue 3."""
    db.write(save_repositories, [repo()], at=T0)
    db.write(save_contributors, [person(1), person(2)], at=T0)
    db.write(save_pull_requests, [pull(1), pull(2)], at=T0)
    db.write(save_issues, [issue(3)], at=T0)

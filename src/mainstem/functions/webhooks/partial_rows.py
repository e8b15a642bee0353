"""Rows of pull requests that are known from the issues that they also are."""

from typing import Any, cast

from mainstem.functions.capture.rows import Rows
from mainstem.github import UNSET
from mainstem.github.webhooks import PullAsIssue
from mainstem.store import PullRequestRow


def row_of_issue(rows: Rows, told: PullAsIssue, github_id: int) -> PullRequestRow:
    """The row of the pull request that GitHub numbers `github_id`, as far as its issue tells."""
    row: dict[str, Any] = {
        "id": rows.pull_id(told.number),
        "github_id": github_id,
        "repository_id": rows.home.id,
        "number": told.number,
        "title": told.title,
        "body": told.body,
        "created_at": told.created_at,
        "updated_at": told.updated_at,
        "labels": list(told.labels),
        "assignees": list(told.assignees),
        "milestone": told.milestone,
        "html_url": told.html_url,
    }
    if told.state is not None:
        row |= {"state": told.state, "closed_at": told.closed_at}
        row["merged"] = told.state == "merged"
    if told.merged_at is not UNSET:
        row["merged_at"] = told.merged_at
    if told.draft is not UNSET:
        row["draft"] = told.draft
    return cast("PullRequestRow", row)

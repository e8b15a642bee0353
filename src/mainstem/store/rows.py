"""What a writer takes: one `TypedDict` per table.

A key that is absent leaves its column as it is; a key that is present with None writes NULL. The
required keys are those that name the row. A row that is not stored yet needs, besides, every column
that allows no NULL (marked "new rows need it"); the writer says which one is missing. Times are
aware. `id` and `..._id` values come from `mainstem.store.ids`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Required, TypedDict
from uuid import UUID

from mainstem.store.vocabulary import CommentType, IssueState, PullState, ReviewState


class RepositoryRow(TypedDict, total=False):
    """A row for `save_repositories`; `owner`, `name`, `full_name`: new rows need them."""

    id: Required[UUID]
    github_id: Required[int]
    owner: str
    name: str
    full_name: str
    description: str | None
    homepage: str | None
    language: str | None
    license: str | None
    topics: Sequence[str] | None
    default_branch: str | None
    stargazers_count: int | None
    watchers_count: int | None
    forks_count: int | None
    open_issues_count: int | None
    size: int | None
    is_fork: bool | None
    is_archived: bool | None
    is_disabled: bool | None
    is_private: bool | None
    is_template: bool | None
    has_issues: bool | None
    has_projects: bool | None
    has_wiki: bool | None
    has_pages: bool | None
    has_downloads: bool | None
    has_discussions: bool | None
    github_created_at: datetime | None
    github_updated_at: datetime | None
    github_pushed_at: datetime | None
    is_active: bool
    former_names: Sequence[str] | None
    first_tracked_at: datetime


class ContributorRow(TypedDict, total=False):
    """A row for `save_contributors`; `username`: new rows need it."""

    id: Required[UUID]
    github_id: Required[int]
    username: str
    account_type: str | None
    display_name: str | None
    avatar_url: str | None
    profile_url: str | None
    email: str | None
    company: str | None
    location: str | None
    bio: str | None
    blog: str | None
    public_repos: int | None
    public_gists: int | None
    followers: int | None
    following: int | None
    github_created_at: datetime | None
    is_bot: bool
    is_active: bool
    first_seen_at: datetime


class PullRequestRow(TypedDict, total=False):
    """A row for `save_pull_requests`; title, state, both times: new rows need them."""

    id: Required[UUID]
    github_id: Required[int]
    repository_id: Required[UUID]
    number: Required[int]
    title: str
    body: str | None
    state: PullState
    author_id: UUID | None
    author_login: str | None
    author_type: str | None
    merged_by_id: UUID | None
    merged_by_login: str | None
    base_branch: str | None
    head_branch: str | None
    draft: bool | None
    mergeable: bool | None
    mergeable_state: str | None
    merged: bool | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    merged_at: datetime | None
    additions: int | None
    deletions: int | None
    changed_files: int | None
    commits: int | None
    html_url: str | None
    head_sha: str | None
    labels: Sequence[str] | None
    assignees: Sequence[str] | None
    requested_reviewers: Sequence[str] | None
    requested_teams: Sequence[str] | None
    milestone: str | None
    comments_count: int | None


class ReviewRow(TypedDict, total=False):
    """A row for `save_reviews`; the parents' ids, state, submitted_at: new rows need them."""

    id: Required[UUID]
    github_id: Required[int]
    repository_id: UUID
    pull_request_id: UUID
    author_id: UUID | None
    author_login: str | None
    author_type: str | None
    state: ReviewState
    body: str | None
    submitted_at: datetime
    commit_id: str | None


class CommentRow(TypedDict, total=False):
    """A row for `save_comments`; repository_id, body, both times: new rows need them.

    Exactly one of `pull_request_id` and `issue_id` is set.
    """

    id: Required[UUID]
    github_id: Required[int]
    comment_type: Required[CommentType]
    repository_id: UUID
    pull_request_id: UUID | None
    issue_id: UUID | None
    author_id: UUID | None
    author_login: str | None
    author_type: str | None
    body: str
    created_at: datetime
    updated_at: datetime
    review_github_id: int | None
    in_reply_to_github_id: int | None
    path: str | None
    position: int | None
    original_position: int | None
    line: int | None
    original_line: int | None
    start_line: int | None
    side: str | None
    diff_hunk: str | None
    commit_id: str | None
    original_commit_id: str | None


class IssueRow(TypedDict, total=False):
    """A row for `save_issues`; title, state, both times: new rows need them."""

    id: Required[UUID]
    github_id: Required[int]
    repository_id: Required[UUID]
    number: Required[int]
    title: str
    body: str | None
    state: IssueState
    state_reason: str | None
    author_id: UUID | None
    author_login: str | None
    author_type: str | None
    labels: Sequence[str] | None
    assignees: Sequence[str] | None
    milestone: str | None
    comments_count: int | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    html_url: str | None


class DiscussionRow(TypedDict, total=False):
    """A row for `save_discussions`; title, both times: new rows need them."""

    id: Required[UUID]
    github_id: Required[int]
    repository_id: Required[UUID]
    number: Required[int]
    title: str
    body: str | None
    author_id: UUID | None
    author_login: str | None
    author_type: str | None
    category: str | None
    category_emoji: str | None
    is_answerable: bool | None
    answer_github_id: int | None
    answered_at: datetime | None
    answer_chosen_by_login: str | None
    locked: bool | None
    upvotes_count: int | None
    comments_count: int | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    html_url: str | None


class GithubEventRow(TypedDict, total=False):
    """A row for `save_github_events`; event_type, repository_id, created_at: new rows need them."""

    id: Required[UUID]
    event_id: Required[str]
    event_type: str
    repository_id: UUID
    actor_github_id: int | None
    actor_login: str | None
    payload: Any
    created_at: datetime


class MetricsDayRow(TypedDict, total=False):
    """A row for `save_metrics_days`; the five counts of captured things: new rows need them."""

    id: Required[UUID]
    workspace_id: Required[UUID]
    metric_date: Required[date]
    daily_prs: int
    daily_merged_prs: int
    daily_issues: int
    daily_closed_issues: int
    daily_active_contributors: int
    daily_star_events: int | None
    daily_fork_events: int | None
    total_stars: int | None
    total_forks: int | None
    total_contributors: int | None

"""What deliveries tell, as values: the records are those that every capture path knows.

An event that we keep is one of these; an event that we only acknowledge is none.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mainstem.github.values import (
    Account,
    Comment,
    Issue,
    PullRequest,
    PullState,
    Repository,
    Review,
    Unset,
)

Happening = Literal["created", "edited", "deleted"]


@dataclass(frozen=True, slots=True)
class PullTold:
    """A whole pull request. `is_first`: it was just opened, so nothing that is known is older."""

    pull: PullRequest
    is_first: bool


@dataclass(frozen=True, slots=True)
class ReviewTold:
    """A review and its pull request, which lacks sizes; `draft_known`: but not whether it is one.

    `body_before` is the text that an edit replaced, None where the delivery does not say.
    """

    review: Review
    pull: PullRequest
    draft_known: bool
    happening: Literal["submitted", "edited", "dismissed"]
    body_before: str | None


@dataclass(frozen=True, slots=True)
class PullAsIssue:
    """A pull request as the issue that it also is: without its branches, sizes and its own id.

    `merged_at` and `draft` are `UNSET` in deliveries of older servers; `state` is then None for a
    closed one, which may be merged.
    """

    number: int
    title: str
    body: str | None
    state: PullState | None
    author: Account | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    merged_at: datetime | Unset | None
    draft: bool | Unset
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    milestone: str | None
    html_url: str


@dataclass(frozen=True, slots=True)
class CommentTold:
    """A comment of either kind, and what it stands under."""

    comment: Comment
    parent: PullRequest | PullAsIssue | Issue
    draft_known: bool
    happening: Happening
    body_before: str | None


@dataclass(frozen=True, slots=True)
class IssueTold:
    """A whole issue. `is_gone`: it was deleted, or moved to another repository.

    Milestones of pull requests are told here too.
    """

    issue: Issue | PullAsIssue
    is_first: bool
    is_gone: bool


@dataclass(frozen=True, slots=True)
class RepositoryTold:
    """A repository under its present name, and the one that it had, where that has changed."""

    repository: Repository
    is_gone: bool
    former_name: str | None


@dataclass(frozen=True, slots=True)
class NameTold:
    """A label or a milestone has another name; `new` is None when it was deleted."""

    kind: Literal["label", "milestone"]
    old: str
    new: str | None


@dataclass(frozen=True, slots=True)
class FeedTold:
    """A star or a fork, as the repository's event feed names it; `key` is the same for the same."""

    event_type: Literal["WatchEvent", "ForkEvent"]
    key: str
    actor: Account
    at: datetime


@dataclass(frozen=True, slots=True)
class Discussion:
    """A discussion, without its comments."""

    id: int
    number: int
    title: str
    body: str | None
    author: Account | None
    category: str | None
    category_emoji: str | None
    is_answerable: bool | None
    answer_id: int | Unset | None
    answered_at: datetime | None
    answer_chosen_by: str | None
    locked: bool
    comments_count: int
    created_at: datetime
    updated_at: datetime
    html_url: str
    is_closed: bool


@dataclass(frozen=True, slots=True)
class DiscussionTold:
    """A whole discussion. `is_gone`: it was deleted, or moved to another repository."""

    discussion: Discussion
    is_gone: bool


@dataclass(frozen=True, slots=True)
class RepositoryName:
    """A repository that an installation reaches."""

    id: int
    full_name: str
    is_private: bool


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation of a GitHub App. `selection` is `all` or `selected`."""

    id: int
    account: Account
    selection: str | None
    permissions: dict[str, str]
    status: Literal["active", "suspended", "deleted"]
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class InstallationTold:
    """An installation, and which repositories it reaches from now on, and which no longer."""

    installation: Installation
    added: tuple[RepositoryName, ...] = ()
    removed: tuple[RepositoryName, ...] = ()


Told = (
    PullTold
    | ReviewTold
    | CommentTold
    | IssueTold
    | RepositoryTold
    | NameTold
    | FeedTold
    | DiscussionTold
    | InstallationTold
)

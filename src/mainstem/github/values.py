"""What GitHub knows, as values: read once at the border, trusted inside.

A field that the answer did not carry is `UNSET`; one that GitHub answered with null is None. The
two are kept apart because a store may write the second and must leave a known value alone for the
first. Times are aware and in UTC, ids are GitHub's database ids (64 bits), and a value read from
REST equals the value read from GraphQL wherever both carry the field.
"""

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, Literal, TypeVar

T = TypeVar("T")


class Unset(enum.Enum):
    """The type of `UNSET`. Its value is an object: no JSON memo can mistake it for text."""

    UNSET = {"unset": True}  # noqa: RUF012 - a member, not a default

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> Literal[False]:
        return False


UNSET: Final = Unset.UNSET
"""The answer did not carry this field; nothing is known about it."""

PullState = Literal["open", "closed", "merged"]
IssueState = Literal["open", "closed"]
ReviewState = Literal["PENDING", "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]
CommentKind = Literal["issue_comment", "review_comment"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who did something. `id` is None for the few actors that GitHub gives no number."""

    id: int | None
    login: str
    type: str
    """`User`, `Bot`, `Organization`, `Mannequin` or `EnterpriseUserAccount`."""
    avatar_url: str | None = None
    profile_url: str | None = None


@dataclass(frozen=True, slots=True)
class RepositoryRef:
    """Which repository an answer was about, by id: after a rename the name asked for is not it."""

    id: int
    full_name: str


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository under its present name. `size` is in KB, `license` an SPDX id."""

    id: int
    owner: str
    name: str
    full_name: str
    description: str | None
    homepage: str | Unset | None
    language: str | None
    stargazers_count: int
    watchers_count: int
    forks_count: int
    open_issues_count: int
    size: int | Unset
    default_branch: str
    is_fork: bool
    is_archived: bool
    is_disabled: bool | Unset
    is_private: bool
    is_template: bool | Unset
    has_issues: bool | Unset
    has_projects: bool | Unset
    has_wiki: bool | Unset
    has_pages: bool | Unset
    has_downloads: bool | Unset
    has_discussions: bool | Unset
    license: str | Unset | None
    topics: tuple[str, ...] | Unset
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One pull request.

    REST lists leave the fields from `merged_by` to `comments_count` on `UNSET`; a GraphQL page may
    leave out the lists from `labels` on, each of which costs it points. Labels are names, assignees
    logins of people, teams slugs, all sorted. `comments_count` counts both kinds of comments.
    """

    id: int
    number: int
    title: str
    body: str | None
    """None also for an empty text: GraphQL has no null here and the two must agree."""
    state: PullState
    draft: bool
    author: Account | None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    merged_at: datetime | None
    merged: bool
    base_branch: str
    head_branch: str
    head_sha: str
    html_url: str
    merged_by: Account | Unset | None = UNSET
    additions: int | Unset = UNSET
    deletions: int | Unset = UNSET
    changed_files: int | Unset = UNSET
    commits: int | Unset = UNSET
    mergeable: bool | Unset | None = UNSET
    mergeable_state: str | Unset | None = UNSET
    comments_count: int | Unset = UNSET
    milestone: str | Unset | None = UNSET
    labels: tuple[str, ...] | Unset = UNSET
    assignees: tuple[str, ...] | Unset = UNSET
    requested_reviewers: tuple[Account, ...] | Unset = UNSET
    requested_teams: tuple[str, ...] | Unset = UNSET


@dataclass(frozen=True, slots=True)
class Review:
    """One submitted review; drafts (`PENDING` without a time) never become a value."""

    id: int
    pull_number: int
    state: ReviewState
    body: str
    author: Account | None
    submitted_at: datetime
    commit_id: str | None


@dataclass(frozen=True, slots=True)
class Comment:
    """A conversation comment or a comment on a diff; the fields from `review_id` on are the diff's.

    `number` is that of the pull request or issue. `on_pull` says which, None when the answer does
    not tell. `position` and `line` are None once the comment is outdated.
    """

    id: int
    kind: CommentKind
    number: int
    body: str
    author: Account | None
    created_at: datetime
    updated_at: datetime
    on_pull: bool | None
    html_url: str
    review_id: int | Unset | None = UNSET
    in_reply_to_id: int | Unset | None = UNSET
    path: str | Unset = UNSET
    position: int | Unset | None = UNSET
    original_position: int | Unset | None = UNSET
    line: int | Unset | None = UNSET
    original_line: int | Unset | None = UNSET
    start_line: int | Unset | None = UNSET
    commit_id: str | Unset | None = UNSET
    original_commit_id: str | Unset | None = UNSET
    diff_hunk: str | Unset = UNSET


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue (never a pull request). Labels are names, assignees logins, both sorted.

    A GraphQL page may leave out the two, each of which costs it points.
    """

    id: int
    number: int
    title: str
    body: str | None
    state: IssueState
    state_reason: str | None
    author: Account | None
    labels: tuple[str, ...] | Unset
    assignees: tuple[str, ...] | Unset
    milestone: str | None
    comments_count: int
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None
    html_url: str


NestedList = Literal[
    "reviews", "timeline", "pull_comments", "threads", "thread_comments", "issue_comments"
]


@dataclass(frozen=True, slots=True)
class Gap:
    """A nested list that goes on behind what was read of it.

    `number` is the pull request's or issue's, `node_id` GitHub's id of the list's parent, `cursor`
    where it goes on (None: from its beginning), `missing` how many are still to come, at least 1.
    """

    kind: NestedList
    number: int
    node_id: str
    cursor: str | None
    missing: int


@dataclass(frozen=True, slots=True)
class PullBundle:
    """A pull request with what belongs to it: all of it, unless `gaps` say what is still missing.

    `comments` holds both kinds, in order of creation. `threads` is how many review threads GitHub
    counts, None where they were not asked for. `node_id` is its global id.
    """

    pull: PullRequest
    reviews: tuple[Review, ...]
    comments: tuple[Comment, ...]
    repository: RepositoryRef
    threads: int | None = None
    gaps: tuple[Gap, ...] = ()
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class IssueBundle:
    """An issue with its comments, in order of creation; `gaps` say what is still missing."""

    issue: Issue
    comments: tuple[Comment, ...]
    repository: RepositoryRef
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class NestedParts:
    """What a follow-up brought of many lists at once, for the `asked` gaps.

    `gaps` go on still; `gone` are those whose parent is no longer there. `width` is how many lists
    got through together, `points` what it cost.
    """

    asked: tuple[Gap, ...]
    reviews: tuple[Review, ...]
    comments: tuple[Comment, ...]
    gaps: tuple[Gap, ...]
    gone: tuple[Gap, ...]
    effort: "Effort"


@dataclass(frozen=True, slots=True)
class Effort:
    """How GitHub took one question: the `width` that got through and the seconds it took.

    `refused` is the narrowest width that it had no time for, None if the first was taken; `points`
    are those of all tries.
    """

    width: int
    seconds: float
    refused: int | None = None
    points: int = 0


@dataclass(frozen=True, slots=True)
class Probe:
    """What one cheap question tells about a repository before anything is planned.

    The totals and the newest update of each list; `threads` holds how many review threads each of
    a sample of pull requests has.
    """

    repository: RepositoryRef
    pulls: int
    issues: int
    newest_pull: datetime | None
    newest_issue: datetime | None
    threads: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the answer to a poll came with, to be named once what it told is stored.

    `credential` is the fingerprint of the one that asked.
    """

    credential: str
    url: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a longer list.

    `next` is opaque and asks for the following page, in this process or a later one; None is the
    end. `total` is the length of the whole list where GitHub tells it. `seen` counts what the
    answer held before anything was left out. `width` is the page size that got through: it is
    smaller than the one asked for when GitHub found the request too heavy; ask for it next time.
    `offer` is what a poll's page is accepted by.
    """

    items: tuple[T, ...]
    next: str | None
    seen: int
    total: int | None = None
    effort: Effort | None = field(default=None, compare=False)
    offer: Offer | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A whole list, or its beginning if `truncated`: then the cap on pages was reached."""

    items: tuple[T, ...]
    truncated: bool

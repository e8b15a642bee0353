"""What is stored of pull requests and issues, to be held against what GitHub lists of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, null, select

from mainstem.store.answers import every
from mainstem.store.tables import capture_gaps, comments, issues, pull_requests, reviews
from mainstem.store.tombstones import is_live
from mainstem.store.upsert import CHUNK_ROWS, in_chunks

ItemKind = Literal["pulls", "issues"]
_ITEMS = {"pulls": pull_requests, "issues": issues}
_PARENTS = {"pulls": comments.c.pull_request_id, "issues": comments.c.issue_id}
# Up to when each is known. A delivery moves the time of a pull request, and tells of one change.
_KNOWN_TO: dict[ItemKind, ColumnElement[datetime]] = {
    "pulls": func.coalesce(pull_requests.c.read_up_to, pull_requests.c.updated_at),
    "issues": issues.c.updated_at,
}
_ISSUE_LISTS = ("issue_comments",)


@dataclass(frozen=True, slots=True)
class StoredItem:
    """A stored pull request or issue, gone ones included, with the live comments on it.

    `updated_at` is the last update up to which it was read: of a pull request that deliveries
    moved since, an earlier one than is stored. `comments_count` is GitHub's own figure, None where
    it never told. `draft` and `head_sha` are None for an issue.
    """

    id: UUID
    number: int
    title: str
    state: str
    closed_at: datetime | None
    draft: bool | None
    head_sha: str | None
    created_at: datetime
    updated_at: datetime
    comments_count: int | None
    is_gone: bool
    comments: int
    reviews: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A stored pull request or issue, and whether the comments on it are as many as GitHub says."""

    id: UUID
    number: int
    is_equal: bool


@dataclass(frozen=True, slots=True)
class Belonging:
    """A stored review or comment of a pull request or issue."""

    kind: Literal["review", "issue_comment", "review_comment"]
    github_id: int
    parent_id: UUID
    is_gone: bool


@dataclass(frozen=True, slots=True)
class StoredComment:
    """A stored comment, and the number of what it is on."""

    github_id: int
    updated_at: datetime
    is_gone: bool
    number: int
    on_pull: bool


def stored_items(
    conn: Connection,
    repository_id: UUID,
    kind: ItemKind,
    *,
    numbers: Collection[int] = (),
    created: tuple[datetime, datetime] | None = None,
) -> list[StoredItem]:
    """Those of the given numbers, and those created between two moments (both included)."""
    table = _ITEMS[kind]
    conditions: list[ColumnElement[bool]] = [
        table.c.number.in_(chunk) for chunk in in_chunks(sorted(numbers), CHUNK_ROWS)
    ]
    if created is not None:
        conditions.append(and_(table.c.created_at >= created[0], table.c.created_at <= created[1]))
    said = (
        select(func.count())
        .where(_PARENTS[kind] == table.c.id, is_live(comments))
        .correlate(table)
        .scalar_subquery()
    )
    reviewed = (
        select(func.count())
        .where(reviews.c.pull_request_id == table.c.id, is_live(reviews))
        .correlate(table)
        .scalar_subquery()
    )
    of_pulls = [
        (table.c[name] if kind == "pulls" else null()).label(name) for name in ("draft", "head_sha")
    ]
    found: dict[UUID, StoredItem] = {}
    for condition in conditions:
        question = select(
            table.c.id,
            table.c.number,
            table.c.title,
            table.c.state,
            table.c.closed_at,
            *of_pulls,
            table.c.created_at,
            _KNOWN_TO[kind].label("updated_at"),
            table.c.comments_count,
            table.c.deleted_at.is_not(None).label("is_gone"),
            said.label("comments"),
            reviewed.label("reviews"),
        ).where(table.c.repository_id == repository_id, condition)
        found |= {item.id: item for item in every(conn, question, StoredItem)}
    return list(found.values())


def update_times(
    conn: Connection, repository_id: UUID, kind: ItemKind, numbers: Collection[int]
) -> dict[int, datetime]:
    """Up to which update those of `numbers` were read that are stored, and not gone."""
    table = _ITEMS[kind]
    found: dict[int, datetime] = {}
    for chunk in in_chunks(sorted(numbers), CHUNK_ROWS):
        question = select(table.c.number, _KNOWN_TO[kind].label("updated_at")).where(
            table.c.repository_id == repository_id, table.c.number.in_(chunk), is_live(table)
        )
        found.update({row.number: row.updated_at for row in conn.execute(question)})
    return found


def compared_items(
    conn: Connection, repository_id: UUID, kind: ItemKind, since: datetime | None
) -> list[Compared]:
    """Those updated at `since` or after: are their comments as many as GitHub says?

    Left out is what has a list that was not read to its end yet: nothing is known of it.
    """
    table = _ITEMS[kind]
    said = (
        select(func.count())
        .where(_PARENTS[kind] == table.c.id, is_live(comments))
        .correlate(table)
        .scalar_subquery()
    )
    is_of_issue = capture_gaps.c.kind.in_(_ISSUE_LISTS)
    is_open = exists().where(
        capture_gaps.c.repository_id == repository_id,
        capture_gaps.c.number == table.c.number,
        is_of_issue if kind == "issues" else ~is_of_issue,
    )
    question = select(
        table.c.id, table.c.number, (table.c.comments_count == said).label("is_equal")
    ).where(
        table.c.repository_id == repository_id,
        is_live(table),
        table.c.comments_count.is_not(None),
        ~is_open,
    )
    if since is not None:
        question = question.where(table.c.updated_at >= since)
    return every(conn, question, Compared)


def head_shas(
    conn: Connection, repository_id: UUID, numbers: Collection[int]
) -> dict[int, str | None]:
    """The last commit of those pull requests, as stored, by number."""
    table = pull_requests
    found: dict[int, str | None] = {}
    for chunk in in_chunks(sorted(numbers), CHUNK_ROWS):
        question = select(table.c.number, table.c.head_sha).where(
            table.c.repository_id == repository_id, table.c.number.in_(chunk)
        )
        found.update({row.number: row.head_sha for row in conn.execute(question)})
    return found


def pulls_with_places(conn: Connection, pull_ids: Collection[UUID]) -> set[UUID]:
    """Those with a live comment that still has its place in the diff, which a push may move."""
    found: set[UUID] = set()
    for chunk in in_chunks(sorted(pull_ids), CHUNK_ROWS):
        question = select(comments.c.pull_request_id).where(
            comments.c.pull_request_id.in_(chunk),
            is_live(comments),
            comments.c.comment_type == "review_comment",
            comments.c.position.is_not(None),
        )
        found.update(conn.execute(question.distinct()).scalars())
    return found


def lone_reviews(conn: Connection, pull_ids: Collection[UUID]) -> dict[UUID, set[int]]:
    """Live reviews that no live comment belongs to, by pull request; GitHub's numbers.

    A review with a comment is there as long as that is, whether or not a list tells of it.
    """
    has_comment = exists().where(
        comments.c.review_github_id == reviews.c.github_id, is_live(comments)
    )
    found: dict[UUID, set[int]] = {}
    for chunk in in_chunks(sorted(pull_ids), CHUNK_ROWS):
        question = select(reviews.c.pull_request_id, reviews.c.github_id).where(
            reviews.c.pull_request_id.in_(chunk), is_live(reviews), ~has_comment
        )
        for pull_id, github_id in conn.execute(question):
            found.setdefault(pull_id, set()).add(github_id)
    return found


def numbers_of_gone(
    conn: Connection,
    kind: ItemKind,
    *,
    ids: Collection[UUID] = (),
    review_ids: Collection[UUID] = (),
    comment_ids: Collection[UUID] = (),
) -> set[int]:
    """Numbers of those that are marked as gone, or one of those reviews or comments on them is."""
    table = _ITEMS[kind]
    whose: list[tuple[Table, ColumnElement[UUID], Collection[UUID]]] = [
        (table, table.c.id, ids),
        (comments, _PARENTS[kind], comment_ids),
    ]
    if kind == "pulls":
        whose.append((reviews, reviews.c.pull_request_id, review_ids))
    found: set[int] = set()
    for one, parent, some in whose:
        for chunk in in_chunks(sorted(some), CHUNK_ROWS):
            gone = select(parent).where(one.c.id.in_(chunk), one.c.deleted_at.is_not(None))
            found.update(conn.execute(select(table.c.number).where(table.c.id.in_(gone))).scalars())
    return found


def belongings(conn: Connection, kind: ItemKind, ids: Collection[UUID]) -> list[Belonging]:
    """All that is stored of those pull requests or issues, gone or not."""
    found: list[Belonging] = []
    for chunk in in_chunks(sorted(ids), CHUNK_ROWS):
        parent = _PARENTS[kind]
        question = select(
            comments.c.comment_type, comments.c.github_id, parent, comments.c.deleted_at
        ).where(parent.in_(chunk))
        found += [
            Belonging(row[0], row[1], row[2], row[3] is not None) for row in conn.execute(question)
        ]
        if kind == "issues":
            continue
        question = select(
            reviews.c.github_id, reviews.c.pull_request_id, reviews.c.deleted_at
        ).where(reviews.c.pull_request_id.in_(chunk))
        found += [
            Belonging("review", row[0], row[1], row[2] is not None)
            for row in conn.execute(question)
        ]
    return found


def stored_comments(
    conn: Connection,
    repository_id: UUID,
    comment_type: str,
    *,
    github_ids: Collection[int] = (),
    created_since: datetime | None = None,
) -> list[StoredComment]:
    """Comments of one type: those of the given numbers, and live ones written since a moment."""
    is_type = comments.c.comment_type == comment_type
    conditions: list[ColumnElement[bool]] = [
        comments.c.github_id.in_(chunk) for chunk in in_chunks(sorted(github_ids), CHUNK_ROWS)
    ]
    if created_since is not None:
        conditions.append(and_(comments.c.created_at >= created_since, is_live(comments)))
    on_pull = comments.c.pull_request_id.is_not(None)
    found: dict[int, StoredComment] = {}
    for condition in conditions:
        question = (
            select(
                comments.c.github_id,
                comments.c.updated_at,
                comments.c.deleted_at.is_not(None).label("is_gone"),
                func.coalesce(pull_requests.c.number, issues.c.number).label("number"),
                on_pull.label("on_pull"),
            )
            .outerjoin(pull_requests, pull_requests.c.id == comments.c.pull_request_id)
            .outerjoin(issues, issues.c.id == comments.c.issue_id)
            .where(comments.c.repository_id == repository_id, is_type, condition)
        )
        found |= {one.github_id: one for one in every(conn, question, StoredComment)}
    return list(found.values())

"""Records that are gone at GitHub: their rows stay, marked, and no figure counts them.

A pull request, issue or review takes what belongs to it along, and brings back just that when it
turns out to be there after all (a transfer undone, an answer that had been wrong).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    exists,
    func,
    select,
    true,
    update,
)

from mainstem.store.tables import comments, discussions, issues, pull_requests, reviews
from mainstem.store.upsert import CHUNK_ROWS, in_chunks

Kind = Literal[
    "pull_request", "issue", "discussion", "review", "comment", "issue_comment", "review_comment"
]

_TABLES: dict[str, Table] = {
    "pull_request": pull_requests,
    "issue": issues,
    "discussion": discussions,
    "review": reviews,
    "comment": comments,
    "issue_comment": comments,
    "review_comment": comments,
}
# What goes with a record: the child, its column, and the parent's column that it names.
_CHILDREN = {
    "pull_request": ((reviews, "pull_request_id", "id"), (comments, "pull_request_id", "id")),
    "issue": ((comments, "issue_id", "id"),),
    "review": ((comments, "review_github_id", "github_id"),),
}


def is_live(rows: FromClause) -> ColumnElement[bool]:
    """The record is there at GitHub, as far as we know. `rows` has `deleted_at`."""
    return rows.c.deleted_at.is_(None)


def mark_deleted(
    conn: Connection,
    kind: Kind,
    *,
    ids: Collection[UUID] = (),
    github_ids: Collection[int] = (),
    at: datetime,
) -> int:
    """Mark those records, and what belongs to them, as gone; how many rows were live until now.

    `at` is when we learned it. Marking again changes nothing: the first time stays. What is not
    stored is no error. For comments by `github_ids` name the type: GitHub counts the two apart.
    """
    return _set(conn, kind, ids, github_ids, at=at)


def restore(
    conn: Connection,
    kind: Kind,
    *,
    ids: Collection[UUID] = (),
    github_ids: Collection[int] = (),
) -> int:
    """Take the marks back, with those of what went at the same time; how many rows are live again.

    A comment that was deleted before its pull request was stays deleted.
    """
    return _set(conn, kind, ids, github_ids, at=None)


def _set(
    conn: Connection,
    kind: Kind,
    ids: Collection[UUID],
    github_ids: Collection[int],
    *,
    at: datetime | None,
) -> int:
    if kind == "comment" and github_ids:
        raise ValueError("give 'issue_comment' or 'review_comment': their numbers overlap")
    table = _TABLES[kind]
    changed = 0
    for name, keys in (("id", sorted(ids)), ("github_id", sorted(github_ids))):
        for chunk in in_chunks(keys, CHUNK_ROWS):
            asked = and_(table.c[name].in_(chunk), _of_kind(kind))
            changed += _set_children(conn, kind, asked, at=at)
            changed += conn.execute(
                update(table).where(asked, _not_yet(table, at)).values(deleted_at=at)
            ).rowcount
    return changed


def _of_kind(kind: Kind) -> ColumnElement[bool]:
    is_one_type = kind in ("issue_comment", "review_comment")
    return comments.c.comment_type == kind if is_one_type else true()


def _not_yet(table: Table, at: datetime | None) -> ColumnElement[bool]:
    return is_live(table) if at is not None else table.c.deleted_at.is_not(None)


def _set_children(
    conn: Connection, kind: Kind, asked: ColumnElement[bool], *, at: datetime | None
) -> int:
    changed = 0
    parent = _TABLES[kind]
    chosen = and_(asked, _not_yet(parent, at))
    for table, column, named in _CHILDREN.get(kind, ()):
        went_along = exists().where(
            parent.c[named] == table.c[column], parent.c.deleted_at == table.c.deleted_at
        )
        result = conn.execute(
            update(table)
            .where(
                table.c[column].in_(select(parent.c[named]).where(chosen)),
                _not_yet(table, at),
                went_along if at is None else true(),
            )
            .values(deleted_at=at)
        )
        changed += result.rowcount
    return changed


def stored_counts_by_pull(conn: Connection, pull_ids: Collection[UUID]) -> dict[UUID, int]:
    """Live comments of both types on each of `pull_ids`, as GitHub's own count has them.

    Zero for one that is not stored.
    """
    counts = dict.fromkeys(pull_ids, 0)
    for chunk in in_chunks(sorted(counts), CHUNK_ROWS):
        question = (
            select(comments.c.pull_request_id, func.count())
            .where(comments.c.pull_request_id.in_(chunk), is_live(comments))
            .group_by(comments.c.pull_request_id)
        )
        counts.update({row[0]: row[1] for row in conn.execute(question)})
    return counts


def live_total(conn: Connection, repository_id: UUID, table: Table) -> int:
    """The repository's rows of `table` (one with `deleted_at`) that are not marked as gone."""
    question = select(func.count()).where(table.c.repository_id == repository_id, is_live(table))
    return conn.execute(question).scalar_one()

"""Whether everything is stored: GitHub's own totals beside ours, for each list of a repository."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import Connection, Table, exists, func, select

from mainstem.store.answers import every
from mainstem.store.capture_state import CaptureCursor, load_cursor, save_cursor
from mainstem.store.tables import (
    capture_cursors,
    capture_gaps,
    comments,
    issues,
    pull_requests,
    repositories,
    tracked_repositories,
)
from mainstem.store.tombstones import is_live

Connected = Literal["pulls", "issues", "review-comments", "comments"]

COUNTED: Final[tuple[Connected, ...]] = ("pulls", "issues", "review-comments", "comments")

_TABLES: Final[dict[Connected, tuple[Table, str | None]]] = {
    "pulls": (pull_requests, None),
    "issues": (issues, None),
    "review-comments": (comments, "review_comment"),
    "comments": (comments, "issue_comment"),
}


@dataclass(frozen=True, slots=True)
class ListCount:
    """One list of a repository: GitHub's `total`, ours, and when the two were compared."""

    name: str
    total: int | None
    stored: int | None
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenLists:
    """Nested lists that were not read to their end: how many, and the items still to come."""

    lists: int
    missing: int


def stored_total(conn: Connection, repository_id: UUID, name: Connected) -> int:
    """How much of that list is stored and there at GitHub."""
    table, comment_type = _TABLES[name]
    question = select(func.count()).where(table.c.repository_id == repository_id, is_live(table))
    if comment_type is not None:
        question = question.where(comments.c.comment_type == comment_type)
    return conn.execute(question).scalar_one()


def note_totals(
    conn: Connection, repository_id: UUID, totals: Mapping[Connected, int], at: datetime
) -> dict[Connected, int]:
    """Put GitHub's totals down beside what is stored now, which is returned.

    A list that has no cursor of its own gets one that is complete: nothing is to be read by it.
    """
    found: dict[Connected, int] = {}
    for name, total in totals.items():
        stored = found[name] = stored_total(conn, repository_id, name)
        kind = f"count-{name}"
        known = load_cursor(conn, repository_id, kind) or CaptureCursor(
            repository_id, kind, None, None, 0, at, updated_at=at
        )
        save_cursor(conn, replace(known, total=total, stored=stored, counted_at=at, updated_at=at))
    return found


def list_counts(conn: Connection, repository_id: UUID) -> tuple[ListCount, ...]:
    """The last comparison of each list, in the order of `COUNTED`; one never made has None."""
    table = capture_cursors
    question = select(
        table.c.kind.label("name"), table.c.total, table.c.stored, table.c.counted_at
    ).where(table.c.repository_id == repository_id, table.c.counted_at.is_not(None))
    latest: dict[str, ListCount] = {}
    for found in every(conn, question, ListCount):
        name = found.name.removeprefix("count-")
        known = latest.get(name)
        if known is None or (
            found.counted_at and known.counted_at and found.counted_at >= known.counted_at
        ):
            latest[name] = replace(found, name=name)
    return tuple(latest.get(name, ListCount(name, None, None, None)) for name in COUNTED)


def captured_repositories(conn: Connection) -> Sequence[UUID]:
    """Active repositories that GitHub shows and whose pull requests were read to their end.

    One whose tracking was switched off is left out.
    """
    table = repositories
    is_whole = exists().where(
        capture_cursors.c.repository_id == table.c.id,
        # Over either API.
        capture_cursors.c.kind.in_(("pulls", "pulls-rest")),
        capture_cursors.c.completed_at.is_not(None),
    )
    is_off = exists().where(
        tracked_repositories.c.repository_id == table.c.id,
        ~tracked_repositories.c.tracking_enabled,
    )
    question = select(table.c.id).where(
        table.c.is_active, table.c.refused.is_(None), is_whole, ~is_off
    )
    return conn.execute(question.order_by(table.c.id)).scalars().all()


def open_lists(conn: Connection, repository_id: UUID) -> OpenLists:
    """What is still to be read behind pages."""
    table = capture_gaps
    lists, missing = conn.execute(
        select(func.count(), func.coalesce(func.sum(table.c.missing), 0)).where(
            table.c.repository_id == repository_id
        )
    ).one()
    return OpenLists(lists, int(missing))

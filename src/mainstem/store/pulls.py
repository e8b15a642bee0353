"""Questions about stored pull requests: which need another look, and what is known of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, func, or_, select, update

from mainstem.store.answers import every, one
from mainstem.store.errors import NoRowWritten
from mainstem.store.tables import comments, pull_requests, reviews
from mainstem.store.tombstones import is_live
from mainstem.store.upsert import CHUNK_ROWS, in_chunks


@dataclass(frozen=True, slots=True)
class StoredPull:
    """A stored pull request and how much belongs to it; None is "unknown" or "never"."""

    id: UUID
    github_id: int
    number: int
    state: str
    created_at: datetime
    updated_at: datetime
    details_synced_at: datetime | None
    additions: int | None
    deletions: int | None
    changed_files: int | None
    reviews: int
    comments: int

    @property
    def lacks_diff(self) -> bool:
        """Whether its size is unknown, or zero where a real change has none: ask for details."""
        return not (self.additions or self.deletions) or not self.changed_files


@dataclass(frozen=True, slots=True)
class Counts:
    """How many live reviews and comments (both types) of one pull request are stored."""

    reviews: int
    comments: int


# Counted per row through the index: the asked-for rows are few, the tables may be long.
_REVIEWS = (
    select(func.count())
    .where(reviews.c.pull_request_id == pull_requests.c.id, is_live(reviews))
    .correlate(pull_requests)
    .scalar_subquery()
)
_COMMENTS = (
    select(func.count())
    .where(comments.c.pull_request_id == pull_requests.c.id, is_live(comments))
    .correlate(pull_requests)
    .scalar_subquery()
)
_PULL = select(
    pull_requests.c.id,
    pull_requests.c.github_id,
    pull_requests.c.number,
    pull_requests.c.state,
    pull_requests.c.created_at,
    pull_requests.c.updated_at,
    pull_requests.c.details_synced_at,
    pull_requests.c.additions,
    pull_requests.c.deletions,
    pull_requests.c.changed_files,
    _REVIEWS.label("reviews"),
    _COMMENTS.label("comments"),
)
_NEWEST_FIRST = (pull_requests.c.updated_at.desc(), pull_requests.c.number.desc())


def find_pull(conn: Connection, repository_id: UUID, number: int) -> StoredPull | None:
    """Pull request `number` of the repository."""
    return one(
        conn,
        _PULL.where(
            pull_requests.c.repository_id == repository_id, pull_requests.c.number == number
        ),
        StoredPull,
    )


def pulls_needing_update(
    conn: Connection, repository_id: UUID, *, since: datetime, limit: int = 100
) -> list[StoredPull]:
    """Open ones, and any that GitHub saw change since `since`; newest change first."""
    return every(conn, _needing_update(repository_id, since).limit(limit), StoredPull)


def count_pulls_needing_update(conn: Connection, repository_id: UUID, *, since: datetime) -> int:
    """How many `pulls_needing_update` would give without its limit."""
    asked = (
        _needing_update(repository_id, since).with_only_columns(pull_requests.c.id).order_by(None)
    )
    return conn.execute(select(func.count()).select_from(asked.subquery())).scalar_one()


def pulls_lacking_diff(
    conn: Connection, repository_id: UUID, *, limit: int = 100
) -> list[StoredPull]:
    """Those whose additions and deletions, or changed files, are zero or unknown; newest first."""
    no_lines = and_(
        func.coalesce(pull_requests.c.additions, 0) == 0,
        func.coalesce(pull_requests.c.deletions, 0) == 0,
    )
    no_files = func.coalesce(pull_requests.c.changed_files, 0) == 0
    question = _PULL.where(
        pull_requests.c.repository_id == repository_id,
        is_live(pull_requests),
        or_(no_lines, no_files),
    ).order_by(*_NEWEST_FIRST)
    return every(conn, question.limit(limit), StoredPull)


def load_pulls(conn: Connection, pull_ids: Sequence[UUID]) -> dict[UUID, StoredPull]:
    """The stored ones among `pull_ids`, by id."""
    found: dict[UUID, StoredPull] = {}
    for chunk in in_chunks(pull_ids, CHUNK_ROWS):
        asked = every(conn, _PULL.where(pull_requests.c.id.in_(chunk)), StoredPull)
        found.update({pull.id: pull for pull in asked})
    return found


def count_by_pull(conn: Connection, pull_ids: Sequence[UUID]) -> dict[UUID, Counts]:
    """Reviews and comments stored for each of `pull_ids`; zeros for one that is not stored."""
    return {**dict.fromkeys(pull_ids, Counts(0, 0)), **_counted(conn, pull_ids)}


def set_details_synced(conn: Connection, pull_ids: Sequence[UUID], at: datetime) -> None:
    """Record that each was captured with all that belongs to it, at `at`.

    Raises `NoRowWritten` when one of them is not stored.
    """
    for chunk in in_chunks(sorted(set(pull_ids)), CHUNK_ROWS):
        written = conn.execute(
            update(pull_requests)
            .where(pull_requests.c.id.in_(chunk))
            .values(details_synced_at=at)
            .returning(pull_requests.c.id)
        )
        if missing := set(chunk) - set(written.scalars()):
            raise NoRowWritten(table="pull_requests", key={"id": min(missing)})


def note_told(conn: Connection, pull_id: UUID, read_up_to: datetime) -> None:
    """Record that a delivery wrote a pull request, of which no more was read than up to then.

    Whatever else saves it as new as it is stored takes the note away (`save_pull_requests`).
    """
    table = pull_requests
    conn.execute(update(table).where(table.c.id == pull_id).values(read_up_to=read_up_to))


def _needing_update(repository_id: UUID, since: datetime) -> Select[Any]:
    return _PULL.where(
        pull_requests.c.repository_id == repository_id,
        is_live(pull_requests),
        or_(pull_requests.c.state == "open", pull_requests.c.updated_at >= since),
    ).order_by(*_NEWEST_FIRST)


def _counted(conn: Connection, pull_ids: Sequence[UUID]) -> dict[UUID, Counts]:
    question = select(pull_requests.c.id, _REVIEWS.label("reviews"), _COMMENTS.label("comments"))
    return {
        row.id: Counts(row.reviews, row.comments)
        for chunk in in_chunks(pull_ids, CHUNK_ROWS)
        for row in conn.execute(question.where(pull_requests.c.id.in_(chunk)))
    }

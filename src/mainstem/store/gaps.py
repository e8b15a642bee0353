"""Lists that go on behind the part that was read: kept until somebody reads them to their end."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, delete, or_, select

from mainstem.store.answers import every
from mainstem.store.tables import capture_gaps
from mainstem.store.upsert import in_chunks, insert_into

# Each condition binds a few variables; SQLite allows 32,766 in a statement.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class StoredGap:
    """A list of one pull request or issue, and where it goes on.

    `cursor` is None for a list of which nothing was read; `missing` is by GitHub's own count.
    """

    kind: str
    number: int
    node_id: str
    cursor: str | None
    missing: int


def next_gaps(conn: Connection, repository_id: UUID, limit: int) -> list[StoredGap]:
    """The first `limit` lists still to be read: those with most to come, whose own rest can then
    be asked for together with others."""
    table = capture_gaps
    question = (
        select(table.c.kind, table.c.number, table.c.node_id, table.c.cursor, table.c.missing)
        .where(table.c.repository_id == repository_id)
        .order_by(table.c.missing.desc(), table.c.number, table.c.kind, table.c.node_id)
        .limit(limit)
    )
    return every(conn, question, StoredGap)


def replace_gaps(
    conn: Connection,
    repository_id: UUID,
    numbers: Collection[int],
    gaps: Iterable[StoredGap],
    at: datetime,
) -> None:
    """Keep just `gaps` of the pull requests and issues of those numbers: they were read anew."""
    for chunk in in_chunks(sorted(numbers), _CHUNK):
        conn.execute(
            delete(capture_gaps).where(
                capture_gaps.c.repository_id == repository_id, capture_gaps.c.number.in_(chunk)
            )
        )
    _insert(conn, repository_id, gaps, at)


def close_gaps(
    conn: Connection,
    repository_id: UUID,
    asked: Sequence[StoredGap],
    remaining: Iterable[StoredGap],
    at: datetime,
) -> set[int]:
    """Put `remaining` in the place of `asked`; return the numbers of which nothing is left open.

    Asked twice, by a step tried again or by two runs, the second time finds nothing to remove.
    """
    table = capture_gaps
    for chunk in in_chunks(asked, _CHUNK):
        places = or_(
            *(and_(table.c.kind == gap.kind, table.c.node_id == gap.node_id) for gap in chunk)
        )
        conn.execute(delete(table).where(table.c.repository_id == repository_id, places))
    _insert(conn, repository_id, remaining, at)
    numbers = {gap.number for gap in asked}
    return numbers - open_numbers(conn, repository_id, numbers)


def open_numbers(conn: Connection, repository_id: UUID, numbers: Collection[int]) -> set[int]:
    """Which of `numbers` have a list that was not read to its end."""
    found: set[int] = set()
    for chunk in in_chunks(sorted(numbers), _CHUNK):
        question = select(capture_gaps.c.number).where(
            capture_gaps.c.repository_id == repository_id, capture_gaps.c.number.in_(chunk)
        )
        found.update(conn.execute(question.distinct()).scalars())
    return found


def _insert(conn: Connection, repository_id: UUID, gaps: Iterable[StoredGap], at: datetime) -> None:
    rows = [
        {
            "id": uuid4(),
            "repository_id": repository_id,
            "kind": gap.kind,
            "number": gap.number,
            "node_id": gap.node_id,
            "cursor": gap.cursor,
            "missing": gap.missing,
            "created_at": at,
        }
        for gap in gaps
    ]
    if not rows:
        return
    statement = insert_into(conn, capture_gaps)
    new = statement.excluded
    conn.execute(
        statement.on_conflict_do_update(
            index_elements=["repository_id", "kind", "node_id"],
            set_={"cursor": new.cursor, "missing": new.missing, "number": new.number},
        ),
        rows,
    )

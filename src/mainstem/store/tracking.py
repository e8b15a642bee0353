"""Which repositories are tracked, and how big each is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, or_, select, update

from mainstem.store import ids
from mainstem.store.answers import every, expect_one, one
from mainstem.store.tables import repositories, tracked_repositories
from mainstem.store.upsert import insert_into
from mainstem.store.vocabulary import RepositorySize, TrackingPriority


@dataclass(frozen=True, slots=True)
class TrackedRepository:
    """A repository to classify, by *our* id of the repository and its present name."""

    repository_id: UUID
    owner: str
    name: str


@dataclass(frozen=True, slots=True)
class Tracking:
    """The tracking row of one repository; `size` None is "not classified yet"."""

    repository_id: UUID
    tracking_enabled: bool
    priority: str
    size: str | None
    metrics: Mapping[str, Any] | None
    size_calculated_at: datetime | None


def track_repository(
    conn: Connection,
    repository_id: UUID,
    *,
    owner: str,
    name: str,
    at: datetime,
    priority: TrackingPriority = "high",
) -> bool:
    """Begin tracking a stored repository; True if it was not tracked yet. Else nothing changes."""
    values = {
        "id": ids.tracked_repository_id(repository_id),
        "repository_id": repository_id,
        "organization_name": owner,
        "repository_name": name,
        "priority": priority,
        "created_at": at,
        "updated_at": at,
    }
    insert = insert_into(conn, tracked_repositories).values(values)
    tracked = conn.execute(
        insert.on_conflict_do_nothing(index_elements=["repository_id"]).returning(
            tracked_repositories.c.id
        )
    )
    return tracked.first() is not None


def load_tracking(conn: Connection, repository_id: UUID) -> Tracking | None:
    """How a repository is tracked; None if it is not."""
    table = tracked_repositories
    question = select(
        table.c.repository_id,
        table.c.tracking_enabled,
        table.c.priority,
        table.c.size,
        table.c.metrics,
        table.c.size_calculated_at,
    ).where(table.c.repository_id == repository_id)
    return one(conn, question, Tracking)


def unclassified_repositories(conn: Connection) -> list[TrackedRepository]:
    """Tracked ones without a size."""
    return every(conn, _TRACKED.where(tracked_repositories.c.size.is_(None)), TrackedRepository)


def stale_classifications(conn: Connection, *, before: datetime) -> list[TrackedRepository]:
    """Tracked ones classified before `before`, those longest ago first; not the unclassified."""
    return every(
        conn,
        _TRACKED.where(
            tracked_repositories.c.size.is_not(None),
            _calculated_before(before),
        ),
        TrackedRepository,
    )


def high_priority_repositories(conn: Connection, *, before: datetime) -> list[TrackedRepository]:
    """High-priority ones never classified, or classified before `before`."""
    return every(
        conn,
        _TRACKED.where(tracked_repositories.c.priority == "high", _calculated_before(before)),
        TrackedRepository,
    )


def save_classification(
    conn: Connection,
    repository_id: UUID,
    *,
    size: RepositorySize,
    metrics: Mapping[str, Any],
    at: datetime,
) -> None:
    """Record size and the metrics that decided it. Raises `NoRowWritten` if it is not tracked."""
    result = conn.execute(
        update(tracked_repositories)
        .where(tracked_repositories.c.repository_id == repository_id)
        .values(size=size, metrics=dict(metrics), size_calculated_at=at, updated_at=at)
    )
    expect_one(result, table="tracked_repositories", key={"repository_id": repository_id})


_TRACKED: Select[Any] = (
    select(
        tracked_repositories.c.repository_id,
        repositories.c.owner,
        repositories.c.name,
    )
    .join(repositories, repositories.c.id == tracked_repositories.c.repository_id)
    .where(tracked_repositories.c.tracking_enabled)
    # NULLs sort first on SQLite and last on PostgreSQL, so "never" is a sort key of its own.
    .order_by(
        tracked_repositories.c.size_calculated_at.is_not(None),
        tracked_repositories.c.size_calculated_at,
        tracked_repositories.c.id,
    )
)


def _calculated_before(before: datetime) -> Any:
    column = tracked_repositories.c.size_calculated_at
    return or_(column.is_(None), column < before)

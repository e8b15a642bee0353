"""Questions about stored repositories, and the times at which we looked at them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, exists, func, or_, select, update

from mainstem.store.answers import every, expect_one, one
from mainstem.store.tables import comments, pull_requests, repositories, reviews
from mainstem.store.tombstones import is_live, live_total


@dataclass(frozen=True, slots=True)
class Repository:
    """A stored repository, as the functions need it. None is "unknown" or "never"."""

    id: UUID
    github_id: int
    owner: str
    name: str
    full_name: str
    description: str | None
    language: str | None
    default_branch: str | None
    stargazers_count: int | None
    forks_count: int | None
    is_private: bool | None
    is_archived: bool | None
    is_active: bool
    first_tracked_at: datetime
    last_synced_at: datetime | None
    metadata_refreshed_at: datetime | None


_REPOSITORY = select(
    repositories.c.id,
    repositories.c.github_id,
    repositories.c.owner,
    repositories.c.name,
    repositories.c.full_name,
    repositories.c.description,
    repositories.c.language,
    repositories.c.default_branch,
    repositories.c.stargazers_count,
    repositories.c.forks_count,
    repositories.c.is_private,
    repositories.c.is_archived,
    repositories.c.is_active,
    repositories.c.first_tracked_at,
    repositories.c.last_synced_at,
    repositories.c.metadata_refreshed_at,
)


def load_repository(conn: Connection, repository_id: UUID) -> Repository | None:
    """The repository with our id."""
    return one(conn, _REPOSITORY.where(repositories.c.id == repository_id), Repository)


def find_repository(conn: Connection, owner: str, name: str) -> Repository | None:
    """The repository of that name, in any case, as GitHub takes names."""
    return one(
        conn,
        _REPOSITORY.where(
            func.lower(repositories.c.owner) == owner.lower(),
            func.lower(repositories.c.name) == name.lower(),
        ),
        Repository,
    )


def find_repository_by_github_id(conn: Connection, github_id: int) -> Repository | None:
    """The repository that GitHub numbers `github_id`, whatever its name was or is."""
    return one(conn, _REPOSITORY.where(repositories.c.github_id == github_id), Repository)


def list_repositories(conn: Connection) -> list[Repository]:
    """Every stored repository, by name."""
    return every(conn, _REPOSITORY.order_by(func.lower(repositories.c.full_name)), Repository)


def count_pull_requests(conn: Connection, repository_id: UUID) -> int:
    """How many pull requests of the repository are stored and there."""
    return live_total(conn, repository_id, pull_requests)


def has_complete_data(conn: Connection, repository_id: UUID) -> bool:
    """Whether there is a pull request, and any review or any comment: a first sync got through."""
    holds_pulls = exists().where(
        pull_requests.c.repository_id == repository_id, is_live(pull_requests)
    )
    holds_talk = or_(
        exists().where(reviews.c.repository_id == repository_id, is_live(reviews)),
        exists().where(comments.c.repository_id == repository_id, is_live(comments)),
    )
    return bool(conn.execute(select(holds_pulls & holds_talk)).scalar_one())


def latest_sync_time(conn: Connection, repository_id: UUID) -> datetime | None:
    """When the repository was last synced; None when never, or when it is not stored."""
    question = select(repositories.c.last_synced_at).where(repositories.c.id == repository_id)
    return conn.execute(question).scalar_one_or_none()


def mark_synced(conn: Connection, repository_id: UUID, at: datetime) -> None:
    """Record a sync that ended at `at`. Raises `NoRowWritten` for an unknown repository."""
    result = conn.execute(
        update(repositories).where(repositories.c.id == repository_id).values(last_synced_at=at)
    )
    expect_one(result, table="repositories", key={"id": repository_id})


def mark_metadata_refreshed(conn: Connection, repository_id: UUID, at: datetime) -> None:
    """Record that GitHub was asked for the repository's own data. Raises `NoRowWritten`."""
    result = conn.execute(
        update(repositories)
        .where(repositories.c.id == repository_id)
        .values(metadata_refreshed_at=at)
    )
    expect_one(result, table="repositories", key={"id": repository_id})

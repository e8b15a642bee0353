"""Installations of a GitHub App, and the repositories that each reaches."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, and_, case, exists, or_, select, update

from mainstem.store.ids import NAMESPACE
from mainstem.store.tables import installation_repositories, installations
from mainstem.store.upsert import insert_into
from mainstem.store.vocabulary import InstallationStatus


@dataclass(frozen=True, slots=True)
class InstallationRow:
    """What is stored of an installation. `repository_selection` is `all` or `selected`."""

    github_id: int
    account_github_id: int | None
    account_login: str
    account_type: str | None
    repository_selection: str | None
    permissions: Mapping[str, str]
    status: InstallationStatus
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReachedRepository:
    """A repository that an installation reaches."""

    github_id: int
    full_name: str
    is_private: bool


def installation_row_id(github_id: int) -> UUID:
    """The id of the installation that GitHub numbers `github_id`."""
    return uuid5(NAMESPACE, f"installation:{github_id}")


def save_installation(conn: Connection, row: InstallationRow, *, at: datetime) -> UUID:
    """Store the installation, by its row's id; what is older than the stored changes nothing.

    One that was deleted stays so: GitHub gives a new installation a new number.
    """
    table = installations
    values = {name: getattr(row, name) for name in InstallationRow.__slots__}
    values |= {"permissions": dict(row.permissions), "row_synced_at": at}
    insert = insert_into(conn, table).values(id=installation_row_id(row.github_id), **values)
    new = insert.excluded
    changed: dict[str, Any] = {
        name: new[name] for name in values if name not in {"github_id", "status"}
    }
    changed["status"] = case((table.c.status == "deleted", "deleted"), else_=new.status)
    is_newer = or_(
        new.status == "deleted",
        table.c.updated_at.is_(None),
        new.updated_at.is_(None),
        table.c.updated_at <= new.updated_at,
    )
    conn.execute(
        insert.on_conflict_do_update(index_elements=["github_id"], set_=changed, where=is_newer)
    )
    return installation_row_id(row.github_id)


def add_reached(
    conn: Connection, installation_id: UUID, repositories: Iterable[ReachedRepository], at: datetime
) -> None:
    """The installation reaches these since `at`, unless they were taken from it later."""
    table = installation_repositories
    for one in repositories:
        insert = _reaching(conn, installation_id, one, at, removed_at=None)
        conn.execute(
            insert.on_conflict_do_update(
                index_elements=["installation_id", "repository_github_id"],
                set_={
                    "full_name": insert.excluded.full_name,
                    "is_private": insert.excluded.is_private,
                    "added_at": insert.excluded.added_at,
                    "removed_at": None,
                },
                where=or_(table.c.removed_at.is_(None), table.c.removed_at <= at),
            )
        )


def remove_reached(
    conn: Connection, installation_id: UUID, repositories: Iterable[ReachedRepository], at: datetime
) -> None:
    """The installation reaches these no longer since `at`, unless they were added again later.

    A row is written even for one that was never seen, so that a late "added" is known as late.
    """
    table = installation_repositories
    for one in repositories:
        insert = _reaching(conn, installation_id, one, at, removed_at=at)
        conn.execute(
            insert.on_conflict_do_update(
                index_elements=["installation_id", "repository_github_id"],
                set_={"removed_at": insert.excluded.removed_at},
                where=and_(table.c.removed_at.is_(None), table.c.added_at <= at),
            )
        )


def _reaching(
    conn: Connection,
    installation_id: UUID,
    one: ReachedRepository,
    at: datetime,
    *,
    removed_at: datetime | None,
) -> Any:
    """The row of one that was never seen; what becomes of one that was, the caller adds."""
    return insert_into(conn, installation_repositories).values(
        id=_reached_id(installation_id, one.github_id),
        installation_id=installation_id,
        repository_github_id=one.github_id,
        full_name=one.full_name,
        is_private=one.is_private,
        added_at=at,
        removed_at=removed_at,
    )


def remove_all_reached(conn: Connection, installation_id: UUID, at: datetime) -> list[int]:
    """The installation reaches nothing any longer; GitHub's ids of what it reached."""
    table = installation_repositories
    result = conn.execute(
        update(table)
        .where(table.c.installation_id == installation_id, table.c.removed_at.is_(None))
        .values(removed_at=at)
        .returning(table.c.repository_github_id)
    )
    return sorted(result.scalars())


def reached_by(conn: Connection, installation_github_id: int) -> list[ReachedRepository]:
    """The repositories that were named to us as reached by that installation, by name."""
    table = installation_repositories
    question = (
        select(table.c.repository_github_id, table.c.full_name, table.c.is_private)
        .join(installations, installations.c.id == table.c.installation_id)
        .where(installations.c.github_id == installation_github_id, table.c.removed_at.is_(None))
        .order_by(table.c.full_name)
    )
    return [ReachedRepository(*row) for row in conn.execute(question)]


def is_reached(conn: Connection, repository_github_id: int, installation_github_id: int) -> bool:
    """Whether an active installation reaches the repository: named to us, or as one of all."""
    table = installation_repositories
    of_this = and_(
        table.c.installation_id == installations.c.id,
        table.c.repository_github_id == repository_github_id,
    )
    question = select(
        exists().where(
            installations.c.github_id == installation_github_id,
            installations.c.status == "active",
            or_(
                exists().where(of_this, table.c.removed_at.is_(None)),
                and_(
                    installations.c.repository_selection == "all",
                    ~exists().where(of_this, table.c.removed_at.is_not(None)),
                ),
            ),
        )
    )
    return bool(conn.execute(question).scalar_one())


def _reached_id(installation_id: UUID, repository_github_id: int) -> UUID:
    return uuid5(NAMESPACE, f"installation_repository:{installation_id}:{repository_github_id}")

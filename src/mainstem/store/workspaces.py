"""Workspaces and the repositories in them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, insert, select

from mainstem.store.answers import every, one
from mainstem.store.tables import repositories, workspace_repositories, workspaces
from mainstem.store.upsert import insert_into


@dataclass(frozen=True, slots=True)
class Workspace:
    """A named group of repositories."""

    id: UUID
    name: str
    slug: str
    tier: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class WorkspaceRepository:
    """A repository of a workspace with the numbers that are summed; None is "unknown"."""

    repository_id: UUID
    full_name: str
    language: str | None
    stargazers_count: int | None
    forks_count: int | None


def create_workspace(
    conn: Connection, name: str, slug: str, *, at: datetime, tier: str = "free"
) -> UUID:
    """A new, active workspace, by its id. The slug must be free (`IntegrityError` otherwise)."""
    workspace_id = uuid4()
    conn.execute(
        insert(workspaces).values(id=workspace_id, name=name, slug=slug, tier=tier, created_at=at)
    )
    return workspace_id


def load_workspace(conn: Connection, workspace_id: UUID) -> Workspace | None:
    """The workspace, active or not."""
    table = workspaces
    question = select(table.c.id, table.c.name, table.c.slug, table.c.tier, table.c.is_active)
    return one(conn, question.where(table.c.id == workspace_id), Workspace)


def add_workspace_repository(
    conn: Connection, workspace_id: UUID, repository_id: UUID, *, at: datetime
) -> bool:
    """Put a repository into a workspace; True unless it was there already."""
    added = conn.execute(
        insert_into(conn, workspace_repositories)
        .values(id=uuid4(), workspace_id=workspace_id, repository_id=repository_id, added_at=at)
        .on_conflict_do_nothing(index_elements=["workspace_id", "repository_id"])
        .returning(workspace_repositories.c.id)
    )
    return added.first() is not None


def list_workspace_repositories(conn: Connection, workspace_id: UUID) -> list[WorkspaceRepository]:
    """The workspace's repositories, by name."""
    question = (
        select(
            repositories.c.id.label("repository_id"),
            repositories.c.full_name,
            repositories.c.language,
            repositories.c.stargazers_count,
            repositories.c.forks_count,
        )
        .join(workspace_repositories, workspace_repositories.c.repository_id == repositories.c.id)
        .where(workspace_repositories.c.workspace_id == workspace_id)
        .order_by(func.lower(repositories.c.full_name))
    )
    return every(conn, question, WorkspaceRepository)

"""Workspaces for the tests of what looks after them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from mainstem import store
from mainstem.store import tables

from .conftest import NOW, Stage


def workspace(
    stage: Stage, slug: str, *repositories: UUID, tier: str = "free", is_active: bool = True
) -> UUID:
    """A workspace that holds those repositories."""
    made = stage.database.write(store.create_workspace, slug, slug, at=NOW, tier=tier)
    for one in repositories:
        stage.database.write(store.add_workspace_repository, made, one, at=NOW)
    if not is_active:
        change(stage, "workspaces", made, is_active=False)
    return made


def change(stage: Stage, table: str, row_id: UUID, **values: Any) -> None:
    """Set columns of one row."""
    found = tables.metadata.tables[table]
    stage.database.write(
        lambda conn: conn.execute(update(found).where(found.c.id == row_id).values(values))
    )


def rows(stage: Stage, table: str) -> list[Any]:
    """Every row of a table."""

    def read(conn: Connection) -> list[Any]:
        return list(conn.execute(select(tables.metadata.tables[table])))

    return stage.database.read(read)


def cache(
    stage: Stage, workspace_id: UUID, *, expires: datetime, time_range: store.TimeRange = "30d"
) -> None:
    """A stored document that may be used until then."""
    stage.database.write(
        store.save_cached_metrics,
        workspace_id,
        time_range,
        metrics={},
        period_start=NOW,
        period_end=NOW,
        calculated_at=NOW,
        expires_at=expires,
    )

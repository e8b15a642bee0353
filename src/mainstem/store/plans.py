"""What was learned of a repository while it was read: widths that work, sizes of things."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, select

from mainstem.store.tables import capture_plans
from mainstem.store.upsert import insert_into


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """How one query of one repository is asked for: width, a width that failed, and sizes.

    `sizes` is the reader's own note, as JSON.
    """

    repository_id: UUID
    shape: str
    width: int
    ceiling: int | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)


def load_plan(conn: Connection, repository_id: UUID, shape: str) -> CapturePlan | None:
    """What is known of that query; None before the first page."""
    table = capture_plans
    found = conn.execute(
        select(table.c.width, table.c.ceiling, table.c.sizes).where(
            table.c.repository_id == repository_id, table.c.shape == shape
        )
    ).one_or_none()
    if found is None:
        return None
    return CapturePlan(repository_id, shape, found.width, found.ceiling, found.sizes or {})


def hold_plan(conn: Connection, repository_id: UUID, shape: str, at: datetime) -> None:
    """Let nobody else read that plan to change it, until the transaction ends.

    Without it two of them would start from the same note, and the later one would undo the other.
    SQLite has one writer at a time.
    """
    if conn.dialect.name != "postgresql":
        return
    place = {"repository_id": repository_id, "shape": shape}
    conn.execute(
        insert_into(conn, capture_plans)
        .values(id=uuid4(), **place, width=0, sizes={}, updated_at=at)
        .on_conflict_do_nothing(index_elements=list(place))
    )
    held = select(capture_plans.c.id).filter_by(**place)
    conn.execute(held.with_for_update()).one()


def save_plan(conn: Connection, plan: CapturePlan, at: datetime) -> None:
    """Put the plan down in place of an earlier one."""
    values = {
        "width": plan.width,
        "ceiling": plan.ceiling,
        "sizes": dict(plan.sizes),
        "updated_at": at,
    }
    place = {"repository_id": plan.repository_id, "shape": plan.shape}
    conn.execute(
        insert_into(conn, capture_plans)
        .values(id=uuid4(), **place, **values)
        .on_conflict_do_update(index_elements=list(place), set_=values)
    )

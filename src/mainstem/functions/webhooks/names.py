"""Labels and milestones that were renamed or deleted: the records that bear them say the new name.

GitHub tells of the label alone, and the pull requests and issues do not count as updated.
"""

import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Table, Text, cast, select, update

from mainstem.github.webhooks import NameTold
from mainstem.store.tables import issues, pull_requests


def rename(conn: Connection, repository_id: UUID, told: NameTold, at: datetime) -> None:
    """Write the new name wherever the old one stands in that repository."""
    for table in (pull_requests, issues):
        if told.kind == "milestone":
            _rename_milestone(conn, table, repository_id, told, at)
        else:
            _rename_label(conn, table, repository_id, told, at)


def _rename_milestone(
    conn: Connection, table: Table, repository_id: UUID, told: NameTold, at: datetime
) -> None:
    conn.execute(
        update(table)
        .where(table.c.repository_id == repository_id, table.c.milestone == told.old)
        .values(milestone=told.new, row_synced_at=at)
    )


def _rename_label(
    conn: Connection, table: Table, repository_id: UUID, told: NameTold, at: datetime
) -> None:
    # The text narrows the search down; which labels a row has is judged on its list.
    spelled = json.dumps(told.old, ensure_ascii=False)
    question = select(table.c.id, table.c.labels).where(
        table.c.repository_id == repository_id,
        cast(table.c.labels, Text).contains(spelled, autoescape=True),
    )
    for row in conn.execute(question).all():
        if told.old not in row.labels:
            continue
        kept = {name for name in row.labels if name != told.old}
        if told.new is not None:
            kept.add(told.new)
        conn.execute(
            update(table).where(table.c.id == row.id).values(labels=sorted(kept), row_synced_at=at)
        )

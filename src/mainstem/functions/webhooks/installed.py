"""Installations of a GitHub App: what they reach is captured and tracked, what they lose is not.

What was captured stays: an installation that ends takes no data with it.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, exists, select, update

from mainstem.functions.webhooks.outcome import Outcome
from mainstem.github.webhooks import InstallationTold, RepositoryName
from mainstem.store import (
    InstallationRow,
    ReachedRepository,
    add_reached,
    ids,
    reached_by,
    remove_all_reached,
    remove_reached,
    save_installation,
)
from mainstem.store.tables import installation_repositories, installations, tracked_repositories


def apply_installation(
    conn: Connection, told: InstallationTold, received_at: datetime, at: datetime
) -> Outcome:
    """Store the installation, and which repositories it gained and lost."""
    of = told.installation
    row = InstallationRow(
        github_id=of.id,
        account_github_id=of.account.id,
        account_login=of.account.login,
        account_type=of.account.type,
        repository_selection=of.selection,
        permissions=of.permissions,
        status=of.status,
        created_at=of.created_at,
        updated_at=of.updated_at,
    )
    row_id = save_installation(conn, row, at=at)
    since = of.updated_at or received_at
    before = {one.github_id for one in reached_by(conn, of.id)}
    add_reached(conn, row_id, _reached(told.added), since)
    remove_reached(conn, row_id, _reached(told.removed), since)
    lost = {one.id for one in told.removed}
    status = conn.execute(select(installations.c.status).where(installations.c.id == row_id))
    if status.scalar_one() == "deleted":
        lost |= set(remove_all_reached(conn, row_id, since))
    gained = [one for one in reached_by(conn, of.id) if one.github_id not in before]
    _track(conn, (one.github_id for one in gained), on=True, at=at)
    _track(conn, (number for number in lost if not _reached_still(conn, number)), on=False, at=at)
    return Outcome(discover=tuple(one.full_name for one in gained))


def _reached(names: Iterable[RepositoryName]) -> list[ReachedRepository]:
    return [ReachedRepository(one.id, one.full_name, one.is_private) for one in names]


def _reached_still(conn: Connection, repository_github_id: int) -> bool:
    table = installation_repositories
    question = select(
        exists().where(
            table.c.repository_github_id == repository_github_id,
            table.c.removed_at.is_(None),
            installations.c.id == table.c.installation_id,
            installations.c.status != "deleted",
        )
    )
    return bool(conn.execute(question).scalar_one())


def _track(conn: Connection, github_ids: Iterable[int], *, on: bool, at: datetime) -> None:
    """Switch the tracking of stored repositories on or off; discovery tracks the others."""
    table = tracked_repositories
    for number in github_ids:
        conn.execute(
            update(table)
            .where(
                table.c.repository_id == ids.repository_id(number),
                table.c.tracking_enabled.is_not(on),
            )
            .values(tracking_enabled=on, updated_at=at)
        )

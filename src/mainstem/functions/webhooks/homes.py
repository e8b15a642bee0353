"""Whose deliveries count, and what is told of repositories themselves.

A repository counts that is tracked, or that an installation of ours reaches: that one is stored and
tracked with the first delivery about it. One whose tracking was switched off does not.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Connection, exists, select, update

from mainstem.functions.capture.discussion_rows import person_rows
from mainstem.functions.home import Home
from mainstem.functions.update.repository_row import repository_row
from mainstem.functions.webhooks.outcome import Outcome, ignored
from mainstem.github import Repository
from mainstem.github.webhooks import Delivery, FeedTold, RepositoryTold, repository_of
from mainstem.store import (
    RepositoryRow,
    find_repository_by_github_id,
    ids,
    is_reached,
    load_tracking,
    save_contributors,
    save_github_events,
    save_repositories,
    track_repository,
)
from mainstem.store.feed import SAME_EVENT
from mainstem.store.tables import github_events_cache, repositories, tracked_repositories

_NOT_TRACKED: Final = "the repository is not tracked"


def home_of(conn: Connection, delivery: Delivery, at: datetime) -> tuple[Home, bool] | None:
    """The repository of a delivery, and whether this delivery made it ours; None: not ours."""
    if delivery.repository_id is None:
        return None
    found = find_repository_by_github_id(conn, delivery.repository_id)
    tracking = None if found is None else load_tracking(conn, found.id)
    if found is not None and tracking is not None:
        if not tracking.tracking_enabled:
            return None
        # One delivery of a repository after the other: each looks before it writes.
        conn.execute(
            select(repositories.c.id)
            .where(repositories.c.id == found.id)
            .with_for_update(key_share=True)
        )
        return Home(found.id, found.github_id, found.owner, found.name, None), False
    if not _is_ours(conn, delivery):
        return None
    repository = repository_of(delivery)
    save_repositories(conn, [repository_row(repository)], at=at)
    row_id = ids.repository_id(repository.id)
    track_repository(conn, row_id, owner=repository.owner, name=repository.name, at=at)
    return Home(row_id, repository.id, repository.owner, repository.name, None), True


def apply_repository(
    conn: Connection, delivery: Delivery, told: RepositoryTold, at: datetime, *, has_token: bool
) -> Outcome:
    """A repository was renamed, moved, deleted, hidden, shown, archived, edited or made.

    `has_token`: what is private may be read without an installation of ours.
    """
    row_id = ids.repository_id(told.repository.id)
    columns = repositories.c
    stored = conn.execute(select(repositories).where(columns.id == row_id)).mappings().one_or_none()
    if stored is None:
        home = None if told.is_gone else home_of(conn, delivery, at)
        if home is None:
            return ignored(_NOT_TRACKED)
        return Outcome(discover=(told.repository.full_name,))
    known_at = stored["github_updated_at"]
    is_newer = known_at is None or known_at <= told.repository.updated_at
    row: dict[str, Any] = {"id": row_id, "github_id": told.repository.id}
    present = stored["full_name"]
    if is_newer:
        row |= repository_row(told.repository)
        present = told.repository.full_name
    former = _former_names(stored, told, present)
    if former != (stored["former_names"] or []):
        row["former_names"] = former
    if told.is_gone:
        row["is_active"] = False
    elif is_newer:
        is_active = _is_active(
            stored, told.repository, is_ours=_is_ours(conn, delivery), has_token=has_token
        )
        if is_active is not None:
            row["is_active"] = is_active
    save_repositories(conn, [cast("RepositoryRow", row)], at=at)
    if is_newer:
        _rename_tracked(conn, row_id, told.repository, at)
    return Outcome()


def apply_feed(conn: Connection, home: Home, told: FeedTold, at: datetime) -> Outcome:
    """A star or a fork, unless the repository's event feed has brought the same already."""
    actor = told.actor
    events = github_events_cache.c
    same = select(
        exists().where(
            events.repository_id == home.id,
            events.event_type == told.event_type,
            events.actor_github_id == actor.id,
            events.created_at.between(told.at - SAME_EVENT, told.at + SAME_EVENT),
        )
    )
    if conn.execute(same).scalar_one():
        return Outcome()
    save_contributors(conn, person_rows([actor], {}), at=at)
    save_github_events(
        conn,
        [
            {
                "id": ids.github_event_id(told.key),
                "event_id": told.key,
                "event_type": told.event_type,
                "repository_id": home.id,
                "actor_github_id": actor.id,
                "actor_login": actor.login,
                "created_at": told.at,
            }
        ],
        at=at,
    )
    return Outcome()


def with_discovery(outcome: Outcome, home: Home) -> Outcome:
    """`outcome`, and the repository's history is to be captured."""
    return replace(outcome, discover=(*outcome.discover, home.full_name))


def _is_ours(conn: Connection, delivery: Delivery) -> bool:
    return (
        delivery.installation_id is not None
        and delivery.repository_id is not None
        and is_reached(conn, delivery.repository_id, delivery.installation_id)
    )


def _is_active(stored: Any, told: Repository, *, is_ours: bool, has_token: bool) -> bool | None:
    """Whether a repository is active by a record that is not older; None: as it was.

    A token may read what is private, and only GitHub knows: its refusals tell, not a delivery. What
    was deleted stays so for a record of the same second. (What was hidden then is private.)
    """
    if stored["github_updated_at"] == told.updated_at and not stored["is_active"]:
        return True if stored["is_private"] and not told.is_private else None
    if not told.is_private or is_ours:
        return True
    return None if has_token or stored["is_private"] else False


def _former_names(stored: Any, told: RepositoryTold, present: str) -> list[str]:
    names = list(stored["former_names"] or [])
    for name in (stored["full_name"], told.repository.full_name, told.former_name):
        if name is not None and name not in names:
            names.append(name)
    return [name for name in names if name != present]


def _rename_tracked(conn: Connection, row_id: UUID, to: Repository, at: datetime) -> None:
    table = tracked_repositories
    conn.execute(
        update(table)
        .where(
            table.c.repository_id == row_id,
            (table.c.organization_name != to.owner) | (table.c.repository_name != to.name),
        )
        .values(organization_name=to.owner, repository_name=to.name, updated_at=at)
    )

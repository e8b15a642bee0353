"""What discovery decides and does: names it accepts, the repository it stores, what it starts."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from mainstem.catalog import EventData, NonRetriableError
from mainstem.functions.events import (
    History,
    RepositoryIssuesRequested,
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
    SingleClassificationRequested,
    SyncReason,
    Via,
)
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.functions.update.repository_row import repository_row
from mainstem.github import Repository
from mainstem.store import (
    KeyConflict,
    RepositoryRow,
    find_repository,
    load_repository,
    load_tracking,
    mark_metadata_refreshed,
    save_repositories,
    track_repository,
)

# Logins of managed users have an underscore; a repository's name has what GitHub lets pass.
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})")
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True)
class Discovered:
    """A stored repository under its present name. `is_new`: this run stored it first."""

    repository_id: UUID
    owner: str
    name: str
    stars: int
    language: str | None
    is_new: bool
    is_classified: bool

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """Whether the name asked for was stored when the run began, and when that was."""

    was_stored: bool
    at: datetime


def check_name(owner: str, repo: str) -> None:
    """Raise `NonRetriableError` unless GitHub could have a repository of that name.

    A name with a slash or a dot-dot would be asked for under another address than it says.
    """
    if not _OWNER.fullmatch(owner) or not _NAME.fullmatch(repo):
        raise NonRetriableError(
            f"Cannot discover repository {owner!r}/{repo!r}: that is no name GitHub gives. "
            "Expected an owner and a name as in 'octocat/hello-world'."
        )


async def look_up(services: Services, owner: str, repo: str) -> LookedUp:
    """Whether a repository of that name is stored, in any case, and the time of asking.

    Raises `NonRetriableError` for a name that GitHub does not give.
    """
    check_name(owner, repo)
    found = await services.database.run_read(find_repository, owner, repo)
    return LookedUp(found is not None, services.clock.now())


async def fetch_and_store(
    services: Services, owner: str, repo: str, looked_up: LookedUp
) -> Discovered:
    """Ask GitHub for the repository, and store and track it in one transaction.

    GitHub is asked about known repositories too, for one request: their name may have moved on, or
    belong to another repository by now, and their stars and description are refreshed.

    Safe to try twice: rows are found by GitHub's number, so the second time finds it existing. A
    name that GitHub redirects (the repository was renamed) leads to the same row, which takes the
    new name. Raises `NonRetriableError` when there is no such repository.
    """
    with asking_github(services.clock):
        repository = await services.github.repository(owner, repo)
    try:
        return await services.database.run_write(
            _store, repository, looked_up, services.clock.now()
        )
    except KeyConflict as error:
        raise NonRetriableError(
            f"Cannot store {repository.full_name} (GitHub's number {repository.id}): a repository "
            "that was deleted or renamed is still stored under that name. Discover that one under "
            f"its new name first. ({error})"
        ) from error


FOLLOW_UPS: Final = (
    SingleClassificationRequested,
    RepositorySyncRequested,
    RepositorySyncGraphqlRequested,
    RepositoryIssuesRequested,
)
"""The events that a discovery may send."""


def follow_ups(found: Discovered, *, history: History, via: Via) -> list[EventData]:
    """What a discovery starts.

    A new repository is classified and synced; a known one is synced, subject to the cool-down.
    `history="full"` adds the issues, and classifies a known one that has no class yet: it asks for
    everything, so nothing is left out because an earlier attempt was interrupted.
    """
    events: list[EventData] = []
    if found.is_new or (history == "full" and not found.is_classified):
        events.append(
            SingleClassificationRequested(
                repository_id=found.repository_id, owner=found.owner, repo=found.name
            )
        )
    asked: dict[str, Any] = {
        "repository_id": found.repository_id,
        "history": history,
        "priority": "high",
        "reason": SyncReason.DISCOVERY,
        "repository_name": found.full_name,
    }
    if via == "graphql":
        events.append(RepositorySyncGraphqlRequested(**asked, with_issues=history == "full"))
    else:
        events.append(RepositorySyncRequested(**asked))
    if via == "rest" and history == "full":
        events.append(
            RepositoryIssuesRequested(
                repository_id=found.repository_id,
                history=history,
                via=via,
                priority="high",
                repository_name=found.full_name,
            )
        )
    return events


def _store(
    conn: Connection, repository: Repository, looked_up: LookedUp, at: datetime
) -> Discovered:
    row: RepositoryRow = repository_row(repository)
    save_repositories(conn, [row], at=at)
    stored = load_repository(conn, row["id"])
    # Not "was it there a moment ago": a step tried twice would find its own first try, take the
    # repository for a known one, and never have it classified.
    is_new = (
        not looked_up.was_stored and stored is not None and stored.first_tracked_at >= looked_up.at
    )
    mark_metadata_refreshed(conn, row["id"], at)
    track_repository(conn, row["id"], owner=repository.owner, name=repository.name, at=at)
    tracking = load_tracking(conn, row["id"])
    return Discovered(
        repository_id=row["id"],
        owner=repository.owner,
        name=repository.name,
        stars=repository.stargazers_count,
        language=repository.language,
        is_new=is_new,
        is_classified=tracking is not None and tracking.size is not None,
    )

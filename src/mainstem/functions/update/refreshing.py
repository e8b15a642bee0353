"""One batch of known repositories: ask GitHub for each, and store what it says, or that it refuses.

GitHub follows a name that has moved on, so a renamed repository is found under its old name and
takes the new one. A repository that is gone, private or hidden from the token (404) is not given up
at once; one that is blocked by law (451) is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.functions.update.repository_row import repository_row
from mainstem.github import Forbidden, Gone, LegallyBlocked, NotFound, Renamed, Repository
from mainstem.store import (
    KeyConflict,
    KnownRepository,
    known_repositories,
    note_refusal,
    repositories_to_refresh,
    save_refreshed,
)

BATCH = 50


@dataclass(frozen=True, slots=True)
class Round:
    """Which repositories, and the moment that all of their refreshes are dated to."""

    repositories: tuple[UUID, ...]
    at: datetime

    @property
    def batches(self) -> list[tuple[UUID, ...]]:
        """Fifty at a time, in order."""
        found = self.repositories
        return [found[start : start + BATCH] for start in range(0, len(found), BATCH)]


@dataclass(frozen=True, slots=True)
class BatchRefreshed:
    """Which were refreshed, which GitHub refused, and which could not be stored, with why."""

    refreshed: tuple[UUID, ...] = ()
    refused: tuple[UUID, ...] = ()
    failed: tuple[str, ...] = ()

    def __add__(self, other: "BatchRefreshed") -> "BatchRefreshed":
        return BatchRefreshed(
            self.refreshed + other.refreshed,
            self.refused + other.refused,
            self.failed + other.failed,
        )


async def find_round(services: Services) -> Round:
    """Everything that is due now."""
    found = await services.database.run_read(repositories_to_refresh)
    return Round(tuple(found), services.clock.now())


async def refresh_batch(services: Services, batch: Sequence[UUID], at: datetime) -> BatchRefreshed:
    """Refresh each, one after another. Safe to repeat: what has not changed costs nothing, and a
    refusal counts once for `at`."""
    known = await services.database.run_read(known_repositories, batch)
    done = BatchRefreshed()
    with asking_github(services.clock):
        for repository in known:
            done += await _refresh(services, repository, at)
    return done


async def _refresh(services: Services, known: KnownRepository, at: datetime) -> BatchRefreshed:
    try:
        found = await services.github.repository(known.owner, known.name)
    except (NotFound, Gone, Renamed, Forbidden, LegallyBlocked) as refusal:
        is_blocked = isinstance(refusal, LegallyBlocked)
        return await _refused(services, known, at, is_blocked=is_blocked)
    if found.id != known.github_id:
        # The name is somebody else's now: the repository that we know is not to be had under it.
        return await _refused(services, known, at, is_blocked=False)
    return await _stored(services, known, found, at)


async def _stored(
    services: Services, known: KnownRepository, found: Repository, at: datetime
) -> BatchRefreshed:
    try:
        await services.database.run_write(save_refreshed, repository_row(found), at=at)
    except KeyConflict as error:
        return BatchRefreshed(failed=(f"{known.full_name}: {error}",))
    return BatchRefreshed(refreshed=(known.id,))


async def _refused(
    services: Services, known: KnownRepository, at: datetime, *, is_blocked: bool
) -> BatchRefreshed:
    await services.database.run_write(note_refusal, known.id, is_blocked=is_blocked, at=at)
    return BatchRefreshed(refused=(known.id,))

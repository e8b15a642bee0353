"""Which pull requests are worth asking GitHub about again.

Looked at are the open ones and those that GitHub saw change within the days asked for, the newest
change first, up to a cap. Of these are refreshed: every open one, and a closed one whose last
capture *with everything* is more than six hours ago (or never was).

The time of that capture is the pull request's own `details_synced_at`. The original asked the sync
logs of other functions for it, which were never completed, so its six hours never held and all were
queued each time (defect D18). It also queued whatever had neither review nor comment, for want of a
better sign that nothing had been captured; a captured silence is now known to be one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from mainstem.functions.home import Home
from mainstem.functions.services import Limits, Services
from mainstem.store import StoredPull, count_pulls_needing_update, pulls_needing_update


@dataclass(frozen=True, slots=True)
class Refresh:
    """A pull request to capture again."""

    number: int
    pull_id: UUID
    github_id: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked at and what came of it; `left_out` fell to the cap."""

    checked: int
    left_out: int
    refreshes: tuple[Refresh, ...]


async def find_pulls(services: Services, home: Home, days: int) -> Found:
    """Look at the stored pull requests of one repository."""
    now = services.clock.now()
    return await services.database.run_read(_find, home.id, days, now, services.limits)


def needs_refresh(pull: StoredPull, *, now: datetime, resync_after: timedelta) -> bool:
    """Open, or not captured with everything within `resync_after`."""
    if pull.state == "open" or pull.details_synced_at is None:
        return True
    return now - pull.details_synced_at > resync_after


def choose(
    pulls: Sequence[StoredPull], *, now: datetime, resync_after: timedelta
) -> tuple[Refresh, ...]:
    """Those to capture again, in the order given."""
    return tuple(
        Refresh(pull.number, pull.id, pull.github_id, pull.state == "open")
        for pull in pulls
        if needs_refresh(pull, now=now, resync_after=resync_after)
    )


def _find(conn: Connection, repository_id: UUID, days: int, now: datetime, limits: Limits) -> Found:
    since = now - timedelta(days=days)
    pulls = pulls_needing_update(conn, repository_id, since=since, limit=limits.activity_pulls)
    total = count_pulls_needing_update(conn, repository_id, since=since)
    refreshes = choose(pulls, now=now, resync_after=limits.activity_resync_after)
    return Found(len(pulls), total - len(pulls), refreshes)

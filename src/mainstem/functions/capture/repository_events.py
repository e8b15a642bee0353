"""capture-repository-events: who starred a repository and who forked it, from its event feed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from mainstem.catalog import Run, define, event
from mainstem.functions.capture import records
from mainstem.functions.capture.feed_rows import actor_row, event_row
from mainstem.functions.capture.log_ends import end_with
from mainstem.functions.events import RepositoryEventsRequested
from mainstem.functions.home import Home, check_same_repository, load_home
from mainstem.functions.limits import at_most, per_minute
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import Feed, NotFound
from mainstem.store import Written, save_contributors, save_github_events
from mainstem.store.feed import not_told


@dataclass(frozen=True, slots=True)
class FeedStored:
    """What the feed held, and what of it was new."""

    stars: int
    forks: int
    reaches_back_to: datetime | None
    written: Written


@dataclass(frozen=True, slots=True)
class EventsCaptured:
    """Stars and forks in GitHub's feed, stored; `reaches_back_to` is where the feed begins."""

    repository_id: UUID
    repository: str
    stars: int
    forks: int
    reaches_back_to: datetime | None


@define(
    id="capture-repository-events",
    name="Capture Repository Star and Fork Events",
    on=event(RepositoryEventsRequested),
    sends=(),
    group="capture",
    retries=2,
    concurrency=at_most(3),
    throttle=per_minute(30),
    on_failure=records.record_failure,
)
async def capture_repository_events(
    run: Run[RepositoryEventsRequested], services: Services
) -> EventsCaptured:
    """At most three requests, which are free while nothing happens; a repository that is gone has
    no events, which is no error."""
    log = await records.begin(run, services, "repository_events", {})
    home = await run.step("get-repository", load_home, services, run.data.repository_id)
    found = await run.step("capture-events", capture, services, home)
    await end_with(run, services, log, found.stars + found.forks, found.written)
    return EventsCaptured(home.id, home.full_name, found.stars, found.forks, found.reaches_back_to)


async def capture(services: Services, home: Home) -> FeedStored:
    """Fetch and store in one step: both are safe to repeat."""
    with asking_github(services.clock):
        try:
            feed = await services.github.stars_and_forks(home.owner, home.name)
        except NotFound:
            return FeedStored(0, 0, None, Written())
    for one in feed.events[:1]:
        check_same_repository(home, one.repository)
    written = await services.database.run_write(store, home, feed, services.clock.now())
    kinds = Counter(one.kind for one in feed.events)
    return FeedStored(kinds["WatchEvent"], kinds["ForkEvent"], feed.reaches_back_to, written)


def store(conn: Connection, home: Home, feed: Feed, at: datetime) -> Written:
    """People first, then what they did, in one transaction."""
    actors = {one.actor.id: one.actor for one in reversed(feed.events) if one.actor}
    save_contributors(conn, [actor_row(actor) for actor in actors.values()], at=at)
    rows = [event_row(home, one) for one in feed.events]
    return save_github_events(conn, not_told(conn, home.id, rows), at=at)

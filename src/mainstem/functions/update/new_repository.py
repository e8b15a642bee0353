"""discover-new-repository: store and track a repository, and start its capture."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from inngest import Concurrency

from mainstem.catalog import Run, define, event
from mainstem.functions.events import NewRepositoryDiscovered
from mainstem.functions.services import Services
from mainstem.functions.update.discovery import FOLLOW_UPS, fetch_and_store, follow_ups, look_up

# Defect D12: `event.data.owner/event.data.repo` is a division in the expression language. The
# separator keeps `a-b`+`c` and `a`+`b-c` apart; no name contains it.
_PER_REPOSITORY = Concurrency(key='event.data.owner + "/" + event.data.repo', limit=10)


@dataclass(frozen=True, slots=True)
class RepositoryFound:
    """The repository, by our id and under its present name, and the events that it started."""

    status: Literal["discovered", "existing"]
    repository_id: UUID
    repository: str
    stars: int
    language: str | None
    started: tuple[str, ...]
    success: bool = True


@define(
    id="discover-new-repository",
    name="Discover New Repository",
    on=event(NewRepositoryDiscovered),
    sends=FOLLOW_UPS,
    group="update",
    retries=2,
    concurrency=[_PER_REPOSITORY],
)
async def discover_new_repository(
    run: Run[NewRepositoryDiscovered], services: Services
) -> RepositoryFound:
    """A repository that is known already is refreshed and synced again, never stored twice."""
    asked = run.data
    looked_up = await run.step(
        "check-existing-repository", look_up, services, asked.owner, asked.repo
    )
    found = await run.step(
        "create-repository", fetch_and_store, services, asked.owner, asked.repo, looked_up
    )
    events = follow_ups(found, history=asked.history, via=asked.via)
    await run.send("start-capture", events)
    return RepositoryFound(
        status="discovered" if found.is_new else "existing",
        repository_id=found.repository_id,
        repository=found.full_name,
        stars=found.stars,
        language=found.language,
        started=tuple(one.event_name for one in events),
    )

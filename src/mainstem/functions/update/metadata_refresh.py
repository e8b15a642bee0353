"""refresh-repository-metadata-cron: every night, ask GitHub about every repository we know."""

from dataclasses import dataclass

from inngest import Concurrency

from mainstem.catalog import Run, Scheduled, StepError, cron, define
from mainstem.functions.events import RepositoryEventsRequested
from mainstem.functions.services import Services
from mainstem.functions.update.refreshing import BatchRefreshed, find_round, refresh_batch


@dataclass(frozen=True, slots=True)
class MetadataRefreshed:
    """`refused`: GitHub shows them no longer. `errors` name what could not be stored, and batches
    that failed as a whole, which the next night does again."""

    repositories: int
    refreshed: int
    refused: int
    errors: tuple[str, ...]


@define(
    id="refresh-repository-metadata-cron",
    name="Refresh Repository Metadata (Cron)",
    on=cron("0 0 * * *"),
    sends=(RepositoryEventsRequested,),
    group="update",
    retries=2,
    concurrency=[Concurrency(limit=1)],
)
async def refresh_repository_metadata_cron(
    run: Run[Scheduled], services: Services
) -> MetadataRefreshed:
    """Fifty in a step; then one send that asks for the events of all that are still there.

    It moves `metadata_refreshed_at` alone: the original moved what the syncs' cool-down reads, and
    so kept them from running for half of each day (defect D9).
    """
    found = await run.step("find-repositories", find_round, services)
    done = BatchRefreshed()
    for number, batch in enumerate(found.batches):
        step = f"refresh-metadata-batch-{number}"
        try:
            done += await run.step(step, refresh_batch, services, batch, found.at)
        except StepError as error:  # only after the step's own retries
            done += BatchRefreshed(failed=(f"{step}: {error}",))
    await run.send(
        "request-events", [RepositoryEventsRequested(repository_id=one) for one in done.refreshed]
    )
    return MetadataRefreshed(
        len(found.repositories), len(done.refreshed), len(done.refused), done.failed
    )

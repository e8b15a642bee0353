"""classify-single-repository: how big the named repository is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainstem.catalog import Run, define, event
from mainstem.functions.classify.classifying import (
    WAITS,
    Target,
    classify_as_known,
    classify_if_ready,
)
from mainstem.functions.classify.rule import Size
from mainstem.functions.events import SingleClassificationRequested
from mainstem.functions.limits import ON_GITHUB
from mainstem.functions.services import Services


@dataclass(frozen=True, slots=True)
class Classified:
    """One repository, classified."""

    repository_id: UUID
    size: Size
    timestamp: datetime


@define(
    id="classify-single-repository",
    name="Classify Single Repository",
    on=event(SingleClassificationRequested),
    sends=(),
    group="classify",
    retries=3,
    concurrency=[ON_GITHUB],
)
async def classify_single_repository(
    run: Run[SingleClassificationRequested], services: Services
) -> Classified:
    """Measure, vote, store; wait, and try again, while GitHub computes its statistics."""
    target = Target(run.data.repository_id, run.data.owner, run.data.repo)
    for number, wait in enumerate(WAITS, start=1):
        found = await run.step(f"classify-repository-{number}", classify_if_ready, services, target)
        if found is not None:
            return Classified(target.repository_id, found.size, found.at)
        await run.sleep(f"wait-for-statistics-{number}", wait)
    last = await run.step("classify-without-statistics", classify_as_known, services, target)
    return Classified(target.repository_id, last.size, last.at)

"""classify-repository-size: every tracked repository whose class is missing or out of date."""

from dataclasses import dataclass
from datetime import datetime

from inngest import Concurrency

from mainstem.catalog import Run, Scheduled, any_of, cron, define, event
from mainstem.functions.classify.batch import classify_all, find_work
from mainstem.functions.events import RepositorySizeRequested
from mainstem.functions.services import Services


@dataclass(frozen=True, slots=True)
class SizesClassified:
    """What was due, by why it was, and what came of it.

    `left_over` were due too and wait for the next run; `failed` keep their class, if any, and are
    due again then (the log of the run says why).
    """

    unclassified_count: int
    outdated_count: int
    high_priority_count: int
    classified: int
    failed: int
    left_over: int
    timestamp: datetime


@define(
    id="classify-repository-size",
    name="Classify Repository Size",
    on=any_of(cron("0 */6 * * *"), event(RepositorySizeRequested)),
    sends=(),
    group="classify",
    retries=3,
    concurrency=[Concurrency(limit=5)],
)
async def classify_repository_size(
    run: Run[Scheduled | RepositorySizeRequested], services: Services
) -> SizesClassified:
    """A step for each repository, side by side; one that fails does not hold up the others."""
    work = await run.step("get-repositories", find_work, services)
    classified, failed = await classify_all(run, services, work.targets)
    return SizesClassified(
        unclassified_count=work.unclassified,
        outdated_count=work.outdated,
        high_priority_count=work.high_priority,
        classified=classified,
        failed=failed,
        left_over=work.left_over,
        timestamp=work.at,
    )

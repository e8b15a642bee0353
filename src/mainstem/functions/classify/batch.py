"""Which repositories are due for a class, and classifying them all.

Due are: those without a class; those classified longer ago than `reclassify_after` (30 days); those
of high priority after `reclassify_high_priority_after` (7 days). Domain reference, section 2.9.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from mainstem.catalog import NonRetriableError, Run, StepError
from mainstem.functions.classify.classifying import (
    WAITS,
    Outcome,
    Target,
    classify_as_known,
    classify_if_ready,
)
from mainstem.functions.services import Limits, Services
from mainstem.store import (
    TrackedRepository,
    high_priority_repositories,
    stale_classifications,
    unclassified_repositories,
)

# A run may have 1,000 steps, and a repository takes up to three: the first try and one more after
# each wait. What is left over is the next run's, six hours later; the most urgent come first.
REPOSITORIES_PER_RUN = 250


@dataclass(frozen=True, slots=True)
class Work:
    """Whom to classify in this run, each once, and how many were due for which reason."""

    targets: tuple[Target, ...]
    unclassified: int
    outdated: int
    high_priority: int
    left_over: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """One repository that cannot be classified, and why.

    A result and not an error: the SDK lets a final error end the whole run, and one repository that
    is gone must not keep the others from being classified. It is counted, and due again next time.
    """

    reason: str


async def find_work(services: Services) -> Work:
    """What is due now."""
    return await services.database.run_read(_due, services.clock.now(), services.limits)


def choose(
    unclassified: Sequence[TrackedRepository],
    high_priority: Sequence[TrackedRepository],
    outdated: Sequence[TrackedRepository],
    *,
    at: datetime,
    cap: int = REPOSITORIES_PER_RUN,
) -> Work:
    """Each repository once, those without a class first, then high priority; at most `cap`."""
    due = {
        found.repository_id: Target(found.repository_id, found.owner, found.name)
        for found in (*unclassified, *high_priority, *outdated)
    }
    targets = tuple(due.values())
    return Work(
        targets[:cap],
        unclassified=len(unclassified),
        outdated=len(outdated),
        high_priority=len(high_priority),
        left_over=max(0, len(targets) - cap),
        at=at,
    )


async def classify_all(
    run: Run[Any], services: Services, targets: Sequence[Target]
) -> tuple[int, int]:
    """How many were classified and how many were not. Those with pending statistics are tried again
    together after each wait, so that a batch waits as long as one repository does."""
    failed, waiting = 0, list(targets)
    for number, wait in enumerate(WAITS, start=1):
        tries = [partial(_settle, run, services, try_to_classify, t, str(number)) for t in waiting]
        results = await run.parallel(*tries)
        failed += _refusals(results)
        pairs = zip(waiting, results, strict=True)
        waiting = [target for target, result in pairs if result is None]
        if not waiting:
            return len(targets) - failed, failed
        await run.sleep(f"wait-for-statistics-{number}", wait)
    tries = [
        partial(_settle, run, services, classify_anyhow, t, "without-statistics") for t in waiting
    ]
    failed += _refusals(await run.parallel(*tries))
    return len(targets) - failed, failed


async def try_to_classify(services: Services, target: Target) -> Outcome | Refused | None:
    """Classify; None while statistics are pending."""
    try:
        return await classify_if_ready(services, target)
    except NonRetriableError as error:
        return Refused(str(error))


async def classify_anyhow(services: Services, target: Target) -> Outcome | Refused | None:
    """Classify by what is known."""
    try:
        return await classify_as_known(services, target)
    except NonRetriableError as error:
        return Refused(str(error))


async def _settle(
    run: Run[Any],
    services: Services,
    attempt: Callable[[Services, Target], Awaitable[Outcome | Refused | None]],
    target: Target,
    which: str,
) -> Outcome | Refused | None:
    step = f"classify-{target.owner}/{target.name}-{which}"
    try:
        return await run.step(step, attempt, services, target)
    except StepError as error:  # only after the step's own retries
        return Refused(str(error))


def _refusals(results: Sequence[Outcome | Refused | None]) -> int:
    return sum(isinstance(result, Refused) for result in results)


def _due(conn: Connection, now: datetime, limits: Limits) -> Work:
    return choose(
        unclassified_repositories(conn),
        high_priority_repositories(conn, before=now - limits.reclassify_high_priority_after),
        stale_classifications(conn, before=now - limits.reclassify_after),
        at=now,
    )

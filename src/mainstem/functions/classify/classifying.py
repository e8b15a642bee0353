"""One repository from question to row, with patience for statistics that are being computed.

GitHub answers 202 while it computes `stats/commit_activity`, usually for a few seconds; the
original took that for an exception (defect D23). Here the run sleeps, holding no worker, and asks
again a bounded number of times. After that the commits are unknown and do not vote: counting the
commits of a month instead would cost a request per hundred of them, for one vote of five.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mainstem.catalog import NonRetriableError
from mainstem.functions.classify.measuring import Measured, measure
from mainstem.functions.classify.rule import Metrics, Size, size_of
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.store import NoRowWritten, save_classification

# How long to wait before asking for pending statistics again; one more try follows each.
WAITS = (timedelta(seconds=10), timedelta(minutes=2))


@dataclass(frozen=True, slots=True)
class Target:
    """A repository to classify: our id, and the name under which to ask GitHub."""

    repository_id: UUID
    owner: str
    name: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The class that was stored, and when."""

    size: Size
    at: datetime


async def classify_if_ready(services: Services, target: Target) -> Outcome | None:
    """Measure, decide and store; None, with nothing stored, while statistics are pending."""
    now = services.clock.now()
    measured = await _measured(services, target, now)
    if measured.is_pending:
        return None
    return await _stored(services, target, measured.metrics, now)


async def classify_as_known(services: Services, target: Target) -> Outcome:
    """Measure, decide and store; statistics that are still pending do not vote."""
    now = services.clock.now()
    measured = await _measured(services, target, now)
    return await _stored(services, target, measured.metrics, now)


async def _measured(services: Services, target: Target, now: datetime) -> Measured:
    with asking_github(services.clock):
        return await measure(
            services.github, target.repository_id, target.owner, target.name, now=now
        )


async def _stored(services: Services, target: Target, metrics: Metrics, now: datetime) -> Outcome:
    # By the *repository's* id, and a row must be touched (defect D5). Replaced when tried again.
    size = size_of(metrics)
    try:
        await services.database.run_write(
            save_classification,
            target.repository_id,
            size=size,
            metrics=metrics.as_json(now),
            at=now,
        )
    except NoRowWritten as error:
        raise NonRetriableError(
            f"Cannot store the size of {target.owner}/{target.name}: it is not tracked. "
            f"Send discover/repository.new with its owner and name first. ({error})"
        ) from error
    return Outcome(size, now)

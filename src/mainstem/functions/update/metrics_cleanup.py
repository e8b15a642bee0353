"""cleanup-workspace-metrics-data: every night, delete what of the metrics nobody will read."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from mainstem.catalog import Run, Scheduled, StepError, cron, define
from mainstem.functions.services import Services
from mainstem.store import (
    Retention,
    close_abandoned,
    count_leftovers,
    count_old_days,
    delete_leftovers,
    delete_old_days,
    list_retentions,
)

CACHE_KEPT = timedelta(days=1)
QUEUE_KEPT = timedelta(days=7)
ABANDONED_AFTER = timedelta(days=1)

# Domain reference, section 4.3: the limits by tier. Any other tier has a paying team's.
_DAYS_BY_TIER = {"free": 30, "pro": 90}
_OTHER_DAYS = 365


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is due at `at`. Counted apart from deleting: a step done twice deletes nothing."""

    at: datetime
    cache: int
    queue: int
    history: int


@dataclass(frozen=True, slots=True)
class MetricsCleaned:
    """Rows deleted of each kind; None where it failed, and `errors` says why."""

    cache_deleted: int | None
    queue_deleted: int | None
    history_deleted: int | None
    errors: tuple[str, ...] = ()


@define(
    id="cleanup-workspace-metrics-data",
    name="Cleanup Workspace Metrics Data",
    on=cron("0 3 * * *"),
    sends=(),
    group="update",
)
async def cleanup_workspace_metrics_data(run: Run[Scheduled], services: Services) -> MetricsCleaned:
    """Three parts, each a step with its own retries; one that fails leaves the others alone."""
    due = await run.step("find-leftovers", find_leftovers, services)
    errors: list[str] = []

    async def part(
        step: str, work: Callable[[Services, datetime], Awaitable[None]], count: int
    ) -> int | None:
        try:
            await run.step(step, work, services, due.at)
        except StepError as error:  # only after the step's own retries
            errors.append(f"{step}: {error}")
            return None
        return count

    return MetricsCleaned(
        await part("clean-cache", clean_cache, due.cache),
        await part("clean-queue", clean_queue, due.queue),
        await part("clean-history", clean_history, due.history),
        tuple(errors),
    )


def kept_days(retention: Retention) -> int:
    """How many days of history a workspace keeps: what it says itself, else its tier."""
    if retention.days is not None:
        return retention.days
    return _DAYS_BY_TIER.get(retention.tier, _OTHER_DAYS)


async def find_leftovers(services: Services) -> Leftovers:
    """Count what will be deleted, and set the moment that all parts go by."""
    now = services.clock.now()

    def look(conn: Connection) -> Leftovers:
        return Leftovers(
            now,
            count_leftovers(conn, "cache", before=now - CACHE_KEPT),
            count_leftovers(conn, "queue", before=now - QUEUE_KEPT),
            count_old_days(conn, _kept(conn), now=now),
        )

    return await services.database.run_read(look)


async def clean_cache(services: Services, at: datetime) -> None:
    """Results that are stale and expired more than a day ago."""
    await services.database.run_write(delete_leftovers, "cache", before=at - CACHE_KEPT)


async def clean_queue(services: Services, at: datetime) -> None:
    """Aggregations that ended more than a week ago; those that died are closed (defect D2)."""

    def write(conn: Connection) -> None:
        delete_leftovers(conn, "queue", before=at - QUEUE_KEPT)
        close_abandoned(conn, before=at - ABANDONED_AFTER, at=at)

    await services.database.run_write(write)


async def clean_history(services: Services, at: datetime) -> None:
    """Daily rows that are older than their workspace keeps them."""

    def write(conn: Connection) -> None:
        delete_old_days(conn, _kept(conn), now=at)

    await services.database.run_write(write)


def _kept(conn: Connection) -> dict[UUID, timedelta]:
    return {one.workspace_id: timedelta(days=kept_days(one)) for one in list_retentions(conn)}

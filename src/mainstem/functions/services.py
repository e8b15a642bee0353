"""What a handler needs from outside, handed in: nothing here is made, only named.

`cli`, `web` or a test builds one `Services` at the edge. Functions do not import `settings`; the
edge copies the numbers it read there into `Limits`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from mainstem.github import GitHub
from mainstem.store import Database


class Clock(Protocol):
    """Where the time comes from, so that a test can steer it."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class CoolDowns:
    """How long after a repository's last sync the next one may run, by reason.

    The five reasons are those of the GraphQL sync; the REST sync has one figure for all of them.
    Domain reference, sections 2.7 and 2.8.
    """

    manual: timedelta = timedelta(minutes=5)
    auto_fix: timedelta = timedelta(hours=1)
    automatic: timedelta = timedelta(hours=4)
    default: timedelta = timedelta(hours=12)
    scheduled: timedelta = timedelta(hours=24)
    rest: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """The caps of every function, with the defaults of the domain reference (section 0).

    A cap that cuts something off is reported in the result of the run that met it.
    """

    cool_downs: CoolDowns = field(default_factory=CoolDowns)

    # The two syncs, recent mode.
    window: timedelta = timedelta(days=30)
    pulls_per_sync: int = 100
    large_repository_pulls: int = 1_000
    rest_detail_jobs: int = 20
    rest_review_jobs: int = 50
    rest_comment_jobs: int = 50
    graphql_detail_jobs: int = 50
    recently_updated: timedelta = timedelta(days=7)

    # The issue scan, recent mode: ten pages of a hundred.
    issues_per_scan: int = 1_000

    # Whole histories: a step is a page; the platform allows 1,000 steps in a run. The overlap
    # covers replication lag and timestamps with the precision of a second (costs, section 4).
    # The first two bound a page from above; how wide it is follows from how GitHub takes it.
    history_page: int = 100
    issue_page: int = 100
    rest_page: int = 100
    pages_per_run: int = 200
    watermark_overlap: timedelta = timedelta(minutes=2)

    # update-pr-activity.
    activity_pulls: int = 100
    activity_resync_after: timedelta = timedelta(hours=6)

    # classify-repository-size.
    reclassify_after: timedelta = timedelta(days=30)
    reclassify_high_priority_after: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a handler may reach. `github` is one client for one credential."""

    database: Database
    github: GitHub
    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = field(default_factory=Limits)
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger("mainstem.functions"))

"""Which pull requests a sync asks more about, and how many its caps leave out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainstem.functions.events import Priority
from mainstem.functions.services import Limits
from mainstem.store import StoredPull


@dataclass(frozen=True, slots=True)
class Job:
    """One pull request to ask about."""

    number: int
    pull_id: UUID
    priority: Priority


@dataclass(frozen=True, slots=True)
class Jobs:
    """The chosen ones in the order of the pull requests, and how many more were wanted."""

    chosen: tuple[Job, ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class RestJobs:
    """What a REST sync queues: three kinds, each with its cap."""

    details: Jobs
    reviews: Jobs
    comments: Jobs

    @property
    def kinds(self) -> tuple[Jobs, Jobs, Jobs]:
        """Details, reviews, comments."""
        return self.details, self.reviews, self.comments


def choose_rest_jobs(
    pulls: Sequence[StoredPull], *, priority: Priority, limits: Limits
) -> RestJobs:
    """Details where the size is unknown; reviews and comments where they may have changed."""
    return RestJobs(
        details=_choose(pulls, lambda pull: pull.lacks_diff, limits.rest_detail_jobs, priority),
        reviews=_choose(pulls, _is_behind, limits.rest_review_jobs, priority),
        comments=_choose(pulls, _is_behind, limits.rest_comment_jobs, priority),
    )


def choose_graphql_jobs(
    pulls: Sequence[StoredPull], *, priority: Priority, now: datetime, limits: Limits
) -> Jobs:
    """Open ones (at high priority), those never captured whole, those updated of late.

    The original took "has no review, or no comment" for "never captured", and so asked about every
    quiet pull request in every sync; we know which ones were captured whole.
    """
    since = now - limits.recently_updated

    def wanted(pull: StoredPull) -> bool:
        return pull.state == "open" or pull.details_synced_at is None or pull.updated_at >= since

    return _choose(pulls, wanted, limits.graphql_detail_jobs, priority)


def _is_behind(pull: StoredPull) -> bool:
    return pull.details_synced_at is None or pull.details_synced_at < pull.updated_at


def _choose(
    pulls: Sequence[StoredPull],
    wanted: Callable[[StoredPull], bool],
    cap: int,
    priority: Priority,
) -> Jobs:
    fitting = [pull for pull in pulls if wanted(pull)]
    chosen = tuple(
        Job(pull.number, pull.id, "high" if pull.state == "open" else priority)
        for pull in fitting[:cap]
    )
    return Jobs(chosen, len(fitting) - len(chosen))

"""update-pr-activity: refresh the open pull requests of a repository and those changed lately."""

from dataclasses import dataclass
from uuid import UUID

from inngest import Concurrency, Throttle

from mainstem.catalog import Run, define, event
from mainstem.functions.events import PrActivityRequested, PrDetailsGraphqlRequested
from mainstem.functions.home import load_home
from mainstem.functions.limits import per_minute
from mainstem.functions.services import Services
from mainstem.functions.update.activity import Refresh, find_pulls

_THROTTLE: Throttle = per_minute(30)


@dataclass(frozen=True, slots=True)
class ActivityUpdated:
    """How many pull requests were looked at and how many will be captured again.

    `left_out` were not looked at, because of the cap on pull requests per run.
    """

    repository_id: UUID
    repository: str
    prs_checked: int
    jobs_queued: int
    left_out: int
    success: bool = True


@define(
    id="update-pr-activity",
    name="Update PR Comments and Reviews",
    on=event(PrActivityRequested),
    sends=(PrDetailsGraphqlRequested,),
    group="update",
    concurrency=[Concurrency(key="event.data.repositoryId", limit=5)],
    throttle=_THROTTLE,
)
async def update_pr_activity(run: Run[PrActivityRequested], services: Services) -> ActivityUpdated:
    """One question to the database, one durable send of all follow-ups."""
    home = await run.step("get-repository", load_home, services, run.data.repository_id)
    found = await run.step("find-prs-needing-update", find_pulls, services, home, run.data.days)
    await run.send("update-prs", [_request(home.id, refresh) for refresh in found.refreshes])
    return ActivityUpdated(
        repository_id=home.id,
        repository=home.full_name,
        prs_checked=found.checked,
        jobs_queued=len(found.refreshes),
        left_out=found.left_out,
    )


def _request(repository_id: UUID, refresh: Refresh) -> PrDetailsGraphqlRequested:
    return PrDetailsGraphqlRequested(
        repository_id=repository_id,
        pr_number=refresh.number,
        pr_id=refresh.pull_id,
        pr_github_id=refresh.github_id,
        priority="high" if refresh.is_open else "medium",
    )

"""Every event that our functions answer to: one class, used by sender and receiver alike.

The fields are the union of what the original's handlers read (domain reference, section 1), under
one rule each: `prNumber` and `issueNumber` are integers everywhere (defect D17: text, number or a
list depending on the sender), a reason is one of a closed set (an unknown one used to fall to the
longest cool-down), and an unknown field is refused at send time rather than ignored on arrival.

Ids: `repository_id`, `pr_id`, `issue_id`, `job_id` and `workspace_id` are ids of our rows. `pr_id`
and `issue_id` may be left out: rows are written under their natural key (repository and number),
so a wrong or missing row id can no longer turn a write into a silent no-op (defect D24).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from pydantic.alias_generators import to_camel

from mainstem.catalog import EventData

Priority = Literal["critical", "high", "medium", "low"]
TimeRange = Literal["7d", "30d", "90d", "1y", "all"]
History = Literal["recent", "full"]
Via = Literal["graphql", "rest"]
TriggeredBy = Literal["schedule", "webhook", "manual", "dependency"]


class SyncReason(StrEnum):
    """Why a repository is synced; decides how long after the last sync it may run again.

    `DISCOVERY` (somebody asks for a repository we already know) and an absent reason have the
    default cool-down.
    """

    MANUAL = "manual"
    AUTO_FIX = "auto-fix"
    AUTOMATIC = "automatic"
    SCHEDULED = "scheduled"
    DISCOVERY = "discovery"


class Continuation(BaseModel):
    """Where the run before this one stopped: a whole history may take more steps than one run has.

    `part` counts the continuing runs of one capture, from 1. `stream` names the list to go on with,
    `cursor` its next page where the database does not know it better, and `head` the newest update
    that GitHub knew when the capture began: it becomes the watermark.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    part: int = Field(ge=1)
    stream: str
    cursor: str | None = None
    head: datetime | None = None


class PullJob(EventData):
    """Base of the events about one pull request."""

    repository_id: UUID
    pr_number: int = Field(gt=0)
    pr_id: UUID | None = None
    pr_github_id: int | None = None
    priority: Priority = "medium"
    job_id: UUID | None = None


class SyncRequest(EventData):
    """Base of the two events that sync a repository's pull requests.

    `days` and `max_items` narrow a recent sync below its caps; `history="full"` asks for
    everything, then only for what changed.
    """

    repository_id: UUID
    days: int = Field(default=30, ge=1)
    max_items: int | None = Field(default=None, ge=1)
    history: History = "recent"
    reason: SyncReason | None = None
    repository_name: str | None = None
    priority: Priority = "medium"
    job_id: UUID | None = None
    continuation: Continuation | None = None


# --- capture -------------------------------------------------------------------------------------


class PrDetailsRequested(PullJob, name="capture/pr.details"):
    """Read one pull request's details over REST."""


class PrDetailsGraphqlRequested(PullJob, name="capture/pr.details.graphql"):
    """Read one pull request with its reviews and comments in one GraphQL query."""


class PrReviewsRequested(PullJob, name="capture/pr.reviews"):
    """Read one pull request's reviews over REST."""


class PrCommentsRequested(PullJob, name="capture/pr.comments"):
    """Read one pull request's review comments and conversation over REST."""


class IssueCommentsRequested(EventData, name="capture/issue.comments"):
    """Read one issue's comments over REST."""

    repository_id: UUID
    issue_number: int = Field(gt=0)
    issue_id: UUID | None = None
    priority: Priority = "medium"
    job_id: UUID | None = None


class RepositoryIssuesRequested(EventData, name="capture/repository.issues"):
    """Find the issues of a repository.

    `time_range` is in days and bounds a recent scan; `history="full"` reads every issue with its
    comments, over the path named by `via`. Progressive capture adds `repository_name`.
    """

    repository_id: UUID
    time_range: int = Field(default=30, ge=1)
    max_items: int | None = Field(default=None, ge=1)
    history: History = "recent"
    via: Via = "graphql"
    repository_name: str | None = None
    priority: Priority = "medium"
    job_id: UUID | None = None
    continuation: Continuation | None = None


class RepositorySyncRequested(SyncRequest, name="capture/repository.sync"):
    """Sync a repository's pull requests over REST."""


class RepositorySyncGraphqlRequested(SyncRequest, name="capture/repository.sync.graphql"):
    """Sync a repository's pull requests over GraphQL; a full history `with_issues` if so asked."""

    with_issues: bool = False


class RepositoryEventsRequested(EventData, name="capture/repository.events"):
    """Read who starred and who forked a repository, from its event feed."""

    repository_id: UUID
    job_id: UUID | None = None


class RepositoryCommentsRequested(EventData, name="capture/repository.comments.all"):
    """Read the comments of all pull requests and issues updated in the last `time_range` days."""

    repository_id: UUID
    time_range: int = Field(default=30, ge=1)
    priority: Priority = "medium"
    trigger_source: str | None = None
    job_id: UUID | None = None


class RepositoryDiscussionsRequested(EventData, name="capture/repository.discussions"):
    """Read a repository's discussions, `max_items` new ones at most in one run."""

    repository_id: UUID
    max_items: int = Field(default=100, ge=1)
    source: str | None = None
    job_id: UUID | None = None


class RepositorySyncEnhancedRequested(EventData, name="capture/repository.sync.enhanced"):
    """Sync a repository's newest pull requests, and have its history captured if it is not."""

    repository_id: UUID
    days: int = Field(default=30, ge=1)
    reason: SyncReason | None = None
    repository_name: str | None = None
    priority: Priority = "medium"
    job_id: UUID | None = None


class RepositoryReconcileRequested(EventData, name="capture/repository.reconcile"):
    """Compare what is stored of a repository with GitHub's counts; all of it if `whole`."""

    repository_id: UUID
    whole: bool = False
    job_id: UUID | None = None


# --- classify ------------------------------------------------------------------------------------


class RepositorySizeRequested(EventData, name="classify/repository.size"):
    """Classify, now, every repository whose size is unknown or out of date. It carries no data."""


class SingleClassificationRequested(EventData, name="classify/repository.single"):
    """Classify one repository by size."""

    repository_id: UUID
    owner: str = Field(min_length=1)
    repo: str = Field(min_length=1)


# --- update --------------------------------------------------------------------------------------


class PrActivityRequested(EventData, name="update/pr.activity"):
    """Refresh the open pull requests of a repository and those updated in the last `days`."""

    repository_id: UUID
    days: int = Field(default=7, ge=1, le=365)


class NewRepositoryDiscovered(EventData, name="discover/repository.new"):
    """Somebody asks for a repository; it may be new to us.

    `history` and `via` pass through to the sync that follows, so that one event starts a whole
    capture: `history="full"` asks for every pull request and every issue, over the path `via`.
    """

    owner: str = Field(min_length=1)
    repo: str = Field(min_length=1)
    source: str | None = None
    history: History = "recent"
    via: Via = "graphql"


class WorkspaceMetricsRequested(EventData, name="workspace.metrics.aggregate"):
    """Aggregate one workspace over one time range. `priority`: the lower the sooner."""

    workspace_id: UUID
    time_range: TimeRange
    priority: int | None = None
    force_refresh: bool = False
    triggered_by: TriggeredBy = "manual"
    trigger_metadata: dict[str, JsonValue] = Field(default_factory=dict)


class WorkspaceRepositoryChanged(EventData, name="workspace.repository.changed"):
    """A repository was put into a workspace, or taken out of it."""

    workspace_id: UUID
    action: Literal["added", "removed"]
    repository_id: UUID
    repository_name: str | None = None


class WorkspacePrioritiesRequested(EventData, name="workspace/priorities.sync"):
    """Bring the priorities of tracked repositories in line with the workspaces, now. No data."""

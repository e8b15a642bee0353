"""The closed sets of words that columns hold: the types for code, the tuples for SQL checks."""

from typing import Literal, get_args

PullState = Literal["open", "closed", "merged"]
IssueState = Literal["open", "closed"]
ReviewState = Literal["PENDING", "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]
CommentType = Literal["issue_comment", "review_comment"]
SyncStatus = Literal["started", "completed", "failed", "cancelled"]
JobStatus = Literal["pending", "processing", "completed", "failed"]
BackfillStatus = Literal["active", "paused", "completed", "failed"]
RepositorySize = Literal["small", "medium", "large", "xl"]
TrackingPriority = Literal["high", "medium", "low"]
Visibility = Literal["public", "private"]
DeliveryStatus = Literal["received", "handled", "ignored", "failed"]
InstallationStatus = Literal["active", "suspended", "deleted"]
TimeRange = Literal["7d", "30d", "90d", "1y", "all"]

PULL_STATES: tuple[PullState, ...] = get_args(PullState)
ISSUE_STATES: tuple[IssueState, ...] = get_args(IssueState)
REVIEW_STATES: tuple[ReviewState, ...] = get_args(ReviewState)
COMMENT_TYPES: tuple[CommentType, ...] = get_args(CommentType)
SYNC_STATUSES: tuple[SyncStatus, ...] = get_args(SyncStatus)
JOB_STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)
BACKFILL_STATUSES: tuple[BackfillStatus, ...] = get_args(BackfillStatus)
REPOSITORY_SIZES: tuple[RepositorySize, ...] = get_args(RepositorySize)
TRACKING_PRIORITIES: tuple[TrackingPriority, ...] = get_args(TrackingPriority)
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
DELIVERY_STATUSES: tuple[DeliveryStatus, ...] = get_args(DeliveryStatus)
INSTALLATION_STATUSES: tuple[InstallationStatus, ...] = get_args(InstallationStatus)
TIME_RANGES: tuple[TimeRange, ...] = get_args(TimeRange)

"""Capture: read GitHub, store what it says. One file each.

Four read one pull request or one issue, one finds issues, two sync a repository's pull requests;
the two syncs and the issue scan can read a whole history (`history`). What they share: rows
(GitHub's values to ours), cool-down and selection (decisions), storing, records (log and job).
Which repositories to capture, and when, is for `update` and for whoever sends the events.
"""

from typing import Any

from mainstem.catalog import Definition
from mainstem.functions.capture.issue_comments import capture_issue_comments
from mainstem.functions.capture.pr_comments import capture_pr_comments
from mainstem.functions.capture.pr_details import capture_pr_details
from mainstem.functions.capture.pr_details_graphql import capture_pr_details_graphql
from mainstem.functions.capture.pr_reviews import capture_pr_reviews
from mainstem.functions.capture.reconcile_repository import reconcile_repository
from mainstem.functions.capture.repository_comments_all import capture_repository_comments_all
from mainstem.functions.capture.repository_discussions import capture_repository_discussions
from mainstem.functions.capture.repository_events import capture_repository_events
from mainstem.functions.capture.repository_issues import capture_repository_issues
from mainstem.functions.capture.repository_sync import capture_repository_sync
from mainstem.functions.capture.repository_sync_enhanced import capture_repository_sync_enhanced
from mainstem.functions.capture.repository_sync_graphql import capture_repository_sync_graphql
from mainstem.functions.services import Services

CAPTURE: tuple[Definition[Any, Services, Any], ...] = (
    capture_pr_details,
    capture_pr_details_graphql,
    capture_pr_reviews,
    capture_pr_comments,
    capture_issue_comments,
    capture_repository_issues,
    capture_repository_sync,
    capture_repository_sync_graphql,
    capture_repository_events,
    capture_repository_comments_all,
    capture_repository_discussions,
    capture_repository_sync_enhanced,
    reconcile_repository,
)

__all__ = [
    "CAPTURE",
    "capture_issue_comments",
    "capture_pr_comments",
    "capture_pr_details",
    "capture_pr_details_graphql",
    "capture_pr_reviews",
    "capture_repository_comments_all",
    "capture_repository_discussions",
    "capture_repository_events",
    "capture_repository_issues",
    "capture_repository_sync",
    "capture_repository_sync_enhanced",
    "capture_repository_sync_graphql",
    "reconcile_repository",
]

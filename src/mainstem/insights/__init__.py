"""Read-only figures over what the store holds: of a repository, and of a workspace.

Each figure is a frozen value whose docstring gives its formula and the formula's source. Counting
is SQL's; the little that is decided afterwards (risk levels, trends, medians) are pure functions.
Times are passed in. Writing results down, and when to compute them, is left to `functions`.
"""

from mainstem.insights.completeness import (
    Completeness,
    Freshness,
    ListCompleteness,
    load_completeness,
)
from mainstem.insights.counting import Activity, Tally
from mainstem.insights.durations import Spread
from mainstem.insights.lottery import LotteryFactor, Share
from mainstem.insights.periods import Period, fresh_for, period_of
from mainstem.insights.responses import Responder, Responses
from mainstem.insights.reviewing import Reviewer, Reviewing
from mainstem.insights.summary import RepositorySummary, UnknownRepository, repository_summary
from mainstem.insights.workspace import WorkspaceMetrics, workspace_metrics
from mainstem.insights.workspace_days import workspace_days

__all__ = [
    "Activity",
    "Completeness",
    "Freshness",
    "ListCompleteness",
    "LotteryFactor",
    "Period",
    "RepositorySummary",
    "Responder",
    "Responses",
    "Reviewer",
    "Reviewing",
    "Share",
    "Spread",
    "Tally",
    "UnknownRepository",
    "WorkspaceMetrics",
    "fresh_for",
    "load_completeness",
    "period_of",
    "repository_summary",
    "workspace_days",
    "workspace_metrics",
]

"""Reading GitHub: requests, pages, limits and the values that come out of them.

This room turns questions into REST and GraphQL requests, waits where GitHub asks to wait, retries
what is worth it, follows every list to its end and gives back typed values. It decides nothing
about what to capture, stores nothing and keeps no cursor between calls: a page's `next` is handed
to the caller.
"""

from .apps import AppKey
from .bots import is_bot
from .budget_keeper import MemoryBudgets
from .changes import Changes, Outline, Outlines, WholeIssues, WholePulls
from .client import GitHub
from .discussions import Discussion, DiscussionsPage
from .errors import (
    BadAnswer,
    Conflict,
    Forbidden,
    Gone,
    LegallyBlocked,
    NotFound,
    RateLimited,
    Rejected,
    Renamed,
    RequestFailed,
    ResourceLimits,
    SecondaryLimited,
    ServerTrouble,
    Unauthorized,
    Unreachable,
)
from .events_feed import Feed, FeedActor, FeedEvent
from .ledger import BudgetUsage, Ledger, QueryUsage, Usage
from .planner import (
    Bill,
    IssuePlan,
    People,
    Prices,
    PullPlan,
    ReviewComments,
    Sizes,
    plan_issues,
    plan_pulls,
    prices,
    threads_for,
)
from .retries import RetryPolicy
from .values import (
    UNSET,
    Account,
    Comment,
    Effort,
    Gap,
    Issue,
    IssueBundle,
    Listing,
    NestedList,
    NestedParts,
    Offer,
    Page,
    Probe,
    PullBundle,
    PullRequest,
    Repository,
    RepositoryRef,
    Review,
    Unset,
)
from .widths import FIRST_WIDTH, Width, width_after

__all__ = [
    "FIRST_WIDTH",
    "UNSET",
    "Account",
    "AppKey",
    "BadAnswer",
    "Bill",
    "BudgetUsage",
    "Changes",
    "Comment",
    "Conflict",
    "Discussion",
    "DiscussionsPage",
    "Effort",
    "Feed",
    "FeedActor",
    "FeedEvent",
    "Forbidden",
    "Gap",
    "GitHub",
    "Gone",
    "Issue",
    "IssueBundle",
    "IssuePlan",
    "Ledger",
    "LegallyBlocked",
    "Listing",
    "MemoryBudgets",
    "NestedList",
    "NestedParts",
    "NotFound",
    "Offer",
    "Outline",
    "Outlines",
    "Page",
    "People",
    "Prices",
    "Probe",
    "PullBundle",
    "PullPlan",
    "PullRequest",
    "QueryUsage",
    "RateLimited",
    "Rejected",
    "Renamed",
    "Repository",
    "RepositoryRef",
    "RequestFailed",
    "ResourceLimits",
    "RetryPolicy",
    "Review",
    "ReviewComments",
    "SecondaryLimited",
    "ServerTrouble",
    "Sizes",
    "Unauthorized",
    "Unreachable",
    "Unset",
    "Usage",
    "WholeIssues",
    "WholePulls",
    "Width",
    "is_bot",
    "plan_issues",
    "plan_pulls",
    "prices",
    "threads_for",
    "width_after",
]

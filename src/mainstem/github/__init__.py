"""Reading GitHub: requests, pages, limits and the values that come out of them.

This room turns questions into REST and GraphQL requests, waits where GitHub asks to wait, retries
what is worth it, follows every list to its end and gives back typed values. It decides nothing
about what to capture, stores nothing and keeps no cursor between calls: a page's `next` is handed
to the caller.
"""

from .bots import is_bot
from .client import GitHub
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
from .ledger import Ledger, QueryUsage, Usage
from .retries import RetryPolicy
from .values import (
    UNSET,
    Account,
    Comment,
    Issue,
    IssueBundle,
    Listing,
    Page,
    PullBundle,
    PullRequest,
    Repository,
    RepositoryRef,
    Review,
    Totals,
    Unset,
)

__all__ = [
    "UNSET",
    "Account",
    "BadAnswer",
    "Comment",
    "Conflict",
    "Feed",
    "FeedActor",
    "FeedEvent",
    "Forbidden",
    "GitHub",
    "Gone",
    "Issue",
    "IssueBundle",
    "Ledger",
    "LegallyBlocked",
    "Listing",
    "NotFound",
    "Page",
    "PullBundle",
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
    "SecondaryLimited",
    "ServerTrouble",
    "Totals",
    "Unauthorized",
    "Unreachable",
    "Unset",
    "Usage",
    "is_bot",
]

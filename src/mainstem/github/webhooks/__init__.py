"""GitHub's deliveries, read: whose they are, which they are, what they tell.

`verify` (or `Signing`, for a body in pieces) says whether GitHub sent it, `read_delivery` reads
the envelope, `read_told` what happened. Nothing here stores, sends or answers.
"""

from mainstem.github.webhooks.delivery import (
    MAX_BODY_BYTES,
    BadDelivery,
    Delivery,
    delivery_of,
    read_delivery,
)
from mainstem.github.webhooks.reading import is_kept, read_told, repository_of
from mainstem.github.webhooks.signature import Signing, verify
from mainstem.github.webhooks.told import (
    CommentTold,
    Discussion,
    DiscussionTold,
    FeedTold,
    Installation,
    InstallationTold,
    IssueTold,
    NameTold,
    PullAsIssue,
    PullTold,
    RepositoryName,
    RepositoryTold,
    ReviewTold,
    Told,
)

__all__ = [
    "MAX_BODY_BYTES",
    "BadDelivery",
    "CommentTold",
    "Delivery",
    "Discussion",
    "DiscussionTold",
    "FeedTold",
    "Installation",
    "InstallationTold",
    "IssueTold",
    "NameTold",
    "PullAsIssue",
    "PullTold",
    "RepositoryName",
    "RepositoryTold",
    "ReviewTold",
    "Signing",
    "Told",
    "delivery_of",
    "is_kept",
    "read_delivery",
    "read_told",
    "repository_of",
    "verify",
]

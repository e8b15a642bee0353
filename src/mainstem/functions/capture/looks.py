"""What a list tells of a pull request or issue beside its time, held against what is stored.

Times have the precision of a second, and deliveries may be lost or overtake another: of an equal
time does not follow that the rest is equal.
"""

from mainstem.github import Issue, Outline, PullRequest
from mainstem.store import StoredItem, clean_text


def is_alike(listed: Outline | PullRequest | Issue, stored: StoredItem) -> bool:
    """Whether what is listed looks as what is stored; so does whatever is newer in the store."""
    if stored.updated_at > listed.updated_at:
        return True
    if (clean_text(listed.title), listed.state) != (stored.title, stored.state):
        return False
    if listed.closed_at != stored.closed_at:
        return False
    if isinstance(listed, Issue):
        return True
    return (listed.draft, listed.head_sha) == (stored.draft, stored.head_sha)

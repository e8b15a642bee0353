"""Words that the two APIs spell differently, brought to one spelling."""

import logging
from datetime import datetime
from typing import Final, cast, get_args

from .values import Account, IssueState, PullState, ReviewState

log = logging.getLogger(__name__)

GHOST_ID: Final = 10137
"""The account that REST puts in place of every deleted one; it stands for many people."""

_REVIEW_STATES: Final = frozenset(get_args(ReviewState))


def account_or_ghost(account: Account) -> Account | None:
    """None for the placeholder of deleted accounts: GraphQL answers null there."""
    return None if account.id == GHOST_ID else account


def bot_login(login: str, account_type: str) -> str:
    """A bot's login as REST writes it; GraphQL leaves the suffix out.

    Some apps have no suffix over REST either; nothing in a GraphQL answer tells them, which is why
    accounts are joined by id and never by login.

    >>> bot_login("dependabot", "Bot"), bot_login("octocat", "User")
    ('dependabot[bot]', 'octocat')
    """
    return f"{login}[bot]" if account_type == "Bot" and not login.endswith("[bot]") else login


def pull_state(state: str, merged_at: datetime | None) -> PullState:
    """`open`, `closed` or `merged`. The time of the merge decides: lists have no `merged` flag."""
    if merged_at is not None:
        return "merged"
    word = state.lower()
    return cast("PullState", word) if word in {"open", "merged"} else "closed"


def issue_state(state: str) -> IssueState:
    """`open` or `closed`, from either spelling."""
    return "open" if state.lower() == "open" else "closed"


def review_state(state: str | None) -> ReviewState:
    """The state in capitals. One that we do not know counts as a comment, and is logged."""
    word = (state or "").upper()
    if word in _REVIEW_STATES:
        return cast("ReviewState", word)
    log.warning("Unknown review state %r is stored as COMMENTED", state)
    return "COMMENTED"


def mergeable(word: str) -> bool | None:
    """GraphQL's three-valued word as REST's flag; None while GitHub still computes it."""
    return {"MERGEABLE": True, "CONFLICTING": False}.get(word)

"""The errors for what is not sent at all: too soon, or with nobody whom GitHub would answer."""

from datetime import datetime
from typing import Final

from .answers import Answer, Circumstances, budget_spent, secondary_limited, too_fast
from .budgets import Refusal
from .errors import RateLimited, RequestFailed, Unauthorized
from .limits import reading_of

_WORDS: Final = {
    "reserve": "is down to the part that is kept for users who wait, until",
    "pace": "is being spread out, with the next place at",
}


def refused(what: str, resource: str, refusal: Refusal, *, now: datetime) -> RequestFailed:
    """The error for a request that may go at `refusal.until` (GitHub's time), not before."""
    until = refusal.until
    if refusal.why == "quiet":
        return too_fast(what, until - now)
    if refusal.why == "spent":
        return budget_spent(what, resource, now=now, resets_at=until)
    return RateLimited(
        what,
        f"the '{resource}' budget {_WORDS[refusal.why]} {until:%Y-%m-%d %H:%M:%S} UTC",
        "Try again then; another token, or an App, brings a budget of its own.",
        resource=resource,
        retry_after=until - now,
        resets_at=until,
    )


def told_apart(
    error: RequestFailed | None, answer: Answer, asked: Circumstances
) -> RequestFailed | None:
    """`error`, as a secondary limit where it is called a spent budget and the budget is not spent.

    GraphQL has one type for both, in two spellings, and does not always tell the budget.
    """
    if not isinstance(error, RateLimited):
        return error
    reading = reading_of(answer.headers)
    is_spent = reading is not None and reading.remaining == 0
    return error if is_spent else secondary_limited(answer, asked)


def needs_a_token(what: str, status: int) -> Unauthorized:
    """The error for a query that nobody in particular has asked."""
    return Unauthorized(
        what,
        f"it answered {status}, since GraphQL is for those who sign in",
        "Set GITHUB_TOKEN to a token (any will do for public repositories), or configure a GitHub "
        "App; without either, only small public repositories can be read, over REST.",
        status=status,
    )


def no_credential(what: str) -> Unauthorized:
    """The error where GitHub has accepted none of the credentials."""
    return Unauthorized(
        what, "no credential is left that it accepts", "Set GITHUB_TOKEN to one that is valid."
    )

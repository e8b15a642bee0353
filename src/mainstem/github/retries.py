"""Which failures are worth another try, and after how long. Pure: numbers in, a pause out."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from .errors import (
    RateLimited,
    RequestFailed,
    SecondaryLimited,
    ServerTrouble,
    Unreachable,
)

# Resets are told in whole seconds and clocks differ a little: a wait that ends with the reset
# itself would be refused once more.
_AFTER_RESET: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient one request is.

    `attempts` bounds the tries of a request that fails for the server's or the network's sake;
    the pauses between them start at `first_pause` and double up to `longest_pause`. A limit is
    waited for only while the wait fits `max_wait`, and `limit_waits` times at most: a longer one
    is the caller's business, who can sleep without holding a process. A query that perhaps asks for
    too much, of somebody who can ask for less, is given up after `heavy_attempts`: once may be
    GitHub's bad moment, and each time-out is paid for with points of the next hour.
    """

    attempts: int = 5
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(seconds=30)
    max_wait: timedelta = timedelta(seconds=60)
    limit_waits: int = 3
    heavy_attempts: int = 2


@dataclass(frozen=True, slots=True)
class Tries:
    """What one request went through so far."""

    failures: int = 0
    limited: int = 0
    heavy: int = 0

    def after(self, error: RequestFailed) -> "Tries":
        """The count with `error` in it."""
        if isinstance(error, RateLimited | SecondaryLimited):
            return replace(self, limited=self.limited + 1)
        is_heavy = isinstance(error, ServerTrouble) and error.perhaps_heavy
        return Tries(self.failures + 1, self.limited, self.heavy + is_heavy)


def backoff(failures: int, policy: RetryPolicy, *, roll: float) -> timedelta:
    """The pause after the nth failure in a row, the first being 1. `roll` is a die of [0, 1).

    Half of it is fixed and half is chance, so that many clients do not come back together.
    """
    # The exponent is bounded because a timedelta overflows long before a counter does.
    full = min(policy.longest_pause, policy.first_pause * (1 << min(failures - 1, 30)))
    return full * (0.5 + roll / 2)


def next_pause(
    error: RequestFailed,
    tries: Tries,
    policy: RetryPolicy,
    *,
    roll: float,
    narrows: bool = False,
) -> timedelta | None:
    """How long to wait before the next try, or None to give up and raise `error`.

    `tries` counts `error` already. `narrows`: whoever asks can ask for less.
    """
    if isinstance(error, RateLimited | SecondaryLimited):
        pause = error.retry_after
        if isinstance(error, RateLimited):
            pause += _AFTER_RESET
        fits = pause <= policy.max_wait + _AFTER_RESET and tries.limited <= policy.limit_waits
        return pause if fits else None
    if not isinstance(error, ServerTrouble | Unreachable) or tries.failures >= policy.attempts:
        return None
    if narrows and tries.heavy >= policy.heavy_attempts:
        return None
    pause = backoff(tries.failures, policy, roll=roll)
    if isinstance(error, ServerTrouble) and error.retry_after is not None:
        # A 503 may say how long it will last.
        return error.retry_after if error.retry_after <= policy.max_wait else None
    return pause

"""When a failed attempt is tried again: pure rules, time and chance passed in.

Inngest SDK protocol, "Retries".
"""

from typing import Final

from mainstem.engine.durations import parse_moment
from mainstem.engine.errors import BadDuration
from mainstem.engine.limits import (
    DEFAULT_RETRIES,
    HOUR,
    MAX_RETRIES,
    MAX_RETRY_AFTER,
    MIN_RETRY_AFTER,
    MINUTE,
    SECOND,
)

BACKOFF: Final = (
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    40 * MINUTE,
    HOUR,
    2 * HOUR,
)
JITTER: Final = 30 * SECOND
# A `retry-after` of up to this many characters is a number of seconds, a longer one a date.
_SECONDS_LENGTH: Final = 7


def max_attempts(retries: int | None) -> int:
    """Attempts in all for a configured number of retries."""
    return min(DEFAULT_RETRIES if retries is None else retries, MAX_RETRIES) + 1


def has_attempts_left(attempt: int, allowed: int) -> bool:
    """Whether another attempt follows the failed one; `attempt` counts from 0."""
    return attempt + 1 < allowed


def next_attempt_at(
    attempt: int,
    *,
    now: int,
    chance: float,
    asked: int | None = None,
    interval: float | None = None,
) -> int:
    """The moment of the attempt after `attempt` (from 0), which failed `now`.

    `asked` is what the app asked for (`retry_after_moment`) and wins; `interval`, in seconds, makes
    the pause constant; `chance` in [0, 1) spreads the ordinary back-off over half a minute.
    """
    if asked is not None:
        return asked
    if interval is not None:
        return now + round(interval * SECOND)
    return now + BACKOFF[min(attempt, len(BACKOFF) - 1)] + int(chance * JITTER)


def retry_after_moment(value: str, *, now: int) -> int | None:
    """The moment a `retry-after` header asks for, or None when it says nothing readable.

    Held between one second and a day from `now` cut to whole seconds, so that a short wait can be
    over at once.
    """
    whole = now // SECOND * SECOND
    try:
        if len(value) <= _SECONDS_LENGTH:
            moment = whole + int(value) * SECOND
        else:
            moment = parse_moment(value)
    except (ValueError, BadDuration):
        return None
    return min(max(moment, whole + MIN_RETRY_AFTER), whole + MAX_RETRY_AFTER)

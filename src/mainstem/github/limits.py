"""What GitHub's headers say about limits, and how long they ask us to wait. No clock in here.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

# "Wait for at least one minute", then for longer and longer: the documentation's words for a
# secondary limit without a header.
LEAST_SECONDARY_PAUSE: Final = timedelta(minutes=1)
LONGEST_SECONDARY_PAUSE: Final = timedelta(hours=1)
_CLOCK_WAS_SET: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a budget: `remaining` of `limit` for `resource` until `resets_at` (GitHub's)."""

    resource: str
    limit: int
    remaining: int
    resets_at: datetime


def reading_of(headers: Mapping[str, str], *, resource: str = "core") -> Reading | None:
    """The budget that an answer reports, None when it reports none that can be read.

    `headers` has lower-case names; `resource` is taken where the answer names none. Unreadable
    numbers count as no report: a proxy's odd header must not lose an answer.
    """
    try:
        return Reading(
            resource=headers.get("x-ratelimit-resource", resource),
            limit=int(headers["x-ratelimit-limit"]),
            remaining=int(headers["x-ratelimit-remaining"]),
            resets_at=datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
        )
    except (KeyError, ValueError, OverflowError, OSError):
        return None


def merged(known: Reading | None, seen: Reading) -> Reading:
    """The later of two looks at one budget. Answers arrive out of order: lowest remaining wins."""
    if known is None or seen.resets_at > known.resets_at:
        return seen
    if seen.resets_at < known.resets_at or seen.remaining > known.remaining:
        return known
    return seen


def clock_skew(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """By how much the local clock is ahead of GitHub's; None without a readable `date`."""
    try:
        theirs = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
    return now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))


def smoothed(known: timedelta | None, seen: timedelta) -> timedelta:
    """The skew to reckon with after one more look at it.

    `date` has whole seconds and travels a while: one look is off by a second or two, many are not.
    A look that is far off is taken as it is: somebody has set a clock.
    """
    if known is None or is_jump(known, seen):
        return seen
    return known + (seen - known) / 4


def is_jump(known: timedelta | None, seen: timedelta) -> bool:
    """Whether `seen` cannot be explained by whole seconds and the time that an answer takes."""
    return abs(seen - (known or timedelta(0))) > _CLOCK_WAS_SET


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """The wait that `retry-after` asks for, in whole seconds; None when it is not there."""
    try:
        return timedelta(seconds=max(0, int(headers["retry-after"])))
    except (KeyError, ValueError, OverflowError):
        return None


def pause_asked(headers: Mapping[str, str], *, now: datetime, repeated: int) -> timedelta:
    """How long a limited answer asks us to wait.

    `retry-after` wins; else a spent budget waits for its reset; else a minute, doubled for each
    time that the same request was limited before (`repeated`), an hour at most. `now` is GitHub's
    time. A moment already past gives zero.
    """
    asked = retry_after(headers)
    if asked is not None:
        return asked
    reading = reading_of(headers)
    if reading is not None and reading.remaining == 0:
        return max(timedelta(0), reading.resets_at - now)
    return min(LONGEST_SECONDARY_PAUSE, LEAST_SECONDARY_PAUSE * (1 << min(repeated, 16)))

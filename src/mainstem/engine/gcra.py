"""The leaky-bucket rule behind throttle and rate limit: pure arithmetic on one stored moment.

`tat`, the theoretical arrival time, is all a bucket remembers, in whole nanoseconds: fractions of a
millisecond add up over a burst, and what is exact admits the last of it. Other moments are
milliseconds. Inngest SDK protocol, "Flow control", clauses on throttle and rate limit.
"""

from dataclasses import dataclass
from typing import Final

from mainstem.engine.configuration import Pace

NANOSECONDS: Final = 1_000_000  # in a millisecond


@dataclass(frozen=True, slots=True)
class Admission:
    """`tat` (nanoseconds) to store when `allowed`, else the moment `allowed_at` to ask again."""

    allowed: bool
    tat: int
    allowed_at: int


def throttle_admission(pace: Pace, tat: int | None, now: int) -> Admission:
    """Whether a run may start now; a cold bucket lets limit + burst start at once."""
    return _admit(pace, _throttle_capacity(pace), tat, now)


def rate_admission(pace: Pace, tat: int | None, now: int) -> Admission:
    """Whether an event may start a run; a bucket holds a tenth of its limit and one more."""
    return _admit(pace, _rate_capacity(pace), tat, now)


def full_throttle(pace: Pace, now: int) -> int:
    """The `tat` of a throttle's bucket that has just admitted all it can."""
    return now * NANOSECONDS + _interval(pace) * _throttle_capacity(pace)


def full_rate(pace: Pace, now: int) -> int:
    """The `tat` of a rate limit's bucket that has just admitted all it can."""
    return now * NANOSECONDS + _interval(pace) * _rate_capacity(pace)


def _throttle_capacity(pace: Pace) -> int:
    return pace.limit + pace.burst


def _rate_capacity(pace: Pace) -> int:
    return pace.limit // 10 + 1


def _interval(pace: Pace) -> int:
    return pace.period_ms * NANOSECONDS // pace.limit


def _admit(pace: Pace, capacity: int, tat: int | None, now: int) -> Admission:
    interval, present = _interval(pace), now * NANOSECONDS
    moved = max(present if tat is None else tat, present) + interval
    opens = moved - interval * capacity
    allowed_at = -(-opens // NANOSECONDS)  # up to the next whole millisecond
    return Admission(opens <= present, moved, allowed_at)

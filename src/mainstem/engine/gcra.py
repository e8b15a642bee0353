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
    return _admit(pace, pace.limit + pace.burst, tat, now)


def rate_admission(pace: Pace, tat: int | None, now: int) -> Admission:
    """Whether an event may start a run; a bucket holds a tenth of its limit and one more."""
    return _admit(pace, pace.limit // 10 + 1, tat, now)


def _admit(pace: Pace, capacity: int, tat: int | None, now: int) -> Admission:
    interval = pace.period_ms * NANOSECONDS // pace.limit
    present = now * NANOSECONDS
    # No bucket is fuller than full. One that is was filled at another pace, or by a clock that has
    # gone back since, and nobody is to wait for that longer than the pace of now says.
    filled = min(max(present if tat is None else tat, present), present + interval * capacity)
    moved = filled + interval
    opens = moved - interval * capacity
    allowed_at = -(-opens // NANOSECONDS)  # up to the next whole millisecond
    return Admission(opens <= present, moved, allowed_at)

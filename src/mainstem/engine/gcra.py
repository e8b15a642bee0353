"""The leaky-bucket rule behind throttle and rate limit: pure arithmetic on one stored moment.

`tat`, the theoretical arrival time, is all a bucket remembers. Moments are milliseconds.
Inngest SDK protocol, "Flow control", clauses on throttle and rate limit.
"""

from dataclasses import dataclass

from mainstem.engine.configuration import Pace


@dataclass(frozen=True, slots=True)
class Admission:
    """`tat` to store when `allowed`, else the moment `allowed_at` to ask again."""

    allowed: bool
    tat: float
    allowed_at: int


def throttle_admission(pace: Pace, tat: float | None, now: int) -> Admission:
    """Whether a run may start now; a cold bucket lets limit + burst start at once."""
    return _admit(pace.period_ms / pace.limit, pace.limit + pace.burst, tat, now)


def rate_admission(pace: Pace, tat: float | None, now: int) -> Admission:
    """Whether an event may start a run; a bucket holds a tenth of its limit and one more."""
    return _admit(pace.period_ms / pace.limit, pace.limit // 10 + 1, tat, now)


def _admit(interval: float, capacity: int, tat: float | None, now: int) -> Admission:
    moved = max(now if tat is None else tat, now) + interval
    opens = moved - interval * capacity
    allowed_at = int(-(-opens // 1))  # up to the next whole millisecond
    return Admission(opens <= now, moved, allowed_at)

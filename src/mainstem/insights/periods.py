"""The five time ranges of workspace metrics: where they begin, how long they stay fresh.

Domain reference, section 6.1. A period holds what was created from its start on and before its
end, so a period and the one before it share no moment.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

TimeRange = Literal["7d", "30d", "90d", "1y", "all"]

# GitHub opened in 2008: nothing is older.
_BEGINNING = 2008
_DAYS = {"7d": 7, "30d": 30, "90d": 90}
_FRESH_MINUTES = {"7d": 5, "30d": 10, "90d": 30, "1y": 60, "all": 120}
_PREVIOUS_DAYS = {"7d": 7, "30d": 30, "90d": 90, "1y": 365, "all": 3_650}


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`, and before it the stretch from `previous_start` to compare with."""

    time_range: TimeRange
    previous_start: datetime
    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        """Its length."""
        return (self.end - self.start) / timedelta(days=1)


def period_of(time_range: TimeRange, now: datetime) -> Period:
    """The range that ends at `now` (aware, UTC)."""
    if time_range in _DAYS:
        start = now - timedelta(days=_DAYS[time_range])
    else:
        start = _same_date_in(_BEGINNING if time_range == "all" else now.year - 1, now)
    return Period(time_range, start - timedelta(days=_PREVIOUS_DAYS[time_range]), start, now)


def fresh_for(time_range: TimeRange) -> timedelta:
    """How long a calculation may be served before it must be made again."""
    return timedelta(minutes=_FRESH_MINUTES[time_range])


def _same_date_in(year: int, now: datetime) -> datetime:
    try:
        return now.replace(year=year)
    except ValueError:  # the 29th of February
        return now.replace(year=year, day=28)

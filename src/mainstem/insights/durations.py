"""Middle and mean of lengths of time. Of nothing they are unknown, never 0."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something takes: `count` measured cases, mean and median in hours."""

    count: int
    mean_hours: float | None
    median_hours: float | None


def spread(spans: Iterable[Span]) -> Spread:
    """Mean and median length; an even count's median is the mean of the middle two.

    Spans that end before they begin are left out: GitHub's clocks allow them, arithmetic of
    waiting times does not.
    """
    hours = [hours_between(begin, end) for begin, end in spans if end >= begin]
    if not hours:
        return Spread(0, None, None)
    return Spread(len(hours), statistics.fmean(hours), statistics.median(hours))


def hours_between(begin: datetime, end: datetime) -> float:
    """Hours from `begin` to `end`."""
    return (end - begin) / timedelta(hours=1)


def median_days(spans: Iterable[Span]) -> int | None:
    """The median in whole days, halves rounded up, or None without spans.

    `round` would send 0.5 to 0 and 1.5 to 2.
    """
    middle = spread(spans).median_hours
    return None if middle is None else int(middle / 24 + 0.5)


def percentage(part: int, whole: int) -> float | None:
    """`part` of `whole` in per cent; None when there is no whole."""
    return part / whole * 100 if whole else None

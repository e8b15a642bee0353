from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.insights import fresh_for, period_of
from mainstem.insights.periods import TimeRange
from mainstem.insights.trends import trend

from .conftest import when

NOW = when("2026-03-15T08:00:00")


@pytest.mark.parametrize(
    ("time_range", "start", "previous_start"),
    [
        ("7d", "2026-03-08T08:00:00", "2026-03-01T08:00:00"),
        ("30d", "2026-02-13T08:00:00", "2026-01-14T08:00:00"),
        ("90d", "2025-12-15T08:00:00", "2025-09-16T08:00:00"),
        ("1y", "2025-03-15T08:00:00", "2024-03-15T08:00:00"),
        ("all", "2008-03-15T08:00:00", "1998-03-18T08:00:00"),
    ],
)
def test_each_range_has_its_start_and_the_one_before(
    time_range: TimeRange, start: str, previous_start: str
) -> None:
    period = period_of(time_range, NOW)
    assert (period.start, period.end) == (when(start), NOW)
    assert period.previous_start == when(previous_start)


def test_a_year_before_a_leap_day_is_the_28th() -> None:
    assert period_of("1y", when("2028-02-29")).start == when("2027-02-28")
    assert period_of("all", when("2028-02-29")).start == when("2008-02-29")


@pytest.mark.parametrize(
    ("time_range", "minutes"), [("7d", 5), ("30d", 10), ("90d", 30), ("1y", 60), ("all", 120)]
)
def test_longer_ranges_stay_fresh_for_longer(time_range: TimeRange, minutes: int) -> None:
    assert fresh_for(time_range) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("current", "previous", "change"),
    [(12, 10, 20), (8, 10, -20), (10, 10, 0), (0, 4, -100), (3, 0, 100), (0, 0, 0), (3, 8, -62)],
)
def test_a_trend_is_the_rounded_change_in_per_cent(
    current: int, previous: int, change: int
) -> None:
    assert trend(current, previous, has_earlier_data=True) == change


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_a_trend_without_earlier_data_is_unknown(current: int, previous: int) -> None:
    assert trend(current, previous, has_earlier_data=False) is None


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_a_trend_points_where_the_counts_went(current: int, previous: int) -> None:
    change = trend(current, previous, has_earlier_data=True)
    assert change is not None
    assert (change + 0.5) * (current - previous) >= 0 or change == 0

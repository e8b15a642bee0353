from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.insights.durations import Spread, median_days, percentage, spread

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def lasting(*hours: float) -> list[tuple[datetime, datetime]]:
    return [(BEGIN, BEGIN + timedelta(hours=h)) for h in hours]


@pytest.mark.parametrize(
    ("hours", "mean", "median"),
    [((1, 2, 6), 3, 2), ((1, 2, 3, 10), 4, 2.5), ((5,), 5, 5), ((0,), 0, 0)],
)
def test_mean_and_median_are_those_of_the_lengths(
    hours: tuple[float, ...], mean: float, median: float
) -> None:
    assert spread(lasting(*hours)) == Spread(len(hours), mean, median)


def test_of_nothing_mean_and_median_are_unknown_and_not_zero() -> None:
    assert spread([]) == Spread(0, None, None)
    assert median_days([]) is None


def test_a_span_that_ends_before_it_begins_is_left_out() -> None:
    assert spread(lasting(-1, 4)) == Spread(1, 4, 4)


@pytest.mark.parametrize(("hours", "days"), [(11, 0), (12, 1), (24, 1), (36, 2), (60, 3)])
def test_half_a_day_is_rounded_up(hours: float, days: int) -> None:
    assert median_days(lasting(hours)) == days


def test_a_percentage_of_nothing_is_unknown() -> None:
    assert percentage(0, 0) is None
    assert percentage(1, 4) == 25


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_the_median_lies_between_the_shortest_and_the_longest(hours: list[int]) -> None:
    median = spread(lasting(*hours)).median_hours
    assert median is not None
    assert min(hours) - 1e-6 <= median <= max(hours) + 1e-6

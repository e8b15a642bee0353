from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.github.limits import (
    Reading,
    clock_skew,
    is_jump,
    merged,
    pause_asked,
    reading_of,
    smoothed,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def budget(remaining: int, in_seconds: int) -> dict[str, str]:
    return {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(NOW.timestamp()) + in_seconds),
        "x-ratelimit-resource": "core",
    }


@pytest.mark.parametrize(
    ("headers", "repeated", "seconds"),
    [
        ({"retry-after": "7"}, 0, 7),
        ({"retry-after": "7", **budget(0, 900)}, 3, 7),
        ({"retry-after": "-3"}, 0, 0),
        ({"retry-after": "soon"}, 0, 60),
        (budget(0, 900), 0, 900),
        (budget(0, -5), 0, 0),
        (budget(14, 900), 0, 60),
        ({}, 0, 60),
        ({}, 1, 120),
        ({}, 2, 240),
        ({}, 40, 3600),
    ],
)
def test_wait_follows_the_documented_order(
    headers: dict[str, str], repeated: int, seconds: int
) -> None:
    assert pause_asked(headers, now=NOW, repeated=repeated) == timedelta(seconds=seconds)


@given(st.dictionaries(st.sampled_from(["retry-after", *budget(0, 1)]), st.text(max_size=12)))
def test_odd_headers_never_give_a_negative_wait_or_an_error(headers: dict[str, str]) -> None:
    assert pause_asked(headers, now=NOW, repeated=0) >= timedelta(0)


def test_reading_names_the_resource_that_was_asked_when_the_answer_does_not() -> None:
    headers = budget(3, 60)
    del headers["x-ratelimit-resource"]
    reading = reading_of(headers, resource="graphql")
    assert reading == Reading("graphql", 5000, 3, NOW + timedelta(seconds=60))


def test_answer_without_budget_headers_gives_no_reading() -> None:
    assert reading_of({}) is None
    assert reading_of({**budget(1, 1), "x-ratelimit-reset": "9" * 30}) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3)), min_size=1))
def test_readings_out_of_order_end_in_the_same_state(pairs: list[tuple[int, int]]) -> None:
    looks = [Reading("core", 50, left, NOW + timedelta(hours=hour)) for left, hour in pairs]

    def after(order: list[Reading]) -> Reading | None:
        known: Reading | None = None
        for look in order:
            known = merged(known, look)
        return known

    assert after(looks) == after(sorted(looks, key=lambda look: (look.remaining, look.resets_at)))


def test_skew_is_how_far_the_local_clock_is_ahead() -> None:
    assert clock_skew({"date": "Fri, 02 Jan 2026 03:03:55 GMT"}, now=NOW) == timedelta(seconds=10)
    assert clock_skew({"date": "yesterday"}, now=NOW) is None
    assert clock_skew({}, now=NOW) is None


def test_skew_is_smoothed_and_a_clock_that_was_set_is_believed() -> None:
    second = timedelta(seconds=1)
    assert smoothed(None, 3 * second) == 3 * second
    assert smoothed(2 * second, 4 * second) == 2.5 * second
    assert smoothed(2 * second, 3600 * second) == 3600 * second
    assert is_jump(None, 6 * second)
    assert not is_jump(None, 2 * second)

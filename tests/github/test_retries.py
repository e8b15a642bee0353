from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.github import (
    Forbidden,
    NotFound,
    RateLimited,
    RequestFailed,
    ResourceLimits,
    RetryPolicy,
    SecondaryLimited,
    ServerTrouble,
    Unreachable,
)
from mainstem.github.retries import Tries, backoff, next_pause

NOW = datetime(2026, 1, 2, tzinfo=UTC)
POLICY = RetryPolicy()


def limited(seconds: float) -> RateLimited:
    wait = timedelta(seconds=seconds)
    return RateLimited("x", "y", "z", resource="core", retry_after=wait, resets_at=NOW + wait)


def pause(error: RequestFailed, tries: Tries, roll: float = 1.0) -> float | None:
    found = next_pause(error, tries, POLICY, roll=roll)
    return None if found is None else found.total_seconds()


@pytest.mark.parametrize(("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (9, 30)])
def test_pauses_double_up_to_the_longest(failures: int, seconds: float) -> None:
    assert backoff(failures, POLICY, roll=1.0) == timedelta(seconds=seconds)
    assert backoff(failures, POLICY, roll=0.0) == timedelta(seconds=seconds / 2)


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_no_pause_is_longer_than_the_longest_or_shorter_than_half_the_first(
    failures: int, roll: float
) -> None:
    assert POLICY.first_pause / 2 <= backoff(failures, POLICY, roll=roll) <= POLICY.longest_pause


def test_trouble_is_tried_again_until_the_attempts_are_used_up() -> None:
    for error in (ServerTrouble("x", "y", "z", status=502), Unreachable("x", "y", "z")):
        assert [pause(error, Tries(failures=n)) for n in range(1, 6)] == [1, 2, 4, 8, None]


def test_query_that_is_perhaps_too_heavy_is_tried_twice_by_whoever_can_ask_for_less() -> None:
    heavy = ServerTrouble("x", "y", "z", status=502, perhaps_heavy=True)
    once, twice = Tries().after(heavy), Tries().after(heavy).after(heavy)
    assert next_pause(heavy, once, POLICY, roll=1.0, narrows=True) == timedelta(seconds=1)
    assert next_pause(heavy, twice, POLICY, roll=1.0, narrows=True) is None
    assert next_pause(heavy, twice, POLICY, roll=1.0) == timedelta(seconds=2)


def test_other_trouble_does_not_count_as_too_heavy() -> None:
    trouble = ServerTrouble("x", "y", "z", status=500)
    twice = Tries().after(trouble).after(trouble)
    assert next_pause(trouble, twice, POLICY, roll=1.0, narrows=True) is not None


@pytest.mark.parametrize("kind", [NotFound, Forbidden, ResourceLimits])
def test_what_another_try_cannot_mend_is_raised_at_once(kind: type[RequestFailed]) -> None:
    assert pause(kind("x", "y", "z"), Tries(failures=1)) is None


def test_server_that_says_how_long_is_believed_within_the_longest_wait() -> None:
    busy = ServerTrouble("x", "y", "z", status=503, retry_after=timedelta(seconds=20))
    closed = ServerTrouble("x", "y", "z", status=503, retry_after=timedelta(hours=1))
    assert pause(busy, Tries(failures=1)) == 20
    assert pause(closed, Tries(failures=1)) is None


def test_short_limit_is_waited_for_and_a_long_one_raised() -> None:
    assert pause(limited(30), Tries(limited=1)) == 31
    assert pause(limited(60), Tries(limited=1)) == 61
    assert pause(limited(61), Tries(limited=1)) is None


def test_limit_that_never_ends_is_not_waited_for_for_ever() -> None:
    slow = SecondaryLimited("x", "y", "z", retry_after=timedelta(seconds=1))
    assert [pause(slow, Tries(limited=n)) for n in range(1, 5)] == [1, 1, 1, None]


def test_limits_do_not_use_up_the_attempts() -> None:
    tries = Tries().after(limited(1)).after(Unreachable("x", "y", "z"))
    assert tries == Tries(failures=1, limited=1)

"""The engine's pure rules, by properties and by tables."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.engine.configuration import Pace
from mainstem.engine.crons import CronSchedule
from mainstem.engine.durations import parse_moment, parse_span
from mainstem.engine.errors import BadDuration, BadExpression, BadMove
from mainstem.engine.expressions import check_expression, is_match, key_of, number_of
from mainstem.engine.gcra import rate_admission, throttle_admission
from mainstem.engine.ids import UlidSource, seeded_ulid
from mainstem.engine.lifecycle import (
    FINAL_RUNS,
    RUN_MOVES,
    RunMove,
    RunStatus,
    moved,
)
from mainstem.engine.limits import DAY, MINUTE, SECOND
from mainstem.engine.retries import BACKOFF, JITTER, next_attempt_at, retry_after_moment

MOMENTS = st.integers(min_value=10**12, max_value=4 * 10**12)
EVENT = {"data": {"user": "ann", "n": 3, "tags": ["a"], "none": None, "k-1": 1}}


@given(st.integers(0, 30), MOMENTS, st.floats(0, 0.999))
def test_a_back_off_never_shrinks_and_spreads_by_half_a_minute(
    attempt: int, now: int, chance: float
) -> None:
    wait = next_attempt_at(attempt, now=now, chance=chance) - now
    base = BACKOFF[min(attempt, len(BACKOFF) - 1)]
    assert base <= wait < base + JITTER
    assert next_attempt_at(attempt + 1, now=now, chance=0) >= next_attempt_at(
        attempt, now=now, chance=0
    )


@given(MOMENTS, st.integers(-10, 10**6))
def test_retry_after_stays_between_a_second_and_a_day(now: int, seconds: int) -> None:
    moment = retry_after_moment(str(seconds), now=now)
    assert moment is not None
    assert SECOND - 1000 < moment - now <= DAY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-01-01T00:01:00.000Z", 60_000),
        ("Tue, 01 Jan 2030 00:01:00 GMT", 60_000),
        ("soon, please", None),
        ("soon", None),
    ],
)
def test_retry_after_takes_dates_and_ignores_nonsense(text: str, expected: int | None) -> None:
    now = parse_moment("2030-01-01T00:00:00Z")
    moment = retry_after_moment(text, now=now)
    assert moment == (None if expected is None else now + expected)


@given(
    st.integers(1, 20),
    st.integers(1, 600),
    st.integers(0, 10),
    st.lists(st.integers(0, 5000), min_size=1, max_size=200),
)
def test_a_throttle_never_admits_more_than_its_rate(
    limit: int, period_s: int, burst: int, pauses: list[int]
) -> None:
    pace, now, tat = Pace(limit, period_s * SECOND, burst), 10**12, None
    starts = []
    for pause in pauses:
        now += pause
        admission = throttle_admission(pace, tat, now)
        if admission.allowed:
            tat = admission.tat
            starts.append(now)
        else:
            assert admission.allowed_at > now
            assert throttle_admission(pace, tat, admission.allowed_at).allowed
    for begin in starts:
        window = [start for start in starts if begin <= start < begin + pace.period_ms]
        assert len(window) <= 2 * limit + burst


@pytest.mark.parametrize(("limit", "admitted"), [(1, 1), (10, 2), (20, 3)])
def test_a_rate_limit_admits_a_tenth_and_one_at_once(limit: int, admitted: int) -> None:
    tat, count = None, 0
    for _ in range(15):
        admission = rate_admission(Pace(limit, MINUTE), tat, 10**12)
        if admission.allowed:
            tat, count = admission.tat, count + 1
    assert count == admitted


@given(st.integers(0, 59), st.integers(0, 23), MOMENTS)
def test_a_daily_cron_comes_within_a_day_on_its_minute(minute: int, hour: int, now: int) -> None:
    due = CronSchedule(f"{minute} {hour} * * *").next_after(now)
    assert due is not None
    assert now < due <= now + DAY
    at = datetime.fromtimestamp(due / 1000, tz=UTC)
    assert (at.hour, at.minute, at.second) == (hour, minute, 0)


@given(MOMENTS, st.integers(2, 300))
def test_a_tick_s_jitter_is_stable_and_bounded(due: int, jitter_s: int) -> None:
    schedule = CronSchedule("* * * * *", jitter_s * SECOND)
    assert SECOND <= schedule.delay_of(due) < jitter_s * SECOND
    assert schedule.delay_of(due) == schedule.delay_of(due)


def test_a_cron_counts_in_its_own_time_zone() -> None:
    now = parse_moment("2030-07-01T00:00:00Z")
    due = CronSchedule("TZ=Europe/Oslo 0 9 * * *").next_after(now)
    assert due == parse_moment("2030-07-01T07:00:00Z")


@pytest.mark.parametrize("text", ["@daily", "* * * *", "TZ=Nowhere/X * * * * *", "61 * * * *"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(BadDuration, match="cron schedule"):
        CronSchedule(text)


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59))
def test_spans_add_up(days: int, hours: int, minutes: int) -> None:
    expected = ((days * 24 + hours) * 60 + minutes) * MINUTE
    assert parse_span(f"{days}d{hours}h{minutes}m") == expected


@pytest.mark.parametrize("text", ["", "5", "1x", "h", "1h ", "-1s"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(BadDuration, match="not a duration"):
        parse_span(text)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("event.data.n == 3 && event.data.user == 'ann'", True),
        ("event.data.missing == null", True),
        ("event.data.missing != 'x'", True),
        ("event.data.missing == 'x'", False),
        ("event.data.very.deep.path == null", True),
        ("event.data['k-1'] == 1", True),
        ("event.data['no-such'] == null", True),
        ("has(event.data.missing)", False),
        ("event.data.user > 5", False),
        ("event.data.missing > 5", False),
        ("event.data.tags.exists(t, t == 'a')", True),
        ("event.data.user.startsWith('a')", True),
        ("'event.data.n' == event.data.user", False),
        ("async.data.n == event.data.n", True),
        ("1 / 0 == 1", False),
    ],
)
def test_a_condition_holds_or_is_no_match(expression: str, expected: bool) -> None:
    assert is_match(expression, EVENT, {"data": {"n": 3}}) is expected


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=8,
    )
)
def test_no_event_can_make_a_key_or_a_condition_fail(data: object) -> None:
    event = {"data": data}
    assert isinstance(key_of("event.data.user.id", event), str)
    assert is_match("event.data.a > 1 && event.data.b.c == 'x'", event) in (True, False)
    assert event == {"data": data}


@pytest.mark.parametrize(
    ("expression", "key"),
    [
        ("event.data.user", "ann"),
        ("event.data.n", "3"),
        ("event.data.user == 'ann'", "true"),
        ("event.data.missing", "null"),
        ("event.data.user + '-' + string(event.data.n)", "ann-3"),
    ],
)
def test_a_key_is_the_text_of_its_value(expression: str, key: str) -> None:
    assert key_of(expression, EVENT) == key


def test_a_priority_that_is_no_whole_number_is_none() -> None:
    assert number_of("event.data.n", EVENT) == 3
    assert number_of("event.data.user", EVENT) == 0
    assert number_of("event.data.n == 3", EVENT) == 0


def test_an_expression_that_does_not_compile_says_so() -> None:
    with pytest.raises(BadExpression, match=r"Cannot compile the expression 'event\.data\.'"):
        check_expression("event.data.")


def test_a_final_state_moves_nowhere() -> None:
    assert {"COMPLETED", "FAILED", "CANCELLED", "SKIPPED"} == FINAL_RUNS
    for state in FINAL_RUNS:
        for move in RunMove:
            with pytest.raises(BadMove, match="no move"):
                moved(RUN_MOVES, RunStatus(state), move)


@given(st.lists(MOMENTS, min_size=2, max_size=50))
def test_ulids_rise_even_when_the_clock_steps_back(moments: list[int]) -> None:
    source = UlidSource()
    ids = [source.next(moment) for moment in moments]
    assert ids == sorted(set(ids))
    assert all(len(each) == 26 for each in ids)


@pytest.mark.parametrize(
    "seed", ["", "x", "1700000000000", "1700000000000,!!", "1,YQ==", "-1,YQ=="]
)
def test_a_malformed_seed_is_ignored(seed: str) -> None:
    assert seeded_ulid(seed, 1) is None

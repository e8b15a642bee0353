"""What may be asked, as decisions over values: no clock, no network, no database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.github.budget_rules import MOST_LENT, RESERVE, RULES, UNPACED, WINDOW, Rule
from mainstem.github.budgets import (
    Budget,
    Loan,
    Refusal,
    Wish,
    busied,
    lend,
    opened,
    per_minute,
    quieted,
    repaid,
    room_for,
    told,
)
from mainstem.github.limits import Reading
from mainstem.github.priorities import Priority

BRIEFLY = settings(deadline=None, max_examples=40)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
CORE, QUERIES = RULES["core"], RULES["graphql"]


def full(remaining: int = 5_000, limit: int = 5_000) -> Budget:
    return Budget(limit=limit, remaining=remaining, resets_at=NOW + HOUR)


def reading(remaining: int, after: timedelta = HOUR) -> Reading:
    return Reading("core", 5_000, remaining, NOW + after)


def wish(priority: Priority = "normal", points: int = 1) -> Wish:
    return Wish(points, priority, MINUTE)


def test_where_there_is_plenty_ten_points_are_lent_at_a_time() -> None:
    budget, loan = lend(full(), wish(), CORE, NOW)
    assert loan == Loan(MOST_LENT, NOW)
    assert budget.remaining == 5_000 - MOST_LENT


def test_near_the_end_a_point_is_lent_at_a_time() -> None:
    assert lend(full(580), wish(), UNPACED["core"], NOW)[1] == Loan(1, NOW)


@pytest.mark.parametrize("priority", ["normal", "backfill"])
def test_the_last_tenth_is_kept_for_a_user_who_waits(priority: Priority) -> None:
    budget = full(500)
    assert lend(budget, wish(priority), CORE, NOW)[1] == Refusal("reserve", NOW + HOUR)
    assert isinstance(lend(budget, wish("interactive"), CORE, NOW)[1], Loan)


def test_spent_budget_refuses_everybody_until_the_reset() -> None:
    assert lend(full(0), wish("interactive"), CORE, NOW)[1] == Refusal("spent", NOW + HOUR)
    assert isinstance(lend(full(0), wish(), CORE, NOW + HOUR)[1], Loan)


def test_request_dearer_than_a_whole_budget_is_tried_with_a_full_one() -> None:
    assert lend(full(60, limit=60), wish(points=80), CORE, NOW)[1] == Loan(80, NOW)
    assert isinstance(lend(full(50, limit=60), wish(points=80), CORE, NOW)[1], Refusal)


@pytest.mark.parametrize(
    ("priority", "remaining", "apart"),
    [("normal", 1_200, 3_600 / 700), ("backfill", 2_400, 3_600 / 1_900), ("normal", 2_400, 0)],
)
def test_low_budget_is_spread_over_the_time_to_its_reset(
    priority: Priority, remaining: int, apart: float
) -> None:
    budget, first = lend(full(remaining), wish(priority), CORE, NOW)
    budget, second = lend(budget, wish(priority), CORE, NOW)
    _, third = lend(budget, wish(priority), CORE, NOW)
    assert isinstance(first, Loan)
    assert isinstance(second, Loan)
    assert isinstance(third, Loan)
    assert first.at == NOW
    assert (third.at - second.at).total_seconds() == pytest.approx(apart, abs=0.02)


def test_user_who_waits_does_not_wait_behind_what_is_spread() -> None:
    budget = full(1_200)
    for _ in range(8):
        budget, _ = lend(budget, wish(), CORE, NOW)
    assert lend(budget, wish("interactive"), CORE, NOW)[1] == Loan(10, NOW)


def test_spread_that_outlasts_the_wait_is_refused_and_not_booked() -> None:
    budget = replace(full(1_200), next_at=NOW + 2 * MINUTE)
    after, answer = lend(budget, wish(), CORE, NOW)
    assert isinstance(answer, Refusal)
    assert (answer.why, after.next_at) == ("pace", budget.next_at)


@BRIEFLY
@given(
    gaps=st.lists(st.floats(min_value=0, max_value=20), min_size=20, max_size=400),
    rule=st.sampled_from([CORE, QUERIES, RULES["search"]]),
    points=st.integers(min_value=1, max_value=3),
)
def test_no_minute_ever_holds_more_points_than_github_allows(
    gaps: list[float], rule: Rule, points: int
) -> None:
    budget, now, sent = full(10**6, 10**6), NOW, list[tuple[datetime, int]]()
    for gap in gaps:
        now += timedelta(seconds=gap / 20)
        budget, loan = lend(budget, wish(points=points), rule, now)
        if isinstance(loan, Loan):
            sent.append((loan.at, loan.points))
    for end, _ in sent:
        assert sum(n for at, n in sent if end - WINDOW < at <= end) <= rule.per_minute


@BRIEFLY
@given(
    st.lists(
        st.tuples(st.integers(0, 100), st.sampled_from(["normal", "interactive"])), max_size=60
    )
)
def test_what_is_lent_and_given_back_is_never_more_than_the_budget(
    moves: list[tuple[int, Priority]],
) -> None:
    budget, out = full(60, limit=60), 0
    for unspent, priority in moves:
        budget, loan = lend(budget, wish(priority), UNPACED["core"], NOW)
        if isinstance(loan, Loan):
            back = min(unspent, loan.points)
            budget = repaid(budget, back, window=budget.resets_at)
            out += loan.points - back
        assert out + (budget.remaining or 0) == 60


def test_lowest_remainder_of_a_window_counts_and_an_earlier_window_does_not() -> None:
    budget = told(full(), reading(70))
    assert told(budget, reading(90)).remaining == 70
    assert told(budget, reading(60, HOUR + timedelta(seconds=1))).remaining == 60
    assert told(budget, reading(10, -HOUR)) == budget
    assert told(budget, reading(4_999, 2 * HOUR)).remaining == 4_999


def test_after_a_reset_what_was_lent_before_the_first_answer_is_not_lent_again() -> None:
    later = NOW + HOUR
    budget, _ = lend(full(3), wish(), UNPACED["core"], later)
    assert (budget.remaining, budget.resets_at) == (4_990, None)
    assert told(budget, reading(4_999, 2 * HOUR)).remaining == 4_990


def test_what_was_lent_before_the_first_answer_of_all_is_not_lent_again() -> None:
    budget, loan = lend(Budget(), wish(), CORE, NOW)
    assert isinstance(loan, Loan)
    budget = told(repaid(budget, 1, window=None), reading(4_999))
    assert budget.remaining == 5_000 - loan.points + 1


def test_points_of_an_ended_window_are_not_given_back() -> None:
    assert repaid(full(10), 5, window=NOW - HOUR).remaining == 10
    assert opened(full(10), NOW + HOUR).remaining == 5_000


def met(budget: Budget, sent: int, now: datetime = NOW) -> Budget:
    return quieted(budget, cause="GET /pulls", until=now + MINUTE, sent_per_minute=sent, now=now)


def test_secondary_limit_silences_everybody_and_then_halves_the_pace() -> None:
    budget = met(full(), 400)
    assert lend(budget, wish("interactive"), CORE, NOW)[1] == Refusal("quiet", NOW + MINUTE)
    assert per_minute(budget, CORE, NOW) == 200
    assert (budget.quiet_cause, budget.quiet_repeats) == ("GET /pulls", 1)


def test_pace_rises_to_nine_tenths_within_an_hour_and_no_further_for_a_day() -> None:
    budget = met(full(), 400)
    assert per_minute(budget, CORE, NOW + HOUR / 2) == pytest.approx(280)
    assert per_minute(budget, CORE, NOW + 23 * HOUR) == pytest.approx(360)
    assert per_minute(budget, CORE, NOW + 24 * HOUR) == CORE.steady


def test_limit_met_by_several_requests_under_way_is_met_once() -> None:
    budget = met(met(full(), 400), 400, NOW + timedelta(seconds=1))
    assert (budget.quiet_repeats, per_minute(budget, CORE, NOW)) == (1, 200)
    assert budget.quiet_until == NOW + MINUTE + timedelta(seconds=1)


def test_limit_met_again_halves_the_halved_pace() -> None:
    budget = met(met(full(), 400), 390, NOW + 2 * MINUTE)
    assert (budget.quiet_repeats, budget.met_per_minute) == (2, 200)
    assert per_minute(budget, CORE, NOW + 2 * MINUTE) == 100


@BRIEFLY
@given(
    start=st.integers(min_value=20, max_value=900),
    rush=st.integers(min_value=1, max_value=200),
    priority=st.sampled_from(["normal", "backfill", "interactive"]),
)
def test_pace_at_which_a_limit_was_met_is_not_reached_again(
    start: int, rush: int, priority: Priority
) -> None:
    budget, now = met(full(10**6, 10**6), start), NOW + MINUTE
    sent: list[datetime] = []
    for _ in range(rush):
        budget, loan = lend(budget, Wish(1, priority, HOUR), CORE, now)
        assert isinstance(loan, Loan)
        sent += [loan.at] * loan.points
        now = max(now, loan.at)
    for end in sent:
        assert sum(1 for at in sent if end - WINDOW < at <= end) < start


def test_githubs_own_time_delays_the_next_point() -> None:
    one_after_the_other, now = full(), NOW
    for _ in range(60):
        now += timedelta(seconds=2)
        budget = busied(one_after_the_other, timedelta(seconds=2), now)
        one_after_the_other, loan = lend(budget, wish(), QUERIES, now)
        assert isinstance(loan, Loan)
        assert loan.at == now
    three_at_once, now, waited = full(), NOW, False
    for _ in range(60):
        now += timedelta(seconds=2)
        budget = busied(three_at_once, timedelta(seconds=6), now)
        three_at_once, loan = lend(budget, wish(), QUERIES, now)
        waited = waited or isinstance(loan, Refusal) or loan.at > now
    assert waited


def test_room_is_what_the_priority_may_spend() -> None:
    assert room_for(full(700), "backfill") == 700 - 5_000 * RESERVE
    assert room_for(full(700), "interactive") == 700
    assert room_for(Budget(), "normal") is None


def test_however_often_a_limit_was_met_a_query_finds_a_place_within_a_minute() -> None:
    # Whoever is sent away begins anew: a place that is always too far off is never reached.
    budget, now = full(), NOW
    for _ in range(20):
        now += MINUTE
        budget = quieted(budget, cause="x", until=now, sent_per_minute=1, now=now)
    for _ in range(10):
        budget, loan = lend(budget, wish(points=8), QUERIES, now)
        assert isinstance(loan, Loan)
        now = loan.at

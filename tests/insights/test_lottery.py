import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.insights.lottery import load_lottery_factor, lottery_factor, risk_of

from .conftest import Stored, when


@pytest.mark.parametrize(
    ("share", "risk"),
    [(100, "high"), (60, "high"), (59.999, "medium"), (40, "medium"), (39.999, "low"), (0, "low")],
)
def test_the_levels_begin_at_60_and_at_40(share: float, risk: str) -> None:
    assert risk_of(share) == risk


def test_the_two_busiest_are_added_up_and_seven_are_listed() -> None:
    factor = lottery_factor([(f"p{n}", 1) for n in range(8)] + [("ann", 8), ("bob", 4)], 20)
    assert (factor.risk, factor.top_percentage, factor.contributors) == ("high", 60, 10)
    assert [share.login for share in factor.leading] == ["ann", "bob", "p0", "p1", "p2", "p3", "p4"]
    assert factor.leading[0].percentage == 40


def test_nothing_is_a_low_risk_of_zero() -> None:
    assert (lottery_factor([], 0).risk, lottery_factor([], 0).top_percentage) == ("low", 0)


def test_the_risk_is_judged_before_rounding() -> None:
    # 19 of 32 is 59.375 %, and 596 of 1,000 is shown as 60 without being high.
    factor = lottery_factor([("ann", 300), ("bob", 296), *((f"p{n}", 1) for n in range(404))], 1000)
    assert (factor.top_percentage, factor.risk) == (60, "medium")


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(1, 50), min_size=1))
def test_shares_never_exceed_the_whole(counts: dict[str, int]) -> None:
    factor = lottery_factor(list(counts.items()), sum(counts.values()))
    assert 0 < sum(share.percentage for share in factor.leading) <= 100 + 1e-9
    assert factor.contributors == len(counts)


def test_bots_are_left_out_unless_asked_for(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2026-03-01")
    stored.pull(2, by="ci[bot]", at="2026-03-01")
    stored.pull(3, by="?helper-bot", at="2026-03-01")
    people = stored.ask(load_lottery_factor, stored.repository_id)
    everybody = stored.ask(load_lottery_factor, stored.repository_id, include_bots=True)
    assert (people.pulls, people.contributors) == (1, 1)
    assert (everybody.pulls, everybody.contributors) == (3, 3)


def test_a_deleted_account_counts_as_work_and_not_as_a_person(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2026-03-01")
    stored.pull(2, by=None, at="2026-03-01")
    factor = stored.ask(load_lottery_factor, stored.repository_id)
    assert (factor.pulls, factor.contributors, factor.top_percentage) == (2, 1, 50)


def test_only_pull_requests_created_strictly_after_the_start_count(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2026-03-01T12:00:00")
    stored.pull(2, by="bob", at="2026-03-01T12:00:01")
    since = when("2026-03-01T12:00:00")
    factor = stored.ask(load_lottery_factor, stored.repository_id, since=since)
    assert [share.login for share in factor.leading] == ["bob"]

"""How wide the next page is: grows while GitHub is quick, shrinks when it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.github import Effort, Width, width_after
from mainstem.github.widths import GOOD_SECONDS, PATIENCE, SLOW_SECONDS, Answered, narrower

EFFORTS = st.builds(Effort, st.integers(1, 100), st.floats(0, 30), st.none() | st.integers(1, 100))


def served(limit: int | None, seconds_an_item: float, pages: int) -> tuple[list[int], int]:
    """The widths that got through a server that answers at most `limit` items, and its refusals."""
    known, widths, refusals = Width(), [], 0
    for _ in range(pages):
        asked, refused = known.widest, None
        while limit is not None and asked > limit:
            refused, refusals = asked, refusals + 1
            asked = narrower(asked, safe=known.safe) or 1
        widths.append(asked)
        known = width_after(known, Effort(asked, asked * seconds_an_item, refused))
    return widths, refusals


@given(EFFORTS, EFFORTS, EFFORTS)
def test_any_answers_leave_a_width_that_may_be_asked_for(a: Effort, b: Effort, c: Effort) -> None:
    known = Width()
    for effort in (a, b, c):
        known = width_after(known, effort)
        assert 1 <= known.widest <= 100


def test_a_quick_server_is_asked_for_full_pages_after_two() -> None:
    assert served(None, 0.0, 4)[0] == [25, 50, 100, 100]


def test_pages_settle_where_they_take_a_good_time() -> None:
    widths, refusals = served(None, 0.1, 10)
    assert refusals == 0
    assert 30 <= widths[-1] <= 40
    assert max(widths) * 0.1 <= GOOD_SECONDS


@pytest.mark.parametrize("limit", [1, 7, 25, 33, 40, 64, 99])
def test_a_hard_limit_is_found_at_the_price_of_few_refusals(limit: int) -> None:
    widths, refusals = served(limit, 0.0, PATIENCE)
    assert refusals <= 8
    assert widths[-1] >= limit * 0.9


def test_a_width_that_failed_is_tried_again_after_a_while_only() -> None:
    widths, refusals = served(40, 0.0, 10 * PATIENCE)
    assert refusals <= 50
    assert sum(widths) / len(widths) > 36


def test_a_slow_answer_halves_the_next_page() -> None:
    assert width_after(Width(40), Effort(40, SLOW_SECONDS)).widest == 20


def test_a_page_narrower_than_the_known_width_teaches_nothing() -> None:
    assert width_after(Width(80), Effort(3, 0.1)).widest == 80


def test_after_a_refusal_the_width_that_worked_is_asked_for_again_not_half() -> None:
    assert narrower(50, safe=37) == 37
    assert (narrower(50), narrower(50, safe=80), narrower(1)) == (25, 25, None)


@pytest.mark.parametrize("page", [0, 101, -1])
def test_a_width_that_github_refuses_is_refused_before(page: int) -> None:
    with pytest.raises(ValueError, match=f"A page cannot have {page} items"):
        Width(page)


def test_width_that_was_narrowed_to_is_the_next_to_begin_with() -> None:
    known, place = Answered(), ("Outlines", "o", "r")
    known.note(place, 100, refused=None)
    assert known.first(place, 100) == 100
    known.note(place, 25, refused=50)
    assert known.first(place, 100) == 25
    assert known.first(place, 10) == 10
    assert known.first(("Outlines", "o", "other"), 100) == 100


def test_width_grows_again_towards_the_one_that_was_refused() -> None:
    known, place = Answered(), ("Outlines", "o", "r")
    known.note(place, 12, refused=25)
    for _ in range(4):
        known.note(place, known.first(place, 100), refused=None)
    assert known.first(place, 100) in (23, 24)

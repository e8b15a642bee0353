import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.github.widths import ISSUES_PER_PAGE, PULLS_PER_PAGE, THREADS_PER_PULL, Widths


@given(st.integers(1, 100), st.integers(1, 100))
def test_narrowing_always_ends_at_one_of_everything(page: int, threads: int) -> None:
    width, steps = Widths(page=page, threads=threads), 0
    while narrower := width.narrower():
        assert narrower.page <= width.page
        width, steps = narrower, steps + 1
    assert width == Widths(page=1, threads=1, nested=1, thread_comments=1)
    assert steps <= 10


@pytest.mark.parametrize("page", [0, 101, -1])
def test_size_that_github_refuses_is_refused_before(page: int) -> None:
    with pytest.raises(ValueError, match=f"Cannot ask GitHub for {page} items"):
        Widths(page=page)


def test_default_pages_cost_one_point_by_githubs_formula() -> None:
    # One list of pull requests; four lists for each, and the comments of each thread.
    assert 1 + PULLS_PER_PAGE * (4 + THREADS_PER_PULL) < 150
    assert 1 + ISSUES_PER_PAGE * 3 < 150

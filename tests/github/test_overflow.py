"""What did not fit a page: how it is asked for, and what is never taken for complete."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.github import BadAnswer, Effort, Gap
from mainstem.github.graphql_payloads import read_nested
from mainstem.github.overflow import MOST_ITEMS, Reach, follow_up, gap_in, within
from mainstem.github.payload import Fields

EFFORT = Effort(1, 0.0)


def part(nodes: list[Any], total: int, cursor: str | None = None) -> dict[str, Any]:
    """A connection; a cursor says that it goes on."""
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    return {"totalCount": total, "nodes": nodes, "pageInfo": info}


def review(number: int) -> dict[str, Any]:
    return {
        "fullDatabaseId": str(number), "state": "APPROVED", "body": "", "author": None,
        "commit": None, "submittedAt": "2026-01-02T00:00:00Z",
    }  # fmt: skip


def gap(missing: int = 8, cursor: str = "a") -> Gap:
    return Gap("reviews", 5, "P", cursor, missing)


def test_a_list_that_ends_leaves_no_gap() -> None:
    parent = Fields({"id": "P", "reviews": part([{}], 1)}, "pull request 5")
    assert list(gap_in(parent, "reviews", "reviews", 5)) == []


def test_a_list_that_goes_on_says_where_and_how_much() -> None:
    parent = Fields({"id": "P", "reviews": part([{}], 101, "c")}, "pull request 5")
    assert list(gap_in(parent, "reviews", "reviews", 5)) == [Gap("reviews", 5, "P", "c", 100)]


def test_a_timeline_counts_what_its_filter_leaves() -> None:
    timeline = {**part([{}], 900, "c"), "filteredCount": 4}
    parent = Fields({"id": "P", "timelineItems": timeline}, "pull request 5")
    (found,) = gap_in(parent, "timelineItems", "timeline", 5)
    assert found.missing == 3


@given(st.integers(1, 300), st.integers(1, 100))
def test_a_follow_up_asks_for_exactly_what_is_missing_within_reach(missing: int, size: int) -> None:
    query, variables = follow_up([gap(missing)], Reach(size=size))
    assert f"reviews(first: {min(missing, size, 100)}, after: $a0)" in query.text
    assert variables == {"n0": "P", "a0": "a"}


@given(st.lists(st.integers(1, 400), min_size=1, max_size=120), st.integers(1, 100))
def test_one_follow_up_stays_within_its_bounds_and_always_moves_on(
    missing: list[int], aliases: int
) -> None:
    chosen = within([gap(each) for each in missing], Reach(aliases))
    assert 1 <= len(chosen) <= aliases
    assert len(chosen) == 1 or sum(min(each.missing, 100) for each in chosen) <= MOST_ITEMS


def test_what_came_is_read_and_what_still_goes_on_is_a_gap() -> None:
    data = Fields({"g0": {"reviews": part([review(2), review(3)], 9, "b")}}, "answer")
    parts = read_nested([gap()], data, EFFORT)
    assert [found.id for found in parts.reviews] == [2, 3]
    assert parts.gaps == (gap(missing=6, cursor="b"),)


@pytest.mark.parametrize("more", [part([review(2)], 9, "a"), part([], 9, "b")])
def test_a_list_that_goes_on_without_moving_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(BadAnswer, match="says that it goes on, and does not"):
        read_nested([gap()], Fields({"g0": {"reviews": more}}, "answer"), EFFORT)


def test_a_parent_that_is_null_is_gone_not_empty() -> None:
    parts = read_nested([gap()], Fields({"g0": None}, "answer"), EFFORT)
    assert (parts.gone, parts.gaps, parts.reviews) == ((gap(),), (), ())


def test_reach_halves_lists_first_and_ends() -> None:
    steps = [Reach()]
    while narrower := steps[-1].narrower():
        steps.append(narrower)
    assert [step.aliases for step in steps[:6]] == [50, 25, 12, 6, 3, 1]
    assert [step.size for step in steps[5:]] == [100, 50, 25, 12, 6, 3, 1]

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.github import BadAnswer
from mainstem.github.overflow import Gap, Reach, fill, follow_up, issue_gaps, pull_gaps
from mainstem.github.payload import Fields


def part(nodes: list[Any], total: int, cursor: str | None = None) -> dict[str, Any]:
    """A connection; a cursor says that it goes on."""
    info = {"hasNextPage": cursor is not None, "endCursor": cursor}
    return {"totalCount": total, "nodes": nodes, "pageInfo": info}


def pull(**lists: Any) -> Fields:
    whole = {"id": "P", "reviews": part([], 0), "comments": part([], 0)}
    return Fields(whole | {"reviewThreads": part([], 0)} | lists, "pull request 5")


def test_complete_pull_has_no_gap() -> None:
    assert pull_gaps([pull()]) == []


def test_each_list_that_goes_on_is_a_gap_threads_included() -> None:
    long_thread = {"id": "T", "comments": part([{}], 60, "c")}
    threads = part([long_thread, {"id": "U", "comments": part([], 0)}], 9, "c")
    wide = pull(reviews=part([{}], 101, "c"), comments=part([{}], 2, "c"), reviewThreads=threads)
    gaps = pull_gaps([pull(), wide])
    assert [gap.kind for gap in gaps] == ["reviews", "pull_comments", "threads", "thread_comments"]
    assert [gap.node_id for gap in gaps] == ["P", "P", "P", "T"]


def test_issue_without_labels_field_has_no_gap_there() -> None:
    lists = {"labels": None, "assignees": part([], 0), "comments": part([{}], 101, "c")}
    gaps = issue_gaps([Fields({"id": "I", **lists}, "issue 3")])
    assert [gap.kind for gap in gaps] == ["issue_comments"]


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 100))
def test_follow_up_asks_for_exactly_what_is_missing_within_reach(
    here: int, total: int, size: int
) -> None:
    query, variables = follow_up(
        [Gap("reviews", "P", part([{}] * here, total, "c"), "x")], Reach(size=size)
    )
    wanted = min(max(1, total - here), size, 100)
    assert f"reviews(first: {wanted}, after: $a0)" in query.text
    assert variables == {"n0": "P", "a0": "c"}


def test_filled_list_holds_what_was_there_and_what_came() -> None:
    held = part([{"n": 1}], 3, "a")
    gap = Gap("reviews", "P", held, "x")
    fill([gap], Fields({"g0": {"reviews": part([{"n": 2}, {"n": 3}], 3)}}, "answer"))
    assert [node["n"] for node in held["nodes"]] == [1, 2, 3]
    assert held["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize("more", [part([{}], 9, "a"), part([], 9, "b")])
def test_list_that_goes_on_without_moving_is_refused(more: dict[str, Any]) -> None:
    gap = Gap("reviews", "P", part([{}], 9, "a"), "reviews of 5")
    with pytest.raises(BadAnswer, match="says that it goes on, and does not"):
        fill([gap], Fields({"g0": {"reviews": more}}, "answer"))


def test_parent_that_is_null_is_never_taken_for_empty() -> None:
    gap = Gap("reviews", "P", part([{}], 9, "a"), "reviews of 5")
    with pytest.raises(BadAnswer, match="found null, expected the PullRequest"):
        fill([gap], Fields({"g0": None}, "answer"))


def test_reach_halves_lists_first_and_ends() -> None:
    steps = [Reach()]
    while narrower := steps[-1].narrower():
        steps.append(narrower)
    assert [step.aliases for step in steps[:6]] == [50, 25, 12, 6, 3, 1]
    assert [step.size for step in steps[5:]] == [100, 50, 25, 12, 6, 3, 1]

"""Completeness: GitHub's totals beside ours, and what follows from them."""

import pytest

from mainstem.insights import Completeness, load_completeness
from mainstem.insights.completeness import completeness_of
from mainstem.store import (
    ListCount,
    StoredGap,
    ids,
    mark_deleted,
    note_totals,
    replace_gaps,
    set_details_synced,
)

from .conftest import Stored, when

NOW = when("2026-03-20")


@pytest.fixture
def whole(stored: Stored) -> Stored:
    """Two pull requests, captured with all that belongs to them."""
    for number in (1, 2):
        pull = stored.pull(number, by="ann", at="2026-03-01")
        stored.database.write(set_details_synced, [pull], NOW)
    return stored


def told(stored: Stored) -> Completeness:
    return stored.ask(load_completeness, stored.repository_id)


@pytest.mark.parametrize(
    ("total", "held", "is_complete"), [(2, 2, True), (3, 2, False), (1, 2, False), (None, 2, None)]
)
def test_a_list_is_complete_when_both_count_the_same(
    total: int | None, held: int, is_complete: bool | None
) -> None:
    assert completeness_of(ListCount("pulls", total, held, NOW)).is_complete is is_complete


def test_lists_that_were_never_compared_are_unknown(whole: Stored) -> None:
    lists = told(whole).lists
    assert [one.name for one in lists] == ["pulls", "issues", "review-comments", "comments"]
    assert {one.is_complete for one in lists} == {None}


def test_the_totals_come_with_the_moment_of_their_count(whole: Stored) -> None:
    whole.database.write(note_totals, whole.repository_id, {"pulls": 2}, NOW)
    pulls = told(whole).lists[0]
    assert (pulls.total, pulls.stored, pulls.is_complete, pulls.counted_at) == (2, 2, True, NOW)
    assert told(whole).status == "success"


def test_a_record_that_is_missing_makes_the_data_partial(whole: Stored) -> None:
    whole.database.write(note_totals, whole.repository_id, {"pulls": 3}, NOW)
    assert told(whole).status == "partial_data"


def test_what_is_marked_as_gone_is_not_counted(whole: Stored) -> None:
    gone = [ids.pull_request_id(1, 2)]
    whole.database.write(lambda conn: mark_deleted(conn, "pull_request", ids=gone, at=NOW))
    counted = whole.database.write(note_totals, whole.repository_id, {"pulls": 1}, NOW)
    assert counted == {"pulls": 1}


def test_a_list_that_goes_on_makes_the_data_partial(whole: Stored) -> None:
    gap = StoredGap("reviews", 1, "node", None, 40)
    whole.database.write(replace_gaps, whole.repository_id, [1], [gap], NOW)
    how = told(whole)
    assert (how.status, how.open_lists, how.open_items) == ("partial_data", 1, 40)


def test_comments_on_pull_requests_are_told_beside_githubs_count(whole: Stored) -> None:
    counted = whole.pull(3, by="ann", at="2026-03-02", comments_count=2)
    uncounted = whole.pull(4, by="ann", at="2026-03-02")
    for pull in (counted, uncounted):
        whole.comment(by="bob", at="2026-03-03", pull=pull)
    how = told(whole)
    assert (how.expected_pull_comments, how.stored_pull_comments) == (2, 1)


def test_the_cursors_of_a_reconciliation_are_no_histories(whole: Stored) -> None:
    whole.database.write(note_totals, whole.repository_id, {"pulls": 2}, NOW)
    assert told(whole).histories == ()

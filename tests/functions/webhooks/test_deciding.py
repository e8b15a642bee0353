"""Which record is newer: by its time, by what a partial one lacks, by how far on it is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mainstem.functions.webhooks.deciding import counted, newer_record, newer_text

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)


def record(seconds: int = 0, **more: Any) -> dict[str, Any]:
    known = {"title": "A quay", "state": "open", "additions": 5, "labels": []}
    return known | {"updated_at": AT + timedelta(seconds=seconds), "comments_count": 0} | more


def test_what_is_not_stored_is_written_whole() -> None:
    assert newer_record(None, record()).columns == record()


def test_a_newer_record_is_written_and_an_older_one_is_not() -> None:
    assert newer_record(record(), record(1, title="A pier")).columns["title"] == "A pier"
    assert newer_record(record(1), record(title="A pier")).columns == {}


def test_an_older_record_with_other_sizes_leaves_a_doubt() -> None:
    assert newer_record(record(1), record(additions=9)).in_doubt
    assert not newer_record(record(1), record(title="A pier")).in_doubt


@pytest.mark.parametrize("our_clock", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_capture_since_then_settles_the_doubt_whatever_our_clock_says(
    our_clock: timedelta,
) -> None:
    captured = record(1, details_synced_at=AT + our_clock)
    assert not newer_record(captured, record(additions=9)).in_doubt
    told = captured | {"read_up_to": AT - timedelta(seconds=1)}
    assert newer_record(told, record(additions=9)).in_doubt


def test_what_was_just_opened_leaves_a_doubt_only_about_what_is_unknown() -> None:
    opened = record(additions=9)
    assert not newer_record(record(1), opened, is_first=True).in_doubt
    assert newer_record(record(1, additions=None), opened, is_first=True).in_doubt


@pytest.mark.parametrize("further", [{"state": "closed"}, {"state": "merged"}, {"labels": ["bug"]}])
def test_of_one_second_the_one_that_is_further_on_wins_in_either_order(
    further: dict[str, Any],
) -> None:
    first, second = record(), record(**further)
    assert {**first, **newer_record(first, second).columns} == second
    assert {**second, **newer_record(second, first).columns} == second


def test_of_one_second_what_was_opened_only_fills_what_is_unknown() -> None:
    stored = record(additions=None, labels=["bug"])
    assert newer_record(stored, record(), is_first=True).columns == {"additions": 5}


def test_of_one_second_the_same_record_changes_nothing() -> None:
    assert newer_record(record(comments_count=3), record()).columns == {}


@pytest.mark.parametrize(
    ("stored", "before", "after", "newer"),
    [
        ("one", "one", "two", True),
        ("two", "one", "two", False),
        ("three", "one", "two", None),
        (None, "", "two", True),
        ("one", None, "two", True),
    ],
)
def test_an_edit_is_newer_if_it_replaced_what_is_stored(
    stored: str | None, before: str | None, after: str, newer: bool | None
) -> None:
    assert newer_text(stored, before, after) is newer


@pytest.mark.parametrize(
    ("stored", "before", "after", "count"),
    [
        (None, 0, 1, None),  # unknown stays unknown
        (0, 0, 1, 1),  # of the moment before
        (1, 0, 1, 1),  # of the moment after
        (7, 0, 1, 7),  # the others are not stored
        (3, 3, 2, 2),  # one is gone
        (2, 3, 2, 2),
        (1, 2, 3, 3),  # no fewer than there are
    ],
)
def test_a_count_follows_what_is_stored(
    stored: int | None, before: int, after: int, count: int | None
) -> None:
    assert counted(stored, before=before, after=after) == count

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.github import UNSET, BadAnswer
from mainstem.github.payload import Fields, moment, rows, stamp

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("k"), inner, max_size=1),
    max_leaves=4,
)
READERS = [
    "text", "text_or_none", "text_or_empty", "filled_text", "number", "number_or_none",
    "big_number", "big_number_or_none", "flag", "flag_or_none", "time", "time_or_none", "child",
    "child_or_none", "items",
]  # fmt: skip


@given(JSON, st.sampled_from(READERS))
def test_any_json_is_either_read_or_refused_by_name(value: Any, reader: str) -> None:
    fields = Fields({"k": value}, "pull request 5")
    with contextlib.suppress(BadAnswer):
        getattr(fields, reader)("k")
        return
    with pytest.raises(BadAnswer, match="'k' of pull request 5"):
        getattr(fields, reader)("k")


def test_error_says_which_key_of_what_and_shows_no_value() -> None:
    with pytest.raises(
        BadAnswer, match=r"Cannot get 'number' of pull request 5 .*found text, expected a whole"
    ) as caught:
        Fields({"number": "secret"}, "pull request 5").number("number")
    assert "secret" not in str(caught.value)


def test_truth_value_is_no_number_and_a_number_no_truth_value() -> None:
    for key, reader in (("yes", "number"), ("one", "flag")):
        with pytest.raises(BadAnswer):
            getattr(Fields({"yes": True, "one": 1}, "x"), reader)(key)


def test_big_number_comes_as_text_beyond_32_bits_or_as_a_number() -> None:
    fields = Fields({"text": "9007199254740993", "number": 5, "none": None}, "x")
    assert fields.big_number("text") == 9007199254740993
    assert fields.big_number("number") == 5
    assert fields.big_number_or_none("none") is None


def test_missing_key_is_unset_and_null_is_none() -> None:
    fields = Fields({"here": None}, "x")
    assert fields.maybe(fields.text_or_none, "here") is None
    assert fields.maybe(fields.text_or_none, "gone") is UNSET


def test_items_of_a_list_are_named_by_their_place() -> None:
    with pytest.raises(
        BadAnswer, match=r"item 1 of pages .*found a number, expected an object"
    ) as e:
        rows([{}, 5], "pages")
    assert e.value.is_final
    with pytest.raises(BadAnswer, match="expected a list"):
        rows({}, "pages")
    with pytest.raises(BadAnswer, match="item 0 of 'k' of x"):
        list(Fields({"k": [None]}, "x").children("k"))


def test_times_are_utc_whatever_the_offset() -> None:
    expected = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for text in ("2026-01-02T03:04:05Z", "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05"):
        assert moment(text) == expected
    with pytest.raises(BadAnswer, match="a time such as"):
        Fields({"k": "yesterday"}, "x").time("k")


@given(st.datetimes(datetime(2008, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_stamp_and_moment_undo_each_other_to_the_second(time: datetime) -> None:
    written = stamp(time)
    assert written is not None
    assert moment(written) == time.replace(microsecond=0)
    assert stamp(None) is None

"""From when on lists are asked for, where they go on, and what is kept of a refresh."""

from datetime import datetime, timedelta

import pytest

from mainstem.functions.capture.refresh_note import (
    RefreshNote,
    Walk,
    following,
    load_refresh,
    next_since,
    place_of,
    save_refresh,
    time_of,
)
from mainstem.functions.capture.refresh_storing import has_all
from mainstem.functions.capture.storing import Counts, Tally

from .conftest import Build
from .house import NOW

OVERLAP = timedelta(minutes=2)


def after(*minutes: float) -> list[datetime]:
    return [NOW + timedelta(minutes=minute) for minute in minutes]


def since_behind(times: list[datetime], *, goes_on: bool = False) -> datetime | None:
    return next_since(NOW, times, seen=len(times), goes_on=goes_on, overlap=OVERLAP)


def test_the_time_is_held_still_while_there_is_room_on_the_page() -> None:
    assert since_behind(after(*range(49))) == NOW


def test_half_a_page_moves_it_to_the_last_time_less_the_overlap() -> None:
    assert since_behind(after(*range(60))) == after(57)[0]


def test_a_list_that_goes_on_moves_it_however_short() -> None:
    assert since_behind(after(1, 5), goes_on=True) == after(3)[0]


def test_a_burst_within_the_overlap_moves_it_to_the_last_time_itself() -> None:
    assert since_behind(after(*(n / 60 for n in range(100)))) == after(99 / 60)[0]


def test_an_import_within_one_second_moves_it_behind_that() -> None:
    assert since_behind(after(*[3] * 100)) == after(3)[0] + timedelta(seconds=1)


def test_an_empty_answer_moves_nothing() -> None:
    assert since_behind([]) == NOW


def test_a_list_goes_on_at_the_last_time_seen() -> None:
    place = following(after(1, 2, 2), "/next")
    assert place == place_of(after(2)[0])
    assert place is not None
    assert time_of(place) == after(2)[0]


def test_a_page_of_one_time_is_followed_by_githubs_link() -> None:
    assert following(after(2, 2), "/next") == "/next"
    assert time_of("/next") is None


def test_the_end_of_a_list_leads_nowhere() -> None:
    assert following(after(1, 2), None) is None


def test_a_walk_reads_parents_before_what_belongs_to_them() -> None:
    walk = Walk({"comments": None, "pulls": "c", "issues": None})
    order = []
    while (name := walk.next_list) is not None:
        order.append(name)
        walk = walk.at(name, None)
    assert order == ["pulls", "issues", "comments"]


async def test_the_note_is_kept_as_it_is(build: Build) -> None:
    house = await build()
    note = RefreshNote(
        since={"comments": NOW},
        walk=Walk({"pulls": "c", "comments": None}, {"pulls": NOW}, {"comments": NOW}),
        doubted_pulls=frozenset({3, 4}),
        doubted_issues=frozenset({5}),
        later=frozenset({6}),
    ).done("run/step", Tally(Counts(pulls=2)))
    house.database.write(save_refresh, house.repository_id, note, NOW)
    kept = house.database.read(load_refresh, house.repository_id)
    assert kept == note
    assert kept.answer_of("run/step", Tally) == Tally(Counts(pulls=2))
    assert kept.answer_of("run/other", Tally) is None


@pytest.mark.parametrize(
    ("latest", "here", "stored", "done"),
    [
        ([(1, 5), (2, 1)], {}, {}, False),  # 1 is still to be read
        ([(1, 5), (2, 1)], {1: 5}, {}, True),
        ([(1, 5), (2, 1)], {}, {1: 5}, True),
        ([(1, 5), (2, 1)], {}, {1: 4}, False),  # stored, and older
        ([(1, 5), (2, 3)], {1: 5, 2: 3}, {}, False),  # the border is not to be seen
        ([(1, 5), (2, 3)], {2: 3, 3: 1}, {}, True),  # the page itself reaches below it
        ([(1, 5), (2, 2)], {1: 5}, {}, False),  # equal to the floor is not below it
    ],
)
def test_a_walk_ends_when_all_above_the_floor_is_known(
    latest: list[tuple[int, int]], here: dict[int, int], stored: dict[int, int], *, done: bool
) -> None:
    def at(times: dict[int, int]) -> dict[int, datetime]:
        return {number: after(minute)[0] for number, minute in times.items()}

    known = [(number, after(minute)[0]) for number, minute in latest]
    assert has_all(known, at(here), at(stored), after(2)[0]) is done


def test_without_a_watermark_everything_is_read() -> None:
    assert has_all([], {}, {}, None) is False

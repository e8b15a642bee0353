"""Schedules. Inngest SDK protocol, "Cron"."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.engine.crons import CronSchedule
from mainstem.engine.durations import parse_moment
from mainstem.engine.errors import BadConfiguration

from .scene import Scene, function

SceneOf = Callable[..., Scene]
ZONES = ["America/New_York", "Europe/Oslo", "Australia/Lord_Howe", "America/St_Johns", "UTC"]
MINUTE = 60_000
MOMENTS = st.integers(parse_moment("2029-01-01T00:00:00Z"), parse_moment("2032-01-01T00:00:00Z"))


def done(_: Any) -> tuple[int, None]:
    return 200, None


def ticks(schedule: CronSchedule, begin: str, count: int) -> list[str]:
    """The next moments after a beginning, in UTC."""
    moment, found = parse_moment(begin), []
    for _ in range(count):
        due = schedule.next_after(moment)
        assert due is not None
        assert due > moment
        moment = due
        found.append(datetime.fromtimestamp(due / 1000, UTC).strftime("%m-%d %H:%M"))
    return found


def cron(text: str, **more: Any) -> dict[str, Any]:
    return function("a", triggers=[{"cron": text, **more}])


@pytest.mark.parametrize(
    ("text", "begin", "expected"),
    [
        # Clocks go from 02:00 to 03:00 on March 10: what was for 02:30 comes right after the gap.
        ("30 2 * * *", "2030-03-09T12:00:00Z", ["03-10 07:00", "03-11 06:30"]),
        # They go back from 02:00 to 01:00 on November 3: 01:30 comes twice and counts once.
        ("30 1 * * *", "2030-11-02T12:00:00Z", ["11-03 05:30", "11-04 06:30"]),
        ("30 1 * * *", "2030-11-03T06:10:00Z", ["11-04 06:30", "11-05 06:30"]),
        ("30 * * * *", "2030-11-03T05:00:00Z", ["11-03 05:30", "11-03 06:30", "11-03 07:30"]),
        ("*/30 1 * * *", "2030-11-03T05:20:00Z", ["11-03 05:30", "11-03 06:00", "11-03 06:30"]),
    ],
)
def test_a_schedule_keeps_its_time_of_day_when_clocks_change(
    text: str, begin: str, expected: list[str]
) -> None:
    schedule = CronSchedule(f"TZ=America/New_York {text}")
    assert ticks(schedule, begin, len(expected)) == expected


def test_the_29th_of_february_comes_in_leap_years() -> None:
    due = CronSchedule("0 12 29 2 *").next_after(parse_moment("2030-01-01T00:00:00Z"))
    assert due == parse_moment("2032-02-29T12:00:00Z")


@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.integers(0, 59),
    MOMENTS,
)
@settings(max_examples=60, deadline=None)
def test_a_time_of_day_comes_once_on_each_day(
    zone: str, hour: int, minute: int, moment: int
) -> None:
    schedule = CronSchedule(f"CRON_TZ={zone} {minute} {hour} * * *")
    days = []
    for _ in range(30):
        due = schedule.next_after(moment)
        assert due is not None
        assert due > moment
        moment = due
        days.append(datetime.fromtimestamp(due / 1000, ZoneInfo(zone)).date())
    assert days == [days[0] + timedelta(days=n) for n in range(30)]


@given(
    st.sampled_from(ZONES),
    st.sampled_from(["*/15 * * * *", "7 * * * *", "*/5 3-5 * * 1", "* 1 * 11 *"]),
    MOMENTS,
)
@settings(max_examples=60, deadline=None)
def test_the_next_tick_is_the_first_minute_that_fits(zone: str, text: str, moment: int) -> None:
    due = CronSchedule(f"TZ={zone} {text}").next_after(moment)
    assert due is not None
    assert due > moment
    assert due % MINUTE == 0
    early = range((moment // MINUTE + 1) * MINUTE, min(due, moment + 12 * 60 * MINUTE), MINUTE)
    # A schedule with an hour of its own may leave out the second pass of an hour that comes twice.
    assert not [each for each in early if _fits(text, each, zone) and not _is_second(each, zone)]


def test_a_tick_brings_its_event_on_the_minute(scene_of: SceneOf) -> None:
    scene = scene_of(cron("*/10 * * * *"), reply=done)
    scene.advance(minutes=10)
    (call,) = scene.calls
    assert call.body["event"] == {
        "data": {
            "cron": "*/10 * * * *",
            "fireAt": "2030-01-01T00:10:00Z",
            "scheduledAt": "2030-01-01T00:10:00Z",
        },
        "id": "2030-01-01T00:10:00Z",
        "name": "inngest/scheduled.timer",
        "ts": parse_moment("2030-01-01T00:10:00Z"),
        "user": {},
    }


def test_a_tick_wakes_who_listens_for_timers(scene_of: SceneOf) -> None:
    listener = function("b", triggers=[{"event": "inngest/scheduled.timer"}])
    scene = scene_of(cron("*/10 * * * *"), listener, reply=done)
    scene.advance(minutes=10)
    assert sorted(call.function for call in scene.calls) == ["a", "b"]


def test_jitter_delays_a_tick_by_its_own_stable_span(scene_of: SceneOf) -> None:
    schedule = {"cron": "0 * * * *", "jitter": "30s"}
    scene = scene_of(*(function(name, triggers=[schedule]) for name in ("a", "b", "c")), reply=done)
    scene.advance(hours=3, minutes=1)
    delays = [(call.function, call.at % (60 * MINUTE)) for call in scene.calls]
    assert len(delays) == 9
    assert all(1000 <= delay < 30_000 for _, delay in delays)
    assert len({delay for _, delay in delays}) > 3


@pytest.mark.parametrize("jitter", ["500ms", "6m"])
def test_jitter_is_between_a_second_and_five_minutes(scene_of: SceneOf, jitter: str) -> None:
    with pytest.raises(BadConfiguration, match="between one second and five minutes"):
        scene_of(cron("0 * * * *", jitter=jitter))


def test_two_schedules_of_one_moment_start_two_runs(scene_of: SceneOf) -> None:
    triggers = [{"cron": "0 * * * *"}, {"cron": "*/30 * * * *"}]
    scene = scene_of(function("a", triggers=triggers), reply=done)
    scene.advance(hours=1)
    assert len(scene.calls) == 3


def test_ticks_that_were_missed_are_not_made_up_for(scene_of: SceneOf) -> None:
    scene = scene_of(cron("*/10 * * * *"), reply=done)
    scene.advance(minutes=5)
    scene.restart(minutes=30)
    scene.advance(minutes=5)
    assert [call.body["event"]["id"] for call in scene.calls] == ["2030-01-01T00:40:00Z"]


def test_a_sync_at_the_moment_of_a_tick_does_not_lose_it(scene_of: SceneOf) -> None:
    scene = scene_of(cron("*/10 * * * *"), reply=done)
    scene.clock.advance(timedelta(minutes=10))
    scene.sync([*scene.functions, function("b")])
    assert [call.function for call in scene.calls] == ["a"]


@pytest.mark.parametrize("later", [{"cron": "30 * * * *"}, {"cron": "0 * * * *", "jitter": "9s"}])
def test_a_changed_schedule_drops_the_pending_tick(scene_of: SceneOf, later: Any) -> None:
    scene = scene_of(cron("0 * * * *"), reply=done)
    scene.sync([function("a", triggers=[later])])
    assert scene.count("jobs") == 1
    scene.advance(hours=1, minutes=1)
    assert [call.body["event"]["data"]["cron"] for call in scene.calls] == [later["cron"]]


def _fits(text: str, moment: int, zone: str) -> bool:
    local = datetime.fromtimestamp(moment / 1000, ZoneInfo(zone))
    return {
        "*/15 * * * *": local.minute % 15 == 0,
        "7 * * * *": local.minute == 7,
        "*/5 3-5 * * 1": local.minute % 5 == 0 and local.hour in (3, 4, 5) and local.weekday() == 0,
        "* 1 * 11 *": local.hour == 1 and local.month == 11,
    }[text]


def _is_second(moment: int, zone: str) -> bool:
    return datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).fold == 1

"""Triggers: what starts a function, checked while it is defined."""

from datetime import timedelta

import inngest
import pytest

from mainstem.catalog import EventData, Scheduled, Trigger, any_of, cron, event
from mainstem.errors import BadEventData, DefinitionError, UnknownSdk


class Opened(EventData, name="door/opened"):
    number: int


class Closed(EventData, name="door/closed"):
    reason: str


@pytest.mark.parametrize(
    "expression",
    ["0 */6 * * *", "*/5 1,2 1-7 JAN-mar sun", "TZ=Europe/Oslo 0 9 * * 1", "CRON_TZ=UTC 0 0 ? * *"],
)
def test_a_schedule_that_the_server_accepts_is_accepted(expression: str) -> None:
    (part,) = cron(expression).parts
    assert part.to_sdk().model_dump(exclude_none=True) == {"cron": expression}


@pytest.mark.parametrize(
    "expression",
    ["", "@daily", "0 0 * *", "0 0 0 * * *", "61 * * * *", "0 0 L * *", "0 0 * * 1#2",
     "TZ=Nowhere/Land 0 0 * * *", "0 0 31 2 *", "a b c d e", "TZ=../etc 0 0 * * *"],
)  # fmt: skip
def test_a_schedule_that_the_server_refuses_is_refused(expression: str) -> None:
    with pytest.raises(DefinitionError, match=r"Cannot schedule.*'0 6"):
        cron(expression)


def test_jitter_is_one_second_to_five_minutes() -> None:
    (part,) = cron("0 0 * * *", jitter=timedelta(seconds=30)).parts
    if "jitter" in inngest.TriggerCron.model_fields:
        assert part.to_sdk().model_dump()["jitter"] == "30s"
    else:
        with pytest.raises(UnknownSdk, match=r"has no TriggerCron\.jitter"):
            part.to_sdk()
    with pytest.raises(DefinitionError, match="1 second to 5 minutes"):
        cron("0 0 * * *", jitter=timedelta(minutes=6))


def test_an_event_trigger_carries_its_condition() -> None:
    (part,) = event(Opened, if_="event.data.number > 1").parts
    assert part.to_sdk().model_dump() == {
        "event": "door/opened",
        "expression": "event.data.number > 1",
    }


def test_a_class_without_a_name_starts_nothing() -> None:
    with pytest.raises(DefinitionError, match="has no event name"):
        event(EventData)


EITHER = any_of(event(Opened), event(Closed), cron("0 0 * * *"))


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("door/opened", {"number": 1}, Opened(number=1)),
        ("door/closed", {"reason": "wind"}, Closed(reason="wind")),
        ("inngest/scheduled.timer", {"cron": "0 0 * * *"}, Scheduled(cron="0 0 * * *")),
        ("inngest/function.invoked", {"reason": "me", "_inngest": {}}, Closed(reason="me")),
        ("inngest/function.invoked", {}, Scheduled()),
    ],
)
def test_data_is_read_as_the_class_of_its_event(
    name: str, data: dict[str, object], expected: EventData
) -> None:
    assert EITHER.read(name, data) == expected


def test_data_that_fits_no_class_is_refused_by_the_first() -> None:
    trigger = any_of(event(Opened), event(Closed))
    with pytest.raises(BadEventData, match="door/opened"):
        trigger.read("inngest/function.invoked", {"zebra": 1})


def test_a_trigger_without_parts_reads_nothing() -> None:
    with pytest.raises(BadEventData, match="starts nothing"):
        Trigger[Opened](()).read("door/opened", {})


def test_another_schedule_leaves_the_events_as_they_are() -> None:
    moved = EITHER.rescheduled("0 5 * * *")
    assert moved.parts[:2] == EITHER.parts[:2]
    assert moved.parts[2].to_sdk().model_dump()["cron"] == "0 5 * * *"

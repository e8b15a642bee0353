"""What changed since the review, and what of it does harm."""

from typing import Any

import inngest
import pytest

from mainstem.catalog import Catalog, EventData, Override, Version, any_of, cron, event, rollout
from mainstem.registration.cataloguing import manifest_of
from mainstem.registration.changes import changes
from mainstem.registration.findings import Finding
from mainstem.registration.parts import Part, read_part

from .house import Ordered, Paid, billing, receipt, shop, tidying, work


def _found(old: Catalog[Any], new: Catalog[Any]) -> list[Finding]:
    before, after = (manifest_of(one, app_id="shop") for one in (old, new))
    return list(changes(before, after))


def _codes(old: Catalog[Any], new: Catalog[Any]) -> list[tuple[str, str, str]]:
    return [(one.level, one.code, one.subject) for one in _found(old, new)]


def test_nothing_changed_is_nothing_found() -> None:
    assert _found(shop(), shop()) == []


def test_an_id_that_is_gone_breaks_its_runs() -> None:
    found = _found(shop(), shop(receipt(), tidying()))
    assert [(one.code, one.subject) for one in found] == [("id-gone", "send-bill")]
    assert found[0].is_bad
    assert 'previous_ids=("send-bill",)' in found[0].remedy


@pytest.mark.parametrize(
    "renamed",
    [
        receipt(id="mail-receipt"),
        receipt(id="mail-receipt", retries=7),  # other configuration: triggers and handler agree
    ],
)
def test_a_probable_rename_says_how_to_keep_runs_alive(renamed: Any) -> None:
    found = _found(shop(), shop(renamed, billing(), tidying()))
    assert [one.code for one in found] == ["probable-rename", "added"]
    assert "'mail-receipt'" in found[0].message
    assert 'previous_ids=("send-receipt",)' in found[0].remedy


def test_a_rename_that_keeps_the_old_id_is_news() -> None:
    renamed = receipt(id="mail-receipt", previous_ids=("send-receipt",))
    assert _codes(shop(), shop(renamed, billing(), tidying())) == [
        ("note", "renamed", "send-receipt"),
        ("note", "added", "mail-receipt"),
    ]


def test_a_new_function_of_the_same_event_is_no_rename() -> None:
    async def other(run: Any, services: Any) -> None: ...

    new = receipt(id="count-orders", handler=other, on_failure=None, retries=1)
    assert _codes(shop(), shop(new, billing(), tidying()))[0][1] == "id-gone"


ORDERED = event(Ordered)
NARROW = event(Ordered, if_="event.data.orderId > 5")


@pytest.mark.parametrize(
    ("old", "new", "code", "level"),
    [
        ({"on": any_of(ORDERED, event(Paid))}, {"on": ORDERED}, "trigger-gone", "breaking"),
        ({"on": ORDERED}, {"on": NARROW}, "trigger-narrowed", "breaking"),
        ({"on": NARROW}, {"on": ORDERED}, "trigger-widened", "note"),
        ({"on": ORDERED}, {"on": any_of(ORDERED, event(Paid))}, "trigger-added", "note"),
        ({"on": cron("0 6 * * *")}, {"on": cron("0 7 * * *")}, "cron-changed", "breaking"),
        ({"on": any_of(ORDERED, cron("0 6 * * *"))}, {"on": ORDERED}, "trigger-gone", "breaking"),
        ({}, {"on_failure": None}, "on-failure-gone", "breaking"),
        ({}, {"retries": 7}, "configuration-changed", "note"),
        (
            {"concurrency": [inngest.Concurrency(limit=5, key="event.data.orderId")]},
            {"concurrency": [inngest.Concurrency(limit=5, key="event.data.note")]},
            "concurrency-key-changed",
            "breaking",
        ),
        ({"previous_ids": ("older",)}, {}, "previous-id-gone", "warning"),
        ({}, {"environments": {"production": Override(off=True), "test": Override(off=True)}},
         "off-in-environment", "breaking"),
        ({}, {"environments": {"test": Override(off=True)}}, "environment-changed", "note"),
    ],
)  # fmt: skip
def test_a_change_of_a_function_is_judged(
    old: dict[str, Any], new: dict[str, Any], code: str, level: str
) -> None:
    found = _codes(shop(receipt(**old)), shop(receipt(**new)))
    assert (level, code, "send-receipt") in found


def test_another_limit_alone_is_news() -> None:
    old = receipt(concurrency=[inngest.Concurrency(limit=5)])
    new = receipt(concurrency=[inngest.Concurrency(limit=6)])
    assert {one.level for one in _found(shop(old), shop(new))} == {"note"}


def test_a_default_is_told_with_its_value() -> None:
    (found,) = _found(shop(receipt()), shop(receipt(retries=4)))
    assert found.message == "retries of function 'send-receipt' is 4 (the default), it was 3."


TWO = Version("2", work, rollout(0.1))


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        ({"versions": (TWO,)}, {}, ["2"]),
        ({"versions": (TWO,)}, {"version": "2"}, ["1"]),
        ({"versions": (TWO,)}, {"version": "2", "versions": (Version("1", work, rollout(0)),)}, []),
        ({}, {"versions": (TWO,)}, []),
        ({}, {"version": "2"}, ["1"]),
        ({}, {"version": "2", "versions": (Version("1", work, rollout(0)),)}, ["1"]),
        ({}, {"version": "2", "versions": (Version("1", work, rollout(0)),), "unpinned": "1"}, []),
    ],
)
def test_a_version_label_that_is_gone_breaks_its_runs(
    old: dict[str, Any], new: dict[str, Any], gone: list[str]
) -> None:
    found = _found(shop(receipt(**old)), shop(receipt(**new)))
    labels = [one.message.split("'")[1] for one in found if one.code == "version-gone"]
    assert labels == gone


def _parts(*texts: str) -> list[Part]:
    return [read_part(text) for text in texts]


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ((), ("warning", "group-changed")),
        (("group=mail", "group=night"), ("breaking", "part-changed")),
        (("group=mail,night",), ("note", "group-changed")),
        (("tag=light", "group=night"), ("note", "group-changed")),  # both hold it: served twice
    ],
)
def test_a_function_that_moves_to_another_group_may_move_to_another_app(
    parts: tuple[str, ...], found: tuple[str, str]
) -> None:
    moved = manifest_of(shop(receipt(group="night"), billing(), tidying()), app_id="shop")
    (one,) = changes(manifest_of(shop(), app_id="shop"), moved, parts=_parts(*parts))
    assert (one.level, one.code, one.subject) == (*found, "send-receipt")


def test_a_tag_that_a_part_is_made_of_moves_a_function_too() -> None:
    moved = manifest_of(shop(receipt(tags=("heavy",)), billing(), tidying()), app_id="shop")
    old = manifest_of(shop(), app_id="shop")
    (one,) = changes(old, moved, parts=_parts("tag=light", "tag=heavy"))
    assert one.code == "part-changed"
    assert "Serve it in both until no run is left" in one.remedy
    assert [each.level for each in changes(old, moved)] == ["note"]


def test_another_app_id_breaks_everything() -> None:
    old, new = (manifest_of(shop(), app_id=name) for name in ("shop", "store"))
    assert [one.code for one in changes(old, new)] == ["app-renamed"]


class Smaller(EventData, name="shop/ordered"):
    order_id: int


class Retyped(EventData, name="shop/ordered"):
    order_id: str
    note: str | None = None


class Demanding(EventData, name="shop/ordered"):
    order_id: int
    note: str | None = None
    customer: str


class Insisting(EventData, name="shop/ordered"):
    order_id: int
    note: str | None


class Wider(EventData, name="shop/ordered"):
    order_id: int
    note: str | None = None
    customer: str | None = None


@pytest.mark.parametrize(
    ("model", "level", "code", "field"),
    [
        (Smaller, "breaking", "event-field-gone", "note"),
        (Retyped, "breaking", "event-field-retyped", "orderId"),
        (Demanding, "breaking", "event-field-required", "customer"),
        (Wider, "note", "event-field-added", "customer"),
    ],
)
def test_a_change_of_an_event_is_judged(
    model: type[EventData], level: str, code: str, field: str
) -> None:
    def only(kind: type[EventData]) -> Catalog[Any]:
        return shop(receipt(on=event(kind), sends=()), receives=())

    found = [one for one in _found(only(Ordered), only(model)) if one.code == code]
    assert [(one.level, one.subject) for one in found] == [(level, "shop/ordered")]
    assert f"'{field}'" in found[0].message


@pytest.mark.parametrize(("receives", "is_breaking"), [(True, True), (False, False)])
def test_a_default_that_goes_breaks_those_who_send_from_outside(
    receives: bool, is_breaking: bool
) -> None:
    def only(kind: type[EventData]) -> Catalog[Any]:
        return shop(receipt(on=event(kind), sends=()), receives=(kind,) if receives else ())

    found = _codes(only(Ordered), only(Insisting))
    breaking = ("breaking", "event-field-required", "shop/ordered")
    assert found == ([breaking] if is_breaking else [])

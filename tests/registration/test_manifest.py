"""The catalogue as a file."""

import json
from pathlib import Path

import pytest

from mainstem.catalog import Version, rollout
from mainstem.registration.cataloguing import manifest_of
from mainstem.registration.errors import BadManifest
from mainstem.registration.manifest import Manifest, handles, manifest_from, read_manifest

from .house import billing, receipt, shop, tidying, undo, work


def manifest(*definitions: object) -> Manifest:
    return manifest_of(shop(*definitions), app_id="shop")


def test_what_is_written_is_read_back_equal() -> None:
    catalog = (
        receipt(version="1", versions=(Version("2", undo, rollout(0.1, by="event.data.orderId")),)),
        billing(previous_ids=("bill",)),
        tidying(),
    )
    written = manifest(*catalog)
    assert manifest_from(json.loads(written.text())) == written


def test_the_order_of_definitions_makes_no_difference_to_the_file() -> None:
    assert manifest().text() == manifest(tidying(), billing(), receipt()).text()


def test_a_function_is_told_with_all_that_is_reviewed() -> None:
    told = manifest().as_json()["functions"]["send-receipt"]
    assert told == {
        "group": "mail",
        "tags": ["light"],
        "triggers": [{"event": "shop/ordered"}],
        "on_failure": True,
        "configuration": {"retries": 3},
        "environments": {"production": {"retries": 9}, "test": {"off": True}},
        "handler": "work",
        "sends": ["shop/paid"],
        "fingerprint": manifest().functions["send-receipt"].fingerprint,
    }


def test_versions_are_told_with_share_and_key() -> None:
    versions = (Version("2", work, rollout(0.1, by="event.data.orderId")),)
    told = manifest(receipt(versions=versions)).as_json()["functions"]["send-receipt"]
    assert told["version"] == "1"
    assert told["versions"] == {"2": {"share": 0.1, "by": "event.data.orderId"}}


def test_events_are_told_with_the_fields_of_the_wire() -> None:
    events = manifest().as_json()["events"]
    assert set(events) == {"shop/ordered", "shop/paid"}
    assert events["shop/ordered"]["required"] == ["orderId"]


def test_a_function_that_does_not_say_what_it_sends_is_no_silent_one() -> None:
    functions = manifest(receipt(sends=None), billing()).as_json()["functions"]
    assert "sends" not in functions["send-receipt"]
    assert functions["send-bill"]["sends"] == []


def test_a_file_that_is_not_there_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"mainstem manifest --write .*gone\.json"):
        read_manifest(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("text", "why"),
    [("<<<<<<< HEAD", "not JSON"), ('{"manifest": 9}', "form 9"), ("[]", "not in a form"),
     ('{"app_id": "x"}', "not in a form")],
)  # fmt: skip
def test_a_file_that_is_no_manifest_is_told_apart(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "m.json"
    file.write_text(text)
    with pytest.raises(BadManifest, match=why):
        read_manifest(file)


@pytest.mark.parametrize(
    ("trigger", "event", "covered"),
    [("a/b", "a/b", True), ("a/*", "a/b", True), ("a.*", "a.b", True), ("a/*", "ab", False),
     ("a*", "ab", False)],
)  # fmt: skip
def test_a_star_covers_what_begins_alike(trigger: str, event: str, covered: bool) -> None:
    assert handles([trigger], event) is covered


def test_the_version_of_runs_without_one_is_written_where_it_is_another() -> None:
    older = Version("1", work, rollout(0))
    pinned = receipt(version="2", versions=(older,), unpinned="1")
    told = manifest_of(shop(pinned), app_id="shop")
    assert told.as_json()["functions"]["send-receipt"]["unpinned"] == "1"
    assert manifest_from(told.as_json()) == told
    plain = manifest_of(shop(receipt(version="2", versions=(older,))), app_id="shop")
    assert "unpinned" not in plain.as_json()["functions"]["send-receipt"]

"""Functions switched off by name."""

import pytest

from mainstem.errors import SettingsError
from mainstem.serving import UnknownFunction, check_disabled

KNOWN = ("capture-pr-details", "capture-pr-reviews", "update-pr-activity")


def test_known_ids_may_be_switched_off() -> None:
    check_disabled(frozenset(KNOWN[:2]), KNOWN)


def test_a_misspelt_id_stops_the_start_and_the_nearest_is_named() -> None:
    with pytest.raises(UnknownFunction) as refused:
        check_disabled(frozenset({"capture-pr-detail"}), KNOWN)
    assert isinstance(refused.value, SettingsError)
    assert (
        "MAINSTEM_DISABLED_FUNCTIONS: names 'capture-pr-detail', which is no function. "
        "Write 'capture-pr-details', or take it out." in str(refused.value)
    )


def test_all_unknown_ids_are_told_at_once() -> None:
    with pytest.raises(UnknownFunction) as refused:
        check_disabled(frozenset({"capture-pr-detail", "zzz"}), KNOWN)
    assert refused.value.unknown == ("capture-pr-detail", "zzz")
    assert "Choose from capture-pr-details, capture-pr-reviews" in str(refused.value)

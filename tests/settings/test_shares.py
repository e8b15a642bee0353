"""Rollout shares have one text form, and everything wrong with it is told at once."""

import pytest

from mainstem.errors import SettingsError
from mainstem.settings import Share, load_settings, shares_of


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("classify=2:0.5,other=3:1", {"classify": {"2": 0.5}, "other": {"3": 1.0}}),
        (" classify = 2 : 0 ,", {"classify": {"2": 0.0}}),
        ("classify=2:0.25,classify=3:0.75", {"classify": {"2": 0.25, "3": 0.75}}),
        ("classify=2:0.1,classify=3:0.2,classify=4:0.7",
         {"classify": {"2": 0.1, "3": 0.2, "4": 0.7}}),
    ],
)  # fmt: skip
def test_shares_are_read_by_function_and_version(
    text: str, shares: dict[str, dict[str, float]]
) -> None:
    assert shares_of(load_settings({"MAINSTEM_ROLLOUT": text})) == shares


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("classify", "'classify' names no version with a share"),
        ("classify=2", "'classify=2' names no version with a share"),
        ("=2:1", "'=2:1' names no version"),
        ("classify=:1", "'classify=:1' names no version"),
        ("classify=2:half", "'half' for classify is no share from 0 to 1"),
        ("classify=2:1.5", "'1.5' for classify is no share"),
        ("classify=2:-1", "'-1' for classify is no share"),
        ("classify=2:nan", "'nan' for classify is no share"),
        ("classify=2:0.1,classify=2:0.2", "version '2' of classify is named twice"),
        ("classify=2:0.6,classify=3:0.6", "the shares of classify add up to 1.2"),
    ],
)
def test_what_is_wrong_with_shares_is_told(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"MAINSTEM_ROLLOUT": text})
    (problem,) = caught.value.problems
    assert problem.variable == "MAINSTEM_ROLLOUT"
    assert told in problem.wrong


@pytest.mark.parametrize(
    ("text", "is_on"), [("off", False), (" OFF ", False), ("on", True), ("classify=2:0", True)]
)
def test_one_word_turns_all_rollouts_off(text: str, is_on: bool) -> None:
    settings = load_settings({"MAINSTEM_ROLLOUT": text})
    assert settings.rollouts_on is is_on
    assert bool(settings.shares) is ("=" in text)


def test_off_beside_shares_is_refused_with_the_form() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"MAINSTEM_ROLLOUT": "off,classify=2:0.5"})
    (problem,) = caught.value.problems
    assert "'off' names no version" in problem.wrong
    assert "or as off" in problem.remedy


def test_an_override_wins_over_the_variable() -> None:
    settings = load_settings({"MAINSTEM_ROLLOUT": "off"}, rollouts_on=True)
    assert settings.rollouts_on


def test_two_wrong_shares_are_two_problems() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"MAINSTEM_ROLLOUT": "a,b=2:9,c=1:0.5"})
    assert len(caught.value.problems) == 2


def test_an_override_may_be_plain_dicts_or_values() -> None:
    plain = {"classify": {"2": 0.5}}
    values = (Share(function="classify", version="2", share=0.5),)
    assert shares_of(load_settings({}, shares=plain)) == plain
    assert load_settings({}, shares=plain) == load_settings({}, shares=values)


def test_settings_with_shares_are_keys_and_show_them_as_text() -> None:
    settings = load_settings({"MAINSTEM_ROLLOUT": "b=1:1,a=2:0.5"})
    assert {settings: 1}[load_settings({"MAINSTEM_ROLLOUT": "a=2:0.5,b=1:1"})] == 1
    assert settings.shown()["shares"] == ["a=2:0.5", "b=1:1"]

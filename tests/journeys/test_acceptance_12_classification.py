"""Scenario 12: the boundaries of the size classes, and ties."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem.functions.classify.rule import Metrics, size_of

# The largest figure of a class and the smallest of the next. Domain reference, section 2.10.
BOUNDARIES: list[tuple[str, int, str, str]] = [
    ("stars", 1_000, "small", "medium"),
    ("stars", 10_000, "medium", "large"),
    ("stars", 50_000, "large", "xl"),
    ("forks", 100, "small", "medium"),
    ("forks", 1_000, "medium", "large"),
    ("forks", 5_000, "large", "xl"),
    ("monthly_prs", 100, "small", "medium"),
    ("monthly_prs", 500, "medium", "large"),
    ("monthly_prs", 2_000, "large", "xl"),
    ("monthly_commits", 500, "small", "medium"),
    ("monthly_commits", 2_000, "medium", "large"),
    ("monthly_commits", 10_000, "large", "xl"),
    ("active_contributors", 10, "small", "medium"),
    ("active_contributors", 50, "medium", "large"),
    ("active_contributors", 200, "large", "xl"),
]


def only(**known: int) -> Metrics:
    """Metrics of which only these are known, so that they alone vote."""
    names = ("stars", "forks", "monthly_prs", "monthly_commits", "active_contributors")
    values: dict[str, Any] = {name: known.get(name) for name in names}
    return Metrics(**values)


@pytest.mark.parametrize(("figure", "bound", "below", "from_there"), BOUNDARIES)
def test_scenario_12_a_class_ends_just_below_its_bound(
    figure: str, bound: int, below: str, from_there: str
) -> None:
    assert size_of(only(**{figure: bound - 1})) == below
    assert size_of(only(**{figure: bound})) == from_there


@pytest.mark.parametrize(
    ("votes", "winner"),
    [
        ((999, 99, 99, 3_000, 300), "small"),  # three votes are three votes
        ((999, 99, 1_999, 9_999, 300), "large"),  # 2-2-1: the larger of the tied two
        ((9_999, 999, 1_999, 9_999, 9), "large"),
        ((999, 99, 499, 1_999, 300), "medium"),
        ((50_000, 5_000, 99, 499, 30), "xl"),
    ],
)
def test_scenario_12_ties_go_to_the_larger_class(votes: tuple[int, ...], winner: str) -> None:
    assert size_of(Metrics(*votes)) == winner

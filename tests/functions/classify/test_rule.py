from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.functions.classify.rule import Metrics, Size, size_of, vote

from .conftest import utc

SIZES: list[Size] = ["small", "medium", "large", "xl"]
BOUNDS = {
    "stars": (1_000, 10_000, 50_000),
    "forks": (100, 1_000, 5_000),
    "monthly_prs": (100, 500, 2_000),
    "monthly_commits": (500, 2_000, 10_000),
    "active_contributors": (10, 50, 200),
}
NOTHING = Metrics(None, None, None, None, None)


def voting(*sizes: Size) -> Metrics:
    """Metrics that vote as listed, in the order of the figures."""
    values = {
        name: (0, *bounds)[SIZES.index(size)]
        for (name, bounds), size in zip(BOUNDS.items(), sizes, strict=True)
    }
    return Metrics(**values)


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_figure_changes_its_vote_exactly_at_the_bound(name: str, place: int) -> None:
    bound = BOUNDS[name][place]
    below, at = (size_of(replace(NOTHING, **{name: value})) for value in (bound - 1, bound))
    assert (below, at) == (SIZES[place], SIZES[place + 1])


@pytest.mark.parametrize(
    ("stars", "size"),
    [
        (0, "small"),
        (999, "small"),
        (1_000, "medium"),
        (9_999, "medium"),
        (10_000, "large"),
        (49_999, "large"),
        (50_000, "xl"),
    ],
)
def test_stars_vote_as_the_table_says(stars: int, size: str) -> None:
    assert vote(stars, (1_000, 10_000, 50_000)) == size


@pytest.mark.parametrize(
    ("votes", "size"),
    [
        (("small", "small", "small", "xl", "xl"), "small"),
        (("medium", "medium", "medium", "small", "xl"), "medium"),
        (("small", "small", "medium", "medium", "large"), "medium"),
        (("small", "small", "large", "large", "medium"), "large"),
        (("small", "small", "xl", "xl", "medium"), "xl"),
        (("medium", "medium", "large", "large", "xl"), "large"),
        (("medium", "medium", "xl", "xl", "small"), "xl"),
        (("large", "large", "xl", "xl", "small"), "xl"),
        (("small", "small", "medium", "large", "xl"), "small"),
    ],
)
def test_most_votes_win_and_two_two_one_goes_to_the_larger(
    votes: tuple[Size, ...], size: Size
) -> None:
    assert size_of(voting(*votes)) == size


def test_unknown_figures_do_not_vote() -> None:
    assert size_of(Metrics(60_000, 6_000, None, None, None)) == "xl"
    assert size_of(Metrics(60_000, 6_000, 0, None, None)) == "xl"


def test_one_known_figure_decides_and_none_is_small() -> None:
    assert size_of(replace(NOTHING, forks=1_000)) == "large"
    assert size_of(NOTHING) == "small"


def original_rule(votes: tuple[Size, ...]) -> Size:
    """The reference's words: xl if it has the most and at least two, else large likewise …"""
    most = max(votes.count(size) for size in SIZES)
    for size in reversed(SIZES[1:]):
        if votes.count(size) == most >= 2:
            return size
    return "small"


@given(st.tuples(*[st.sampled_from(SIZES)] * 5))
def test_the_rule_is_the_reference_s_for_every_five_votes(votes: tuple[Size, ...]) -> None:
    assert size_of(voting(*votes)) == original_rule(votes)


@given(st.builds(Metrics, *[st.none() | st.integers(0, 100_000)] * 5))
def test_growth_of_all_figures_never_shrinks_the_class(metrics: Metrics) -> None:
    grown = Metrics(
        **{
            field.name: None if (value := getattr(metrics, field.name)) is None else value * 10
            for field in fields(Metrics)
        }
    )
    bottom_up = [vote(getattr(metrics, n) or 0, BOUNDS[n]) for n in BOUNDS]
    top_down = [vote(getattr(grown, n) or 0, BOUNDS[n]) for n in BOUNDS]
    pairs = zip(bottom_up, top_down, strict=True)
    assert all(SIZES.index(a) <= SIZES.index(b) for a, b in pairs)


def test_the_stored_document_has_the_original_s_names_and_null_for_unknown() -> None:
    document = Metrics(1, 2, 3, None, 5).as_json(utc("2026-01-02"))
    assert document == {
        "stars": 1,
        "forks": 2,
        "monthlyPRs": 3,
        "monthlyCommits": None,
        "activeContributors": 5,
        "lastCalculated": "2026-01-02T00:00:00+00:00",
    }

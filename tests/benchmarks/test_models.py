"""The models of what a capture costs, against the numbers that the price list works out itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from models import PEERS, WAYS, Bill, floor, nominal, refresh, way_e, way_f
from repository_sizes import RepositorySizes, load, save, sizes_of

from mainstem.simulate import generate, load_recording

RECORDING = Path(__file__).parents[3] / "shared/data/github/secp256k1"
recorded = pytest.mark.skipif(not RECORDING.exists(), reason="no recording beside the checkout")


@cache
def recording() -> RepositorySizes:
    return sizes_of(load_recording(RECORDING))


@pytest.mark.parametrize(
    ("way", "bill"),
    [
        ("A  REST per pull request", Bill(rest=5_246)),
        ("B  REST with comment lists", Bill(rest=2_762)),
        ("B' the same without sizes", Bill(rest=1_454)),
        ("C  GraphQL per pull request", Bill(graphql=1_308, points=1_308)),
        ("D  GraphQL, all at 100", Bill(graphql=27, points=1_350)),
        ("E  timeline + REST comments, 25", Bill(rest=53, graphql=53, points=53)),
        ("E  the same, 100", Bill(rest=53, graphql=14, points=14)),
    ],
)
def test_the_nominal_repository_costs_what_the_reference_works_out(way: str, bill: Bill) -> None:
    assert WAYS[way](nominal(1_308)) == bill


@pytest.mark.parametrize(
    ("way", "rest", "graphql", "points"),
    [
        ("A  REST per pull request", 40_100, 0, 0),
        ("B  REST with comment lists", 21_100, 0, 0),
        ("B' the same without sizes", 11_100, 0, 0),
        ("C  GraphQL per pull request", 0, 10_000, 10_000),
        ("D  GraphQL, all at 100", 0, 205, 10_250),
        ("E  timeline + REST comments, 25", 400, 400, 400),
        ("E  the same, 100", 400, 100, 100),
    ],
)
def test_ten_thousand_pull_requests_cost_what_the_reference_works_out(
    way: str, rest: int, graphql: int, points: int
) -> None:
    assert WAYS[way](nominal(10_000)) == Bill(rest, graphql, points)


@recorded
def test_the_recording_is_of_the_measured_size() -> None:
    totals = recording().totals
    assert (totals.pulls, totals.issues, totals.reviews) == (1_308, 517, 5_753)
    assert (totals.threads, totals.review_comments) == (2_685, 6_018)
    assert (totals.comments, totals.issue_comments, totals.people) == (7_204, 2_168, 307)


@recorded
@pytest.mark.parametrize(
    ("way", "requests", "points"),
    [
        ("A  REST per pull request", 5_262, 0),
        ("B  REST with comment lists", 2_785, 0),
        ("B' the same without sizes", 1_477, 0),
        ("E  timeline + REST comments, 25", 115, 54),
        ("E  the same, 100", 76, 15),
        ("F  nested, 25 x 2", 57, 74),
        ("F  nested, 37 x 1", 42, 61),
    ],
)
def test_the_recording_costs_what_the_reference_works_out(
    way: str, requests: int, points: int
) -> None:
    bill = WAYS[way](recording())
    assert (bill.requests, bill.points) == (requests, points)


@recorded
@pytest.mark.parametrize(
    ("width", "threads", "requests", "points"), [(50, 1, 33, 79), (100, 1, 20, 81)]
)
def test_wider_pages_with_one_thread_cost_what_the_reference_works_out(
    width: int, threads: int, requests: int, points: int
) -> None:
    bill = way_f(recording(), width=width, threads=threads)
    assert (bill.requests, bill.points) == (requests, points)


@recorded
@pytest.mark.parametrize(
    ("peer", "requests", "share"),
    [
        ("perceval", 4_433 + 614 + 1_555, 0),
        ("github-to-sqlite", 129, 0),
        ("tap-github", 1_497, 0),
        ("Augur", 3_200, 0.01),
        ("DevLake, REST", 2_785, 0),
        ("DevLake, GraphQL", 286, 0),
        ("dlt", 14 + 6, 0),
        ("contributor.info", 1_308, 0),
    ],
)
def test_peers_spend_on_the_recording_what_the_reference_read(
    peer: str, requests: int, share: float
) -> None:
    """Where the reference says "about", to one in a hundred."""
    assert PEERS[peer](recording()).requests == pytest.approx(requests, rel=share, abs=0)


@recorded
def test_airbyte_is_between_the_reference_bounds() -> None:
    assert 14 + 14 + 61 + 94 <= PEERS["Airbyte"](recording()).requests <= 53 + 14 + 61 + 94


@recorded
def test_what_the_original_loses_of_the_recording_is_what_the_reference_counted() -> None:
    assert PEERS["contributor.info"](recording()).lost == 445 + 64
    assert PEERS["DevLake, GraphQL"](recording()).lost == 445


@recorded
def test_no_way_that_loses_nothing_is_below_the_floor() -> None:
    sizes = recording()
    complete = [way(sizes) for way in (*WAYS.values(), *PEERS.values())]
    assert all(bill.total >= floor(sizes).total for bill in complete if not bill.lost)


def test_a_refresh_of_nothing_is_free_and_of_few_one_page() -> None:
    assert refresh(0) == Bill()
    assert refresh(25, review_comments=40) == Bill(rest=1, graphql=1, points=1)
    assert refresh(26) == Bill(rest=1, graphql=2, points=2)


def test_sizes_survive_a_file(tmp_path: Path) -> None:
    sizes = sizes_of(generate(3, 40))
    save(sizes, tmp_path / "sizes.json")
    assert load(tmp_path / "sizes.json") == sizes


def test_sizes_count_what_the_generated_world_holds() -> None:
    world = generate(3, 40)
    home, totals = world.repository, sizes_of(world).totals
    assert totals.reviews == sum(map(len, home.reviews.values()))
    assert totals.review_comments == sum(map(len, home.review_comments.values()))
    assert totals.threads == sum(len(home.threads_of(number)) for number in home.pulls)
    assert totals.comments + totals.issue_comments == sum(map(len, home.issue_comments.values()))


def test_pages_of_one_timeline_halve_a_query_of_two_lists() -> None:
    """A timeline is one unit for a pull request, reviews and comments are two."""
    assert way_e(nominal(100), width=100).points == 1
    assert way_f(nominal(100), width=100, threads=1).points > 1

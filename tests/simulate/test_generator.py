"""Generated repositories: the same for the same seed, consistent in themselves, and hard enough."""

from datetime import UTC, datetime
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.simulate import Repository, SimulateError, generate

seeds = st.integers(0, 2**32)
sizes = st.integers(1, 30)


@pytest.fixture(scope="module")
def large() -> Repository:
    return generate(3, 300).repository


@given(seeds, sizes)
@settings(max_examples=10, deadline=None)
def test_same_seed_makes_the_same_world(seed: int, pulls: int) -> None:
    assert generate(seed, pulls) == generate(seed, pulls)


def test_another_seed_makes_another_world() -> None:
    assert generate(1, 5) != generate(2, 5)


@given(seeds, sizes)
@settings(max_examples=15, deadline=None)
def test_every_id_is_given_once(seed: int, pulls: int) -> None:
    home = generate(seed, pulls).repository
    for rows in (home.reviews, home.review_comments, home.issue_comments):
        ids = [row["id"] for row in chain(*rows.values())]
        assert len(ids) == len(set(ids))
    items = [row["id"] for row in (*home.pulls.values(), *home.issues.values())]
    assert len(items) == len(set(items))
    assert sorted([*home.pulls, *home.issues]) == list(range(1, len(items) + 1))


@given(seeds, sizes)
@settings(max_examples=15, deadline=None)
def test_times_run_forward(seed: int, pulls: int) -> None:
    until = datetime(2026, 3, 1, tzinfo=UTC)
    home = generate(seed, pulls, until=until).repository
    last = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    for number, item in [*home.pulls.items(), *home.issues.items()]:
        below = [*home.issue_comments[number], *home.review_comments[number]]
        times = [row["created_at"] for row in below]
        times += [row["submitted_at"] for row in home.reviews[number]]
        assert all(item["created_at"] <= time <= item["updated_at"] <= last for time in times)
        assert all(row["created_at"] <= row["updated_at"] <= last for row in below)
        assert item["created_at"] <= (item["closed_at"] or last) <= last


@given(seeds, sizes)
@settings(max_examples=15, deadline=None)
def test_every_reference_leads_somewhere(seed: int, pulls: int) -> None:
    world = generate(seed, pulls)
    home = world.repository
    for number in home.pulls:
        reviews = {row["id"]: row for row in home.reviews[number]}
        comments = {row["id"]: row for row in home.review_comments[number]}
        for row in comments.values():
            assert row["pull_request_review_id"] in reviews
            assert row["in_reply_to_id"] in (None, *comments)
        for row in chain(reviews.values(), comments.values(), home.issue_comments[number]):
            assert row["user"] is None or row["user"] in world.users


def test_replies_make_empty_reviews_of_their_own(large: Repository) -> None:
    reviews = large.by_id("reviews")
    replies = [row for row in large.all_review_comments() if row["in_reply_to_id"] is not None]
    assert len(replies) > 100
    for reply in replies:
        _, review = reviews[reply["pull_request_review_id"]]
        assert (review["state"], review["body"], review["_comments"]) == (
            "COMMENTED",
            "",
            [reply["id"]],
        )


def test_tails_are_long_and_most_things_are_small(large: Repository) -> None:
    threads = sorted(len(large.threads_of(number)) for number in large.pulls)
    comments = sorted(len(large.issue_comments[number]) for number in large.pulls)
    assert threads[len(threads) // 2] == 0
    assert comments[len(comments) // 2] <= 6
    assert min(threads[-1], comments[-1]) > 100


def test_hard_cases_are_in_it(large: Repository) -> None:
    pulls = list(large.pulls.values())
    states = {("merged" if row["merged_at"] else row["state"]) for row in pulls}
    assert states == {"merged", "closed", "open"}
    assert any(row["draft"] for row in pulls)
    assert any(row["body"] is None for row in pulls)
    assert any(row["id"] > 2**31 for row in pulls)
    assert any(row["id"] < 2**31 for row in pulls)
    assert any(row["head"]["repo"] is None for row in pulls)
    assert any(row["user"] is None for row in chain(*large.reviews.values()))
    times = [row["updated_at"] for row in pulls]
    assert len(set(times)) < len(times)


def test_accounts_are_of_every_kind() -> None:
    world = generate(5, 30)
    kinds = {world.users[row["user"]]["type"] for row in world.repository.pulls.values()}
    assert {"User", "Bot", "Mannequin"} <= kinds
    assert any("_former_logins" in row for row in world.users.values())
    assert any(row["login"].endswith("[bot]") for row in world.users.values())


@pytest.mark.parametrize(("pulls", "issues"), [(0, None), (-1, 5), (3, -1)])
def test_impossible_sizes_are_refused(pulls: int, issues: int | None) -> None:
    with pytest.raises(SimulateError, match="there has to be at least one pull request"):
        generate(1, pulls, issues=issues)


def test_repository_without_issues_can_be_made() -> None:
    assert generate(1, 3, issues=0).repository.issues == {}

"""Repositories of other shapes than the lifelike one."""

from collections import Counter

import pytest

from mainstem.simulate import SimulateError, World, generate
from mainstem.simulate.sizes import SHAPES


def made(shape: str, pulls: int = 60) -> World:
    return generate(7, pulls, shape=shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_same_seed_makes_the_same_repository_of_each_shape(shape: str) -> None:
    first, second = made(shape, 12), made(shape, 12)
    assert first.repository.pulls == second.repository.pulls
    assert first.repository.review_comments == second.repository.review_comments
    assert first.repository.discussions == second.repository.discussions


def test_huge_threads_are_far_beyond_a_page() -> None:
    home = made("huge-threads", 10).repository
    sizes = [len(home.threads_of(number)) for number in home.pulls]
    assert max(sizes) > 150
    assert max(map(len, home.issue_comments.values())) > 200
    assert max(len(one) for number in home.pulls for one in home.threads_of(number)) > 10


def test_tiny_pull_requests_have_hardly_anything() -> None:
    home = made("tiny").repository
    assert len(home.all_review_comments()) < 20
    assert max(map(len, home.commits.values())) == 1


def test_issues_are_twenty_times_as_many() -> None:
    home = made("issues").repository
    assert len(home.issues) == 20 * len(home.pulls)
    assert max(len(home.issue_comments[number]) for number in home.issues) > 100


def test_burst_has_many_pull_requests_of_one_second() -> None:
    home = made("burst", 200).repository
    times = Counter(row["created_at"] for row in home.pulls.values())
    assert times.most_common(1)[0][1] >= 30


def test_discussions_stars_and_forks_come_with_their_shape() -> None:
    world = made("discussions")
    home = world.repository
    assert len(home.discussions) == 60
    assert not {*home.discussions} & {*home.pulls, *home.issues}
    assert any(row["answer_id"] for row in home.discussions.values())
    assert len(home.feed) == 300
    assert {row["type"] for row in home.feed} == {"WatchEvent", "ForkEvent"}
    assert home.record["has_discussions"]


def test_reviewers_are_asked_for_but_in_the_lifelike_shape() -> None:
    asked = [row["requested_reviewers"] for row in made("tiny", 200).repository.pulls.values()]
    assert any(asked)
    lifelike = made("lifelike", 200).repository.pulls.values()
    assert not any(row["requested_reviewers"] for row in lifelike)


def test_unknown_shape_is_named_with_those_there_are() -> None:
    with pytest.raises(SimulateError, match=r"shape 'round'. Take one of lifelike, huge-threads"):
        made("round")

"""What a refresh and a reconciliation ask: valid, at the price that it says, and to the end."""

from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from mainstem.github import GitHub, NotFound, ResourceLimits
from mainstem.github.changes import (
    _ISSUE_OUTLINES,
    _PULL_OUTLINES,
    _changes_query,
    _issues_by_number,
    _threads_for,
)
from mainstem.github.planner import page_units, points_of
from mainstem.github.queries import Query
from mainstem.simulate import (
    Compute,
    Options,
    SimulatedGitHub,
    World,
    changes,
    simulated_github,
)

from .scripted import SteeredClock

OWNER, NAME = "riverside", "harbour"
QUERIES = {
    "both": _changes_query(pulls=True, issues=True),
    "pulls": _changes_query(pulls=True, issues=False),
    "issues": _changes_query(pulls=False, issues=True),
    "issues by number": _issues_by_number([1, 22]),
    "outlines of pulls": _PULL_OUTLINES,
    "outlines of issues": _ISSUE_OUTLINES,
}


@pytest.fixture(scope="module")
def schema(shared: object) -> GraphQLSchema:
    assert isinstance(shared, Path)
    text = (shared / "schema" / "schema.graphql").read_text(encoding="utf-8")
    return build_schema(text, assume_valid=True)


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_query_is_valid_in_githubs_schema(query: Query, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(query.text)) == []


async def test_a_page_of_changes_is_one_point(visitor: GitHub, pretend: SimulatedGitHub) -> None:
    both = await visitor.changes(OWNER, NAME)
    pulls = await visitor.changes(OWNER, NAME, issues=False)
    issues = await visitor.changes(OWNER, NAME, pulls=False)
    assert (len(both.pulls), len(both.issues)) == (25, 6)
    assert (len(pulls.pulls), len(pulls.issues), len(issues.pulls)) == (29, 0, 0)
    assert (pretend.log.graphql_requests, pretend.log.points) == (3, 3)


async def test_a_page_names_the_hundred_updated_last_and_the_totals(
    visitor: GitHub, world: World
) -> None:
    there = world.repository
    found = await visitor.changes(OWNER, NAME)
    assert {number for number, _ in found.latest_pulls} == there.pulls.keys()
    assert (found.total_pulls, found.total_issues) == (len(there.pulls), len(there.issues))
    times = [updated for _, updated in found.latest_pulls]
    assert times == sorted(times, reverse=True)


async def test_a_pull_request_with_many_reviews_brings_the_last_hundred(
    visitor: GitHub, world: World
) -> None:
    there = world.repository
    number = min(there.pulls)
    for _ in range(120):
        changes.add_review(there, number, user=next(iter(world.users)))
    found = await visitor.changes(OWNER, NAME)
    bundle = next(one for one in found.pulls if one.pull.number == number)
    newest = [row["id"] for row in there.reviews_of(number) if row["submitted_at"]][-100:]
    assert [review.id for review in bundle.reviews] == newest
    assert found.reviews_of_many[number] == len(there.reviews_of(number))
    assert bundle.gaps == ()


async def test_a_page_that_is_too_heavy_is_asked_for_again_narrower(
    world: World, clock: SteeredClock
) -> None:
    options = Options(widest_page=5)
    async with (
        simulated_github(world, options=options) as served,
        GitHub(base_url=served.url, sleep=clock.sleep) as client,
    ):
        found = await client.changes(OWNER, NAME)
        outlines = await client.pull_outlines(OWNER, NAME)
    assert 1 <= len(found.pulls) <= 5
    assert (len(outlines.items), outlines.total) == (3, 60)


async def test_a_page_that_stays_too_heavy_is_given_up(
    visitor: GitHub, pretend: SimulatedGitHub
) -> None:
    pretend.faults.graphql_error("RESOURCE_LIMITS_EXCEEDED", "Too much.", times=50)
    with pytest.raises(ResourceLimits):
        await visitor.changes(OWNER, NAME)


async def test_whole_pull_requests_are_read_to_the_end_of_every_list(
    visitor: GitHub, world: World
) -> None:
    there, user = world.repository, next(iter(world.users))
    number = min(there.pulls)
    for place in range(130):
        changes.add_comment(there, number, f"{place}", user=user)
        changes.add_review_comment(there, number, f"{place}", user=user)
    found = await visitor.whole_pulls(OWNER, NAME, [number, 99_999])
    (whole,) = found.items
    said = there.issue_comments[number] + there.review_comments[number]
    assert len(whole.comments) == len(said)
    assert {one.id for one in whole.reviews} == {
        row["id"] for row in there.reviews_of(number) if row["submitted_at"]
    }
    assert (whole.gaps, found.gone) == ((), (99_999,))


async def test_whole_issues_are_read_to_the_end_and_moved_ones_are_gone(
    visitor: GitHub, world: World
) -> None:
    there, user = world.repository, next(iter(world.users))
    first, second, *_ = sorted(there.issues)
    for place in range(130):
        changes.add_comment(there, first, f"{place}", user=user)
    changes.delete_issue(there, second)
    found = await visitor.whole_issues(OWNER, NAME, [first, second])
    (whole,) = found.items
    assert len(whole.comments) == len(there.issue_comments[first])
    assert found.gone == (second,)


async def test_eighteen_whole_pull_requests_are_one_point(
    visitor: GitHub, world: World, pretend: SimulatedGitHub
) -> None:
    few = [n for n in sorted(world.repository.pulls) if not world.repository.review_comments[n]]
    await visitor.whole_pulls(OWNER, NAME, few[:18])
    assert (pretend.log.graphql_requests, pretend.log.points) == (1, 1)


@pytest.mark.parametrize("count", [1, 2, 5, 18])
def test_whole_pull_requests_bring_as_many_threads_as_a_point_buys(count: int) -> None:
    threads = _threads_for(count)
    assert points_of(page_units(count, threads=threads, people="page")) == 1
    wider = points_of(page_units(count, threads=threads + 1, people="page"))
    assert threads == 100 or wider == 2


async def test_comments_are_counted_by_the_last_page(visitor: GitHub, world: World) -> None:
    there = world.repository
    assert await visitor.count_review_comments(OWNER, NAME) == len(there.all_review_comments())
    assert await visitor.count_issue_comments(OWNER, NAME) == len(there.all_issue_comments())


@pytest.mark.parametrize("kept", [0, 1])
async def test_few_comments_are_counted_without_a_last_page(
    visitor: GitHub, world: World, kept: int
) -> None:
    there = world.repository
    for comment in list(there.by_id("review_comments"))[kept:]:
        changes.delete_comment(there, comment, kind="review_comments")
    assert await visitor.count_review_comments(OWNER, NAME) == kept


async def test_outlines_are_the_counts_in_order_of_creation(visitor: GitHub, world: World) -> None:
    there = world.repository
    found = await visitor.pull_outlines(OWNER, NAME)
    assert (found.total, found.next) == (len(there.pulls), None)
    assert [one.number for one in found.items] == [
        row["number"]
        for row in sorted(there.pulls.values(), key=lambda row: (row["created_at"], row["number"]))
    ]
    for one in found.items:
        said = len(there.issue_comments[one.number]) + len(there.review_comments[one.number])
        assert (one.comments, one.reviews) == (said, len(there.reviews_of(one.number)))


async def test_a_repository_that_is_gone_is_not_found(visitor: GitHub, world: World) -> None:
    world.repository.refused = 404
    with pytest.raises(NotFound):
        await visitor.changes(OWNER, NAME)
    with pytest.raises(NotFound):
        await visitor.whole_pulls(OWNER, NAME, [1])


async def test_issues_that_are_too_many_at_once_are_read_in_parts(
    world: World, clock: SteeredClock
) -> None:
    numbers = sorted(world.repository.issues)[:9]
    options = Options(compute=Compute(most_items=4))
    async with (
        simulated_github(world, options=options) as served,
        GitHub(base_url=served.url, token="t", sleep=clock.sleep) as narrow,
    ):
        found = await narrow.whole_issues(OWNER, NAME, numbers)
    assert [one.issue.number for one in found.items] == numbers
    assert found.gone == ()


async def test_a_sweep_finds_out_once_how_wide_a_page_may_be(
    world: World, clock: SteeredClock
) -> None:
    options = Options(compute=Compute(most_items=30, refusal="502"))
    async with (
        simulated_github(world, options=options) as served,
        GitHub(base_url=served.url, token="t", sleep=clock.sleep) as narrow,
    ):
        page = await narrow.pull_outlines(OWNER, NAME)
        before = served.log.requests
        while page.next is not None:
            page = await narrow.pull_outlines(OWNER, NAME, next=page.next)
    # 100 and 50 are tried twice each, then 60 pull requests are three pages of 25.
    assert (before, served.log.requests) == (5, 7)

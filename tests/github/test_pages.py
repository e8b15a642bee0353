"""Pages: where they go on, how they narrow, and what they never pass for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from mainstem.github import (
    UNSET,
    Conflict,
    GitHub,
    Gone,
    NotFound,
    People,
    ResourceLimits,
    ReviewComments,
)
from mainstem.github.planner import issue_units, page_units, points_of
from mainstem.simulate import Options, SimulatedGitHub, World, simulated_github

from .scripted import Script, SteeredClock, pull_json, reply, user
from .walks import bundles, issue_bundles, walk

OWNER, NAME = "riverside", "harbour"


@pytest.fixture
async def narrow(world: World, clock: SteeredClock) -> AsyncIterator[GitHub]:
    """A client of a GitHub that has no time for more than five items a page."""
    options = Options(widest_page=5)
    async with (
        simulated_github(world, options=options) as served,
        GitHub(base_url=served.url, sleep=clock.sleep) as client,
    ):
        yield client


async def test_page_that_is_too_heavy_is_halved_and_says_so(narrow: GitHub) -> None:
    first = await narrow.pull_bundles_page(OWNER, NAME, first=24)
    assert (len(first.items), first.total) == (3, 60)
    assert (first.effort and (first.effort.width, first.effort.refused)) == (3, 6)
    again = await narrow.pull_bundles_page(OWNER, NAME, first=9, safe=5, next=first.next)
    assert (again.effort and (again.effort.width, again.effort.refused)) == (5, 9)


async def test_narrow_walk_finds_what_a_wide_one_finds(narrow: GitHub, visitor: GitHub) -> None:
    assert await bundles(narrow, OWNER, NAME) == await bundles(visitor, OWNER, NAME)
    assert await issue_bundles(narrow, OWNER, NAME) == await issue_bundles(visitor, OWNER, NAME)


@pytest.mark.parametrize("people", [True, False])
@pytest.mark.parametrize("lists", ["list", 0, 1, 4])
@pytest.mark.parametrize("width", [1, 20, 60])
async def test_page_costs_what_the_planner_reckons(
    visitor: GitHub, width: int, lists: int | str, people: bool
) -> None:
    source: ReviewComments = "list" if lists == "list" else "threads"
    threads = lists if isinstance(lists, int) else 0
    page = await visitor.pull_bundles_page(
        OWNER, NAME, first=width, threads=threads, review_comments=source, people=people
    )
    assert (page.items[0].pull.labels is UNSET) != people
    where: People = "page" if people else "list"
    units = page_units(width, threads=threads, people=where, review_comments=source)
    expected = points_of(units)
    assert page.effort is not None
    assert page.effort.points == expected


async def test_page_of_issues_and_the_probe_cost_what_the_planner_reckons(
    visitor: GitHub,
) -> None:
    for people, where in ((True, "page"), (False, "list")):
        page = await visitor.issue_bundles_page(OWNER, NAME, first=83, people=people)
        assert (page.items[0].issue.labels is UNSET) != people
        assert page.effort is not None
        assert page.effort.points == points_of(issue_units(83, people=cast("People", where)))
    await visitor.probe(OWNER, NAME)
    assert visitor.ledger.snapshot().by_query["Probe"].points == 1


async def test_probe_tells_sizes_and_newest_updates(visitor: GitHub, world: World) -> None:
    probe = await visitor.probe(OWNER, NAME)
    there = world.repository
    assert (probe.pulls, probe.issues) == (len(there.pulls), len(there.issues))
    newest = max(row["updated_at"] for row in there.pulls.values())
    assert probe.newest_pull == datetime.fromisoformat(newest)
    assert sorted(probe.threads) == sorted(len(there.threads_of(n)) for n in there.pulls)


async def test_pull_requests_by_number_are_those_of_a_page(visitor: GitHub) -> None:
    page = await visitor.pull_bundles_page(OWNER, NAME, first=10, threads=2)
    numbers = [bundle.pull.number for bundle in page.items]
    found = await visitor.pull_bundles(OWNER, NAME, [*numbers, 99_999], threads=2)
    assert found == page.items


async def test_smallest_nested_lists_lose_nothing(
    visitor: GitHub, pretend: SimulatedGitHub
) -> None:
    whole = await visitor.pull_bundle(OWNER, NAME, 1)
    # Narrower than one pull request: its lists shrink, and follow-ups bring the rest.
    pretend.faults.graphql_error("RESOURCE_LIMITS_EXCEEDED", "too heavy", times=2)
    least = await visitor.pull_bundle(OWNER, NAME, 1)
    assert least == whole


async def test_query_that_is_always_too_heavy_ends_in_an_error(
    visitor: GitHub, pretend: SimulatedGitHub
) -> None:
    pretend.faults.graphql_error("RESOURCE_LIMITS_EXCEEDED", "too heavy", times=99)
    with pytest.raises(ResourceLimits, match="Ask for fewer items at once"):
        await visitor.pull_bundles_page(OWNER, NAME, first=100)
    assert visitor.ledger.snapshot().requests <= 12


async def test_time_out_of_the_server_is_repeated_then_narrowed(
    visitor: GitHub, pretend: SimulatedGitHub, clock: SteeredClock
) -> None:
    pretend.faults.bad_gateway(times=2)
    page = await visitor.pull_bundles_page(OWNER, NAME, first=8)
    assert (page.effort and page.effort.width, len(page.items)) == (4, 4)
    assert len(clock.slept) == 1


async def test_time_out_that_comes_once_is_repeated_as_wide(
    visitor: GitHub, pretend: SimulatedGitHub
) -> None:
    pretend.faults.bad_gateway()
    page = await visitor.pull_bundles_page(OWNER, NAME, first=8)
    assert (page.effort and page.effort.width, len(page.items)) == (8, 8)


async def test_time_out_of_what_cannot_be_narrower_is_repeated_to_the_end(
    visitor: GitHub, pretend: SimulatedGitHub
) -> None:
    # One pull request, and of each of its lists one: 100, 10 and 1 are tried twice, and 1 more.
    pretend.faults.bad_gateway(times=8)
    page = await visitor.pull_bundles_page(OWNER, NAME, first=1)
    assert len(page.items) == 1
    assert pretend.log.requests == 9


async def test_partial_answer_is_asked_for_again_not_taken(
    visitor: GitHub, pretend: SimulatedGitHub
) -> None:
    pretend.faults.partial("repository", "pullRequests", "nodes", 0, "timelineItems")
    page = await visitor.pull_bundles_page(OWNER, NAME)
    assert page == await visitor.pull_bundles_page(OWNER, NAME)
    assert visitor.ledger.snapshot().retries == 1


async def test_order_and_direction_are_githubs(visitor: GitHub) -> None:
    newest = await visitor.pull_bundles_page(OWNER, NAME, order="updated", direction="desc")
    times = [bundle.pull.updated_at for bundle in newest.items]
    assert times == sorted(times, reverse=True)
    listed = await visitor.pulls_page(OWNER, NAME, sort="updated", direction="desc", per_page=25)
    assert [pull.number for pull in listed.items] == [one.pull.number for one in newest.items]


async def test_recent_pulls_are_the_newest_first_without_what_belongs_to_them(
    visitor: GitHub,
) -> None:
    recent = await visitor.recent_pulls(OWNER, NAME, first=10)
    assert [pull.created_at for pull in recent.items] == sorted(
        (pull.created_at for pull in recent.items), reverse=True
    )
    assert (len(recent.items), recent.total) == (10, 60)
    rest = await walk(lambda place: visitor.recent_pulls(OWNER, NAME, first=25, next=place))
    assert len({pull.number for pull in rest}) == 60


async def test_since_leaves_out_what_did_not_change(visitor: GitHub) -> None:
    everything = [bundle.issue for bundle in await issue_bundles(visitor, OWNER, NAME)]
    limit = sorted(issue.updated_at for issue in everything)[len(everything) // 2]
    expected = {issue.number for issue in everything if issue.updated_at >= limit}
    by_graphql = await visitor.issue_bundles_page(OWNER, NAME, since=limit)
    by_rest = await visitor.issues_page(OWNER, NAME, since=limit)
    assert {bundle.issue.number for bundle in by_graphql.items} == expected
    assert {issue.number for issue in by_rest.items} == expected


async def test_issues_page_counts_the_pull_requests_it_leaves_out(visitor: GitHub) -> None:
    page = await visitor.issues_page(OWNER, NAME, sort="created")
    everything = await issue_bundles(visitor, OWNER, NAME)
    assert (page.seen, len(page.items)) == (60 + len(everything), len(everything))


async def test_what_is_not_there_is_not_found_over_both_apis(visitor: GitHub) -> None:
    for asked in (
        visitor.repository(OWNER, "nowhere"),
        visitor.pull(OWNER, NAME, 99_999),
        visitor.reviews(OWNER, NAME, 99_999),
        visitor.pull_bundle(OWNER, NAME, 99_999),
        visitor.pull_bundles_page(OWNER, "nowhere"),
        visitor.account(999_999_999),
    ):
        with pytest.raises(NotFound) as caught:
            await asked
        assert caught.value.is_final


async def test_switched_off_issues_are_gone(visitor: GitHub, pretend: SimulatedGitHub) -> None:
    pretend.faults.answer(410, path="/issues")
    with pytest.raises(Gone, match="issues of riverside/harbour"):
        await visitor.issues_page(OWNER, NAME)


async def test_account_is_found_by_id(visitor: GitHub, world: World) -> None:
    row = next(row for row in world.users.values() if row["type"] == "Bot")
    account = await visitor.account(row["id"])
    assert (account.id, account.login, account.type) == (row["id"], row["login"], "Bot")


async def test_statistics_still_being_counted_are_none(visitor: GitHub) -> None:
    assert await visitor.commit_activity(OWNER, NAME) is None
    weeks = await visitor.commit_activity(OWNER, NAME)
    assert weeks is not None
    assert all(isinstance(commits, int) for commits in weeks)
    assert await visitor.contributors(OWNER, NAME) > 0


async def test_empty_repository_has_no_statistics(github: GitHub, script: Script) -> None:
    script.play(reply(status=204))
    assert await github.commit_activity("o", "r") == ()
    assert await github.contributors("o", "r") == 0
    script.play(reply({"message": "Git Repository is empty."}, 409))
    with pytest.raises(Conflict, match="Git Repository is empty"):
        await github.commit_activity("o", "r")


async def test_list_beyond_the_cap_is_reported_as_cut(github: GitHub, script: Script) -> None:
    review = {
        "id": 1, "user": user(), "body": "", "state": "APPROVED", "commit_id": None,
        "submitted_at": "2026-01-02T00:00:00Z", "pull_request_url": "x/pulls/5",
    }  # fmt: skip
    more = [f'<{script.url}/repositories/1/pulls/5/reviews?page={n}>; rel="next"' for n in (2, 3)]
    script.play(*(reply([review], link=link) for link in more))
    cut = await github.reviews("o", "r", 5, max_pages=2)
    assert (len(cut.items), cut.truncated, len(script.asked)) == (2, True, 2)
    script.play(reply([review]))
    assert not (await github.reviews("o", "r", 5)).truncated


async def test_page_goes_on_at_another_address_of_the_same_server(world: World) -> None:
    async with simulated_github(world) as served, GitHub(base_url=served.url) as github:
        first = await github.pulls_page(OWNER, NAME, per_page=20)
    async with simulated_github(world) as served, GitHub(base_url=served.url) as github:
        second = await github.pulls_page(OWNER, NAME, per_page=20, next=first.next)
    assert {pull.number for pull in first.items}.isdisjoint(pull.number for pull in second.items)


async def test_nothing_has_changed_since_a_time_to_come(visitor: GitHub) -> None:
    page = await visitor.repository_issue_comments_page(
        OWNER, NAME, since=datetime(2100, 1, 1, tzinfo=UTC)
    )
    assert (page.items, page.next) == ((), None)


def connection(nodes: list[Any], *, more: str | None = None, total: int = 0) -> dict[str, Any]:
    info = {"hasNextPage": more is not None, "endCursor": more}
    return {"totalCount": total or len(nodes), "nodes": nodes, "pageInfo": info}


def bundle_data() -> dict[str, Any]:
    """One pull request whose single review is still to be fetched."""
    pull = {
        "id": "P", "fullDatabaseId": "5", "number": 5, "title": "t", "body": "", "state": "OPEN",
        "isDraft": False, "createdAt": "2026-01-02T00:00:00Z", "closedAt": None, "mergedAt": None,
        "updatedAt": "2026-01-02T00:00:00Z", "merged": False, "additions": 1, "deletions": 1,
        "changedFiles": 1, "baseRefName": "main", "headRefName": "fix", "headRefOid": "f00",
        "url": "u", "author": None, "mergedBy": None, "commits": {"totalCount": 1},
        "milestone": None, "totalCommentsCount": 0,
        "timelineItems": {**connection([], more="c", total=1), "filteredCount": 1},
        "reviewThreads": connection([]), "mergeable": "UNKNOWN",
    }  # fmt: skip
    return {"repository": {"databaseId": 1, "nameWithOwner": "o/r", "pullRequest": pull}}


HEAVY = {"errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too heavy"}]}
REST_OF_IT = {
    "g0": {
        "timelineItems": connection(
            [{"__typename": "PullRequestReview", "fullDatabaseId": "9", "state": "ODD", "body": "",
              "author": None, "commit": None, "submittedAt": "2026-01-02T00:00:00Z"},
             {"__typename": "PullRequestReview", "fullDatabaseId": "8", "state": "PENDING",
              "submittedAt": None}]
        )
    }
}  # fmt: skip


async def test_follow_up_that_is_too_heavy_is_narrowed(github: GitHub, script: Script) -> None:
    script.play(reply({"data": bundle_data()}), reply(HEAVY), reply({"data": REST_OF_IT}))
    bundle = await github.pull_bundle("o", "r", 5)
    assert [(review.id, review.state) for review in bundle.reviews] == [(9, "COMMENTED")]
    assert b'"operationName":"FollowUp"' in script.bodies[2]


async def test_follow_up_that_is_always_too_heavy_ends_in_an_error(
    github: GitHub, script: Script
) -> None:
    async def answer(_request: object) -> Any:
        first = b"FollowUp" not in script.bodies[-1]
        return reply({"data": bundle_data()}) if first else reply(HEAVY)

    script.play(answer)
    with pytest.raises(ResourceLimits):
        await github.pull_bundle("o", "r", 5)


async def test_pull_request_that_goes_away_meanwhile_is_no_empty_one(
    github: GitHub, script: Script
) -> None:
    gone = {"data": {"g0": None}, "errors": [{"type": "NOT_FOUND", "message": "gone"}]}
    script.play(reply({"data": bundle_data()}), reply(gone))
    with pytest.raises(Conflict, match="a part of it went away while it was read"):
        await github.pull_bundle("o", "r", 5)


async def test_pages_that_github_no_longer_numbers_are_followed_by_cursor(
    github: GitHub, script: Script
) -> None:
    more = f'<{script.url}/repositories/1/pulls?after=Y3Vyc29y&per_page=100>; rel="next"'
    script.play(reply([pull_json(1)], link=more), reply([pull_json(2)]))
    found = await walk(lambda place: github.pulls_page("o", "r", next=place))
    assert [pull.number for pull in found] == [1, 2]
    assert str(script.asked[1].query_params) == "after=Y3Vyc29y&per_page=100"


def test_generated_world_has_lists_beyond_one_page(world: World) -> None:
    # Otherwise nothing above would need a follow-up.
    threads = [len(world.repository.threads_of(number)) for number in range(1, 60)]
    assert max(threads) > 2

"""A refresh: free while nothing changes, priced by what did, and equal to a fresh capture after."""

from typing import Any

import pytest

from mainstem.functions.capture import capture_repository_sync_graphql
from mainstem.functions.events import RepositorySyncGraphqlRequested
from mainstem.simulate import changes, generate
from mainstem.testing import RunResult, run_handler

from .conftest import Build
from .happenings import assert_same, change_pulls
from .house import House, with_limits


async def capture(house: House, run_id: str, **limits: Any) -> RunResult[Any]:
    asked = RepositorySyncGraphqlRequested(
        repository_id=house.repository_id, history="full", with_issues=True
    )
    services = with_limits(house, **limits)
    return await run_handler(capture_repository_sync_graphql, asked, services, run_id=run_id)


@pytest.fixture
async def captured(build: Build) -> House:
    """A repository captured whole, and looked at once since: what it costs after that is told."""
    house = await build(generate(11, 60))
    await capture(house, "whole")
    await capture(house, "first look")
    house.github.log.clear()
    return house


async def bill(house: House, run_id: str = "refresh") -> tuple[int, int, int, int]:
    """REST requests that count, requests over GraphQL, points, and answers of 304."""
    house.github.log.clear()
    await capture(house, run_id)
    log = house.github.log
    paid = log.rest_requests - log.not_modified
    return paid, log.graphql_requests, log.points, log.not_modified


async def fresh(build: Build, house: House) -> House:
    """The same repository, captured whole into an empty database."""
    other = await build(house.world)
    await capture(other, "fresh")
    return other


async def test_the_first_look_after_a_capture_costs_a_request_per_list_and_no_point(
    build: Build,
) -> None:
    house = await build(generate(11, 60))
    await capture(house, "whole")
    assert await bill(house) == (4, 0, 0, 0)


async def test_nothing_changed_costs_nothing(captured: House) -> None:
    assert await bill(captured) == (0, 0, 0, 4)


async def test_the_look_stays_free_after_a_refresh(captured: House) -> None:
    changes.add_comment(captured.there, min(captured.there.pulls), "So?", user=captured.user())
    await capture(captured, "refresh")
    await capture(captured, "look")
    assert await bill(captured, "again") == (0, 0, 0, 4)


@pytest.mark.parametrize("count", [1, 10, 25])
async def test_up_to_25_changes_cost_a_point_and_two_requests(
    captured: House, build: Build, count: int
) -> None:
    change_pulls(captured, count)
    paid, queries, points, _ = await bill(captured)
    assert (queries, points) == (1, 1)
    assert paid <= 2
    assert_same(captured, await fresh(build, captured))


async def test_a_hundred_changes_cost_by_the_page(build: Build) -> None:
    house = await build(generate(12, 120))
    await capture(house, "whole")
    await capture(house, "first look")
    change_pulls(house, 100)
    paid, queries, points, _ = await bill(house)
    # Reference: ceil((100 + v) / 25) queries, a point each, and a request per list of comments.
    assert points == queries <= 5
    assert paid <= 5
    assert_same(house, await fresh(build, house))

"""Scenario 8: 2,000 recently updated pull requests cost no more than the documented calls."""

from __future__ import annotations

from pathlib import Path

from mainstem.functions import (
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
    SyncReason,
)
from mainstem.functions.capture import capture_repository_sync, capture_repository_sync_graphql
from mainstem.simulate import World, changes, generate

from .stage import stage

BUSY = 2_000
RECENTLY = "2026-07-01T09:00:00Z"


def busy_world() -> World:
    """A repository in which all of them were opened this morning."""
    world = generate(8, 1)
    user = next(iter(world.users))
    for number in range(BUSY):
        changes.open_pull(world.repository, f"Change {number}", user=user, at=RECENTLY)
    return world


async def test_scenario_08_a_busy_repository_costs_one_list_and_says_what_was_cut(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path / "s.db", busy_world()) as here:
        # One page of a hundred is all that a sync of recent history reads; details come by events,
        # 50 over GraphQL and 20 + 50 + 50 over REST. Domain reference, sections 2.7 and 2.8. REST's
        # list does not say whose it is, so the name is asked for too.
        over = RepositorySyncRequested(repository_id=here.home)
        rest = await here.run(capture_repository_sync, over)
        over_rest = here.github.log.requests
        here.github.log.clear()
        asked = RepositorySyncGraphqlRequested(repository_id=here.home, reason=SyncReason.MANUAL)
        graphql = await here.run(capture_repository_sync_graphql, asked)
        over_graphql = here.github.log.requests
    assert (over_graphql, over_rest) == (1, 2)
    assert (graphql.pulls_stored, graphql.truncated) == (100, True)
    assert (rest.pulls_stored, rest.truncated) == (100, True)
    assert graphql.queued.details == 50
    assert (rest.queued.details, rest.queued.reviews, rest.queued.comments) == (20, 50, 50)

"""Scenario 1: run twice, or resumed after any step, a function leaves the same behind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mainstem.functions import (
    PrCommentsRequested,
    PrDetailsGraphqlRequested,
    PrReviewsRequested,
    RepositoryIssuesRequested,
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
    Services,
    capture,
)
from mainstem.simulate import generate
from mainstem.testing import replay_from_every_step, run_handler

from .stage import Stage, facts, stage

ONE = {"pr_number": 1}
CASES: list[Any] = [
    (capture.capture_pr_details_graphql, PrDetailsGraphqlRequested, ONE),
    (capture.capture_pr_reviews, PrReviewsRequested, ONE),
    (capture.capture_pr_comments, PrCommentsRequested, ONE),
    (capture.capture_repository_issues, RepositoryIssuesRequested, {"time_range": 9_999}),
    (capture.capture_repository_sync, RepositorySyncRequested, {"history": "full"}),
    (capture.capture_repository_sync_graphql, RepositorySyncGraphqlRequested, {"history": "full"}),
]


@pytest.fixture
async def stages(tmp_path: Path) -> AsyncIterator[Any]:
    """Makes stages of one world, each with an empty database."""
    async with AsyncExitStack() as stack:
        world, numbers = generate(21, 6), count()

        async def make() -> Stage:
            return await stack.enter_async_context(stage(tmp_path / f"{next(numbers)}.db", world))

        yield make


def asked(here: Stage, event: Any, more: dict[str, Any]) -> Any:
    if "pr_number" in more:
        more = {"pr_number": min(here.there.pulls)}
    return event(repository_id=here.home, **more)


def logs(here: Stage) -> list[str]:
    return [row["status"] for row in here.rows("sync_logs")]


@pytest.mark.parametrize(("function", "event", "more"), CASES)
async def test_scenario_01_resumed_after_any_step_a_function_leaves_the_same(
    stages: Any, function: Any, event: Any, more: dict[str, Any]
) -> None:
    made: dict[int, Stage] = {}

    async def services() -> Services:
        here: Stage = await stages()
        made[id(here.services)] = here
        return here.services

    def look(services: Services) -> object:
        here = made[id(services)]
        return facts(here), logs(here)

    data = asked(await stages(), event, more)
    proof = await replay_from_every_step(function, data, services, look=look)
    assert len(proof.interrupted_after) >= 2


@pytest.mark.parametrize(("function", "event", "more"), CASES)
async def test_scenario_01_run_twice_a_function_leaves_the_same(
    stages: Any, function: Any, event: Any, more: dict[str, Any]
) -> None:
    here: Stage = await stages()
    data = asked(here, event, more)
    first = await run_handler(function, data, here.services, run_id="run")
    before = facts(here)
    again = await run_handler(function, data, here.services, run_id="run")
    assert facts(here) == before
    assert logs(here) == ["completed"]
    if more.get("history") != "full":  # the second time there is nothing left to ask for
        assert [sent.id for sent in again.sent] == [sent.id for sent in first.sent]

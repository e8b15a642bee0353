"""Scenario 9: each way in which GitHub says no takes the path that is written down for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstem.catalog import NonRetriableError, RetryAfterError
from mainstem.functions import (
    PrDetailsGraphqlRequested,
    PrDetailsRequested,
    PrReviewsRequested,
    SingleClassificationRequested,
)
from mainstem.functions.capture import (
    capture_pr_details,
    capture_pr_details_graphql,
    capture_pr_reviews,
)
from mainstem.functions.classify import classify_single_repository
from mainstem.github import RequestFailed
from mainstem.simulate import Faults, generate
from mainstem.simulate.faults import Fault
from mainstem.store import load_tracking, track_repository
from mainstem.testing import run_handler

from .stage import NOW, Stage, stage

RESET = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=40)


def spent(faults: Faults) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(RESET.timestamp()))}
    body = {"message": "API rate limit exceeded"}
    faults.add(Fault("/pulls/", times=9, status=403, headers=headers, body=body))


def forbidden(faults: Faults) -> None:
    faults.answer(403, path="/pulls/", body={"message": "Resource not accessible"})


def gone(faults: Faults) -> None:
    faults.answer(404, path="/pulls/", body={"message": "Not Found"})


def slow_down(faults: Faults) -> None:
    faults.add(Fault("/pulls/", times=9, status=429, headers={"retry-after": "1800"}, body={}))


def bad_gateway(faults: Faults) -> None:
    faults.bad_gateway(path="/pulls/", times=99)


async def details(here: Stage) -> Any:
    number = min(here.there.pulls)
    asked = PrDetailsRequested(repository_id=here.home, pr_number=number)
    return await here.run(capture_pr_details, asked)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (spent, RetryAfterError),  # at the time that GitHub names
        (forbidden, NonRetriableError),  # no retry helps
        (gone, NonRetriableError),
        (slow_down, RetryAfterError),
        (bad_gateway, RequestFailed),  # bounded retries here, then the platform's
    ],
)
async def test_scenario_09_a_rest_error_takes_its_path(
    tmp_path: Path, fault: Any, error: type[Exception]
) -> None:
    async with stage(tmp_path / "s.db", generate(9, 3)) as here:
        fault(here.github.faults)
        with pytest.raises(error) as raised:
            await details(here)
        assert here.rows("pull_requests") == []
        assert here.github.log.requests < 10
    if fault is spent:
        assert abs(raised.value.retry_after - RESET) < timedelta(minutes=1)  # type: ignore[attr-defined]
    if fault is slow_down:
        assert raised.value.retry_after == NOW + timedelta(seconds=1_800)  # type: ignore[attr-defined]


async def test_scenario_09_a_trouble_that_passes_is_not_even_noticed(tmp_path: Path) -> None:
    async with stage(tmp_path / "s.db", generate(9, 3)) as here:
        here.github.faults.bad_gateway(path="/pulls/", times=2)
        await details(here)
        assert len(here.rows("pull_requests")) == 1


async def test_scenario_09_reviews_of_a_vanished_pull_request_are_none(tmp_path: Path) -> None:
    async with stage(tmp_path / "s.db", generate(9, 3)) as here:
        here.github.faults.answer(404, path="/reviews", body={"message": "Not Found"})
        asked = PrReviewsRequested(repository_id=here.home, pr_number=min(here.there.pulls))
        await here.run(capture_pr_reviews, asked)
        assert here.rows("reviews") == []


async def test_scenario_09_a_spent_graphql_budget_is_waited_for(tmp_path: Path) -> None:
    async with stage(tmp_path / "s.db", generate(9, 3)) as here:
        here.github.faults.graphql_error("RATE_LIMITED", "API rate limit exceeded", times=9)
        asked = PrDetailsGraphqlRequested(repository_id=here.home, pr_number=1)
        with pytest.raises(RetryAfterError):
            await here.run(capture_pr_details_graphql, asked)
        assert here.rows("pull_requests") == []


async def test_scenario_09_statistics_that_never_come_are_waited_for_and_left_out(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path / "s.db", generate(9, 3)) as here:
        here.github.faults.answer(202, path="/stats/", times=99, body={})
        owner, repo = here.there.full_name.split("/")
        database = here.services.database
        database.write(track_repository, here.home, owner=owner, name=repo, at=NOW)
        asked = SingleClassificationRequested(repository_id=here.home, owner=owner, repo=repo)
        result = await run_handler(classify_single_repository, asked, here.services)
        tracked = database.read(load_tracking, here.home)
    assert len(result.slept) == 2
    assert tracked is not None
    assert tracked.metrics is not None
    assert tracked.metrics["monthlyCommits"] is None
    assert tracked.size == result.output.size  # the other four voted

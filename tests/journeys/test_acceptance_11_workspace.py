"""Scenario 11: aggregations of a workspace complete one after another, and trends are true."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from mainstem import store
from mainstem.functions import WorkspaceMetricsRequested
from mainstem.functions.update import aggregate_workspace_metrics
from mainstem.simulate import generate
from mainstem.store import ids
from mainstem.testing import run_handler

from .stage import NOW, Stage, Still, stage

OPENED_DAYS_AGO = (1, 2, 3, 20, 25, 35, 40, 45, 50)  # five in the last 30 days, four before


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path / "s.db", generate(11, 1)) as made:
        yield made


def workspace(here: Stage) -> UUID:
    """A workspace of the one repository, with nine pull requests."""
    write = here.services.database.write
    for number, days in enumerate(OPENED_DAYS_AGO, start=1):
        row: Any = {
            "id": ids.pull_request_id(here.there.id, number),
            "github_id": number,
            "repository_id": here.home,
            "number": number,
            "title": f"Change {number}",
            "state": "open",
            "created_at": NOW - timedelta(days=days),
            "updated_at": NOW,
        }
        write(store.save_pull_requests, [row])
    made = write(store.create_workspace, "Work", "work", at=NOW)
    write(store.add_workspace_repository, made, here.home, at=NOW)
    return made


async def aggregate(here: Stage, made: UUID, run_id: str, *, minutes: int = 0, **more: Any) -> Any:
    later = replace(here.services, clock=Still(NOW + timedelta(minutes=minutes)))
    asked = WorkspaceMetricsRequested(workspace_id=made, time_range="30d", **more)
    return await run_handler(aggregate_workspace_metrics, asked, later, run_id=run_id)


def statuses(here: Stage) -> list[str]:
    return [row["status"] for row in here.rows("workspace_aggregation_queue")]


async def test_scenario_11_aggregations_complete_again_and_again(here: Stage) -> None:
    made = workspace(here)
    for run_id in ("first", "second"):
        await aggregate(here, made, run_id, force_refresh=True)
    assert statuses(here) == ["completed", "completed"]
    # The result for 30 days is fresh for ten minutes; then it is calculated anew.
    fresh = await aggregate(here, made, "third", minutes=5)
    expired = await aggregate(here, made, "fourth", minutes=11)
    assert (fresh.output.cache_hit, expired.output.cache_hit) == (True, False)
    assert set(statuses(here)) == {"completed"}


async def test_scenario_11_trends_match_a_hand_calculation(here: Stage) -> None:
    made = workspace(here)
    await aggregate(here, made, "run")
    found = here.services.database.read(store.load_cached_metrics, made, "30d")
    assert found is not None
    assert found.metrics["total_prs"] == 5
    assert found.metrics["prs_trend"] == 25  # five after four


async def test_scenario_11_shorter_and_longer_ranges_follow_once(here: Stage) -> None:
    made = workspace(here)
    result = await aggregate(here, made, "run", triggered_by="schedule")
    assert [sent.data["timeRange"] for sent in result.sent] == ["7d", "90d"]
    again = await aggregate(here, made, "run", triggered_by="schedule")
    assert [sent.id for sent in again.sent] == [sent.id for sent in result.sent]

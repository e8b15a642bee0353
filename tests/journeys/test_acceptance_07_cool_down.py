"""Scenario 7: how long after a sync another one is skipped, by reason: exactly the table."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mainstem.functions import (
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
    SyncReason,
)
from mainstem.functions.capture import capture_repository_sync, capture_repository_sync_graphql
from mainstem.simulate import generate
from mainstem.store import mark_synced

from .stage import NOW, stage

AGES = (0.5, 2, 5, 13, 25)  # hours since the last sync
# Domain reference, sections 2.7 and 2.8: hours before the next sync, by reason.
GRAPHQL: dict[SyncReason | None, float] = {
    SyncReason.MANUAL: 5 / 60,
    SyncReason.AUTO_FIX: 1,
    SyncReason.AUTOMATIC: 4,
    SyncReason.SCHEDULED: 24,
    SyncReason.DISCOVERY: 12,
    None: 12,
}


@pytest.mark.parametrize("reason", GRAPHQL)
async def test_scenario_07_a_graphql_sync_waits_as_its_reason_says(
    tmp_path: Path, reason: SyncReason | None
) -> None:
    async with stage(tmp_path / "s.db", generate(7, 6)) as here:
        whole = RepositorySyncGraphqlRequested(repository_id=here.home, history="full")
        await here.run(capture_repository_sync_graphql, whole)
        skipped = {}
        for age in AGES:
            here.services.database.write(mark_synced, here.home, NOW - timedelta(hours=age))
            asked = RepositorySyncGraphqlRequested(repository_id=here.home, reason=reason)
            result = await here.run(capture_repository_sync_graphql, asked)
            skipped[age] = getattr(result, "skipped", False)
    assert skipped == {age: age < GRAPHQL[reason] for age in AGES}


@pytest.mark.parametrize("reason", GRAPHQL)
async def test_scenario_07_a_rest_sync_waits_an_hour_unless_asked_by_hand(
    tmp_path: Path, reason: SyncReason | None
) -> None:
    async with stage(tmp_path / "s.db", generate(7, 6)) as here:
        skipped = {}
        for age in AGES:
            here.services.database.write(mark_synced, here.home, NOW - timedelta(hours=age))
            asked = RepositorySyncRequested(repository_id=here.home, reason=reason)
            result = await here.run(capture_repository_sync, asked)
            skipped[age] = getattr(result, "skipped", False)
    assert skipped == {age: age < 1 and reason is not SyncReason.MANUAL for age in AGES}

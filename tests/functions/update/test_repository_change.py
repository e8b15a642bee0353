from datetime import timedelta
from typing import Literal
from uuid import UUID, uuid4

import pytest

from mainstem.engine.expressions import key_of
from mainstem.functions.events import WorkspaceRepositoryChanged
from mainstem.functions.update import handle_workspace_repository_change
from mainstem.testing import replay_from_every_step, run_handler

from .conftest import NOW, Stage
from .workspaces import cache, rows, workspace

REPOSITORY = UUID(int=7)


def changed(
    workspace_id: UUID, action: Literal["added", "removed"] = "added"
) -> WorkspaceRepositoryChanged:
    return WorkspaceRepositoryChanged(
        workspace_id=workspace_id, action=action, repository_id=REPOSITORY, repository_name="a/b"
    )


@pytest.mark.parametrize("action", ["added", "removed"])
async def test_a_change_makes_every_range_stale_and_asks_for_a_calculation(
    stage: Stage, action: Literal["added", "removed"]
) -> None:
    one, other = workspace(stage, "one"), workspace(stage, "two")
    for time_range in ("7d", "30d"):
        cache(stage, one, expires=NOW + timedelta(hours=1), time_range=time_range)
    cache(stage, other, expires=NOW + timedelta(hours=1))
    result = await run_handler(
        handle_workspace_repository_change, changed(one, action), stage.services
    )
    stale = {(row.workspace_id, row.is_stale) for row in rows(stage, "workspace_metrics_cache")}
    assert stale == {(one, True), (other, False)}
    (sent,) = result.sent
    assert sent.name == "workspace.metrics.aggregate"
    assert sent.data == {
        "workspaceId": str(one),
        "timeRange": "30d",
        "priority": 1,
        "forceRefresh": True,
        "triggeredBy": "webhook",
        "triggerMetadata": {
            "action": action,
            "repositoryId": str(REPOSITORY),
            "repositoryName": "a/b",
        },
    }


async def test_a_workspace_that_is_gone_or_inactive_is_skipped(stage: Stage) -> None:
    for one in (uuid4(), workspace(stage, "one", is_active=False)):
        result = await run_handler(handle_workspace_repository_change, changed(one), stage.services)
        assert (result.output.skipped, result.sent) == (
            "there is no active workspace with this id",
            (),
        )


async def test_d19_it_may_be_interrupted_after_every_step(stage: Stage) -> None:
    one = workspace(stage, "one")
    cache(stage, one, expires=NOW)
    proof = await replay_from_every_step(
        handle_workspace_repository_change, changed(one), lambda: stage.services
    )
    assert proof.interrupted_after == ("mark-metrics-stale", "request-aggregation")


def test_changes_of_one_workspace_are_gathered_for_half_a_minute() -> None:
    debounce = handle_workspace_repository_change.config.debounce
    assert debounce is not None
    assert debounce.period == timedelta(seconds=30)
    key = str(debounce.key)
    a, b = (key_of(key, {"data": {"workspaceId": one}}) for one in ("a", "b"))
    assert a != b

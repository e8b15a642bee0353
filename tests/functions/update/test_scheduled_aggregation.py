from datetime import timedelta

import inngest

from mainstem import store
from mainstem.catalog import Scheduled
from mainstem.functions.update import aggregate_workspace_metrics, scheduled_workspace_aggregation
from mainstem.functions.update.scheduled_aggregation import request_for
from mainstem.store import DueWorkspace
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import NOW, Stage
from .workspaces import cache, workspace

HOUR = timedelta(hours=1)


async def scheduled(stage: Stage) -> RunResult[object]:
    return await run_handler(scheduled_workspace_aggregation, Scheduled(), stage.services)


def asked_for(result: RunResult[object]) -> set[str]:
    return {str(sent.data["workspaceId"]) for sent in result.sent}


async def test_what_has_no_usable_result_is_asked_for_in_one_send(stage: Stage) -> None:
    new, stale, expired, fresh = (workspace(stage, slug) for slug in ("aa1", "bb2", "cc3", "dd4"))
    workspace(stage, "ee5", is_active=False)
    for one, expires in ((stale, NOW + HOUR), (expired, NOW - HOUR), (fresh, NOW + HOUR)):
        cache(stage, one, expires=expires)
    stage.database.write(store.mark_metrics_stale, stale)
    result = await scheduled(stage)
    assert asked_for(result) == {str(new), str(stale), str(expired)}
    assert [step.id for step in result.steps] == ["find-workspaces", "request-aggregations"]
    output = result.output
    assert (output.total_workspaces, output.aggregations_triggered) == (4, 3)  # type: ignore[attr-defined]


async def test_a_result_of_another_range_is_none_of_this_one(stage: Stage) -> None:
    one = workspace(stage, "one")
    cache(stage, one, expires=NOW + HOUR, time_range="7d")
    assert asked_for(await scheduled(stage)) == {str(one)}


async def test_what_is_under_way_is_left_alone(stage: Stage) -> None:
    one = workspace(stage, "one")
    stage.database.write(store.open_aggregation, one, "30d", run_key="other", at=NOW)
    assert asked_for(await scheduled(stage)) == set()


async def test_d2_a_row_whose_run_died_keeps_no_workspace_waiting(stage: Stage) -> None:
    one = workspace(stage, "one")
    stage.database.write(store.open_aggregation, one, "30d", run_key="dead", at=NOW - 2 * HOUR)
    assert asked_for(await scheduled(stage)) == {str(one)}


async def test_the_schedule_asks_again_after_expiry(stage: Stage) -> None:
    one = workspace(stage, "one", stage.keep_home())
    (sent,) = (await scheduled(stage)).sent
    asked = request_for(DueWorkspace(one, "free"))
    assert sent.data == asked.to_wire()
    await run_handler(aggregate_workspace_metrics, asked, stage.services)
    assert asked_for(await scheduled(stage)) == set()
    stage.clock.pass_(12 * HOUR)
    assert asked_for(await scheduled(stage)) == {str(one)}


def test_the_tier_decides_who_comes_first() -> None:
    priorities = [
        request_for(DueWorkspace(store.ids.NAMESPACE, tier)).priority
        for tier in ("enterprise", "pro", "free")
    ]
    assert priorities == [10, 50, 100]


async def test_d19_it_may_be_interrupted_after_every_step(stage: Stage) -> None:
    workspace(stage, "one")
    proof = await replay_from_every_step(
        scheduled_workspace_aggregation, Scheduled(), lambda: stage.services
    )
    assert len(proof.undisturbed.sent) == 1


def test_it_runs_twice_a_day() -> None:
    assert scheduled_workspace_aggregation.triggers == (inngest.TriggerCron(cron="0 6,18 * * *"),)

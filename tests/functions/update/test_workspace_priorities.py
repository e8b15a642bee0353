from typing import Any
from uuid import UUID

import inngest

from mainstem.functions.events import WorkspacePrioritiesRequested
from mainstem.functions.services import Services
from mainstem.functions.update import sync_workspace_priorities
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import NOW, Stage
from .workspaces import change, rows, workspace

PLEASE = WorkspacePrioritiesRequested()


async def sync(stage: Stage) -> RunResult[Any]:
    return await run_handler(sync_workspace_priorities, PLEASE, stage.services)


def marks(stage: Stage) -> dict[UUID, tuple[bool, str, int]]:
    return {
        row.repository_id: (row.is_workspace_repo, row.priority, row.workspace_count)
        for row in rows(stage, "tracked_repositories")
    }


async def test_what_is_in_a_workspace_is_marked_with_how_many_hold_it(stage: Stage) -> None:
    twice, once, never = (stage.keep(n, f"own/r{n}") for n in (1, 2, 3))
    workspace(stage, "one", twice, once)
    workspace(stage, "two", twice)
    result = await sync(stage)
    assert marks(stage) == {
        twice: (True, "high", 2),
        once: (True, "high", 1),
        never: (False, "medium", 0),
    }
    output = result.output
    assert (output.workspace_repositories, output.other_repositories) == (2, 1)


async def test_a_flag_that_is_out_of_date_is_taken_back_whatever_the_priority(
    stage: Stage,
) -> None:
    left = stage.keep(1, "own/left")
    (row,) = rows(stage, "tracked_repositories")
    change(
        stage,
        "tracked_repositories",
        row.id,
        is_workspace_repo=True,
        priority="medium",
        workspace_count=3,
    )
    await sync(stage)
    assert marks(stage) == {left: (False, "medium", 0)}


async def test_a_repository_of_a_workspace_that_nobody_tracks_is_tracked(stage: Stage) -> None:
    one = stage.keep(1, "own/one", tracked=False)
    stage.keep(2, "own/two", tracked=False)
    workspace(stage, "one", one)
    result = await sync(stage)
    assert marks(stage) == {one: (True, "high", 1)}
    assert (result.output.newly_tracked, result.output.other_repositories) == (1, 0)


async def test_a_second_run_rewrites_no_row(stage: Stage) -> None:
    workspace(stage, "one", stage.keep(1, "own/one"))
    stage.keep(2, "own/two")
    await sync(stage)
    stage.clock.pass_(stage.clock.now() - NOW.replace(year=NOW.year - 1))
    await sync(stage)
    assert {row.updated_at for row in rows(stage, "tracked_repositories")} == {NOW}


async def test_it_may_be_interrupted_after_every_step(stage: Stage) -> None:
    workspace(stage, "one", stage.keep(1, "own/one", tracked=False))

    def emptied() -> Services:
        stage.empty("tracked_repositories")
        return stage.services

    await replay_from_every_step(
        sync_workspace_priorities, PLEASE, emptied, look=lambda _: marks(stage)
    )


def test_it_runs_alone_every_six_hours_and_when_asked() -> None:
    (limit,) = sync_workspace_priorities.config.concurrency
    assert (limit.limit, sync_workspace_priorities.config.retries) == (1, 2)
    assert sync_workspace_priorities.triggers == (
        inngest.TriggerCron(cron="0 */6 * * *"),
        inngest.TriggerEvent(event="workspace/priorities.sync"),
    )

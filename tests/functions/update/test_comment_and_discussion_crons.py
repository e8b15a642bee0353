from datetime import timedelta
from typing import Any
from uuid import UUID

import inngest
import pytest

from mainstem import store
from mainstem.catalog import Scheduled
from mainstem.functions.update import sync_discussions_cron, sync_workspace_comments_cron
from mainstem.store import ids
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import NOW, Stage
from .workspaces import change, workspace

DAY = timedelta(days=1)


async def ask_comments(stage: Stage) -> RunResult[Any]:
    return await run_handler(sync_workspace_comments_cron, Scheduled(), stage.services)


async def ask_discussions(stage: Stage) -> RunResult[Any]:
    return await run_handler(sync_discussions_cron, Scheduled(), stage.services)


def asked_for(result: RunResult[Any]) -> list[str]:
    return sorted(str(sent.data["repositoryId"]) for sent in result.sent)


def pull(stage: Stage, repository: UUID, age: timedelta) -> None:
    row: Any = {
        "id": ids.pull_request_id(int(repository) % 10_000, 1),
        "github_id": int(repository) % 10_000,
        "repository_id": repository,
        "number": 1,
        "title": "t",
        "state": "open",
        "created_at": NOW - age,
        "updated_at": NOW - age,
    }
    stage.database.write(store.save_pull_requests, [row])


async def test_repositories_of_workspaces_that_were_active_of_late_are_asked_about(
    stage: Stage,
) -> None:
    active, quiet, alone = (stage.keep(n, f"own/r{n}") for n in (1, 2, 3))
    for repository, age in ((active, DAY), (quiet, 31 * DAY), (alone, DAY)):
        pull(stage, repository, age)
    workspace(stage, "one", active, quiet)
    workspace(stage, "two", active)
    result = await ask_comments(stage)
    (sent,) = result.sent
    assert (sent.name, asked_for(result)) == ("capture/repository.comments.all", [str(active)])
    assert (sent.data["timeRange"], sent.data["priority"], sent.data["triggerSource"]) == (
        7,
        "low",
        "cron",
    )


async def test_repositories_with_discussions_are_asked_about(stage: Stage) -> None:
    some, none = stage.keep(1, "own/r1"), stage.keep(2, "own/r2")
    stage.keep(3, "own/r3")
    change(stage, "repositories", some, has_discussions=True)
    change(stage, "repositories", none, has_discussions=False)
    result = await ask_discussions(stage)
    (sent,) = result.sent
    assert (sent.name, asked_for(result)) == ("capture/repository.discussions", [str(some)])
    assert (sent.data["maxItems"], sent.data["source"]) == (100, "cron")


@pytest.mark.parametrize("state", ["unreachable", "blocked"])
async def test_what_github_shows_no_longer_is_not_asked_about(stage: Stage, state: str) -> None:
    one = stage.keep(1, "own/r1")
    pull(stage, one, DAY)
    workspace(stage, "one", one)
    change(stage, "repositories", one, has_discussions=True, refused=state)
    assert [*(await ask_comments(stage)).sent, *(await ask_discussions(stage)).sent] == []


@pytest.mark.parametrize("definition", [sync_workspace_comments_cron, sync_discussions_cron])
async def test_d19_they_may_be_interrupted_after_every_step(stage: Stage, definition: Any) -> None:
    one = stage.keep(1, "own/r1")
    pull(stage, one, DAY)
    workspace(stage, "one", one)
    change(stage, "repositories", one, has_discussions=True)
    proof = await replay_from_every_step(definition, Scheduled(), lambda: stage.services)
    assert len(proof.undisturbed.sent) == 1


def test_they_run_on_their_schedules() -> None:
    found = [
        (one.triggers, one.config.retries)
        for one in (sync_workspace_comments_cron, sync_discussions_cron)
    ]
    assert found == [
        ((inngest.TriggerCron(cron="0 */4 * * *"),), 1),
        ((inngest.TriggerCron(cron="0 2 * * *"),), 1),
    ]

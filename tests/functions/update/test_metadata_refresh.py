from datetime import timedelta
from typing import Any

import inngest
import pytest
from sqlalchemy import select, update

from mainstem.catalog import Scheduled
from mainstem.functions.services import Services
from mainstem.functions.update import refresh_repository_metadata_cron
from mainstem.functions.update.refreshing import BATCH, Round
from mainstem.simulate import changes
from mainstem.store import ids, refusal_after, tables
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import NOW, Stage
from .workspaces import change

DAY = timedelta(days=1)


async def refresh(stage: Stage, run_id: str = "run") -> RunResult[Any]:
    return await run_handler(
        refresh_repository_metadata_cron, Scheduled(), stage.services, run_id=run_id
    )


def row(stage: Stage) -> Any:
    table = tables.repositories
    question = select(table).where(table.c.id == stage.home_id)
    return stage.database.read(lambda conn: conn.execute(question).one())


def set_home(stage: Stage, **values: Any) -> None:
    change(stage, "repositories", stage.home_id, **values)


async def test_stars_and_forks_are_read_anew_and_the_events_asked_for(stage: Stage) -> None:
    home = stage.keep_home()
    stage.github.world.repository.record["stargazers_count"] = 4_321
    stage.github.world.repository.changed()
    result = await refresh(stage)
    assert row(stage).stargazers_count == 4_321
    (sent,) = result.sent
    assert (sent.name, sent.data["repositoryId"]) == ("capture/repository.events", str(home))
    assert (result.output.refreshed, result.output.errors) == (1, ())


async def test_d9_a_refresh_is_no_sync_and_starts_no_cool_down(stage: Stage) -> None:
    stage.keep_home()
    before = NOW - DAY
    set_home(stage, last_synced_at=before)
    await refresh(stage)
    assert (row(stage).last_synced_at, row(stage).metadata_refreshed_at) == (before, NOW)


async def test_what_has_not_changed_costs_nothing(stage: Stage) -> None:
    stage.keep_home()
    await refresh(stage)
    before = stage.services.github.ledger.snapshot().not_modified
    stage.clock.pass_(DAY)
    await refresh(stage, "next")
    assert stage.services.github.ledger.snapshot().not_modified == before + 1
    assert row(stage).metadata_refreshed_at == NOW + DAY


async def test_a_renamed_repository_takes_its_new_name_and_keeps_the_old_in_mind(
    stage: Stage,
) -> None:
    stage.keep_home()
    world = stage.github.world
    changes.rename_repository(world, world.repository, "riverside/haven")
    await refresh(stage)
    found = row(stage)
    assert (found.owner, found.name, found.full_name) == ("riverside", "haven", "riverside/haven")
    assert found.former_names == ["riverside/harbour"]


async def test_three_refusals_over_a_day_make_it_unreachable(stage: Stage) -> None:
    stage.keep_home()
    stage.github.world.repository.refused = 404
    states = []
    for night in range(3):
        result = await refresh(stage, f"night-{night}")
        states.append(row(stage).refused)
        stage.clock.pass_(DAY)
    assert states == [None, None, "unreachable"]
    assert (result.output.refused, result.sent) == (1, ())
    assert row(stage).is_active


async def test_a_repository_that_is_blocked_by_law_is_so_at_once(stage: Stage) -> None:
    stage.keep_home()
    stage.github.world.repository.refused = 451
    await refresh(stage)
    assert (row(stage).refused, row(stage).refusals) == ("blocked", 1)


async def test_a_repository_that_is_back_is_as_before(stage: Stage) -> None:
    stage.keep_home()
    set_home(stage, refused="unreachable", refusals=3, first_refused_at=NOW - 3 * DAY)
    result = await refresh(stage)
    found = row(stage)
    assert (found.refused, found.refusals, found.first_refused_at) == (None, 0, None)
    assert len(result.sent) == 1


async def test_a_name_that_is_another_repository_by_now_counts_as_refused(stage: Stage) -> None:
    other = stage.keep(77, "riverside/harbour")
    result = await refresh(stage)
    table = tables.repositories
    found = stage.database.read(
        lambda conn: conn.execute(select(table).where(table.c.id == other)).one()
    )
    assert (found.refusals, found.github_id, result.output.refused) == (1, 77, 1)


async def test_a_name_that_another_stored_one_holds_stops_no_other(stage: Stage) -> None:
    stage.keep_home()
    stage.keep(77, "riverside/haven")
    world = stage.github.world
    changes.rename_repository(world, world.repository, "riverside/haven")
    output = (await refresh(stage)).output
    (error,) = output.errors
    assert error.startswith("riverside/harbour: ")
    assert (output.refreshed, output.refused) == (0, 1)


async def test_private_and_inactive_repositories_are_not_asked_about(stage: Stage) -> None:
    private, inactive = stage.keep(1, "own/r1"), stage.keep(2, "own/r2")
    change(stage, "repositories", private, is_private=True)
    change(stage, "repositories", inactive, is_active=False)
    assert (await refresh(stage)).output.repositories == 0


async def test_a_batch_that_fails_is_told_and_the_others_go_on(stage: Stage) -> None:
    stage.keep_home()
    result = await run_handler(
        refresh_repository_metadata_cron,
        Scheduled(),
        stage.services,
        fail={"refresh-metadata-batch-0": "disk on fire"},
    )
    assert result.output.errors == ("refresh-metadata-batch-0: disk on fire",)
    assert result.sent == ()


def test_a_step_holds_fifty() -> None:
    batches = Round(tuple([ids.NAMESPACE] * 101), NOW).batches
    assert [len(one) for one in batches] == [BATCH, BATCH, 1]


@pytest.mark.parametrize(
    ("refusals", "hours", "state"),
    [(2, 48, None), (3, 23, None), (3, 24, "unreachable"), (9, 1, None)],
)
def test_a_day_of_refusals_is_needed(refusals: int, hours: int, state: str | None) -> None:
    first = NOW - timedelta(hours=hours)
    assert refusal_after(refusals, first, is_blocked=False, at=NOW) == state


async def test_d1_it_may_be_interrupted_after_every_step(stage: Stage) -> None:
    stage.keep_home()
    stage.keep(77, "riverside/nowhere")

    def again() -> Services:
        set_home(stage, metadata_refreshed_at=None)
        table = tables.repositories
        forget = update(table).values(refusals=0, first_refused_at=None, metadata_refreshed_at=None)
        stage.database.write(lambda conn: conn.execute(forget))
        return stage.services

    table = tables.repositories
    proof = await replay_from_every_step(
        refresh_repository_metadata_cron,
        Scheduled(),
        again,
        look=lambda _: stage.database.read(
            lambda conn: list(conn.execute(select(table.c.refusals).order_by(table.c.id)).scalars())
        ),
    )
    assert (proof.undisturbed.output.refreshed, proof.undisturbed.output.refused) == (1, 1)


def test_it_runs_at_midnight_and_alone() -> None:
    (limit,) = refresh_repository_metadata_cron.config.concurrency
    assert (limit.limit, refresh_repository_metadata_cron.config.retries) == (1, 2)
    assert refresh_repository_metadata_cron.triggers == (inngest.TriggerCron(cron="0 0 * * *"),)

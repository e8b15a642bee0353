"""The two syncs in recent mode: window, caps, cool-down, and one send for all jobs."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import update

from mainstem.functions.capture import capture_repository_sync, capture_repository_sync_graphql
from mainstem.functions.capture.recent import Queued, Skipped, Synced
from mainstem.functions.events import (
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
    SyncReason,
)
from mainstem.functions.services import Limits
from mainstem.simulate import World, changes, generate
from mainstem.store import (
    create_capture_job,
    load_capture_job_status,
    mark_metadata_refreshed,
    mark_synced,
    start_backfill,
    tables,
)
from mainstem.testing import RunResult, replay_from_every_step, run_handler

from .conftest import Build
from .house import NOW, House, text_of, with_limits

BOTH: list[tuple[Any, Any]] = [
    (capture_repository_sync, RepositorySyncRequested),
    (capture_repository_sync_graphql, RepositorySyncGraphqlRequested),
]
REST, GRAPHQL = BOTH


def busy_world(pulls: int) -> World:
    """That many pull requests, all opened in the last days."""
    world = generate(5, 10, issues=1)
    home = world.repository
    someone = next(iter(world.users))
    for row in home.pulls.values():
        row.update(created_at="2026-01-01T00:00:00Z", updated_at="2026-01-01T00:00:00Z")
    for n in range(pulls):
        at = text_of(NOW - timedelta(days=2) + timedelta(seconds=n))
        changes.open_pull(home, f"Recent {n}", user=someone, at=at)
    return world


@pytest.fixture
async def house(build: Build) -> House:
    """A small repository with a few recent pull requests."""
    world = busy_world(4)
    number = max(world.repository.pulls)
    changes.add_comment(world.repository, number, "Hm.", user=None, at=text_of(NOW))
    return await build(world)


async def sync(
    house: House, path: tuple[Any, Any], *, run_id: str = "run-1", limits: Any = None, **more: Any
) -> RunResult[Any]:
    function, event = path
    asked = event(repository_id=house.repository_id, **more)
    services = with_limits(house, **(limits or {}))
    return await run_handler(function, asked, services, run_id=run_id)


def synced_before(house: House, ago: timedelta) -> None:
    house.database.write(mark_synced, house.repository_id, NOW - ago)


async def with_data(house: House) -> None:
    """A repository of which enough is stored for its cool-down to count."""
    await sync(house, GRAPHQL, run_id="whole", history="full")


@pytest.mark.parametrize("path", BOTH)
async def test_d20_all_jobs_leave_in_one_step(build: Build, path: tuple[Any, Any]) -> None:
    house = await build(busy_world(30))
    result = await sync(house, path)
    steps = [step.id for step in result.steps]
    assert steps.count("request-details") == 1
    assert len(result.sent) == (80 if path is REST else 30) + 1  # and the feed of events


@pytest.mark.parametrize("path", BOTH)
async def test_d19_a_second_try_sends_the_same_event_ids(
    build: Build, path: tuple[Any, Any]
) -> None:
    world = busy_world(8)

    async def services() -> Any:
        return (await build(world)).services

    function, event = path
    asked = event(repository_id=(await build(world)).repository_id)
    proof = await replay_from_every_step(function, asked, services)
    assert len({sent.id for sent in proof.undisturbed.sent}) == len(proof.undisturbed.sent) > 7


async def test_a_rest_sync_reports_what_every_cap_left_out(build: Build) -> None:
    house = await build(busy_world(130))
    result = await sync(house, REST)
    synced = cast("Synced", result.output)
    assert (synced.pulls_stored, synced.truncated) == (100, True)
    assert synced.queued == Queued(20, 50, 50)
    assert synced.left_out == Queued(80, 50, 50)
    names = Counter(sent.name for sent in result.sent)
    assert names == {
        "capture/pr.details": 20,
        "capture/pr.reviews": 50,
        "capture/pr.comments": 50,
        "capture/repository.events": 1,
    }


async def test_a_graphql_sync_reports_what_every_cap_left_out(build: Build) -> None:
    house = await build(busy_world(130))
    synced = cast("Synced", (await sync(house, GRAPHQL)).output)
    assert (synced.pulls_stored, synced.truncated) == (100, True)
    assert (synced.queued, synced.left_out) == (Queued(50), Queued(50))


@pytest.mark.parametrize("path", BOTH)
async def test_d14_the_list_costs_one_request_however_busy_the_repository(
    build: Build, path: tuple[Any, Any]
) -> None:
    house = await build(busy_world(400))
    await sync(house, path)
    # Over REST the name is asked for besides: its list says nothing of whose it is.
    assert house.github.log.requests == (2 if path is REST else 1)


@pytest.mark.parametrize("path", BOTH)
async def test_a_quiet_repository_is_not_truncated(build: Build, path: tuple[Any, Any]) -> None:
    house = await build(busy_world(30))
    synced = cast("Synced", (await sync(house, path)).output)
    assert (synced.pulls_stored, synced.truncated) == (30, False)


@pytest.mark.parametrize("path", BOTH)
async def test_the_window_is_thirty_days_at_most(build: Build, path: tuple[Any, Any]) -> None:
    house = await build(busy_world(5))
    synced = cast("Synced", (await sync(house, path, days=9_999)).output)
    assert synced.pulls_stored == 5


@pytest.mark.parametrize("path", BOTH)
async def test_days_and_max_items_narrow_a_sync(build: Build, path: tuple[Any, Any]) -> None:
    house = await build(busy_world(5))
    none = cast("Synced", (await sync(house, path, days=1, reason=SyncReason.MANUAL)).output)
    assert none.pulls_stored == 0
    house.clock.pass_(timedelta(hours=1))
    some = await sync(house, path, run_id="two", max_items=2, reason=SyncReason.MANUAL)
    assert (some.output.pulls_stored, some.output.truncated) == (2, True)


async def test_a_rest_sync_turns_pages_up_to_a_larger_cap(build: Build) -> None:
    house = await build(busy_world(130))
    synced = cast("Synced", (await sync(house, REST, limits={"pulls_per_sync": 120})).output)
    assert (synced.pulls_stored, synced.truncated) == (120, True)


@pytest.mark.parametrize("path", BOTH)
async def test_d14_a_list_never_blanks_what_details_told(
    house: House, path: tuple[Any, Any]
) -> None:
    await with_data(house)
    before = house.what_github_said()["pull_requests"]
    house.clock.moment = NOW + timedelta(days=2)
    result = await sync(house, path, reason=SyncReason.MANUAL)
    assert result.output.pulls_stored > 0
    after = {row["id"]: row for row in house.what_github_said()["pull_requests"]}
    for row in before:
        known = {key: value for key, value in row.items() if value is not None}
        assert {key: after[row["id"]][key] for key in known} == known


@pytest.mark.parametrize("path", BOTH)
async def test_d14_a_merged_pull_request_is_merged_from_the_list_on(
    build: Build, path: tuple[Any, Any]
) -> None:
    world = busy_world(3)
    number = max(world.repository.pulls)
    changes.close(world.repository, number, merged_by=next(iter(world.users)))
    house = await build(world)
    await sync(house, path)
    assert (house.pull(number)["state"], house.pull(number)["merged"]) == ("merged", True)


@pytest.mark.parametrize("path", BOTH)
async def test_d16_a_sync_that_comes_too_early_is_skipped_and_its_job_done(
    house: House, path: tuple[Any, Any]
) -> None:
    await with_data(house)
    job = house.database.write(
        create_capture_job, "recent-prs", repository_id=house.repository_id, at=NOW
    )
    result = await sync(house, path, run_id="early", reason=SyncReason.SCHEDULED, job_id=job)
    skipped = cast("Skipped", result.output)
    assert skipped.skipped is True
    assert skipped.reason.startswith("riverside/harbour was synced 0 min ago")
    assert skipped.until > NOW
    assert result.sent == ()
    assert house.database.read(load_capture_job_status, job) == "completed"
    assert {row["status"] for row in house.rows("sync_logs")} == {"completed"}


@pytest.mark.parametrize(
    ("hours", "runs"), [(0.5, False), (2, False), (5, True), (13, True), (25, True)]
)
async def test_an_automatic_sync_keeps_its_cool_down(
    house: House, hours: float, runs: bool
) -> None:
    await with_data(house)
    synced_before(house, timedelta(hours=hours))
    result = await sync(house, GRAPHQL, run_id="again", reason=SyncReason.AUTOMATIC)
    assert isinstance(result.output, Synced) is runs


async def test_a_repository_with_little_stored_need_not_wait_over_graphql(house: House) -> None:
    synced_before(house, timedelta(minutes=1))
    over_graphql = await sync(house, GRAPHQL, reason=SyncReason.SCHEDULED)
    assert isinstance(over_graphql.output, Synced)
    synced_before(house, timedelta(minutes=1))
    over_rest = await sync(house, REST, run_id="rest", reason=SyncReason.SCHEDULED)
    assert isinstance(over_rest.output, Skipped)


async def test_an_active_backfill_lets_a_sync_pass(house: House) -> None:
    await with_data(house)
    house.database.write(start_backfill, house.repository_id, total_prs=None, at=NOW)
    result = await sync(house, GRAPHQL, run_id="again")
    assert isinstance(result.output, Synced)


async def test_d09_a_metadata_refresh_blocks_no_sync(house: House) -> None:
    await with_data(house)
    synced_before(house, timedelta(hours=25))
    house.database.write(mark_metadata_refreshed, house.repository_id, NOW)
    result = await sync(house, GRAPHQL, run_id="again", reason=SyncReason.SCHEDULED)
    assert isinstance(result.output, Synced)


async def test_the_jobs_name_their_pull_request_as_a_number(build: Build) -> None:
    house = await build(busy_world(1))
    sent, _ = (await sync(house, GRAPHQL, priority="low")).sent
    number = max(house.there.pulls)
    assert sent.data["prNumber"] == number
    assert sent.data["prId"] == str(house.pull_id(number))
    assert sent.data["priority"] == "high"


async def test_a_large_repository_is_said_to_be_large(house: House) -> None:
    result = await sync(house, GRAPHQL, limits={"large_repository_pulls": 3})
    assert result.output.is_large is True


async def test_the_second_of_two_deliveries_is_a_skip(house: House) -> None:
    await with_data(house)
    synced_before(house, timedelta(days=2))
    first = await sync(house, GRAPHQL, run_id="first")
    second = await sync(house, GRAPHQL, run_id="second")
    assert (type(first.output), type(second.output)) == (Synced, Skipped)


async def test_bots_have_their_canonical_login_from_a_graphql_list(build: Build) -> None:
    world = busy_world(1)
    bot = next(n for n, row in world.users.items() if row["type"] == "Bot")
    at = text_of(NOW - timedelta(days=1))
    number = changes.open_pull(world.repository, "Bump", user=bot, at=at)["number"]
    house = await build(world)
    await sync(house, GRAPHQL)
    assert house.pull(number)["author_login"] == world.users[bot]["login"]


async def test_a_pull_request_that_is_behind_is_asked_about_again_over_rest(
    build: Build,
) -> None:
    house = await build(busy_world(2))
    await with_data(house)
    house.database.write(
        lambda conn: conn.execute(
            update(tables.pull_requests).values(details_synced_at=NOW - timedelta(days=20))
        )
    )
    result = await sync(house, REST, run_id="again", reason=SyncReason.MANUAL)
    assert result.output.queued == Queued(0, 2, 2)


def test_limits_are_values() -> None:
    assert replace(Limits(), pulls_per_sync=7).pulls_per_sync == 7

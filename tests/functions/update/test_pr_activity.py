from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem import store
from mainstem.catalog import NonRetriableError
from mainstem.errors import BadEventData
from mainstem.functions.events import PrActivityRequested, PrDetailsGraphqlRequested
from mainstem.functions.update import update_pr_activity
from mainstem.functions.update.activity import needs_refresh
from mainstem.store import StoredPull, ids
from mainstem.testing import replay_from_every_step, run_handler

from .conftest import NOW, Stage

SIX_HOURS = timedelta(hours=6)
HOUR = timedelta(hours=1)


def keep_pull(
    stage: Stage, number: int, *, updated: datetime, state: str = "closed", synced: Any = None
) -> None:
    row: Any = {
        "id": ids.pull_request_id(stage.github.world.repository.id, number),
        "github_id": 5_000_000_000 + number,
        "repository_id": stage.home_id,
        "number": number,
        "title": f"Change {number}",
        "state": state,
        "created_at": NOW - timedelta(days=400),
        "updated_at": updated,
    }
    stage.database.write(store.save_pull_requests, [row])
    if synced is not None:
        stage.database.write(store.set_details_synced, [row["id"]], synced)


def asked(stage: Stage, days: int = 7) -> PrActivityRequested:
    return PrActivityRequested(repository_id=stage.home_id, days=days)


async def test_open_and_recently_updated_pull_requests_are_asked_for(stage: Stage) -> None:
    stage.keep_home()
    keep_pull(stage, 1, updated=NOW - timedelta(days=90), state="open")
    keep_pull(stage, 2, updated=NOW - timedelta(days=7))
    keep_pull(stage, 3, updated=NOW - timedelta(days=7, seconds=1), state="merged")
    result = await run_handler(update_pr_activity, asked(stage), stage.services)
    told = [(sent.data["prNumber"], sent.data["priority"]) for sent in result.sent]
    assert told == [(2, "medium"), (1, "high")]
    assert {sent.name for sent in result.sent} == {PrDetailsGraphqlRequested.event_name}
    assert (result.output.prs_checked, result.output.jobs_queued) == (2, 2)


async def test_the_request_names_the_pull_request_in_every_way(stage: Stage) -> None:
    stage.keep_home()
    keep_pull(stage, 4, updated=NOW)
    (sent,) = (await run_handler(update_pr_activity, asked(stage), stage.services)).sent
    request = PrDetailsGraphqlRequested.from_wire(sent.data)
    assert request.pr_id == ids.pull_request_id(stage.github.world.repository.id, 4)
    assert (request.pr_number, request.pr_github_id) == (4, 5_000_000_004)


async def test_d18_a_second_update_within_six_hours_asks_for_nothing_closed(stage: Stage) -> None:
    stage.keep_home()
    keep_pull(stage, 1, updated=NOW, synced=NOW - SIX_HOURS)
    keep_pull(stage, 2, updated=NOW, synced=NOW - SIX_HOURS - timedelta(seconds=1))
    keep_pull(stage, 3, updated=NOW, state="open", synced=NOW)
    result = await run_handler(update_pr_activity, asked(stage), stage.services)
    assert {sent.data["prNumber"] for sent in result.sent} == {2, 3}
    assert result.output.prs_checked == 3


async def test_d19_d20_all_requests_leave_in_one_step_under_lasting_ids(stage: Stage) -> None:
    stage.keep_home()
    for number in range(1, 6):
        keep_pull(stage, number, updated=NOW)
    proof = await replay_from_every_step(update_pr_activity, asked(stage), lambda: stage.services)
    assert proof.undisturbed.step_ids == ["get-repository", "find-prs-needing-update", "update-prs"]
    ids_sent = [sent.id for sent in proof.undisturbed.sent]
    assert ids_sent == [f"test-run:update-prs:{n}" for n in range(5)]


async def test_the_cap_of_a_hundred_is_reported(stage: Stage) -> None:
    stage.keep_home()
    for number in range(1, 104):
        keep_pull(stage, number, updated=NOW - number * timedelta(minutes=1))
    result = await run_handler(update_pr_activity, asked(stage), stage.services)
    assert (result.output.prs_checked, result.output.left_out) == (100, 3)
    assert max(int(str(sent.data["prNumber"])) for sent in result.sent) == 100


async def test_nothing_to_do_sends_nothing(stage: Stage) -> None:
    stage.keep_home()
    result = await run_handler(update_pr_activity, asked(stage), stage.services)
    assert (result.sent, result.output.jobs_queued, result.output.success) == ((), 0, True)


async def test_d3_an_unknown_repository_is_final(stage: Stage) -> None:
    with pytest.raises(NonRetriableError, match="Repository not found"):
        await run_handler(
            update_pr_activity, PrActivityRequested(repository_id=uuid4()), stage.services
        )


@pytest.mark.parametrize("days", [0, 366, "7"])
def test_d17_days_are_an_integer_from_1_to_365(days: object) -> None:
    data = {"repositoryId": str(uuid4()), "days": days}
    with pytest.raises(BadEventData, match="'days'"):
        PrActivityRequested.from_wire(data)


def test_it_is_configured_as_the_reference_says() -> None:
    config = update_pr_activity.config
    assert [(c.key, c.limit) for c in config.concurrency] == [("event.data.repositoryId", 5)]
    throttle = config.throttle
    assert throttle is not None
    assert (throttle.limit, throttle.period, throttle.key) == (30, timedelta(minutes=1), None)
    assert config.retries is None


def stored(state: str, synced: datetime | None) -> StoredPull:
    return StoredPull(
        id=uuid4(),
        github_id=1,
        number=1,
        state=state,
        created_at=NOW,
        updated_at=NOW,
        details_synced_at=synced,
        additions=1,
        deletions=1,
        changed_files=1,
        reviews=0,
        comments=0,
    )


@given(st.sampled_from(["closed", "merged"]), st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_closed_one_is_due_exactly_after_six_hours(state: str, age: timedelta) -> None:
    due = needs_refresh(stored(state, NOW - age), now=NOW, resync_after=SIX_HOURS)
    assert due == (age > SIX_HOURS)


@given(st.none() | st.timedeltas(timedelta(0), timedelta(days=9)))
def test_an_open_one_and_one_never_captured_are_always_due(age: timedelta | None) -> None:
    synced = None if age is None else NOW - age
    assert needs_refresh(stored("open", synced), now=NOW, resync_after=SIX_HOURS)
    assert needs_refresh(stored("merged", None), now=NOW, resync_after=SIX_HOURS)

"""Tracking, classification, logs of runs, cursors, jobs and backfills."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from mainstem.store import (
    CaptureCursor,
    Database,
    NoRowWritten,
    SyncCounters,
    active_backfill,
    create_capture_job,
    finish_capture_job,
    finish_sync_log,
    high_priority_repositories,
    ids,
    load_capture_job_status,
    load_cursor,
    load_sync_log,
    load_tracking,
    save_classification,
    save_cursor,
    save_repositories,
    stale_classifications,
    start_backfill,
    start_sync_log,
    table_counts,
    tables,
    track_repository,
    unclassified_repositories,
)

from .rows import HOUR, REPO, T0, repo

SECOND = ids.repository_id(8)


@pytest.fixture
def tracked(planted: Database) -> Database:
    """Two tracked repositories: ours with high priority, the second with low."""
    planted.write(save_repositories, [repo(8, "Octo", "Second")])
    planted.write(track_repository, REPO, owner="Octo", name="Hello", at=T0)
    planted.write(track_repository, SECOND, owner="Octo", name="Second", at=T0, priority="low")
    return planted


def repositories(found: list[Any]) -> set[Any]:
    return {one.repository_id for one in found}


def test_tracking_again_changes_nothing(tracked: Database) -> None:
    assert not tracked.write(track_repository, REPO, owner="X", name="Y", at=T0, priority="low")
    found = tracked.read(load_tracking, REPO)
    assert found is not None
    assert (found.priority, found.size, found.tracking_enabled) == ("high", None, True)
    assert tracked.read(table_counts)["tracked_repositories"] == 2


def test_a_repository_that_is_not_tracked_has_no_tracking(planted: Database) -> None:
    assert planted.read(load_tracking, REPO) is None


def test_unclassified_ones_come_with_the_repositorys_id_and_present_name(tracked: Database) -> None:
    tracked.write(save_repositories, [{**repo(), "name": "Renamed", "full_name": "Octo/Renamed"}])
    found = {one.repository_id: one.name for one in tracked.read(unclassified_repositories)}
    assert found == {REPO: "Renamed", SECOND: "Second"}


def test_a_classification_is_found_again_and_no_longer_missing(tracked: Database) -> None:
    tracked.write(save_classification, REPO, size="large", metrics={"stars": 9}, at=T0)
    found = tracked.read(load_tracking, REPO)
    assert found is not None
    assert (found.size, found.metrics, found.size_calculated_at) == ("large", {"stars": 9}, T0)
    assert repositories(tracked.read(unclassified_repositories)) == {SECOND}


def test_classifying_what_is_not_tracked_raises(planted: Database) -> None:
    with pytest.raises(NoRowWritten, match="tracked_repositories: no row has repository_id="):
        planted.write(save_classification, REPO, size="small", metrics={}, at=T0)


def test_old_classifications_are_stale_and_missing_ones_are_not(tracked: Database) -> None:
    tracked.write(save_classification, SECOND, size="small", metrics={}, at=T0)
    assert repositories(tracked.read(stale_classifications, before=T0)) == set()
    assert repositories(tracked.read(stale_classifications, before=T0 + HOUR)) == {SECOND}


def test_high_priority_ones_are_due_when_never_or_long_ago_classified(tracked: Database) -> None:
    assert repositories(tracked.read(high_priority_repositories, before=T0)) == {REPO}
    tracked.write(save_classification, REPO, size="small", metrics={}, at=T0)
    assert repositories(tracked.read(high_priority_repositories, before=T0)) == set()
    assert repositories(tracked.read(high_priority_repositories, before=T0 + HOUR)) == {REPO}


def test_a_repository_whose_tracking_is_off_is_left_alone(tracked: Database) -> None:
    off = update(tables.tracked_repositories).values(tracking_enabled=False)
    tracked.write(lambda conn: conn.execute(off))
    assert tracked.read(unclassified_repositories) == []
    assert tracked.read(high_priority_repositories, before=T0 + HOUR) == []


def test_one_run_has_one_log_row_however_often_it_starts(planted: Database) -> None:
    first = planted.write(start_sync_log, "f:1", "pr_details", REPO, metadata={"n": 1}, at=T0)
    again = planted.write(
        start_sync_log, "f:1", "pr_details", REPO, metadata={"n": 2}, at=T0 + HOUR
    )
    assert first == again
    log = planted.read(load_sync_log, "f:1")
    assert log is not None
    assert (log.status, log.started_at, log.metadata) == ("started", T0, {"n": 1})
    assert planted.read(table_counts)["sync_logs"] == 1


def test_a_replayed_start_does_not_open_a_finished_log_again(planted: Database) -> None:
    log_id = planted.write(start_sync_log, "f:1", "pr_details", REPO, at=T0)
    planted.write(finish_sync_log, log_id, "completed", at=T0 + HOUR)
    planted.write(start_sync_log, "f:1", "pr_details", REPO, at=T0 + 2 * HOUR)
    log = planted.read(load_sync_log, "f:1")
    assert log is not None
    assert (log.status, log.completed_at) == ("completed", T0 + HOUR)


def test_finishing_writes_counts_and_adds_to_the_metadata(planted: Database) -> None:
    log_id = planted.write(start_sync_log, "f:1", "pr_details", metadata={"a": 1}, at=T0)
    counters = SyncCounters(processed=3, inserted=2, github_api_calls=5)
    planted.write(
        finish_sync_log, log_id, "completed", counters=counters, metadata={"b": 2}, at=T0 + HOUR
    )
    log = planted.read(load_sync_log, "f:1")
    assert log is not None
    assert (log.records_processed, log.records_inserted, log.records_failed) == (3, 2, None)
    assert (log.github_api_calls_used, log.metadata) == (5, {"a": 1, "b": 2})


def test_a_long_error_is_cut_to_two_thousand_characters(planted: Database) -> None:
    log_id = planted.write(start_sync_log, "f:1", "pr_details", REPO, at=T0)
    planted.write(finish_sync_log, log_id, "failed", error="x" * 9_000, at=T0)
    log = planted.read(load_sync_log, "f:1")
    assert log is not None
    assert log.error_message == "x" * 2_000


def test_finishing_a_log_that_was_never_opened_raises(planted: Database) -> None:
    with pytest.raises(NoRowWritten, match="sync_logs"):
        planted.write(finish_sync_log, ids.sync_log_id("none"), "completed", at=T0)


def test_a_log_may_speak_of_a_repository_that_is_not_stored(db: Database) -> None:
    db.write(start_sync_log, "f:1", "pr_details", REPO, at=T0)
    assert db.read(load_sync_log, "f:2") is None


def test_a_cursor_is_put_down_in_place_of_the_last(planted: Database) -> None:
    first = CaptureCursor(REPO, "pulls", "abc", None, 1, None, T0)
    done = replace(first, cursor=None, watermark=T0, pages=2, completed_at=T0, updated_at=T0 + HOUR)
    assert planted.read(load_cursor, REPO, "pulls") is None
    for cursor in (first, done):
        planted.write(save_cursor, cursor)
        assert planted.read(load_cursor, REPO, "pulls") == cursor
    assert planted.read(load_cursor, REPO, "issues") is None


def test_a_job_ends_completed_or_failed_with_its_error_cut(planted: Database) -> None:
    job_id = planted.write(create_capture_job, "reviews", repository_id=REPO, at=T0, metadata={})
    assert planted.read(load_capture_job_status, job_id) == "pending"
    planted.write(finish_capture_job, job_id, "failed", error="x" * 9_000, at=T0)
    assert planted.read(load_capture_job_status, job_id) == "failed"


def test_an_unknown_job_cannot_be_finished(planted: Database) -> None:
    assert planted.read(load_capture_job_status, REPO) is None
    with pytest.raises(NoRowWritten, match="progressive_capture_jobs"):
        planted.write(finish_capture_job, REPO, "completed", at=T0)


def test_a_backfill_is_active_until_it_is_not_and_may_begin_again(planted: Database) -> None:
    assert planted.read(active_backfill, REPO) is None
    planted.write(start_backfill, REPO, total_prs=10, at=T0)
    found = planted.read(active_backfill, REPO)
    assert found is not None
    assert (found.total_prs, found.processed_prs) == (10, 0)
    pause = update(tables.progressive_backfill_state).values(status="paused")
    planted.write(lambda conn: conn.execute(pause))
    assert planted.read(active_backfill, REPO) is None
    planted.write(start_backfill, REPO, total_prs=12, at=T0 + HOUR)
    assert planted.read(active_backfill, REPO) is not None

"""Workspaces, the aggregation queue, metrics and what they are computed from."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from mainstem.store import (
    Aggregation,
    Database,
    KeyConflict,
    NoRowWritten,
    Written,
    add_workspace_repository,
    aggregation_queue,
    close_aggregation,
    create_workspace,
    ids,
    list_metrics_days,
    list_workspace_repositories,
    load_cached_metrics,
    load_workspace,
    mark_metrics_stale,
    open_aggregation,
    save_cached_metrics,
    save_github_events,
    save_metrics_days,
    table_counts,
)

from .rows import HOUR, REPO, T0

START, END = T0 - timedelta(days=7), T0 + HOUR


@pytest.fixture
def workspace(planted: Database) -> UUID:
    """A workspace with the planted repository in it."""
    workspace_id = planted.write(create_workspace, "Team", "team", at=T0, tier="pro")
    planted.write(add_workspace_repository, workspace_id, REPO, at=T0)
    return workspace_id


def claim(db: Database, workspace: UUID, run_key: str, *, hours: float = 0) -> Aggregation:
    at = T0 + hours * HOUR
    return db.write(open_aggregation, workspace, "30d", run_key=run_key, at=at, trigger_metadata={})


def test_a_workspace_lists_its_repositories_once(planted: Database, workspace: UUID) -> None:
    assert not planted.write(add_workspace_repository, workspace, REPO, at=T0)
    found = planted.read(list_workspace_repositories, workspace)
    assert [(one.repository_id, one.full_name) for one in found] == [(REPO, "Octo/Hello")]


def test_a_workspace_is_loaded_or_none(planted: Database, workspace: UUID) -> None:
    found = planted.read(load_workspace, workspace)
    assert found is not None
    assert (found.name, found.tier, found.is_active) == ("Team", "pro", True)
    assert planted.read(load_workspace, REPO) is None


def test_a_slug_belongs_to_one_workspace(planted: Database, workspace: UUID) -> None:
    with pytest.raises(KeyConflict, match="A key is taken"):
        planted.write(create_workspace, "Other", "team", at=T0)


def test_a_range_is_computed_by_one_run_at_a_time(planted: Database, workspace: UUID) -> None:
    first = claim(planted, workspace, "run 1")
    second = claim(planted, workspace, "run 2", hours=0.5)
    assert first.is_ours
    assert (second.is_ours, second.id, second.run_key) == (False, first.id, "run 1")


def test_a_replay_of_the_same_run_holds_its_row(planted: Database, workspace: UUID) -> None:
    assert claim(planted, workspace, "run 1") == claim(planted, workspace, "run 1", hours=0.5)
    assert planted.read(table_counts)["workspace_aggregation_queue"] == 1


def test_a_row_left_by_a_dead_run_is_taken_over_after_an_hour(
    planted: Database, workspace: UUID
) -> None:
    first = claim(planted, workspace, "run 1")
    assert not claim(planted, workspace, "run 2", hours=1).is_ours
    late = claim(planted, workspace, "run 2", hours=1.1)
    assert (late.is_ours, late.id) == (True, first.id)
    assert not claim(planted, workspace, "run 1", hours=1.2).is_ours


def test_a_place_freed_between_two_looks_is_claimed_after_all(
    planted: Database, workspace: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    # PostgreSQL shows another's commit between our statements: play that by hiding one answer.
    first = claim(planted, workspace, "run 1")
    look = aggregation_queue._load_open
    answers = iter([None])
    monkeypatch.setattr(aggregation_queue, "_load_open", lambda *asked: next(answers, look(*asked)))
    assert claim(planted, workspace, "run 1") == first


def test_a_workspace_completes_again_and_again(planted: Database, workspace: UUID) -> None:
    for run in range(3):
        mine = claim(planted, workspace, f"run {run}", hours=run)
        assert mine.is_ours
        planted.write(close_aggregation, mine.id, "completed", at=T0 + run * HOUR)
    assert planted.read(table_counts)["workspace_aggregation_queue"] == 3


def test_a_failed_aggregation_frees_the_range(planted: Database, workspace: UUID) -> None:
    mine = claim(planted, workspace, "run 1")
    planted.write(close_aggregation, mine.id, "failed", error="x" * 3_000, at=T0)
    assert claim(planted, workspace, "run 2").is_ours


def test_closing_an_unknown_aggregation_raises(planted: Database) -> None:
    with pytest.raises(NoRowWritten, match="workspace_aggregation_queue"):
        planted.write(close_aggregation, REPO, "completed", at=T0)


def save_metrics(db: Database, workspace: UUID, prs: int) -> None:
    db.write(
        save_cached_metrics,
        workspace,
        "30d",
        metrics={"total_prs": prs},
        period_start=START,
        period_end=END,
        calculated_at=T0,
        expires_at=T0 + HOUR,
        calculation_time_ms=4,
    )


def test_a_range_has_one_document_and_the_last_one_saved_counts(
    planted: Database, workspace: UUID
) -> None:
    assert planted.read(load_cached_metrics, workspace, "30d") is None
    save_metrics(planted, workspace, 1)
    save_metrics(planted, workspace, 2)
    found = planted.read(load_cached_metrics, workspace, "30d")
    assert found is not None
    assert (found.metrics, found.is_stale, found.expires_at) == ({"total_prs": 2}, False, T0 + HOUR)


def test_stale_metrics_stay_readable_until_they_are_saved_anew(
    planted: Database, workspace: UUID
) -> None:
    save_metrics(planted, workspace, 1)
    assert planted.write(mark_metrics_stale, workspace) == 1
    assert planted.write(mark_metrics_stale, workspace) == 0
    found = planted.read(load_cached_metrics, workspace, "30d")
    assert found is not None
    assert found.is_stale


def day(workspace: UUID, when: date, prs: int) -> Any:
    zeros = ("merged_prs", "issues", "closed_issues", "active_contributors")
    return {
        "id": ids.metrics_day_id(workspace, when),
        "workspace_id": workspace,
        "metric_date": when,
        "daily_prs": prs,
        **{f"daily_{name}": 0 for name in zeros},
    }


def test_a_day_computed_again_replaces_itself(planted: Database, workspace: UUID) -> None:
    first, second = date(2024, 3, 1), date(2024, 3, 2)
    planted.write(save_metrics_days, [day(workspace, first, 1), day(workspace, second, 2)])
    again = [day(workspace, first, 5), day(workspace, second, 2)]
    assert planted.write(save_metrics_days, again) == Written(updated=1, unchanged=1)
    found = planted.read(list_metrics_days, workspace, first=first, before=second)
    assert [(one.metric_date, one.daily_prs, one.daily_star_events) for one in found] == [
        (first, 5, None)
    ]


def test_an_event_of_github_is_kept_once(planted: Database) -> None:
    kinds = ["WatchEvent", "ForkEvent", "PushEvent"]
    rows: list[Any] = [
        {
            "id": ids.github_event_id(kind),
            "event_id": kind,
            "event_type": kind,
            "repository_id": REPO,
            "actor_login": "ada",
            "payload": {},
            "created_at": T0 + n * timedelta(minutes=1),
        }
        for n, kind in enumerate(kinds)
    ]
    assert planted.write(save_github_events, rows) == Written(inserted=3)
    assert planted.write(save_github_events, rows) == Written(unchanged=3)

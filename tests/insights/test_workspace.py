import json
from typing import Any

import pytest
from sqlalchemy import Connection, update

from mainstem import store
from mainstem.insights import WorkspaceMetrics, workspace_days, workspace_metrics
from mainstem.insights.days import utc_day
from mainstem.insights.periods import TimeRange
from mainstem.store import tables

from .conftest import Stored, when

NOW = when("2026-03-31T12:00:00")


def two_months(stored: Stored) -> None:
    """February: 2 pull requests, 1 issue. March: 3 pull requests, 2 issues."""
    stored.pull(1, by="ann", at="2026-02-10", merged="2026-02-11")
    stored.pull(2, by="bob", at="2026-02-12", closed="2026-02-13")
    stored.issue(3, by="cem", at="2026-02-14", closed="2026-03-10")
    stored.pull(4, by="ann", at="2026-03-10T00:00:00", merged="2026-03-10T12:00:00")
    stored.pull(5, by="ann", at="2026-03-10T23:59:59", draft=True)
    stored.pull(6, by="ci[bot]", at="2026-03-20T00:00:00", merged="2026-03-21T00:00:00")
    stored.issue(7, by="dan", at="2026-03-11T00:00:00", closed="2026-03-12T00:00:00")
    stored.issue(8, by="bob", at="2026-03-12")


def metrics(stored: Stored, time_range: TimeRange = "30d", **kwargs: Any) -> WorkspaceMetrics:
    return stored.ask(workspace_metrics, stored.workspace(), time_range, NOW, **kwargs)


def test_pull_request_figures_match_a_hand_calculation(stored: Stored) -> None:
    two_months(stored)
    found = metrics(stored)
    assert (found.total_prs, found.merged_prs, found.open_prs) == (3, 2, 1)
    assert (found.draft_prs, found.closed_prs) == (1, 0)
    assert found.avg_pr_merge_time_hours == 18
    assert found.pr_velocity == pytest.approx(0.1)


def test_issue_figures_match_a_hand_calculation(stored: Stored) -> None:
    two_months(stored)
    found = metrics(stored)
    assert (found.total_issues, found.closed_issues, found.open_issues) == (2, 1, 1)
    assert (found.avg_issue_close_time_hours, found.issue_closure_rate) == (24, 50)


def test_contributors_are_people_unless_bots_are_asked_for(stored: Stored) -> None:
    two_months(stored)
    people, everybody = metrics(stored), metrics(stored, include_bots=True)
    assert (people.total_contributors, people.new_contributors) == (3, 1)
    assert (everybody.total_contributors, everybody.new_contributors) == (4, 2)


def test_a_workspace_may_ask_for_bots_in_its_settings(stored: Stored) -> None:
    two_months(stored)
    workspace = stored.workspace()

    def ask_for_bots(conn: Connection) -> None:
        conn.execute(update(tables.workspaces).values(settings={"include_bots": True}))

    stored.database.write(ask_for_bots)
    assert stored.ask(workspace_metrics, workspace, "30d", NOW).total_contributors == 4


def test_reviewers_and_commenters_are_active_and_top_authors_have_reviews(stored: Stored) -> None:
    two_months(stored)
    pull = stored.pull(9, by="ann", at="2026-03-25")
    stored.review(pull, by="bob", at="2026-03-26")
    stored.comment(by="eva", at="2026-03-26", pull=pull)
    found = metrics(stored)
    assert (found.total_contributors, found.active_contributors) == (3, 4)
    told = [(c.username, c.prs, c.issues, c.reviews) for c in found.top_contributors]
    assert told == [("ann", 3, 0, 0), ("bob", 0, 1, 1), ("dan", 0, 1, 0)]
    assert found.top_contributors[0].avatar_url == "https://avatars.example/ann"


def test_d4_trends_compare_with_the_thirty_days_before(stored: Stored) -> None:
    two_months(stored)
    found = metrics(stored)
    # 3 pull requests after 2, 2 issues after 1, 3 people after 3.
    assert (found.prs_trend, found.issues_trend, found.contributors_trend) == (50, 100, 0)


def test_d4_trends_are_unknown_without_earlier_data(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2026-03-10")
    found = metrics(stored)
    trends = (found.prs_trend, found.issues_trend, found.contributors_trend, found.stars_trend)
    assert trends == (None, None, None, None)
    assert found.new_contributors is None


def test_a_silent_month_after_an_older_one_is_a_true_zero(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2025-06-01")
    stored.pull(2, by="ann", at="2026-03-10")
    assert metrics(stored).prs_trend == 100


def test_what_was_not_captured_is_absent_and_not_zero(stored: Stored) -> None:
    two_months(stored)
    found = metrics(stored)
    assert (found.total_commits, found.commits_trend, found.total_watchers) == (None, None, None)
    assert (found.total_stars, found.total_forks) == (None, None)


def test_star_and_fork_events_are_counted_apart_with_a_trend_each(stored: Stored) -> None:
    workspace = stored.workspace()
    none = stored.ask(workspace_metrics, workspace, "30d", NOW)
    assert (none.star_events, none.fork_events, none.forks_trend) == (None, None, None)
    for at, kind in (
        ("2026-02-01", "ForkEvent"),
        ("2026-03-10", "ForkEvent"),
        ("2026-03-11", "ForkEvent"),
        ("2026-03-12", "WatchEvent"),
    ):
        stored.star(at, event_type=kind)
    found = stored.ask(workspace_metrics, workspace, "30d", NOW)
    assert (found.star_events, found.fork_events) == (1, 2)
    assert (found.stars_trend, found.forks_trend) == (None, 100)


def test_stars_are_summed_and_their_trend_is_of_events(stored: Stored) -> None:
    other = stored.repository(2, "own/other", stargazers_count=5, forks_count=2, language="C")
    workspace = stored.workspace(stored.repository_id, other)
    for at in ("2026-02-10", "2026-03-10", "2026-03-11"):
        stored.star(at)
    found = stored.ask(workspace_metrics, workspace, "30d", NOW)
    assert (found.total_stars, found.total_forks, found.stars_trend) == (5, 2, 100)
    assert found.languages == {"C": 1}


@pytest.mark.parametrize("time_range", ["7d", "30d", "90d", "1y", "all"])
def test_the_timeline_adds_up_to_the_totals(stored: Stored, time_range: TimeRange) -> None:
    two_months(stored)
    found = metrics(stored, time_range)
    assert sum(day.prs for day in found.activity_timeline) == found.total_prs
    assert sum(day.issues for day in found.activity_timeline) == found.total_issues
    dates = [day.date for day in found.activity_timeline]
    assert dates == sorted(set(dates))


def test_the_timeline_has_each_day_of_the_period_in_utc(stored: Stored) -> None:
    two_months(stored)
    days = {day.date: day for day in metrics(stored).activity_timeline}
    assert (len(days), min(days), max(days)) == (31, "2026-03-01", "2026-03-31")
    assert (days["2026-03-10"].prs, days["2026-03-10"].contributors) == (2, 1)
    assert (days["2026-03-20"].prs, days["2026-03-20"].contributors) == (1, 0)


def test_a_person_in_two_repositories_is_one_contributor(stored: Stored) -> None:
    other = stored.repository(2, "own/other")
    stored.pull(1, by="ann", at="2026-03-10")
    stored.pull(1, by="ann", at="2026-03-11", repo=2)
    found = stored.ask(workspace_metrics, stored.workspace(stored.repository_id, other), "30d", NOW)
    assert (found.total_contributors, found.total_prs) == (1, 2)
    told = [(r.full_name, r.prs, r.issues, r.contributors) for r in found.repository_stats]
    assert told == [("own/other", 1, 0, 1), ("own/repo", 1, 0, 1)]


def test_other_workspaces_and_empty_ones_see_nothing(stored: Stored) -> None:
    two_months(stored)
    empty = stored.ask(
        workspace_metrics, stored.workspace(stored.repository(2, "own/other")), "30d", NOW
    )
    assert (empty.total_prs, empty.activity_timeline, empty.issue_closure_rate) == (0, (), None)


def test_metrics_are_plain_json(stored: Stored) -> None:
    two_months(stored)
    plain = metrics(stored).as_json()
    back = json.loads(json.dumps(plain))
    assert (back["total_prs"], back["time_range"]) == (3, "30d")
    assert back["period_start"] == "2026-03-01T12:00:00+00:00"


def test_d4_history_rows_hold_one_day_each(stored: Stored) -> None:
    two_months(stored)
    workspace = stored.workspace()
    rows = stored.ask(workspace_days, workspace, NOW)
    by_day = {str(row["metric_date"]): row for row in rows}
    tenth, today = by_day["2026-03-10"], by_day["2026-03-31"]
    assert (len(rows), tenth["daily_prs"], tenth["daily_merged_prs"]) == (31, 2, 1)
    assert (tenth["daily_closed_issues"], tenth["daily_active_contributors"]) == (1, 1)
    assert today["daily_prs"] == 0
    assert "total_contributors" not in tenth
    assert today["total_contributors"] == 4


def test_events_before_the_first_captured_one_are_unknown(stored: Stored) -> None:
    stored.star("2026-03-20T10:00:00")
    stored.star("2026-03-22T10:00:00", event_type="ForkEvent")
    rows = {
        str(row["metric_date"]): row for row in stored.ask(workspace_days, stored.workspace(), NOW)
    }
    assert rows["2026-03-19"]["daily_star_events"] is None
    assert rows["2026-03-20"]["daily_star_events"] == 1
    assert (rows["2026-03-22"]["daily_star_events"], rows["2026-03-22"]["daily_fork_events"]) == (
        0,
        1,
    )


def test_saving_the_days_twice_changes_nothing(stored: Stored) -> None:
    two_months(stored)
    rows = stored.ask(workspace_days, stored.workspace(), NOW)
    first = stored.database.write(store.save_metrics_days, rows)
    second = stored.database.write(store.save_metrics_days, rows)
    assert (first.inserted, second.changed, second.unchanged) == (31, 0, 31)


def test_postgresql_takes_the_day_in_utc() -> None:
    from sqlalchemy.dialects import postgresql

    told = str(utc_day(tables.issues.c.created_at).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert told == "to_char(issues.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"

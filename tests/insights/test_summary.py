import json
from uuid import uuid4

import pytest

from mainstem import store
from mainstem.insights import UnknownRepository, repository_summary
from mainstem.insights.completeness import judge

from .conftest import Stored, when

NOW = when("2026-04-01")


def test_the_tally_counts_every_kind_by_state(stored: Stored) -> None:
    pull = stored.pull(1, by="ann", at="2026-03-01", merged="2026-03-02")
    stored.pull(2, by="ann", at="2026-03-01", closed="2026-03-02")
    stored.pull(3, by="ci[bot]", at="2026-03-01", draft=True)
    stored.pull(4, by=None, at="2026-03-01", draft=False)
    issue = stored.issue(5, by="bob", at="2026-03-01", closed="2026-03-03")
    stored.review(pull, by="cem", at="2026-03-02")
    stored.comment(by="cem", at="2026-03-02", issue=issue)
    stored.comment(by="ann", at="2026-03-02", pull=pull, kind="review_comment")
    tally = stored.ask(repository_summary, stored.repository_id, NOW).tally
    assert (tally.pulls, tally.open_pulls, tally.draft_pulls) == (4, 2, 1)
    assert (tally.merged_pulls, tally.closed_pulls) == (1, 1)
    assert (tally.issues, tally.open_issues, tally.reviews) == (1, 0, 1)
    assert (tally.review_comments, tally.conversation_comments) == (1, 1)
    assert (tally.people, tally.bots) == (3, 1)


def test_the_most_active_are_ranked_by_everything_they_did(stored: Stored) -> None:
    pull = stored.pull(1, by="ann", at="2026-03-01")
    stored.pull(2, by="Bob", at="2026-03-01")
    stored.review(pull, by="Bob", at="2026-03-02")
    stored.comment(by="cem", at="2026-03-02", pull=pull)
    for _ in range(9):
        stored.comment(by="chatty[bot]", at="2026-03-02", pull=pull)
    ranked = stored.ask(repository_summary, stored.repository_id, NOW).most_active
    assert [(a.login, a.total) for a in ranked] == [("Bob", 2), ("ann", 1), ("cem", 1)]
    assert (ranked[0].pulls, ranked[0].reviews, ranked[0].comments) == (1, 1, 0)


def test_merge_time_and_issue_half_life_follow_the_stored_times(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2026-03-01T00:00:00", merged="2026-03-01T10:00:00")
    stored.pull(2, by="ann", at="2026-03-01T00:00:00", merged="2026-03-02T06:00:00")
    stored.pull(3, by="ann", at="2026-03-01T00:00:00", closed="2026-03-09T00:00:00")
    stored.pull(4, by="ci[bot]", at="2026-03-01T00:00:00", merged="2026-03-01T00:01:00")
    for number, closed in ((5, "2026-03-03"), (6, "2026-03-05"), (7, "2026-03-21")):
        stored.issue(number, by="ann", at="2026-03-01", closed=closed)
    summary = stored.ask(repository_summary, stored.repository_id, NOW)
    assert (summary.merge_time.mean_hours, summary.merge_time.median_hours) == (20, 20)
    assert summary.merge_time.count == 2
    assert summary.issue_half_life_days == 4


def test_recent_figures_look_at_thirty_days_only(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2026-03-31")
    stored.pull(2, by="bob", at="2025-03-31")
    summary = stored.ask(repository_summary, stored.repository_id, NOW)
    assert (summary.lottery_factor.pulls, summary.recent_lottery_factor.pulls) == (2, 1)


def test_freshness_tells_github_s_time_from_ours(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2026-03-01", updated="2026-03-05")
    never = stored.ask(repository_summary, stored.repository_id, NOW).freshness
    stored.database.write(store.mark_synced, stored.repository_id, when("2026-03-31T12:00:00"))
    synced = stored.ask(repository_summary, stored.repository_id, NOW).freshness
    assert (never.last_synced_at, never.age_hours) == (None, None)
    assert (synced.newest_activity, synced.age_hours) == (when("2026-03-05"), 12)


def test_completeness_compares_with_what_github_announced(stored: Stored) -> None:
    pull = stored.pull(1, by="ann", at="2026-03-01")
    issue = stored.issue(2, by="ann", at="2026-03-01", comments_count=1)
    stored.database.write(
        store.save_repositories,
        [{"id": stored.repository_id, "github_id": 1, "open_issues_count": 3}],
    )
    partial = stored.ask(repository_summary, stored.repository_id, NOW).completeness
    stored.comment(by="bob", at="2026-03-02", issue=issue)
    stored.database.write(store.set_details_synced, [pull], NOW)
    whole = stored.ask(repository_summary, stored.repository_id, NOW).completeness
    assert (partial.status, partial.detailed_percentage) == ("partial_data", 0)
    assert (whole.status, whole.detailed_percentage) == ("success", 100)
    assert (whole.open_at_github, whole.open_stored) == (3, 2)


@pytest.mark.parametrize(
    ("pulls", "issues", "detailed", "expected", "held", "status"),
    [
        (0, 0, 0, 0, 0, "no_data"),
        (1, 0, 1, 0, 0, "success"),
        (2, 0, 1, 0, 0, "partial_data"),
        (0, 1, 0, 2, 1, "partial_data"),
        (0, 1, 0, 2, 3, "success"),
    ],
)
def test_the_status_is_judged_by_counts(
    pulls: int, issues: int, detailed: int, expected: int, held: int, status: str
) -> None:
    found = judge(pulls=pulls, issues=issues, detailed=detailed, expected=expected, stored=held)
    assert found == status


def test_an_empty_repository_sums_up_to_nothing_known(stored: Stored) -> None:
    summary = stored.ask(repository_summary, stored.repository_id, NOW)
    assert summary.completeness.status == "no_data"
    assert (summary.merge_time.mean_hours, summary.reviewing.coverage) == (None, None)
    assert (summary.issue_half_life_days, summary.most_active) == (None, ())


def test_the_summary_is_plain_json(stored: Stored) -> None:
    stored.pull(1, by="ann", at="2026-03-01", merged="2026-03-02")
    plain = stored.ask(repository_summary, stored.repository_id, NOW).as_json()
    assert json.loads(json.dumps(plain)) == plain
    assert (plain["repository"], plain["as_of"]) == ("own/repo", "2026-04-01T00:00:00Z")
    assert plain["most_active"][0]["login"] == "ann"


def test_an_unknown_repository_says_how_to_make_it_known(stored: Stored) -> None:
    with pytest.raises(UnknownRepository, match=r"it is not stored\. Capture it first"):
        stored.ask(repository_summary, uuid4(), NOW)

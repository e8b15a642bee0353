from mainstem.insights.responses import Responder, load_responses

from .conftest import Stored


def test_the_first_answer_by_somebody_else_ends_the_wait(stored: Stored) -> None:
    issue = stored.issue(1, by="ann", at="2026-03-01T00:00:00")
    stored.comment(by="ann", at="2026-03-01T01:00:00", issue=issue)
    stored.comment(by="stale[bot]", at="2026-03-01T02:00:00", issue=issue)
    stored.comment(by=None, at="2026-03-01T03:00:00", issue=issue)
    stored.comment(by="bob", at="2026-03-01T06:00:00", issue=issue)
    stored.comment(by="cem", at="2026-03-01T07:00:00", issue=issue)
    responses = stored.ask(load_responses, stored.repository_id)
    assert (responses.issues.median_hours, responses.unanswered) == (6, 0)
    assert responses.first_responders == (Responder("bob", 1),)


def test_the_median_is_over_pull_requests_and_issues_together(stored: Stored) -> None:
    waits = {1: "2026-03-01T02:00:00", 2: "2026-03-01T04:00:00"}
    for number, at in waits.items():
        pull = stored.pull(number, by="ann", at="2026-03-01T00:00:00")
        stored.review(pull, by="bob", at=at)
    issue = stored.issue(3, by="ann", at="2026-03-01T00:00:00")
    stored.comment(by="bob", at="2026-03-01T09:00:00", issue=issue)
    stored.issue(4, by="cem", at="2026-03-01T00:00:00")
    responses = stored.ask(load_responses, stored.repository_id)
    assert (responses.pulls.median_hours, responses.issues.median_hours) == (3, 9)
    assert (responses.all.median_hours, responses.all.mean_hours) == (4, 5)
    assert (responses.unanswered, responses.first_responders[0].first_responses) == (1, 3)


def test_a_comment_of_a_review_is_seen_when_the_review_is_submitted(stored: Stored) -> None:
    pull = stored.pull(1, by="ann", at="2026-03-01T00:00:00")
    review = stored.review(pull, by="bob", at="2026-03-01T05:00:00")
    stored.comment(
        by="bob",
        at="2026-03-01T01:00:00",
        pull=pull,
        kind="review_comment",
        review_github_id=review,
    )
    assert stored.ask(load_responses, stored.repository_id).pulls.median_hours == 5


def test_a_diff_comment_older_than_reviews_counts_by_itself(stored: Stored) -> None:
    pull = stored.pull(1, by="ann", at="2014-03-01T00:00:00")
    stored.comment(by="?bob", at="2014-03-01T02:00:00", pull=pull, kind="review_comment")
    responses = stored.ask(load_responses, stored.repository_id)
    assert (responses.pulls.median_hours, responses.first_responders[0].login) == (2, "bob")


def test_what_bots_open_waits_for_nobody_unless_asked_for(stored: Stored) -> None:
    pull = stored.pull(1, by="deps[bot]", at="2026-03-01T00:00:00")
    stored.comment(by="ann", at="2026-03-01T01:00:00", pull=pull)
    assert stored.ask(load_responses, stored.repository_id).all.count == 0
    everything = stored.ask(load_responses, stored.repository_id, include_bots=True)
    assert everything.all.median_hours == 1


def test_a_deleted_author_is_answered_by_anybody(stored: Stored) -> None:
    issue = stored.issue(1, by=None, at="2026-03-01T00:00:00")
    stored.comment(by="ann", at="2026-03-01T01:00:00", issue=issue)
    assert stored.ask(load_responses, stored.repository_id).issues.median_hours == 1

from mainstem.insights.reviewing import load_reviewing

from .conftest import Stored


def reviews_made_of_replies(stored: Stored) -> None:
    """ann's pull request: bob comments on the diff, cem's review holds one reply to that."""
    pull = stored.pull(1, by="ann", at="2026-03-01")
    first = stored.review(pull, by="bob", at="2026-03-02", state="COMMENTED")
    root = stored.comment(
        by="bob", at="2026-03-02", pull=pull, kind="review_comment", review_github_id=first
    )
    reply = stored.review(pull, by="cem", at="2026-03-03", state="COMMENTED")
    stored.comment(
        by="cem",
        at="2026-03-03",
        pull=pull,
        kind="review_comment",
        review_github_id=reply,
        in_reply_to_github_id=root,
    )


def test_an_empty_review_that_holds_only_replies_is_no_review(stored: Stored) -> None:
    reviews_made_of_replies(stored)
    reviewing = stored.ask(load_reviewing, stored.repository_id)
    assert (reviewing.reviews, reviewing.replies_only) == (1, 1)
    assert [reviewer.login for reviewer in reviewing.busiest] == ["bob"]


def test_an_approval_or_a_text_makes_replies_a_review(stored: Stored) -> None:
    pull = stored.pull(1, by="ann", at="2026-03-01")
    for state, body in (("APPROVED", ""), ("COMMENTED", "Look.")):
        review = stored.review(pull, by="bob", at="2026-03-02", state=state, body=body)
        stored.comment(
            by="bob",
            at="2026-03-02",
            pull=pull,
            kind="review_comment",
            review_github_id=review,
            in_reply_to_github_id=7,
        )
    assert stored.ask(load_reviewing, stored.repository_id).reviews == 2


def test_coverage_is_the_share_of_pull_requests_with_a_review_by_somebody_else(
    stored: Stored,
) -> None:
    pulls = [stored.pull(n, by="ann", at="2026-03-01") for n in (1, 2, 3, 4)]
    stored.review(pulls[0], by="bob", at="2026-03-02")
    stored.review(pulls[0], by="bob", at="2026-03-03")
    stored.review(pulls[1], by="ann", at="2026-03-02", state="COMMENTED", body="Note to self")
    stored.review(pulls[2], by="lint[bot]", at="2026-03-02")
    reviewing = stored.ask(load_reviewing, stored.repository_id)
    assert (reviewing.reviewed_pulls, reviewing.pulls, reviewing.coverage) == (1, 4, 25)
    assert (reviewing.busiest[0].reviews, reviewing.busiest[0].pulls) == (2, 1)


def test_a_bot_s_pull_request_is_outside_of_coverage(stored: Stored) -> None:
    pull = stored.pull(1, by="deps[bot]", at="2026-03-01")
    stored.review(pull, by="bob", at="2026-03-02")
    reviewing = stored.ask(load_reviewing, stored.repository_id)
    assert (reviewing.pulls, reviewing.coverage, reviewing.reviews) == (0, None, 1)
    assert stored.ask(load_reviewing, stored.repository_id, include_bots=True).coverage == 100


def test_a_deleted_reviewer_reviews_and_is_not_ranked(stored: Stored) -> None:
    pull = stored.pull(1, by=None, at="2026-03-01")
    stored.review(pull, by=None, at="2026-03-02")
    reviewing = stored.ask(load_reviewing, stored.repository_id)
    assert (reviewing.reviews, reviewing.coverage, reviewing.busiest) == (1, 100, ())

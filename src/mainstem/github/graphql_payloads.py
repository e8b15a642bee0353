"""GraphQL's JSON, read into the same values as REST's. A wrong shape raises `BadAnswer`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .mappings import account_or_ghost, bot_login, issue_state, mergeable, pull_state, review_state
from .overflow import gap_after, gap_in
from .payload import Fields
from .queries import NESTED
from .values import (
    UNSET,
    Account,
    Comment,
    Effort,
    Gap,
    Issue,
    IssueBundle,
    NestedList,
    NestedParts,
    Probe,
    PullBundle,
    PullRequest,
    RepositoryRef,
    Review,
    Unset,
)


def read_repository_ref(repository: Fields) -> RepositoryRef:
    """Which repository answered; its name may be newer than the one asked for."""
    return RepositoryRef(
        id=repository.number("databaseId"), full_name=repository.text("nameWithOwner")
    )


def read_actor(of: Fields, key: str) -> Account | None:
    """Who it was; None for a deleted account, which GraphQL answers with null."""
    actor = of.child_or_none(key)
    return None if actor is None else account_or_ghost(_account(actor))


def _account(actor: Fields) -> Account:
    kind = actor.text("__typename")
    return Account(
        id=actor.number_or_none("databaseId"),
        login=bot_login(actor.text("login"), kind),
        type=kind,
        avatar_url=actor.filled_text("avatarUrl"),
        profile_url=actor.filled_text("url"),
    )


def read_pull(of: Fields) -> PullRequest:
    """A pull request with its sizes and merger; `mergeable` only where it was asked for."""
    number = of.number("number")
    of = of.renamed(f"pull request {number}")
    merged_at = of.time_or_none("mergedAt")
    state = pull_state(of.text("state"), merged_at)
    return PullRequest(
        id=of.big_number("fullDatabaseId"),
        number=number,
        title=of.text("title"),
        body=of.filled_text("body"),
        state=state,
        draft=of.flag("isDraft"),
        author=read_actor(of, "author"),
        created_at=of.time("createdAt"),
        updated_at=of.time("updatedAt"),
        closed_at=of.time_or_none("closedAt"),
        merged_at=merged_at,
        merged=state == "merged",
        base_branch=of.text("baseRefName"),
        head_branch=of.text("headRefName"),
        head_sha=of.text("headRefOid"),
        html_url=of.text("url"),
        merged_by=read_actor(of, "mergedBy"),
        additions=of.number("additions"),
        deletions=of.number("deletions"),
        changed_files=of.number("changedFiles"),
        commits=of.child("commits").number("totalCount"),
        mergeable=mergeable(of.text("mergeable")) if "mergeable" in of else UNSET,
        comments_count=_comments_count(of),
        milestone=_milestone(of) if "milestone" in of else UNSET,
        labels=_names(of, "labels", "name") if "labels" in of else UNSET,
        assignees=_names(of, "assignees", "login") if "assignees" in of else UNSET,
        requested_reviewers=_requested_people(of),
        requested_teams=_requested_teams(of),
    )


def _comments_count(of: Fields) -> int | Unset:
    # The schema lets it be null: then nothing is known.
    found = of.number_or_none("totalCommentsCount")
    return UNSET if found is None else found


def _milestone(of: Fields) -> str | None:
    milestone = of.child_or_none("milestone")
    return None if milestone is None else milestone.text("title")


def _requests(of: Fields) -> list[Fields]:
    """Who is asked for a review: people, bots and teams; one that is gone is null."""
    nodes = of.child("reviewRequests").children("nodes")
    found = [node.child_or_none("requestedReviewer") for node in nodes]
    return [each for each in found if each is not None]


def _requested_people(of: Fields) -> tuple[Account, ...] | Unset:
    if of.raw("reviewRequests") is None:
        return UNSET
    people = [_account(each) for each in _requests(of) if each.text("__typename") != "Team"]
    return tuple(sorted(people, key=lambda account: account.login))


def _requested_teams(of: Fields) -> tuple[str, ...] | Unset:
    if of.raw("reviewRequests") is None:
        return UNSET
    teams = [each for each in _requests(of) if each.text("__typename") == "Team"]
    return tuple(sorted(team.text("slug") for team in teams))


def read_pull_bundle(of: Fields, repository: RepositoryRef) -> PullBundle:
    """A pull request with what the answer holds of its lists, and the gaps behind them."""
    pull = read_pull(of)
    number = pull.number
    of = of.renamed(f"pull request {number}")
    found = _Found()
    gaps: list[Gap] = []
    for key, kind in _LISTS_OF_PULL.items():
        if key in of:
            found.take(kind, of.child(key), number)
            gaps.extend(gap_in(of, key, kind, number))
    threads = None
    if "reviewThreads" in of:
        threads = of.child("reviewThreads").number("totalCount")
        gaps.extend(_gaps_of_threads(of.child("reviewThreads"), number))
    return PullBundle(
        pull=pull,
        reviews=by_submission(found.reviews),
        comments=in_order(found.comments),
        repository=repository,
        threads=threads,
        gaps=tuple(gaps),
        node_id=of.text("id"),
    )


_LISTS_OF_PULL: Final[dict[str, NestedList]] = {
    "timelineItems": "timeline",
    "reviews": "reviews",
    "comments": "pull_comments",
    "reviewThreads": "threads",
}


def read_nested(asked: Sequence[Gap], data: Fields, effort: Effort) -> NestedParts:
    """What a follow-up brought of the lists that it asked for, in their order."""
    found = _Found()
    gaps: list[Gap] = []
    gone: list[Gap] = []
    for at, gap in enumerate(asked):
        node = data.child_or_none(f"g{at}")
        if node is None:
            gone.append(gap)
            continue
        more = node.child(NESTED[gap.kind].field)
        found.take(gap.kind, more, gap.number)
        gaps.extend(gap_after(gap, more))
        if gap.kind == "threads":
            gaps.extend(_gaps_of_threads(more, gap.number))
    return NestedParts(
        asked=tuple(asked),
        reviews=by_submission(found.reviews),
        comments=in_order(found.comments),
        gaps=tuple(gaps),
        gone=tuple(gone),
        effort=effort,
    )


class _Found:
    """Reviews and comments, collected from lists of all kinds."""

    def __init__(self) -> None:
        self.reviews: list[Review] = []
        self.comments: list[Comment] = []

    def take(self, kind: NestedList, found: Fields, number: int) -> None:
        """Collect what the connection `found` holds."""
        for node in found.children("nodes"):
            if kind == "threads":
                self.take("thread_comments", node.child("comments"), number)
            elif kind == "thread_comments":
                self._review_comment(node, number)
            elif kind == "reviews" or (
                kind == "timeline" and node.text("__typename") == "PullRequestReview"
            ):
                self.reviews.extend(_review(node, number))
            else:
                on_pull = kind != "issue_comments"
                self.comments.append(_issue_comment(node, number, on_pull=on_pull))

    def _review_comment(self, node: Fields, number: int) -> None:
        review = node.child_or_none("pullRequestReview")
        if review is not None:
            # A reply makes a review of its own, which no other list may tell of.
            submitted = list(_review(review, number))
            if not submitted:
                return  # part of a draft of the token's own
            self.reviews.extend(submitted)
        self.comments.append(_review_comment(node, number))


def _gaps_of_threads(threads: Fields, number: int) -> Iterator[Gap]:
    for thread in threads.children("nodes"):
        yield from gap_in(thread, "comments", "thread_comments", number)


def read_probe(repository: Fields) -> Probe:
    """What the first question told."""
    pulls, issues = repository.child("pullRequests"), repository.child("issues")
    newest = list(pulls.children("nodes"))
    # A small repository's two ends overlap.
    sample = {
        pull.number("number"): pull.child("reviewThreads").number("totalCount")
        for pull in [*newest, *repository.child("oldest").children("nodes")]
    }
    return Probe(
        repository=read_repository_ref(repository),
        pulls=pulls.number("totalCount"),
        issues=issues.number("totalCount"),
        newest_pull=max((pull.time("updatedAt") for pull in newest), default=None),
        newest_issue=max(
            (node.time("updatedAt") for node in issues.children("nodes")), default=None
        ),
        threads=tuple(sample.values()),
    )


def read_issue_bundle(of: Fields, repository: RepositoryRef) -> IssueBundle:
    """An issue with what the answer holds of its comments, and the gap behind them."""
    number = of.number("number")
    of = of.renamed(f"issue {number}")
    comments = of.child("comments")
    reason = of.text_or_none("stateReason")
    issue = Issue(
        id=of.big_number("fullDatabaseId"),
        number=number,
        title=of.text("title"),
        body=of.filled_text("body"),
        state=issue_state(of.text("state")),
        state_reason=None if reason is None else reason.lower(),
        author=read_actor(of, "author"),
        labels=_names(of, "labels", "name") if "labels" in of else UNSET,
        assignees=_names(of, "assignees", "login") if "assignees" in of else UNSET,
        milestone=_milestone(of),
        comments_count=comments.number("totalCount"),
        created_at=of.time("createdAt"),
        updated_at=of.time("updatedAt"),
        closed_at=of.time_or_none("closedAt"),
        html_url=of.text("url"),
    )
    said = [_issue_comment(node, number, on_pull=False) for node in comments.children("nodes")]
    gaps = tuple(gap_in(of, "comments", "issue_comments", number))
    return IssueBundle(issue, in_order(said), repository, gaps)


def _names(of: Fields, key: str, name: str) -> tuple[str, ...]:
    found = of.child_or_none(key)
    nodes = found.children("nodes") if found is not None else ()
    return tuple(sorted(node.text(name) for node in nodes))


def _review(node: Fields, number: int) -> Iterator[Review]:
    submitted_at = node.time_or_none("submittedAt")
    if submitted_at is None:
        return  # a draft of the token's own
    yield Review(
        id=node.big_number("fullDatabaseId"),
        pull_number=number,
        state=review_state(node.text_or_none("state")),
        body=node.text_or_empty("body"),
        author=read_actor(node, "author"),
        submitted_at=submitted_at,
        commit_id=_oid(node, "commit"),
    )


def _issue_comment(node: Fields, number: int, *, on_pull: bool) -> Comment:
    return Comment(
        id=node.big_number("fullDatabaseId"),
        kind="issue_comment",
        number=number,
        body=node.text_or_empty("body"),
        author=read_actor(node, "author"),
        created_at=node.time("createdAt"),
        updated_at=node.time("updatedAt"),
        on_pull=on_pull,
        html_url=node.text("url"),
    )


def _review_comment(node: Fields, number: int) -> Comment:
    review, parent = node.child_or_none("pullRequestReview"), node.child_or_none("replyTo")
    return Comment(
        id=node.big_number("fullDatabaseId"),
        kind="review_comment",
        number=number,
        body=node.text_or_empty("body"),
        author=read_actor(node, "author"),
        created_at=node.time("createdAt"),
        updated_at=node.time("updatedAt"),
        on_pull=True,
        html_url=node.text("url"),
        review_id=None if review is None else review.big_number_or_none("fullDatabaseId"),
        in_reply_to_id=None if parent is None else parent.big_number_or_none("fullDatabaseId"),
        path=node.text("path"),
        position=node.number_or_none("position"),
        original_position=node.number_or_none("originalPosition"),
        line=node.number_or_none("line"),
        original_line=node.number_or_none("originalLine"),
        start_line=node.number_or_none("startLine"),
        commit_id=_oid(node, "commit"),
        original_commit_id=_oid(node, "originalCommit"),
        diff_hunk=node.text_or_empty("diffHunk"),
    )


def _oid(node: Fields, key: str) -> str | None:
    commit = node.child_or_none(key)
    return None if commit is None else commit.text("oid")


def by_submission(reviews: Iterable[Review]) -> tuple[Review, ...]:
    """Reviews in the order of their submission, each once.

    A list that changes while it is read may show an item twice, and each comment names its review.
    """
    distinct = {review.id: review for review in reviews}
    return tuple(sorted(distinct.values(), key=lambda review: (review.submitted_at, review.id)))


def in_order(comments: Iterable[Comment]) -> tuple[Comment, ...]:
    """Comments of both kinds by creation, each once."""
    # The two kinds are numbered apart, so an id alone does not identify a comment.
    distinct = {(comment.kind, comment.id): comment for comment in comments}
    return tuple(sorted(distinct.values(), key=lambda said: (said.created_at, said.kind, said.id)))

"""GraphQL's JSON, read into the same values as REST's. A wrong shape raises `BadAnswer`."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from .mappings import account_or_ghost, bot_login, issue_state, mergeable, pull_state, review_state
from .payload import Fields
from .values import (
    UNSET,
    Account,
    Comment,
    Issue,
    IssueBundle,
    PullBundle,
    PullRequest,
    RepositoryRef,
    Review,
    Totals,
)

V = TypeVar("V", Review, Comment)


def read_repository_ref(repository: Fields) -> RepositoryRef:
    """Which repository answered; its name may be newer than the one asked for."""
    return RepositoryRef(
        id=repository.number("databaseId"), full_name=repository.text("nameWithOwner")
    )


def read_actor(of: Fields, key: str) -> Account | None:
    """Who it was; None for a deleted account, which GraphQL answers with null."""
    actor = of.child_or_none(key)
    if actor is None:
        return None
    kind = actor.text("__typename")
    return account_or_ghost(
        Account(
            id=actor.number_or_none("databaseId"),
            login=bot_login(actor.text("login"), kind),
            type=kind,
            avatar_url=actor.filled_text("avatarUrl"),
            profile_url=actor.filled_text("url"),
        )
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
    )


def read_pull_bundle(of: Fields, repository: RepositoryRef) -> PullBundle:
    """A pull request whose nested lists are complete, with everything in them."""
    pull = read_pull(of)
    of = of.renamed(f"pull request {pull.number}")
    reviews, comments = of.child("reviews"), of.child("comments")
    threads = of.child("reviewThreads")
    said = [_issue_comment(node, pull.number, on_pull=True) for node in comments.children("nodes")]
    for thread in threads.children("nodes"):
        nodes = thread.child("comments").children("nodes")
        said.extend(_review_comment(node, pull.number) for node in nodes)
    return PullBundle(
        pull=pull,
        reviews=_distinct(_reviews(reviews, pull.number)),
        comments=_in_order(said),
        totals=Totals(
            reviews=reviews.number("totalCount"),
            review_threads=threads.number("totalCount"),
            comments=comments.number("totalCount"),
        ),
        repository=repository,
    )


def read_issue_bundle(of: Fields, repository: RepositoryRef) -> IssueBundle:
    """An issue whose nested lists are complete, with its comments."""
    number = of.number("number")
    of = of.renamed(f"issue {number}")
    comments = of.child("comments")
    reason = of.text_or_none("stateReason")
    milestone = of.child_or_none("milestone")
    issue = Issue(
        id=of.big_number("fullDatabaseId"),
        number=number,
        title=of.text("title"),
        body=of.filled_text("body"),
        state=issue_state(of.text("state")),
        state_reason=None if reason is None else reason.lower(),
        author=read_actor(of, "author"),
        labels=_names(of, "labels", "name"),
        assignees=_names(of, "assignees", "login"),
        milestone=None if milestone is None else milestone.text("title"),
        comments_count=comments.number("totalCount"),
        created_at=of.time("createdAt"),
        updated_at=of.time("updatedAt"),
        closed_at=of.time_or_none("closedAt"),
        html_url=of.text("url"),
    )
    said = [_issue_comment(node, number, on_pull=False) for node in comments.children("nodes")]
    return IssueBundle(issue=issue, comments=_in_order(said), repository=repository)


def _names(of: Fields, key: str, name: str) -> tuple[str, ...]:
    found = of.child_or_none(key)
    nodes = found.children("nodes") if found is not None else ()
    return tuple(sorted(node.text(name) for node in nodes))


def _reviews(of: Fields, number: int) -> Iterable[Review]:
    for node in of.children("nodes"):
        submitted_at = node.time_or_none("submittedAt")
        if submitted_at is None:
            continue  # a draft of the token's own
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


def _distinct(values: Iterable[V]) -> tuple[V, ...]:
    # A list that changes while it is read may show an item twice.
    return tuple({value.id: value for value in values}.values())


def _in_order(comments: Sequence[Comment]) -> tuple[Comment, ...]:
    # The two kinds are numbered apart, so an id alone does not identify a comment.
    distinct = {(comment.kind, comment.id): comment for comment in comments}
    return tuple(sorted(distinct.values(), key=lambda said: (said.created_at, said.kind, said.id)))

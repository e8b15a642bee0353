"""REST's JSON, read into values. A wrong shape raises `BadAnswer`, which says which key of what."""

import re
from typing import Final

from .mappings import account_or_ghost, issue_state, pull_state, review_state
from .payload import Fields, bad_shape
from .values import UNSET, Account, Comment, Issue, PullRequest, Repository, Review, Unset

_LAST_NUMBER: Final = re.compile(r"/(\d+)/?$")


def read_account(user: Fields) -> Account:
    """An account as it is, the placeholder for deleted ones included."""
    return Account(
        id=user.number_or_none("id"),
        login=user.text("login"),
        type=user.text_or_none("type") or "User",
        avatar_url=user.filled_text("avatar_url"),
        profile_url=user.filled_text("html_url"),
    )


def _author(of: Fields, key: str = "user") -> Account | None:
    user = of.child_or_none(key)
    return None if user is None else account_or_ghost(read_account(user))


def read_repository(value: object, about: str) -> Repository:
    """A repository as `GET /repos/{owner}/{repo}` gives it, under its present name."""
    of = Fields(value, about)
    return Repository(
        id=of.number("id"),
        owner=of.child("owner").text("login"),
        name=of.text("name"),
        full_name=of.text("full_name"),
        description=of.text_or_none("description"),
        homepage=of.maybe(of.filled_text, "homepage"),
        language=of.text_or_none("language"),
        stargazers_count=of.number("stargazers_count"),
        watchers_count=of.number("watchers_count"),
        forks_count=of.number("forks_count"),
        open_issues_count=of.number("open_issues_count"),
        size=of.maybe(of.number, "size"),
        default_branch=of.text("default_branch"),
        is_fork=of.flag("fork"),
        is_archived=of.flag("archived"),
        is_disabled=of.maybe(of.flag, "disabled"),
        is_private=of.flag("private"),
        is_template=of.maybe(of.flag, "is_template"),
        has_issues=of.maybe(of.flag, "has_issues"),
        has_projects=of.maybe(of.flag, "has_projects"),
        has_wiki=of.maybe(of.flag, "has_wiki"),
        has_pages=of.maybe(of.flag, "has_pages"),
        has_downloads=of.maybe(of.flag, "has_downloads"),
        has_discussions=of.maybe(of.flag, "has_discussions"),
        license=_license(of),
        topics=_topics(of),
        created_at=of.time("created_at"),
        updated_at=of.time("updated_at"),
        pushed_at=of.time_or_none("pushed_at"),
    )


def _license(of: Fields) -> str | Unset | None:
    if "license" not in of:
        return UNSET
    found = of.child_or_none("license")
    return None if found is None else found.text_or_none("spdx_id")


def _topics(of: Fields) -> tuple[str, ...] | Unset:
    return tuple(str(topic) for topic in of.items("topics")) if "topics" in of else UNSET


def read_pull(value: object, about: str) -> PullRequest:
    """A pull request from a list or on its own; a list's lacks sizes and merger, hence `UNSET`."""
    of = Fields(value, about)
    number = of.number("number")
    of = of.renamed(f"pull request {number} in {about}")
    merged_at = of.time_or_none("merged_at")
    state = pull_state(of.text("state"), merged_at)
    return PullRequest(
        id=of.number("id"),
        number=number,
        title=of.text("title"),
        body=of.filled_text("body"),
        state=state,
        draft=of.flag_or_none("draft") or False,
        author=_author(of),
        created_at=of.time("created_at"),
        updated_at=of.time("updated_at"),
        closed_at=of.time_or_none("closed_at"),
        merged_at=merged_at,
        merged=state == "merged",
        base_branch=of.child("base").text("ref"),
        head_branch=of.child("head").text("ref"),
        head_sha=of.child("head").text("sha"),
        html_url=of.text("html_url"),
        merged_by=_author(of, "merged_by") if "merged_by" in of else UNSET,
        additions=of.maybe(of.number, "additions"),
        deletions=of.maybe(of.number, "deletions"),
        changed_files=of.maybe(of.number, "changed_files"),
        commits=of.maybe(of.number, "commits"),
        mergeable=of.maybe(of.flag_or_none, "mergeable"),
        mergeable_state=of.maybe(of.text_or_none, "mergeable_state"),
        comments_count=_both_counts(of),
        milestone=_milestone(of) if "milestone" in of else UNSET,
        labels=tuple(sorted(_label_names(of))) if "labels" in of else UNSET,
        assignees=_people(of) if "assignees" in of else UNSET,
        requested_reviewers=_requested_people(of),
        requested_teams=_requested_teams(of),
    )


def _both_counts(of: Fields) -> int | Unset:
    if "comments" not in of or "review_comments" not in of:
        return UNSET
    return of.number("comments") + of.number("review_comments")


def _requested_people(of: Fields) -> tuple[Account, ...] | Unset:
    if of.raw("requested_reviewers") is None:
        return UNSET
    people = [read_account(user) for user in of.children("requested_reviewers")]
    return tuple(sorted(people, key=lambda account: account.login))


def _requested_teams(of: Fields) -> tuple[str, ...] | Unset:
    if of.raw("requested_teams") is None:
        return UNSET
    return tuple(sorted(team.text("slug") for team in of.children("requested_teams")))


def _milestone(of: Fields) -> str | None:
    milestone = of.child_or_none("milestone")
    return None if milestone is None else milestone.text("title")


def read_review(value: object, about: str) -> Review | None:
    """A submitted review; None for a draft, which has no time and is the token's own."""
    of = Fields(value, about)
    submitted_at = of.time_or_none("submitted_at")
    if submitted_at is None:
        return None
    review_id = of.number("id")
    of = of.renamed(f"review {review_id} in {about}")
    return Review(
        id=review_id,
        pull_number=_number_at_end(of, "pull_request_url"),
        state=review_state(of.text_or_none("state")),
        body=of.text_or_empty("body"),
        author=_author(of),
        submitted_at=submitted_at,
        commit_id=of.text_or_none("commit_id"),
    )


def read_review_comment(value: object, about: str) -> Comment:
    """A comment on a diff, from a pull request's list or the repository's."""
    of = Fields(value, about)
    comment_id = of.number("id")
    of = of.renamed(f"review comment {comment_id} in {about}")
    return Comment(
        id=comment_id,
        kind="review_comment",
        number=_number_at_end(of, "pull_request_url"),
        body=of.text_or_empty("body"),
        author=_author(of),
        created_at=of.time("created_at"),
        updated_at=of.time("updated_at"),
        on_pull=True,
        html_url=of.text("html_url"),
        review_id=of.number_or_none("pull_request_review_id"),
        in_reply_to_id=of.number_or_none("in_reply_to_id"),
        path=of.text("path"),
        position=of.number_or_none("position"),
        original_position=of.number_or_none("original_position"),
        line=of.number_or_none("line"),
        original_line=of.number_or_none("original_line"),
        start_line=of.number_or_none("start_line"),
        commit_id=of.text_or_none("commit_id"),
        original_commit_id=of.text_or_none("original_commit_id"),
        diff_hunk=of.text_or_empty("diff_hunk"),
    )


def read_issue_comment(value: object, about: str) -> Comment:
    """A conversation comment; its page's address tells a pull request's from an issue's."""
    of = Fields(value, about)
    comment_id = of.number("id")
    of = of.renamed(f"comment {comment_id} in {about}")
    html_url = of.text("html_url")
    return Comment(
        id=comment_id,
        kind="issue_comment",
        number=_number_at_end(of, "issue_url"),
        body=of.text_or_empty("body"),
        author=_author(of),
        created_at=of.time("created_at"),
        updated_at=of.time("updated_at"),
        on_pull=_on_pull(html_url),
        html_url=html_url,
    )


def _on_pull(html_url: str) -> bool | None:
    if "/pull/" in html_url:
        return True
    return False if "/issues/" in html_url else None


def read_issue(value: object, about: str) -> Issue | None:
    """An issue; None for a pull request, which GitHub lists among the issues."""
    of = Fields(value, about)
    number = of.number("number")
    if of.raw("pull_request") is not None:
        return None
    of = of.renamed(f"issue {number} in {about}")
    return Issue(
        id=of.number("id"),
        number=number,
        title=of.text("title"),
        body=of.filled_text("body"),
        state=issue_state(of.text("state")),
        state_reason=of.text_or_none("state_reason"),
        author=_author(of),
        labels=tuple(sorted(_label_names(of))),
        assignees=_people(of),
        milestone=_milestone(of),
        comments_count=of.number("comments"),
        created_at=of.time("created_at"),
        updated_at=of.time("updated_at"),
        closed_at=of.time_or_none("closed_at"),
        html_url=of.text("html_url"),
    )


def _people(of: Fields) -> tuple[str, ...]:
    # GraphQL's `assignees` are of type User, so an assigned bot is not among them; leaving bots out
    # here too gives one answer whichever API was read.
    users = of.children("assignees")
    return tuple(sorted(u.text("login") for u in users if u.text_or_none("type") != "Bot"))


def _label_names(of: Fields) -> list[str]:
    # The description allows plain text beside label objects.
    return [
        label if isinstance(label, str) else Fields(label, f"a label of {of.about}").text("name")
        for label in of.items("labels")
    ]


def _number_at_end(of: Fields, key: str) -> int:
    found = _LAST_NUMBER.search(of.text(key))
    if found is None:
        raise bad_shape(f"'{key}' of {of.about}", of.raw(key), "a URL that ends in a number")
    return int(found[1])

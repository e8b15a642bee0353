"""From GitHub's values to our rows: the one place where the two vocabularies meet.

A field that an answer did not carry (`UNSET`) is absent from the row, so that the store leaves its
column alone; GitHub's null is None and is written. Three exceptions, each for a reason:

- A missing author or merger is absent too. Accounts get deleted; the pull request of a deleted user
  keeps the author that we knew (and a row that is new has none).
- `mergeable` and `mergeable_state` are computed by GitHub at the moment of reading and flicker
  between runs: only the two functions that read one pull request's details write them.
- GitHub's `updated_at` is written as it is and nothing else ever moves it (defect D8).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from mainstem.functions.home import Home
from mainstem.github import (
    UNSET,
    Account,
    Comment,
    Gap,
    Issue,
    PullRequest,
    Review,
    Unset,
    is_bot,
)
from mainstem.store import CommentRow, ContributorRow, IssueRow, PullRequestRow, ReviewRow, ids


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to be saved together, in one transaction.

    `complete` holds the ids of pull requests captured with all that belongs to them; `gaps` are
    the lists that go on, of the pull requests and issues whose numbers are in `read`. `truncated`
    counts lists that were cut at the client's cap, `orphans` comments whose parent is gone.
    """

    people: tuple[ContributorRow, ...] = ()
    pulls: tuple[PullRequestRow, ...] = ()
    issues: tuple[IssueRow, ...] = ()
    reviews: tuple[ReviewRow, ...] = ()
    comments: tuple[CommentRow, ...] = ()
    complete: tuple[UUID, ...] = ()
    gaps: tuple[Gap, ...] = ()
    read: tuple[int, ...] = ()
    truncated: int = 0
    orphans: int = 0

    def __add__(self, other: "Batch") -> "Batch":
        return Batch(
            self.people + other.people,
            self.pulls + other.pulls,
            self.issues + other.issues,
            self.reviews + other.reviews,
            self.comments + other.comments,
            self.complete + other.complete,
            self.gaps + other.gaps,
            self.read + other.read,
            self.truncated + other.truncated,
            self.orphans + other.orphans,
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one repository. `logins` are canonical logins by account id, where one differs."""

    home: Home
    logins: Mapping[int, str] = field(default_factory=dict)

    def pulls(
        self,
        pulls: Sequence[PullRequest],
        *,
        reviews: Sequence[Review] = (),
        comments: Sequence[Comment] = (),
        details: bool = False,
        complete: bool = False,
    ) -> Batch:
        """Pull requests with what belongs to them, and everybody who had a part in it.

        `details` keeps the fields that GitHub computes when asked; `complete` marks the pull
        requests as captured with all their reviews and comments.
        """
        return Batch(
            people=self._people([*actors_of_pulls(pulls), *authors(reviews), *authors(comments)]),
            pulls=tuple(self._pull(pull, details=details) for pull in pulls),
            reviews=tuple(self._review(review) for review in reviews),
            comments=tuple(self._comment(comment, on_pull=True) for comment in comments),
            complete=tuple(self.pull_id(pull.number) for pull in pulls) if complete else (),
        )

    def issues(self, issues: Sequence[Issue], *, comments: Sequence[Comment] = ()) -> Batch:
        """Issues with their comments, and everybody who wrote one."""
        return Batch(
            people=self._people([*authors(issues), *authors(comments)]),
            issues=tuple(self._issue(issue) for issue in issues),
            comments=tuple(self._comment(comment, on_pull=False) for comment in comments),
        )

    def pull_id(self, number: int) -> UUID:
        """The row id of pull request `number`."""
        return ids.pull_request_id(self.home.github_id, number)

    def issue_id(self, number: int) -> UUID:
        """The row id of issue `number`."""
        return ids.issue_id(self.home.github_id, number)

    def _people(self, accounts: Iterable[Account | None]) -> tuple[ContributorRow, ...]:
        """One row for each account that has a number; ghosts and nameless apps have none."""
        known = {account.id: account for account in accounts if account and account.id is not None}
        return tuple(self._person(number, account) for number, account in sorted(known.items()))

    def _person(self, number: int, account: Account) -> ContributorRow:
        row: ContributorRow = {
            "id": ids.contributor_id(number),
            "github_id": number,
            "username": self._login(account),
            "account_type": account.type,
            "is_bot": is_bot(account.login, account.type),
        }
        # Nothing but what the answer held (defect D7): an absent picture is unknown, not removed.
        if account.avatar_url is not None:
            row["avatar_url"] = account.avatar_url
        if account.profile_url is not None:
            row["profile_url"] = account.profile_url
        return row

    def _pull(self, pull: PullRequest, *, details: bool) -> PullRequestRow:
        row: PullRequestRow = {
            "id": self.pull_id(pull.number),
            "github_id": pull.id,
            "repository_id": self.home.id,
            "number": pull.number,
            "title": pull.title,
            "body": pull.body,
            "state": pull.state,
            "draft": pull.draft,
            "merged": pull.merged,
            "base_branch": pull.base_branch,
            "head_branch": pull.head_branch,
            "created_at": pull.created_at,
            "updated_at": pull.updated_at,
            "closed_at": pull.closed_at,
            "merged_at": pull.merged_at,
            "html_url": pull.html_url,
            "head_sha": pull.head_sha,
        }
        known = {
            **self._author(pull.author),
            **_known(
                additions=pull.additions,
                deletions=pull.deletions,
                changed_files=pull.changed_files,
                commits=pull.commits,
                comments_count=pull.comments_count,
                milestone=pull.milestone,
                labels=_listed(pull.labels),
                assignees=_listed(pull.assignees),
                requested_reviewers=self._logins(pull.requested_reviewers),
                requested_teams=_listed(pull.requested_teams),
            ),
        }
        if pull.merged_by:
            known["merged_by_id"] = _contributor(pull.merged_by)
            known["merged_by_login"] = self._login(pull.merged_by)
        if details:
            known |= _known(mergeable=pull.mergeable, mergeable_state=pull.mergeable_state)
        row.update(cast("PullRequestRow", known))
        return row

    def _review(self, review: Review) -> ReviewRow:
        row: ReviewRow = {
            "id": ids.review_id(review.id),
            "github_id": review.id,
            "repository_id": self.home.id,
            "pull_request_id": self.pull_id(review.pull_number),
            "state": review.state,
            "body": review.body,
            "submitted_at": review.submitted_at,
            "commit_id": review.commit_id,
        }
        row.update(cast("ReviewRow", self._author(review.author)))
        return row

    def _comment(self, comment: Comment, *, on_pull: bool) -> CommentRow:
        row: CommentRow = {
            "id": ids.comment_id(comment.id, comment.kind),
            "github_id": comment.id,
            "comment_type": comment.kind,
            "repository_id": self.home.id,
            "pull_request_id": self.pull_id(comment.number) if on_pull else None,
            "issue_id": None if on_pull else self.issue_id(comment.number),
            "body": comment.body,
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
        }
        # GitHub's numbers go into columns made for them (defect D13): a reply may arrive first.
        known = _known(
            review_github_id=comment.review_id,
            in_reply_to_github_id=comment.in_reply_to_id,
            path=comment.path,
            position=comment.position,
            original_position=comment.original_position,
            line=comment.line,
            original_line=comment.original_line,
            start_line=comment.start_line,
            diff_hunk=comment.diff_hunk,
            commit_id=comment.commit_id,
            original_commit_id=comment.original_commit_id,
        )
        row.update(cast("CommentRow", {**self._author(comment.author), **known}))
        return row

    def _issue(self, issue: Issue) -> IssueRow:
        row: IssueRow = {
            "id": self.issue_id(issue.number),
            "github_id": issue.id,
            "repository_id": self.home.id,
            "number": issue.number,
            "title": issue.title,
            "body": issue.body,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "milestone": issue.milestone,
            "comments_count": issue.comments_count,
            "created_at": issue.created_at,
            "updated_at": issue.updated_at,
            "closed_at": issue.closed_at,
            "html_url": issue.html_url,
        }
        known = _known(labels=_listed(issue.labels), assignees=_listed(issue.assignees))
        row.update(cast("IssueRow", {**self._author(issue.author), **known}))
        return row

    def _author(self, author: Account | None) -> dict[str, Any]:
        if author is None:
            return {}
        return {
            "author_id": _contributor(author),
            "author_login": self._login(author),
            "author_type": author.type,
        }

    def _logins(self, accounts: "tuple[Account, ...] | Unset") -> "list[str] | Unset":
        return UNSET if accounts is UNSET else sorted(self._login(account) for account in accounts)

    def _login(self, account: Account) -> str:
        return self.logins.get(account.id, account.login) if account.id else account.login


def actors_of_pulls(pulls: Iterable[PullRequest]) -> list[Account]:
    """Who wrote and who merged."""
    return [actor for pull in pulls for actor in (pull.author, pull.merged_by) if actor]


def reviewers_asked(pulls: Iterable[PullRequest]) -> list[Account]:
    """Who is asked for a review. They become no contributors by that: they did nothing yet."""
    return [account for pull in pulls for account in pull.requested_reviewers or ()]


def _listed(names: "tuple[str, ...] | Unset") -> "list[str] | Unset":
    return UNSET if names is UNSET else list(names)


def authors(things: Iterable[Review | Comment | Issue]) -> list[Account]:
    """Who wrote them; the deleted are left out."""
    return [thing.author for thing in things if thing.author]


def _contributor(account: Account) -> UUID | None:
    return None if account.id is None else ids.contributor_id(account.id)


def _known(**columns: object) -> dict[str, Any]:
    return {name: value for name, value in columns.items() if value is not UNSET}

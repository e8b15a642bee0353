"""Pull requests, reviews, comments and issues from deliveries, through the captures' writers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Table

from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.capture.storing import store_batch
from mainstem.functions.webhooks.deciding import (
    Verdict,
    counted,
    newer_record,
    newer_text,
    unread,
)
from mainstem.functions.webhooks.outcome import Outcome
from mainstem.functions.webhooks.partial_rows import row_of_issue
from mainstem.functions.webhooks.stored_rows import (
    held_replies,
    live_comments,
    set_count,
    stored_row,
)
from mainstem.github import Issue, PullRequest
from mainstem.github.webhooks import CommentTold, IssueTold, PullAsIssue, PullTold, ReviewTold
from mainstem.store import (
    CommentRow,
    IssueRow,
    PullRequestRow,
    ReviewRow,
    ids,
    note_told,
    pulls_with_places,
)
from mainstem.store.tables import comments, issues, pull_requests, reviews
from mainstem.store.tombstones import mark_deleted


@dataclass(frozen=True, slots=True)
class Records:
    """Applies what is told of one repository, within the caller's transaction.

    `at` is when that is done. Applying the same again changes nothing.
    """

    conn: Connection
    rows: Rows
    at: datetime

    def pull(self, told: PullTold) -> Outcome:
        """A whole pull request."""
        batch = self.rows.pulls([told.pull])
        return self._asking(self._save_pull(batch, is_first=told.is_first), told.pull.number)

    def issue(self, told: IssueTold) -> Outcome:
        """A whole issue, or the milestone of a pull request."""
        if isinstance(told.issue, PullAsIssue):
            doubt = self._known_pull(told.issue)
            return self._asking(doubt is not False, told.issue.number)
        self._save_issue(told.issue, is_first=told.is_first)
        if told.is_gone:
            issue_id = self.rows.issue_id(told.issue.number)
            mark_deleted(self.conn, "issue", ids=[issue_id], at=self.at)
        return Outcome()

    def review(self, told: ReviewTold) -> Outcome:
        """A review, after its pull request."""
        doubt = self._parent(told.pull, draft_known=told.draft_known)
        batch = self.rows.pulls([], reviews=[told.review])
        row = batch.reviews[0]
        stored = stored_row(self.conn, reviews, row["id"])
        if stored is None:
            store_batch(self.conn, batch, self.at)
            self._drop_emptied(row["github_id"])
            return self._asking(doubt, told.pull.number)
        # What was submitted is how it began: a capture or a later delivery knows better. Only the
        # state DISMISSED is final, and an edit says which text it replaced.
        change: dict[str, Any] = {}
        if row["state"] == "DISMISSED":
            change["state"] = row["state"]
        if told.happening == "edited":
            is_newer = newer_text(stored["body"], told.body_before, row["body"])
            doubt = doubt or is_newer is None
            if is_newer:
                change["body"] = row["body"]
        if change:
            self._change(reviews, row, change)
        return self._asking(doubt, told.pull.number)

    def comment(self, told: CommentTold) -> Outcome:
        """A comment of either kind, after what it stands under."""
        doubt: bool | None
        if isinstance(told.parent, Issue):
            self._save_issue(told.parent, is_first=False)
            doubt, table, parent = False, issues, "issue_id"
            batch = self.rows.issues([], comments=[told.comment])
        else:
            table, parent = pull_requests, "pull_request_id"
            if isinstance(told.parent, PullAsIssue):
                doubt = self._known_pull(told.parent)
            else:
                doubt = self._parent(told.parent, draft_known=told.draft_known)
            batch = self.rows.pulls([], comments=[told.comment])
        if doubt is None:
            number = told.parent.number
            return Outcome("waiting", f"pull request {number} is not stored yet", (number,))
        row = batch.comments[0]
        parent_id = cast("UUID", row.get(parent))
        before = live_comments(self.conn, parent, parent_id)
        self._save_comment(told, batch)
        self._count(table, parent, parent_id, before)
        return self._asking(doubt, told.parent.number)

    def _save_comment(self, told: CommentTold, batch: Batch) -> None:
        row = batch.comments[0]
        stored = stored_row(self.conn, comments, row["id"])
        if stored is None or told.happening == "deleted":
            store_batch(self.conn, batch, self.at)  # the last that is told of it
        elif told.happening == "edited":
            self._edit(told, batch, stored)
        # A comment under an issue that is gone is gone with it.
        if told.happening == "deleted" or self._is_gone(row.get("issue_id")):
            mark_deleted(self.conn, "comment", ids=[row["id"]], at=self.at)
            self._drop_emptied(row.get("review_github_id"))

    def _drop_emptied(self, review_github_id: int | None) -> None:
        """A review that held nothing but a reply goes with that, and no delivery tells of it.

        Of any other the next reconciliation knows. It also finds the one that is there after all.
        """
        if review_github_id is None:
            return
        review_id = ids.review_id(review_github_id)
        review = stored_row(self.conn, reviews, review_id)
        if review is None or review["state"] != "COMMENTED" or review["body"]:
            return
        if held_replies(self.conn, review_github_id):
            # Apart from its comment, which would come back with a review of the same moment.
            at = self.at + timedelta(microseconds=1)
            mark_deleted(self.conn, "review", ids=[review_id], at=at)

    def _edit(self, told: CommentTold, batch: Batch, stored: Mapping[str, Any]) -> None:
        row = batch.comments[0]
        if row["updated_at"] != stored["updated_at"]:
            store_batch(self.conn, batch, self.at)  # the writer leaves a newer one alone
        elif newer_text(stored["body"], told.body_before, row["body"]):
            self._change(comments, row, {"body": row["body"]})

    def _parent(self, pull: PullRequest, *, draft_known: bool) -> bool:
        """Store the pull request that came with a review; whether that leaves a doubt."""
        batch = self.rows.pulls([pull])
        if not draft_known:
            batch.pulls[0].pop("draft", None)
        return self._save_pull(batch, is_first=False)

    def _known_pull(self, told: PullAsIssue) -> bool | None:
        """Bring a stored pull request up to date from its issue; None when it is not stored."""
        stored = stored_row(self.conn, pull_requests, self.rows.pull_id(told.number))
        if stored is None:
            return None
        row = row_of_issue(self.rows, told, stored["github_id"])
        return self._write_pull(Batch(pulls=(row,)), stored, newer_record(stored, row))

    def _save_pull(self, batch: Batch, *, is_first: bool) -> bool:
        row = batch.pulls[0]
        stored = stored_row(self.conn, pull_requests, row["id"])
        return self._write_pull(batch, stored, newer_record(stored, row, is_first=is_first))

    def _write_pull(self, batch: Batch, stored: Mapping[str, Any] | None, verdict: Verdict) -> bool:
        """Write what of a pull request is newer; whether it is to be read for what that moves.

        A delivery tells of one change. Others before it may be lost, so what is stored then does
        not count as read up to its new time: the next refresh reads it.
        """
        if not verdict.columns:
            return verdict.in_doubt
        named = _named(batch.pulls[0], "repository_id", "number")
        row = {**named, **verdict.columns}
        store_batch(self.conn, replace(batch, pulls=(cast("PullRequestRow", row),)), self.at)
        if stored is None:
            note_told(self.conn, named["id"], unread(batch.pulls[0]))
            return verdict.in_doubt
        read_up_to = stored["read_up_to"]
        if verdict.columns.get("updated_at") not in (None, stored["updated_at"]):
            read_up_to = read_up_to or stored["updated_at"]
        if read_up_to is not None:
            note_told(self.conn, named["id"], read_up_to)
        return verdict.in_doubt or self._moves_places(stored, verdict)

    def _moves_places(self, stored: Mapping[str, Any], verdict: Verdict) -> bool:
        """Whether there is another last commit, and comments that have their place in the diff.

        A push moves the places, or outdates them, and no delivery tells of that.
        """
        sha = verdict.columns.get("head_sha")
        if sha is None or stored["head_sha"] in (None, sha):
            return False
        return bool(pulls_with_places(self.conn, [stored["id"]]))

    def _save_issue(self, issue: Issue, *, is_first: bool) -> None:
        batch = self.rows.issues([issue])
        row = batch.issues[0]
        verdict = newer_record(stored_row(self.conn, issues, row["id"]), row, is_first=is_first)
        if verdict.columns:
            whole = {**_named(row, "repository_id", "number"), **verdict.columns}
            store_batch(self.conn, replace(batch, issues=(cast("IssueRow", whole),)), self.at)

    def _change(self, table: Table, row: Mapping[str, Any], change: Mapping[str, Any]) -> None:
        """Write some columns of a stored row, by the same writer as whole ones."""
        if table is reviews:
            some = cast("ReviewRow", {**_named(row), **change})
            store_batch(self.conn, Batch(reviews=(some,)), self.at)
        else:
            other = cast("CommentRow", {**_named(row, "comment_type"), **change})
            store_batch(self.conn, Batch(comments=(other,)), self.at)

    def _count(self, table: Table, parent: str, parent_id: UUID, before: int) -> None:
        stored = stored_row(self.conn, table, parent_id)
        count = None if stored is None else stored["comments_count"]
        after = live_comments(self.conn, parent, parent_id)
        new = counted(count, before=before, after=after)
        if new is not None and new != count:
            set_count(self.conn, table, parent_id, new, self.at)

    def _is_gone(self, issue_id: UUID | None) -> bool:
        issue = None if issue_id is None else stored_row(self.conn, issues, issue_id)
        return issue is not None and issue["deleted_at"] is not None

    def _asking(self, doubt: bool, number: int) -> Outcome:
        return Outcome(ask=(number,) if doubt else ())


def _named(row: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """What names a row to its writer."""
    return {key: row[key] for key in ("id", "github_id", *more)}

"""What people say about an item: comments, reviews and threads, made, changed and taken away."""

from typing import Any, Literal

from mainstem.simulate.changes.happening import Happening, tell
from mainstem.simulate.changes.rows import item_of, known, next_moment, pull_of, updated
from mainstem.simulate.world import Repository, Row

__all__ = [
    "add_comment",
    "add_review",
    "add_review_comment",
    "delete_comment",
    "delete_review",
    "dismiss_review",
    "edit_comment",
    "edit_review",
    "minimise_comment",
]

CommentList = Literal["issue_comments", "review_comments"]
_EVENTS = {
    "issue_comments": "issue_comment",
    "review_comments": "pull_request_review_comment",
}


def add_comment(
    home: Repository, number: int, body: str, *, user: int | None, at: str | None = None
) -> Row:
    """A conversation comment on a pull request or issue, which counts as updated then."""
    moment = at or next_moment(home)
    row = {
        "id": home.next_id("issue_comments"),
        "user": user,
        "body": body,
        "created_at": moment,
        "updated_at": moment,
        "author_association": "NONE",
        "_number": number,
    }
    item = item_of(home, number)
    home.issue_comments[number].append(row)
    item["comments"] = len(home.issue_comments[number])
    updated(home, item, moment)
    tell(home, Happening("issue_comment", "created", number, row, moment))
    return row


def add_review(
    home: Repository,
    number: int,
    *,
    user: int | None,
    state: str = "APPROVED",
    body: str = "",
    at: str | None = None,
) -> Row:
    """A submitted review; with state PENDING a draft, which has no `submitted_at`."""
    moment = at or next_moment(home)
    pull = pull_of(home, number)
    row = {
        "id": home.next_id("reviews"),
        "user": user,
        "body": body,
        "state": state,
        "submitted_at": None if state == "PENDING" else moment,
        "commit_id": pull["head"]["sha"],
        "author_association": "NONE",
        "_number": number,
    }
    home.reviews[number].append(row)
    updated(home, pull, moment)
    if state != "PENDING":
        tell(home, Happening("pull_request_review", "submitted", number, row, moment))
    return row


def add_review_comment(
    home: Repository,
    number: int,
    body: str,
    *,
    user: int | None,
    reply_to: int | None = None,
    at: str | None = None,
) -> Row:
    """A comment on a diff. It comes with a review of its own, as each reply does at GitHub."""
    moment = at or next_moment(home)
    pull = pull_of(home, number)
    review = add_review(home, number, user=user, state="COMMENTED", at=moment)
    place = {
        "path": "src/added.py",
        "diff_hunk": "@@ -1,1 +1,2 @@\n+added",
        "position": 1,
        "original_position": 1,
        "line": 2,
        "original_line": 2,
        "commit_id": pull["head"]["sha"],
        "original_commit_id": pull["head"]["sha"],
    }
    if reply_to is not None:
        _, parent = known(home, "review_comments", reply_to)
        place = {name: parent[name] for name in place}
    row = {
        "id": home.next_id("review_comments"),
        "pull_request_review_id": review["id"],
        "user": user,
        "body": body,
        "in_reply_to_id": reply_to,
        **place,
        "created_at": moment,
        "updated_at": moment,
        "author_association": "NONE",
        "_number": number,
    }
    if reply_to is not None:
        review["_comments"] = [row["id"]]
    home.review_comments[number].append(row)
    pull["review_comments"] = pull.get("review_comments", 0) + 1
    updated(home, pull, moment)
    tell(home, Happening("pull_request_review_comment", "created", number, row, moment))
    return row


def edit_comment(
    home: Repository,
    comment_id: int,
    body: str,
    *,
    kind: CommentList = "issue_comments",
    at: str | None = None,
) -> Row:
    """Other words in a comment. Its own `updated_at` moves, that of its item does not."""
    moment = at or next_moment(home)
    number, row = known(home, kind, comment_id)
    row.update(body=body, updated_at=moment, _edited_at=moment)
    home.changed(moment)
    tell(home, Happening(_EVENTS[kind], "edited", number, row, moment))
    return row


def delete_comment(
    home: Repository,
    comment_id: int,
    *,
    kind: CommentList = "issue_comments",
    at: str | None = None,
) -> Row:
    """The comment disappears from every list; no list says that it was there.

    A review that held nothing but this reply goes with it, as at GitHub.
    """
    moment = at or next_moment(home)
    number, row = known(home, kind, comment_id)
    lists: dict[int, list[Row]] = getattr(home, kind)
    lists[number].remove(row)
    counter = "comments" if kind == "issue_comments" else "review_comments"
    item = item_of(home, number)
    item[counter] = max(0, item.get(counter, 1) - 1)
    if kind == "review_comments":
        home.reviews[number] = [
            one for one in home.reviews[number] if one.get("_comments") != [comment_id]
        ]
    home.changed(moment)
    tell(home, Happening(_EVENTS[kind], "deleted", number, row, moment))
    return row


def minimise_comment(
    home: Repository,
    comment_id: int,
    reason: str = "off-topic",
    *,
    kind: CommentList = "issue_comments",
) -> Row:
    """Hides a comment behind a reason. It stays in every list, and no time moves for it."""
    _, row = known(home, kind, comment_id)
    row["_minimized"] = reason
    home.changed()
    return row


def edit_review(home: Repository, review_id: int, **values: Any) -> Row:
    """Changes a review in place, as a dismissal does (`state="DISMISSED"`)."""
    number, row = known(home, "reviews", review_id)
    row.update(values)
    moment = next_moment(home)
    updated(home, pull_of(home, number), moment)
    tell(home, Happening("pull_request_review", "edited", number, row, moment))
    return row


def dismiss_review(home: Repository, review_id: int, *, at: str | None = None) -> Row:
    """The review stays in place with another state; its pull request counts as updated."""
    number, row = known(home, "reviews", review_id)
    moment = at or next_moment(home)
    row["state"] = "DISMISSED"
    updated(home, pull_of(home, number), moment)
    tell(home, Happening("pull_request_review", "dismissed", number, row, moment))
    return row


def delete_review(home: Repository, review_id: int) -> Row:
    """Only a draft can be taken back; it disappears with its comments, and no time moves."""
    number, row = known(home, "reviews", review_id)
    home.reviews[number].remove(row)
    home.review_comments[number] = [
        one
        for one in home.review_comments.get(number, ())
        if one.get("pull_request_review_id") != review_id
    ]
    home.changed()
    return row

"""Discussions: opened, talked about, answered."""

from mainstem.errors import SimulateError
from mainstem.simulate.changes.happening import Happening, tell
from mainstem.simulate.changes.rows import next_moment
from mainstem.simulate.world import Repository, Row

__all__ = ["CATEGORY", "answer_discussion", "comment_on_discussion", "open_discussion"]

#: The category that questions are asked in.
CATEGORY: Row = {
    "id": 41_000_001,
    "name": "Q&A",
    "slug": "q-a",
    "description": "Ask the community for help",
    "emoji": ":pray:",
    "is_answerable": True,
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
}


def open_discussion(
    home: Repository,
    title: str,
    *,
    user: int | None,
    body: str = "",
    at: str | None = None,
    number: int | None = None,
) -> Row:
    """A new discussion, numbered after everything there is unless told its number."""
    moment = at or next_moment(home)
    if number is None:
        number = home.next_number()
    row: Row = {
        "id": 3_000_001 + len(home.discussions),
        "number": number,
        "title": title,
        "body": body,
        "user": user,
        "author_association": "NONE",
        "category": CATEGORY,
        "answer_id": None,
        "answer_chosen_at": None,
        "answer_chosen_by": None,
        "locked": False,
        "closed_at": None,
        "upvotes": 0,
        "labels": [],
        "comments": 0,
        "created_at": moment,
        "updated_at": moment,
    }
    home.discussions[number] = row
    home.record["has_discussions"] = True
    home.changed(moment)
    tell(home, Happening("discussion", "created", number, row, moment))
    return row


def comment_on_discussion(
    home: Repository, number: int, body: str, *, user: int | None, at: str | None = None
) -> Row:
    """A top-level comment; the discussion counts as updated then."""
    moment = at or next_moment(home)
    discussion = _discussion(home, number)
    row: Row = {
        "id": 5_000_001 + sum(map(len, home.discussion_comments.values())),
        "user": user,
        "body": body,
        "author_association": "NONE",
        "created_at": moment,
        "updated_at": moment,
        "parent_id": None,
        "_number": number,
    }
    home.discussion_comments[number].append(row)
    discussion["comments"] = len(home.discussion_comments[number])
    discussion["updated_at"] = max(discussion["updated_at"], moment)
    home.changed(moment)
    tell(home, Happening("discussion_comment", "created", number, row, moment))
    return row


def answer_discussion(
    home: Repository, number: int, comment: int, *, user: int | None, at: str | None = None
) -> Row:
    """One of its comments is chosen as the answer."""
    moment = at or next_moment(home)
    row = _discussion(home, number)
    row.update(answer_id=comment, answer_chosen_at=moment, answer_chosen_by=user)
    row["updated_at"] = max(row["updated_at"], moment)
    home.changed(moment)
    tell(home, Happening("discussion", "answered", number, row, moment))
    return row


def _discussion(home: Repository, number: int) -> Row:
    if number not in home.discussions:
        raise SimulateError(f"{home.full_name} has no discussion {number} to change.")
    return home.discussions[number]

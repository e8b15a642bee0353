"""Webhook payloads: a change as GitHub tells of it, from the rows as they are at that moment.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from typing import Any

from mainstem.simulate.changes.happening import Happening
from mainstem.simulate.shapes import SITE, Shapes
from mainstem.simulate.world import Repository, Row, node_id

__all__ = ["payload_of"]


def payload_of(
    shapes: Shapes,
    home: Repository,
    happening: Happening,
    *,
    item: Row | None = None,
    installation: int | None = None,
) -> Row:
    """The payload. `item` is the pull request or issue as it was then; left out, as it is now."""
    number, row = happening.number, happening.row
    if item is None and number is not None:
        item = home.pulls.get(number) or home.issues.get(number) or home.discussions.get(number)
    made: Row = {"action": happening.action}
    made |= _subject(shapes, home, happening, item or row)
    made |= _shown(shapes, happening.more)
    made["repository"] = shapes.repository(home, whole=False)
    made["sender"] = shapes.ghosted(row.get("user")) or shapes.user(home.record["owner"])
    if installation is not None:
        made["installation"] = {"id": installation, "node_id": f"I_{installation}"}
    return made


def _subject(shapes: Shapes, home: Repository, happening: Happening, item: Row) -> Row:
    event, row, number = happening.event, happening.row, happening.number or 0
    if event == "pull_request":
        return {"number": number, "pull_request": shapes.pull(home, item, detail=True)}
    if event == "issues":
        return {"issue": shapes.issue(home, item)}
    if event == "issue_comment":
        shown = shapes.issue_comment(home, number, row)
        return {"comment": shown, "issue": shapes.issue(home, item)}
    if event == "pull_request_review":
        # Unlike everywhere else, states are in small letters here, and an empty body is null.
        review = shapes.review(home, number, row)
        review |= {"state": row["state"].lower(), "body": row.get("body") or None}
        return {"review": review, "pull_request": shapes.pull(home, item, detail=False)}
    if event == "pull_request_review_comment":
        shown = shapes.review_comment(home, number, row)
        return {"comment": shown, "pull_request": shapes.pull(home, item, detail=False)}
    if event == "star":
        return {"starred_at": row["created_at"]}
    if event == "fork":
        return {"forkee": {"id": row["id"], "fork": True, "created_at": row["created_at"]}}
    if event == "discussion":
        found: Row = {"discussion": discussion(shapes, home, item)}
        if happening.action == "answered":
            answer = home.by_id("discussion_comments")[row["answer_id"]][1]
            found["answer"] = discussion_comment(shapes, home, answer)
        return found
    if event == "discussion_comment":
        shown = discussion_comment(shapes, home, row)
        return {"comment": shown, "discussion": discussion(shapes, home, item)}
    return {}


def discussion(shapes: Shapes, home: Repository, row: Row) -> Row:
    """A discussion as webhooks have it; REST offers none."""
    category = row["category"]
    return {
        "repository_url": shapes.home_url(home),
        "category": {**category, "node_id": node_id("DiscussionCategory", category)},
        "answer_html_url": None,
        "answer_chosen_at": row.get("answer_chosen_at"),
        "answer_chosen_by": shapes.user(row.get("answer_chosen_by")),
        "html_url": f"{SITE}/{home.full_name}/discussions/{row['number']}",
        "id": row["id"],
        "node_id": node_id("Discussion", row),
        "number": row["number"],
        "title": row["title"],
        "user": shapes.ghosted(row.get("user")),
        "state": "open" if row.get("closed_at") is None else "closed",
        "locked": row.get("locked", False),
        "comments": len(home.discussion_comments.get(row["number"], ())),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "author_association": row.get("author_association", "NONE"),
        "active_lock_reason": None,
        "body": row.get("body"),
    }


def discussion_comment(shapes: Shapes, home: Repository, row: Row) -> Row:
    page = f"{SITE}/{home.full_name}/discussions/{row['_number']}"
    return {
        "id": row["id"],
        "node_id": node_id("DiscussionComment", row),
        "html_url": f"{page}#discussioncomment-{row['id']}",
        "parent_id": row.get("parent_id"),
        "child_comment_count": 0,
        "repository_url": shapes.home_url(home),
        "discussion_id": home.discussions[row["_number"]]["id"],
        "author_association": row.get("author_association", "NONE"),
        "user": shapes.ghosted(row.get("user")),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "body": row["body"],
    }


def _shown(shapes: Shapes, more: dict[str, Any]) -> Row:
    """What stands beside the subject; accounts are ids there."""
    people = ("assignee", "requested_reviewer")
    return {name: shapes.user(one) if name in people else one for name, one in more.items()}

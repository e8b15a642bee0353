"""What happens in a repository while it is served: people comment, edit, delete, merge, rename.

Each verb changes the rows as GitHub would, moves `updated_at` where GitHub moves it, and gives the
row it made or changed. `at` is GitHub's text for a time; left out, it is one minute after the
newest thing in the repository, so that tests need no clock.
"""

from datetime import datetime, timedelta
from typing import Any, Literal

from mainstem.errors import SimulateError
from mainstem.simulate.world import Repository, Row, World

__all__ = [
    "add_comment",
    "add_review",
    "add_review_comment",
    "close",
    "delete_comment",
    "edit_comment",
    "edit_item",
    "edit_review",
    "open_issue",
    "open_pull",
    "rename_repository",
]

CommentList = Literal["issue_comments", "review_comments"]


def add_comment(
    home: Repository, number: int, body: str, *, user: int | None, at: str | None = None
) -> Row:
    """A conversation comment on a pull request or issue, which counts as updated then."""
    moment = at or _next_moment(home)
    row = {
        "id": _next_id(home.issue_comments.values()),
        "user": user,
        "body": body,
        "created_at": moment,
        "updated_at": moment,
        "author_association": "NONE",
        "_number": number,
    }
    item = _item(home, number)
    home.issue_comments[number].append(row)
    item["comments"] = len(home.issue_comments[number])
    _updated(home, item, moment)
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
    moment = at or _next_moment(home)
    pull = _pull(home, number)
    row = {
        "id": _next_id(home.reviews.values()),
        "user": user,
        "body": body,
        "state": state,
        "submitted_at": None if state == "PENDING" else moment,
        "commit_id": pull["head"]["sha"],
        "author_association": "NONE",
        "_number": number,
    }
    home.reviews[number].append(row)
    _updated(home, pull, moment)
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
    moment = at or _next_moment(home)
    pull = _pull(home, number)
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
        _, parent = _known(home, "review_comments", reply_to)
        place = {name: parent[name] for name in place}
    row = {
        "id": _next_id(home.review_comments.values()),
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
    _updated(home, pull, moment)
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
    moment = at or _next_moment(home)
    _, row = _known(home, kind, comment_id)
    row.update(body=body, updated_at=moment, _edited_at=moment)
    home.changed()
    return row


def delete_comment(
    home: Repository, comment_id: int, *, kind: CommentList = "issue_comments"
) -> Row:
    """The comment disappears from every list; no list says that it was there."""
    number, row = _known(home, kind, comment_id)
    lists: dict[int, list[Row]] = getattr(home, kind)
    lists[number].remove(row)
    counter = "comments" if kind == "issue_comments" else "review_comments"
    item = _item(home, number)
    item[counter] = max(0, item.get(counter, 1) - 1)
    home.changed()
    return row


def edit_review(home: Repository, review_id: int, **values: Any) -> Row:
    """Changes a review in place, as a dismissal does (`state="DISMISSED"`)."""
    number, row = _known(home, "reviews", review_id)
    row.update(values)
    _updated(home, _pull(home, number), _next_moment(home))
    return row


def edit_item(home: Repository, number: int, *, at: str | None = None, **values: Any) -> Row:
    """Changes values of a pull request or issue (title, body, draft, labels …)."""
    row = _item(home, number)
    row.update(values)
    _updated(home, row, at or _next_moment(home))
    return row


def close(
    home: Repository, number: int, *, merged_by: int | None = None, at: str | None = None
) -> Row:
    """Closes a pull request or issue; a pull request with `merged_by` is merged."""
    moment = at or _next_moment(home)
    row = _item(home, number)
    row.update(state="closed", closed_at=moment)
    if merged_by is not None:
        row.update(merged_at=moment, merged_by=merged_by, merged=True)
    _updated(home, row, moment)
    return row


def open_pull(
    home: Repository,
    title: str,
    *,
    user: int | None,
    body: str | None = None,
    draft: bool = False,
    at: str | None = None,
) -> Row:
    """A new pull request with one commit, numbered after everything there is."""
    moment = at or _next_moment(home)
    row = _new_item(home, title, user, body, moment)
    sha = f"{row['id']:040x}"
    base = {"ref": home.record["default_branch"], "sha": "0" * 40, "user": home.record["owner"]}
    base |= {"repo": {"id": home.id, "full_name": home.full_name}, "label": f"{base['ref']}"}
    row.update(
        draft=draft,
        merged_at=None,
        merged_by=None,
        head={"label": None, "ref": "added", "sha": sha, "user": user, "repo": None},
        base=base,
        additions=1,
        deletions=0,
        changed_files=1,
        commits=1,
        comments=0,
        review_comments=0,
    )
    person = {"name": "Someone", "date": moment}
    commit = {"sha": sha, "message": title, "author": person, "committer": person, "parents": []}
    home.commits[row["number"]].append({**commit, "_number": row["number"]})
    home.pulls[row["number"]] = row
    _updated(home, row, moment)
    return row


def open_issue(
    home: Repository,
    title: str,
    *,
    user: int | None,
    body: str | None = None,
    at: str | None = None,
) -> Row:
    """A new issue, numbered after everything there is."""
    moment = at or _next_moment(home)
    row = _new_item(home, title, user, body, moment)
    row.update(state_reason=None, comments=0)
    home.issues[row["number"]] = row
    _updated(home, row, moment)
    return row


def rename_repository(world: World, home: Repository, full_name: str) -> None:
    """The repository moves; its former name redirects to it, unless another one takes the name."""
    home.former_names.append(home.full_name)
    home.record["full_name"] = full_name
    home.record["name"] = full_name.partition("/")[2]
    for repository in world.repositories:
        repository.changed()


def _new_item(home: Repository, title: str, user: int | None, body: str | None, moment: str) -> Row:
    return {
        "id": _next_id([list(home.pulls.values()), list(home.issues.values())]),
        "number": max([*home.pulls, *home.issues], default=0) + 1,
        "title": title,
        "body": body,
        "user": user,
        "state": "open",
        "author_association": "NONE",
        "labels": [],
        "assignees": [],
        "created_at": moment,
        "updated_at": moment,
        "closed_at": None,
    }


def _next_moment(home: Repository) -> str:
    rows: list[Row] = [home.record, *home.pulls.values(), *home.issues.values()]
    for lists in (home.issue_comments, home.review_comments):
        rows.extend(row for many in lists.values() for row in many)
    newest = datetime.fromisoformat(max(row.get("updated_at") or "" for row in rows))
    return (newest + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _next_id(lists: Any) -> int:
    return max((int(row["id"]) for rows in lists for row in rows), default=2**31) + 1


def _updated(home: Repository, item: Row, moment: str) -> None:
    item["updated_at"] = max(item["updated_at"], moment)
    home.record["updated_at"] = max(home.record["updated_at"], moment)
    home.changed()


def _item(home: Repository, number: int) -> Row:
    row = home.pulls.get(number) or home.issues.get(number)
    if row is None:
        raise SimulateError(f"{home.full_name} has no pull request or issue {number} to change.")
    return row


def _pull(home: Repository, number: int) -> Row:
    if number not in home.pulls:
        raise SimulateError(f"{home.full_name} has no pull request {number} to change.")
    return home.pulls[number]


def _known(home: Repository, kind: str, row_id: int) -> tuple[int, Row]:
    found: tuple[int, Row] | None = home.by_id(kind).get(row_id)
    if found is None:
        raise SimulateError(f"{home.full_name} has no {row_id} among its {kind} to change.")
    return found

"""Pull requests, issues and discussions: opened, altered, closed, taken away."""

from typing import Any

from mainstem.simulate.changes.happening import Happening, tell
from mainstem.simulate.changes.rows import item_of, next_moment, pull_of, updated
from mainstem.simulate.world import Repository, Row

__all__ = [
    "assign",
    "close",
    "convert_to_draft",
    "delete_issue",
    "edit_item",
    "force_push",
    "label",
    "open_issue",
    "open_pull",
    "ready_for_review",
    "reopen",
    "request_review",
    "transfer_issue",
    "unlabel",
]


def edit_item(home: Repository, number: int, *, at: str | None = None, **values: Any) -> Row:
    """Changes values of a pull request or issue (title, body, draft, labels …)."""
    row = item_of(home, number)
    row.update(values)
    moment = at or next_moment(home)
    updated(home, row, moment)
    _tell(home, "edited", row, moment, changes={})
    return row


def close(
    home: Repository, number: int, *, merged_by: int | None = None, at: str | None = None
) -> Row:
    """Closes a pull request or issue; a pull request with `merged_by` is merged."""
    moment = at or next_moment(home)
    row = item_of(home, number)
    row.update(state="closed", closed_at=moment)
    if merged_by is not None:
        row.update(merged_at=moment, merged_by=merged_by, merged=True)
    updated(home, row, moment)
    _tell(home, "closed", row, moment)
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
    moment = at or next_moment(home)
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
    updated(home, row, moment)
    _tell(home, "opened", row, moment)
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
    moment = at or next_moment(home)
    row = _new_item(home, title, user, body, moment)
    row.update(state_reason=None, comments=0)
    home.issues[row["number"]] = row
    updated(home, row, moment)
    _tell(home, "opened", row, moment)
    return row


def _new_item(home: Repository, title: str, user: int | None, body: str | None, moment: str) -> Row:
    return {
        "id": home.next_id("items"),
        "number": home.next_number(),
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


def reopen(home: Repository, number: int, *, at: str | None = None) -> Row:
    """Opens what was closed without being merged."""
    return _altered(home, number, "reopened", at, state="open", closed_at=None)


def label(
    home: Repository, number: int, name: str, color: str = "ededed", *, at: str | None = None
) -> Row:
    """Puts a label on a pull request or issue, which counts as updated then."""
    row = {"id": 800_100_000 + sum(name.encode()), "name": name, "color": color}
    labels = [one for one in item_of(home, number).get("labels", ()) if one["name"] != name]
    return _altered(home, number, "labeled", at, {"label": row}, labels=[*labels, row])


def unlabel(home: Repository, number: int, name: str, *, at: str | None = None) -> Row:
    """Takes a label off again."""
    labels = item_of(home, number).get("labels", ())
    left = [one for one in labels if one["name"] != name]
    return _altered(home, number, "unlabeled", at, {"label": {"name": name}}, labels=left)


def assign(home: Repository, number: int, *users: int, at: str | None = None) -> Row:
    """Exactly these people are assigned from now on."""
    first = users[0] if users else None
    action = "assigned" if users else "unassigned"
    return _altered(home, number, action, at, assignees=list(users), assignee=first)


def request_review(
    home: Repository,
    number: int,
    *users: int,
    teams: tuple[str, ...] = (),
    at: str | None = None,
) -> Row:
    """Exactly these people and teams (by slug) are asked for a review from now on."""
    pull_of(home, number)
    asked = [
        {"id": 4_000_000 + sum(slug.encode()), "name": slug.title(), "slug": slug} for slug in teams
    ]
    action = "review_requested" if users or teams else "review_request_removed"
    return _altered(
        home, number, action, at, requested_reviewers=list(users), requested_teams=asked
    )


def convert_to_draft(home: Repository, number: int, *, at: str | None = None) -> Row:
    pull_of(home, number)
    return _altered(home, number, "converted_to_draft", at, draft=True)


def ready_for_review(home: Repository, number: int, *, at: str | None = None) -> Row:
    pull_of(home, number)
    return _altered(home, number, "ready_for_review", at, draft=False)


def force_push(home: Repository, number: int, *, at: str | None = None) -> Row:
    """Other commits take the place of the former ones: every comment on the diff is outdated.

    The comments lose `position` and `line`; their own times stay.
    """
    row = pull_of(home, number)
    moment = at or next_moment(home)
    before = row["head"]["sha"]
    sha = f"{int(before, 16) ^ (int(row['id']) << 80):040x}"
    person = {"name": "Someone", "date": moment}
    commit = {"sha": sha, "message": "Again", "author": person, "committer": person, "parents": []}
    home.commits[number] = [{**commit, "_number": number}]
    for comment in home.review_comments.get(number, ()):
        comment.update(position=None, line=None, start_line=None)
    row["head"] = {**row["head"], "sha": sha}
    row["commits"] = 1
    updated(home, row, moment)
    _tell(home, "synchronize", row, moment, before=before, after=sha)
    return row


def delete_issue(home: Repository, number: int) -> Row:
    """The issue is gone with its comments: 410 in REST, NOT_FOUND in GraphQL."""
    home.next_id("items")
    moment = next_moment(home)
    row = home.issues.pop(number)
    home.gone[number] = None
    home.issue_comments.pop(number, None)
    home.changed(moment)
    tell(home, Happening("issues", "deleted", number, row, moment))
    return row


def transfer_issue(home: Repository, number: int, to: Repository) -> Row:
    """The issue goes to another repository, with its comments and ids: 301 in REST from here."""
    home.next_id("items")
    moment = next_moment(home)
    row = home.issues.pop(number)
    told = dict(row)
    row["number"] = to.next_number()
    to.issues[row["number"]] = row
    for comment in home.issue_comments.pop(number, ()):
        comment["_number"] = row["number"]
        to.issue_comments[row["number"]].append(comment)
    home.gone[number] = (to.id, row["number"])
    home.changed(moment)
    to.changed()
    tell(home, Happening("issues", "transferred", number, told, moment, {"changes": {}}))
    return row


def _altered(
    home: Repository,
    number: int,
    action: str,
    at: str | None,
    told: dict[str, Any] | None = None,
    **values: Any,
) -> Row:
    row = item_of(home, number)
    moment = at or next_moment(home)
    row.update(values)
    updated(home, row, moment)
    _tell(home, action, row, moment, **(told or {}))
    return row


def _tell(home: Repository, action: str, row: Row, moment: str, **more: Any) -> None:
    event = "pull_request" if row["number"] in home.pulls else "issues"
    tell(home, Happening(event, action, row["number"], row, moment, more))

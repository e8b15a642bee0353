"""The lists of the graph: which rows each connection holds, filtered and in which order.

Each function takes the `Thing` the connection hangs on and the field's arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mainstem.simulate.connection import Connection, window
from mainstem.simulate.listing import as_githubs_time
from mainstem.simulate.world import Repository, Row, Thing, World, thread_row

__all__ = [
    "assignees",
    "discussion_comments",
    "discussions",
    "issue_comments",
    "issues",
    "pull_state",
    "pulls",
    "review_requests",
    "reviews",
    "threads",
    "timeline",
]

_ORDERS = {"CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "COMMENTS": "comments"}
_ITEM_TYPES = {
    "PullRequestReview": "PULL_REQUEST_REVIEW",
    "IssueComment": "ISSUE_COMMENT",
    "PullRequestCommit": "PULL_REQUEST_COMMIT",
}


def pulls(thing: Thing, args: Mapping[str, Any]) -> Connection:
    home = thing.repository
    states = frozenset(args.get("states") or ())
    base, labels = args.get("baseRefName"), frozenset(args.get("labels") or ())
    order, falling = _order(args)

    def keep(row: Row) -> bool:
        return (
            (not states or pull_state(row) in states)
            and base in (None, row["base"]["ref"])
            and (not labels or bool(labels & {one["name"] for one in row.get("labels", ())}))
        )

    def select() -> Sequence[Row]:
        wanted = keep if states or base is not None or labels else None
        return home.ordered("pulls", order, falling=falling, keep=wanted)

    rows = home.derived(("graph pulls", states, base, labels, order, falling), select)
    return window("PullRequest", rows, home, args, order=order, falling=falling)


def issues(thing: Thing, args: Mapping[str, Any]) -> Connection:
    home = thing.repository
    asked = args.get("filterBy") or {}
    states = frozenset(args.get("states") or asked.get("states") or ())
    labels = frozenset(args.get("labels") or asked.get("labels") or ())
    since = as_githubs_time(asked["since"]) if asked.get("since") else ""
    order, falling = _order(args)

    def keep(row: Row) -> bool:
        return (not states or row["state"].upper() in states) and (
            not labels or bool(labels & {one["name"] for one in row.get("labels", ())})
        )

    def select() -> Sequence[Row]:
        wanted = keep if states or labels else None
        return home.ordered("issues", order, falling=falling, since=since or None, keep=wanted)

    rows = home.derived(("graph issues", states, since, labels, order, falling), select)
    return window("Issue", rows, home, args, order=order, falling=falling)


def issue_comments(thing: Thing, args: Mapping[str, Any]) -> Connection:
    rows: Sequence[Row] = thing.repository.issue_comments.get(thing.row["number"], [])
    if args.get("orderBy"):
        order, falling = _order(args)
        rows = _sorted(list(rows), order, falling=falling)
    return window("IssueComment", rows, thing.repository, args)


def assignees(world: World, thing: Thing, args: Mapping[str, Any]) -> Connection:
    users = (world.user(user_id) for user_id in thing.row.get("assignees") or ())
    # The field's type is User: bots that are assigned do not show in it.
    rows = [row for row in users if row is not None and row["type"] == "User"]
    return window("User", rows, thing.repository, args)


def reviews(world: World, thing: Thing, args: Mapping[str, Any]) -> Connection:
    rows = thing.repository.reviews_of(thing.row["number"])
    if args.get("states"):
        rows = [row for row in rows if row["state"] in args["states"]]
    if args.get("author"):
        rows = [
            row
            for row in rows
            if (world.user(row.get("user")) or {}).get("login") == args["author"]
        ]
    return window("PullRequestReview", rows, thing.repository, args)


def threads(thing: Thing, args: Mapping[str, Any]) -> Connection:
    home, number = thing.repository, thing.row["number"]
    rows = home.derived(
        ("thread rows", number), lambda: [thread_row(one) for one in home.threads_of(number)]
    )
    return window("PullRequestReviewThread", rows, home, args)


def timeline(thing: Thing, args: Mapping[str, Any]) -> Connection:
    """Reviews, comments and commits in the order of their times. Like the REST timeline, it leaves
    out the reviews that hold replies only.

    `totalCount` is of all three kinds, whatever is asked for; `filteredCount` of the kinds asked
    for, since the time asked for.
    """
    home, number = thing.repository, thing.row["number"]
    rows = home.derived(("graph timeline", number), lambda: _timeline_rows(home, number))
    kinds = args.get("itemTypes")
    since = as_githubs_time(args["since"]) if args.get("since") else ""
    kept = [
        row
        for row in rows
        if (kinds is None or _ITEM_TYPES[row["_type"]] in kinds) and row["_at"] >= since
    ]
    found = window("PullRequestReview", kept[args.get("skip") or 0 :], home, args)
    return replace(found, total=len(kept), unfiltered=len(rows))


def _timeline_rows(home: Repository, number: int) -> list[Row]:
    found: list[Row] = [
        {**row, "_type": "PullRequestReview", "_at": row.get("submitted_at") or ""}
        for row in home.reviews_of(number)
        if "_comments" not in row
    ]
    found += (
        {**row, "_type": "IssueComment", "_at": row["created_at"]}
        for row in home.issue_comments.get(number, ())
    )
    found += (
        {**row, "_type": "PullRequestCommit", "_at": row["committer"]["date"]}
        for row in home.commits.get(number, ())
    )
    return sorted(found, key=lambda row: str(row["_at"]))


def review_requests(world: World, thing: Thing, args: Mapping[str, Any]) -> Connection:
    """Who is still asked for a review: accounts and teams, each with a request of its own."""
    row = thing.row
    asked = [("user", one) for one in row.get("requested_reviewers") or () if world.user(one)]
    asked += [("team", one) for one in row.get("requested_teams") or ()]
    rows = []
    for kind, who in asked:
        key = who if kind == "user" else who["id"]
        rows.append({"id": f"{row['number']}-{kind}-{key}", "_number": row["number"], kind: who})
    return window("ReviewRequest", rows, thing.repository, args)


def discussions(thing: Thing, args: Mapping[str, Any]) -> Connection:
    home = thing.repository
    # Unlike the other lists, GitHub's discussions come by their last update unless told otherwise.
    order, falling = _order(args) if args.get("orderBy") else ("updated_at", True)
    rows = home.derived(
        ("graph discussions", order, falling),
        lambda: _sorted(list(home.discussions.values()), order, falling=falling),
    )
    return window("Discussion", rows, home, args, order=order, falling=falling)


def discussion_comments(thing: Thing, args: Mapping[str, Any]) -> Connection:
    """Top-level comments; GitHub counts no replies here."""
    rows = thing.repository.discussion_comments.get(thing.row["number"], [])
    return window("DiscussionComment", rows, thing.repository, args)


def pull_state(row: Row) -> str:
    return "MERGED" if row.get("merged_at") else str(row["state"]).upper()


def _order(args: Mapping[str, Any]) -> tuple[str, bool]:
    """The row's field to sort by and whether it falls; GitHub's default is by creation, rising."""
    asked = args.get("orderBy") or {}
    field = _ORDERS[str(asked.get("field", "CREATED_AT"))]
    return field, str(asked.get("direction", "ASC")) == "DESC"


def _sorted(rows: list[Row], order: str, *, falling: bool) -> list[Row]:
    return sorted(rows, key=lambda row: (row[order], row.get("number", row["id"])), reverse=falling)

"""What the pretend GitHub knows: people and repositories, as rows in GitHub's REST names.

A row is a plain dict. Users inside rows are ids (looked up in `World.users`); a missing id or None
is a deleted account. Times are GitHub's strings (`2026-01-31T09:30:00Z`), which sort as text.
Recording and generator both make this, and the verbs of `changes` alter it while it is served.
"""

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

__all__ = ["GHOST_ID", "Repository", "Row", "Thing", "World", "node_id"]

Row = dict[str, Any]
T = TypeVar("T")

#: The account that stands for deleted ones in REST answers: https://github.com/ghost
GHOST_ID = 10137

#: First part of a node id by type; GitHub's own are opaque, these only have to differ.
_NODE_PREFIX = {
    "Repository": "R",
    "PullRequest": "PR",
    "PullRequestReview": "PRR",
    "PullRequestReviewComment": "PRRC",
    "PullRequestReviewThread": "PRRT",
    "IssueComment": "IC",
    "Issue": "I",
    "User": "U",
    "Bot": "BOT",
    "Mannequin": "MNQ",
    "Organization": "O",
    "Commit": "C",
    "PullRequestCommit": "PURC",
    "Label": "LA",
    "Milestone": "MI",
    "Topic": "T",
    "RepositoryTopic": "RT",
    "Ref": "REF",
    "Language": "LAN",
    "License": "L",
    "ReviewRequest": "RRQ",
    "Team": "TM",
    "Discussion": "D",
    "DiscussionComment": "DC",
    "DiscussionCategory": "DIC",
}


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the graph: its GraphQL type, its row, and the repository it belongs to."""

    type: str
    row: Row
    repository: "Repository"


def node_id(type_name: str, row: Row) -> str:
    """The row's own `node_id`, or one made from its type and id where none is known."""
    known = row.get("node_id")
    if known:
        return str(known)
    key = row.get("id") or row.get("sha") or row.get("name")
    code = base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode().rstrip("=")
    return f"{_NODE_PREFIX[type_name]}_{code}"


@dataclass(slots=True)
class Repository:
    """One repository and all that belongs to it; lists are keyed by pull request or issue number.

    Invariant: every change raises `version`; what is derived from the rows is kept until then.
    """

    record: Row
    pulls: dict[int, Row] = field(default_factory=dict)
    issues: dict[int, Row] = field(default_factory=dict)
    reviews: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    review_comments: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    issue_comments: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    commits: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    events: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    discussions: dict[int, Row] = field(default_factory=dict)
    discussion_comments: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    #: Stars and forks, oldest first: the activity feed tells of them beside everything else.
    feed: list[Row] = field(default_factory=list)
    #: Numbers of issues that are no more: None where deleted, else (repository id, number) of now.
    gone: dict[int, tuple[int, int] | None] = field(default_factory=dict)
    #: Called with the repository and a `changes.Happening` after each change.
    listeners: list[Callable[["Repository", Any], None]] = field(default_factory=list)
    former_names: list[str] = field(default_factory=list)
    #: None: visible. Otherwise the status that every request for it gets: 404 gone, 451 blocked.
    refused: int | None = None
    version: int = 0
    _newest: str = ""
    _derived: dict[object, Any] = field(default_factory=dict)
    _spent_ids: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> int:
        return int(self.record["id"])

    @property
    def full_name(self) -> str:
        return str(self.record["full_name"])

    def changed(self, moment: str | None = None) -> None:
        """Forget everything derived from the rows: one of them is different now.

        `moment` is when it changed, where that is known: then the newest time need not be sought.
        """
        newest = self._newest if moment is not None else ""
        self._newest = max(newest, moment or "") if newest else ""
        self.version += 1
        self._derived.clear()

    def newest(self) -> str:
        """The last time at which anything here was made or updated."""
        if not self._newest:
            rows = [self.record, *self.pulls.values(), *self.issues.values()]
            rows += self.discussions.values()
            for lists in (self.issue_comments, self.review_comments):
                rows.extend(row for many in lists.values() for row in many)
            self._newest = max(row.get("updated_at") or "" for row in rows)
        return self._newest

    def derived(self, key: object, make: Callable[[], T]) -> T:
        """`make()`, computed once per key until the next change."""
        if key not in self._derived:
            self._derived[key] = make()
        value: T = self._derived[key]
        return value

    def ordered(
        self,
        kind: str,
        order: str,
        *,
        falling: bool = False,
        since: str | None = None,
        keep: Callable[[Row], bool] | None = None,
    ) -> Sequence[Row]:
        """The rows of a kind by one of their fields; numbers or ids decide between equals.

        `kind` is `pulls`, `issues`, `items` (both), `review_comments` or `issue_comments`. With
        `since`, only those updated then or later; with `keep`, only those it says yes to. Sorted
        once for each version; what is filtered here is for the caller to keep.
        """
        rows = self.derived(("ordered", kind, order), lambda: self._sorted(kind, order))
        if since is not None:
            rows = [row for row in rows if row["updated_at"] >= since]
        if keep is not None:
            rows = [row for row in rows if keep(row)]
        return rows[::-1] if falling else rows

    def _sorted(self, kind: str, order: str) -> list[Row]:
        if kind == "items":
            rows = [*self.pulls.values(), *self.issues.values()]
        elif kind in ("pulls", "issues"):
            rows = list(getattr(self, kind).values())
        else:
            rows = [row for many in getattr(self, kind).values() for row in many]
        return sorted(rows, key=lambda row: (row[order], row.get("number", row["id"])))

    def all_review_comments(self) -> Sequence[Row]:
        """Every comment on a diff, oldest first."""
        return self.ordered("review_comments", "created_at")

    def all_issue_comments(self) -> Sequence[Row]:
        """Every conversation comment, on pull requests and issues alike, oldest first."""
        return self.ordered("issue_comments", "created_at")

    def commit(self, sha: str) -> Row | None:
        """The commit of that name among those of all pull requests."""
        known = self.derived(
            "commits", lambda: {row["sha"]: row for rows in self.commits.values() for row in rows}
        )
        return known.get(sha)

    def keep(self, number: int) -> None:
        """The rows of that number are about to change. Here they stay where they are."""

    def next_number(self) -> int:
        """A number that no pull request, issue or discussion has, or had."""
        return max([*self.pulls, *self.issues, *self.discussions, *self.gone], default=0) + 1

    def next_id(self, kind: str) -> int:
        """An id that is higher than all of its kind; `kind` as in `ordered`, or `reviews`.

        None is given twice, whatever was deleted: the verbs that delete ask for one before.
        """
        if kind == "items":
            lists: Iterable[Iterable[Row]] = (self.pulls.values(), self.issues.values())
        else:
            lists = getattr(self, kind).values()
        highest = max((int(row["id"]) for rows in lists for row in rows), default=2**31)
        self._spent_ids[kind] = max(highest, self._spent_ids.get(kind, 0)) + 1
        return self._spent_ids[kind]

    def reviews_of(self, number: int) -> list[Row]:
        """Reviews of one pull request in the order of their submission."""
        return self.derived(
            ("reviews", number),
            lambda: sorted(
                self.reviews.get(number, ()),
                key=lambda row: (row.get("submitted_at") or "", row["id"]),
            ),
        )

    def comments_by_review(self, number: int) -> dict[int | None, list[Row]]:
        """Diff comments of one pull request, grouped by the review that carries them."""

        def group() -> dict[int | None, list[Row]]:
            groups: dict[int | None, list[Row]] = defaultdict(list)
            for row in self.review_comments.get(number, ()):
                groups[row.get("pull_request_review_id")].append(row)
            return groups

        return self.derived(("by review", number), group)

    def threads_of(self, number: int) -> list[list[Row]]:
        """Review threads of one pull request: a comment that answers none, then its replies."""

        def group() -> list[list[Row]]:
            parents = {row["id"]: row.get("in_reply_to_id") for row in self.review_comments[number]}
            threads: dict[int, list[Row]] = {}
            for row in sorted(self.review_comments[number], key=lambda row: int(row["id"])):
                root = int(row["id"])
                while (above := parents.get(root)) in parents and above is not None:
                    root = above
                threads.setdefault(root, []).append(row)
            return list(threads.values())

        return self.derived(("threads", number), group) if number in self.review_comments else []

    def number_of(self, kind: str, row_id: int) -> int | None:
        """The number of the pull request or issue (`kind`: `pulls`, `issues`) with that id."""
        numbers = self.derived(
            ("numbers", kind),
            lambda: {row["id"]: number for number, row in getattr(self, kind).items()},
        )
        return numbers.get(row_id)

    def by_id(self, kind: str) -> dict[int, tuple[int, Row]]:
        """(number, row) of each `reviews`, `review_comments` or `issue_comments` row by id."""
        lists: dict[int, list[Row]] = getattr(self, kind)
        return self.derived(
            ("by id", kind),
            lambda: {row["id"]: (number, row) for number, rows in lists.items() for row in rows},
        )


@dataclass(slots=True)
class World:
    """Everything one pretend GitHub serves. `users` is keyed by account id."""

    users: dict[int, Row] = field(default_factory=dict)
    repositories: list[Repository] = field(default_factory=list)
    _nodes: dict[str, Thing] = field(default_factory=dict)
    _nodes_version: tuple[int, ...] = ()

    @property
    def repository(self) -> Repository:
        """The first repository: the only one in a recording and in a generated world."""
        return self.repositories[0]

    def user(self, user_id: int | None) -> Row | None:
        return None if user_id is None else self.users.get(user_id)

    def find(self, full_name: str) -> tuple[Repository, bool] | None:
        """The repository called so now, or else before; the flag says whether it has moved on."""
        wanted = full_name.lower()
        for repository in self.repositories:
            if repository.full_name.lower() == wanted:
                return repository, False
        for repository in self.repositories:
            if wanted in (name.lower() for name in repository.former_names):
                return repository, True
        return None

    def find_by_id(self, repository_id: int) -> Repository | None:
        return next((one for one in self.repositories if one.id == repository_id), None)

    def rename_user(self, user_id: int, login: str) -> None:
        """The account is called differently from now on; its id stays, as at GitHub."""
        row = self.users[user_id]
        row["_former_logins"] = [*row.get("_former_logins", ()), row["login"]]
        row["login"] = login
        self._changed()

    def delete_user(self, user_id: int) -> None:
        """The account is gone: what it wrote stays, without an author."""
        del self.users[user_id]
        self._changed()

    def node(self, wanted: str) -> Thing | None:
        """The object with that node id, among repositories, pull requests, issues and comments."""
        told = self._own_node(wanted)
        if told is not None:
            return told
        version = tuple(repository.version for repository in self.repositories)
        if version != self._nodes_version:
            self._nodes = {node_id(one.type, one.row): one for one in self._things()}
            self._nodes_version = version
        return self._nodes.get(wanted)

    def _own_node(self, wanted: str) -> Thing | None:
        """What an id that was made here stands for: it tells the type and the row's own id."""
        kind, row_id = _read_node_id(wanted)
        lists = _NODE_LISTS.get(kind)
        for home in self.repositories if lists is not None else ():
            if lists in ("pulls", "issues"):
                number = home.number_of(lists, row_id)
                row = None if number is None else getattr(home, lists)[number]
            else:
                found = home.by_id(str(lists)).get(row_id)
                row = None if found is None else found[1]
                if row is not None and kind == "PullRequestReviewThread":
                    threads = home.threads_of(row["_number"])
                    thread = next((one for one in threads if one[0]["id"] == row_id), None)
                    if thread is None:
                        continue
                    return Thing(kind, thread_row(thread), home)
            if row is not None and node_id(kind, row) == wanted:
                return Thing(kind, row, home)
        return None

    def _changed(self) -> None:
        for repository in self.repositories:
            repository.changed()

    def _things(self) -> Iterable[Thing]:
        for home in self.repositories:
            yield Thing("Repository", home.record, home)
            for user in self.users.values():
                yield Thing(user["type"], user, home)
            yield from (Thing("PullRequest", row, home) for row in home.pulls.values())
            yield from (Thing("Issue", row, home) for row in home.issues.values())
            yield from (Thing("Discussion", row, home) for row in home.discussions.values())
            for kind, lists in (
                ("PullRequestReview", home.reviews),
                ("PullRequestReviewComment", home.review_comments),
                ("IssueComment", home.issue_comments),
                ("DiscussionComment", home.discussion_comments),
            ):
                for rows in lists.values():
                    yield from (Thing(kind, row, home) for row in rows)
            for number in home.review_comments:
                for comments in home.threads_of(number):
                    yield Thing("PullRequestReviewThread", thread_row(comments), home)


_NODE_LISTS = {
    "PullRequest": "pulls",
    "Issue": "issues",
    "PullRequestReview": "reviews",
    "PullRequestReviewComment": "review_comments",
    "PullRequestReviewThread": "review_comments",
    "IssueComment": "issue_comments",
}


def _read_node_id(text: str) -> tuple[str, int]:
    """The type and id in a node id that `node_id` made; ("", 0) for any other."""
    code = text.partition("_")[2]
    try:
        plain = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4)).decode()
    except ValueError:
        return "", 0
    kind, _, key = plain.partition(":")
    return (kind, int(key)) if key.isascii() and key.isdigit() else ("", 0)


def thread_row(comments: list[Row]) -> Row:
    """A review thread as a row of its own: what its first comment says, and its comments."""
    first = comments[0]
    return {**first, "node_id": None, "_comments": comments}

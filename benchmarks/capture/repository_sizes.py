"""How large everything in a repository is: what models and the oracle compute costs from.

Plain numbers, without any content, so that a hundred thousand pull requests fit into a few
megabytes and can be handed from the simulator's process to the bench.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mainstem.simulate import Repository, World

_GHOST_ID = 10137


@dataclass(frozen=True, slots=True)
class PullSizes:
    """One pull request: `submissions` are the reviews that are more than the shell of a reply.

    `replies` are the reviews that hold replies only, `threads` the number of comments in each.
    """

    submissions: int = 0
    replies: int = 0
    threads: tuple[int, ...] = ()
    comments: int = 0
    reviewers: int = 0

    @property
    def reviews(self) -> int:
        """All its review objects, as the `reviews` connection and the REST list have them."""
        return self.submissions + self.replies

    @property
    def review_comments(self) -> int:
        """Comments on its diff."""
        return sum(self.threads)


@dataclass(frozen=True)
class RepositorySizes:
    """A repository: its pull requests, the number of comments of each issue, and `people`."""

    pulls: tuple[PullSizes, ...]
    issues: tuple[int, ...] = ()
    people: int = 0

    @cached_property
    def totals(self) -> Totals:
        """The sums that the reference's formulas are written in."""
        pulls = self.pulls
        return Totals(
            pulls=len(pulls),
            issues=len(self.issues),
            reviews=sum(pull.reviews for pull in pulls),
            threads=sum(len(pull.threads) for pull in pulls),
            review_comments=sum(pull.review_comments for pull in pulls),
            comments=sum(pull.comments for pull in pulls),
            issue_comments=sum(self.issues),
            people=self.people,
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """N, I, R, T, C, M and M' of the reference, in words."""

    pulls: int
    issues: int
    reviews: int
    threads: int
    review_comments: int
    comments: int
    issue_comments: int
    people: int = 0

    @property
    def rows(self) -> int:
        """Records that a complete capture of these holds, people included."""
        return (
            self.pulls + self.issues + self.reviews + self.review_comments
            + self.comments + self.issue_comments + self.people
        )  # fmt: skip


def sizes_of(world: World) -> RepositorySizes:
    """The sizes of the world's first repository."""
    home = world.repository
    return RepositorySizes(
        pulls=tuple(_pull_sizes(home, number) for number in sorted(home.pulls)),
        issues=tuple(len(home.issue_comments.get(number, ())) for number in sorted(home.issues)),
        people=len(_people(home)),
    )


def _people(home: Repository) -> set[int]:
    """Accounts that took part in pull requests; those of deleted accounts are none."""
    rows = list(home.pulls.values())
    for lists in (home.reviews, home.review_comments, home.issue_comments):
        for number, many in lists.items():
            if number in home.pulls:
                rows.extend(many)
    found = {row.get("user") for row in rows}
    found |= {row.get("merged_by") for row in home.pulls.values()}
    return {user for user in found if user is not None and user != _GHOST_ID}


def _pull_sizes(home: Repository, number: int) -> PullSizes:
    comments = home.review_comments.get(number, ())
    holding: set[int] = set()
    opening: set[int] = set()
    for row in comments:
        holding.add(row["pull_request_review_id"])
        if row.get("in_reply_to_id") is None:
            opening.add(row["pull_request_review_id"])
    shells = holding - opening
    reviews = home.reviews.get(number, ())
    replies = sum(row["id"] in shells and not row.get("body") for row in reviews)
    return PullSizes(
        submissions=len(reviews) - replies,
        replies=replies,
        threads=_threads(comments),
        comments=len(home.issue_comments.get(number, ())),
        reviewers=len(home.pulls[number].get("requested_reviewers") or ()),
    )


def _threads(comments: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
    """Comments per thread: each goes to the first above it that answers none that is there."""
    above = {row["id"]: row.get("in_reply_to_id") for row in comments}
    counts: dict[int, int] = {}
    for row in comments:
        root = row["id"]
        while (parent := above[root]) is not None and parent in above:
            root = parent
        counts[root] = counts.get(root, 0) + 1
    return tuple(counts.values())


def save(sizes: RepositorySizes, path: Path) -> None:
    """Write them for another process."""
    pulls = [[p.submissions, p.replies, p.threads, p.comments, p.reviewers] for p in sizes.pulls]
    told = {"pulls": pulls, "issues": sizes.issues, "people": sizes.people}
    path.write_text(json.dumps(told, separators=(",", ":")))


def load(path: Path) -> RepositorySizes:
    """What `save` wrote."""
    told = json.loads(path.read_text())
    pulls = (
        PullSizes(submissions, replies, tuple(threads), comments, reviewers)
        for submissions, replies, threads, comments, reviewers in told["pulls"]
    )
    return RepositorySizes(tuple(pulls), tuple(told["issues"]), told["people"])

"""Saving a batch: parents first, all or nothing, and an account of what changed."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from mainstem.functions.capture.rows import Batch
from mainstem.store import (
    Written,
    save_comments,
    save_contributors,
    save_issues,
    save_pull_requests,
    save_reviews,
    set_details_synced,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was read. `truncated` and `orphans` are those of `Batch`. Adds up with `+`."""

    pulls: int = 0
    issues: int = 0
    reviews: int = 0
    comments: int = 0
    people: int = 0
    truncated: int = 0
    orphans: int = 0

    @property
    def records(self) -> int:
        """Things of GitHub's, people not counted."""
        return self.pulls + self.issues + self.reviews + self.comments

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.pulls + other.pulls,
            self.issues + other.issues,
            self.reviews + other.reviews,
            self.comments + other.comments,
            self.people + other.people,
            self.truncated + other.truncated,
            self.orphans + other.orphans,
        )


@dataclass(frozen=True, slots=True)
class Tally:
    """What was read, and what of it changed the database. Adds up with `+`.

    A run's result holds only what was read: after an interruption the second try of a step finds
    the rows of the first, and says "unchanged" where the undisturbed run said "inserted".
    """

    read: Counts = field(default_factory=Counts)
    written: Written = field(default_factory=Written)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.read + other.read, self.written + other.written)


def store_batch(conn: Connection, batch: Batch, at: datetime) -> Tally:
    """Save `batch` within the caller's transaction. Saving it again changes nothing."""
    written = (
        save_contributors(conn, batch.people, at=at)
        + save_pull_requests(conn, batch.pulls, at=at)
        + save_issues(conn, batch.issues, at=at)
        + save_reviews(conn, batch.reviews, at=at)
        + save_comments(conn, batch.comments, at=at)
    )
    set_details_synced(conn, batch.complete, at)
    return _tally(batch, written)


def _tally(batch: Batch, written: Written) -> Tally:
    read = Counts(
        pulls=len(batch.pulls),
        issues=len(batch.issues),
        reviews=len(batch.reviews),
        comments=len(batch.comments),
        people=len(batch.people),
        truncated=batch.truncated,
        orphans=batch.orphans,
    )
    return Tally(read, written)

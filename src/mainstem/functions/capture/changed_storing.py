"""Storing what changed: rows, and what has become doubtful by it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from mainstem.functions.capture.changed_rows import ChangedRows
from mainstem.functions.capture.refresh_note import RefreshNote
from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.home import Home
from mainstem.github import PullRequest
from mainstem.store import (
    ItemKind,
    close_gaps,
    compared_items,
    head_shas,
    lone_reviews,
    numbers_of_gone,
    pulls_with_places,
    set_details_synced,
    stored_items,
)


@dataclass(frozen=True, slots=True)
class ChangesStored:
    """What was stored, and the numbers of what is to be read whole after it, or `later`."""

    tally: Tally
    doubted_pulls: frozenset[int]
    doubted_issues: frozenset[int]
    later: frozenset[int]


def store_changes(conn: Connection, home: Home, rows: ChangedRows, at: datetime) -> ChangesStored:
    """Save a page of changes within the caller's transaction. Doing it again changes nothing.

    What is marked as gone and listed after all is doubted, not restored: a delivery may have told
    of its end since the page was asked for.
    """
    doubted = set(rows.doubted_pulls) | pushed(conn, home, [bundle.pull for bundle in rows.pulls])
    tally = store_batch(conn, rows.batch, at)
    close_gaps(conn, home.id, (), rows.gaps, at)
    doubted |= _with_unlisted_reviews(conn, home, rows)
    many = frozenset(rows.reviews_of_many)
    unequal = _with_other_counts(conn, home, rows.reviews_of_many)
    doubted |= _gone_and_listed(conn, "pulls", rows.batch)
    issues = {*rows.doubted_issues} | _gone_and_listed(conn, "issues", rows.batch)
    return ChangesStored(tally, frozenset(doubted) | unequal, frozenset(issues), many - unequal)


def compare(
    conn: Connection,
    home: Home,
    note: RefreshNote,
    *,
    pulls_since: datetime | None,
    issues_since: datetime | None,
    kinds: Collection[str],
    at: datetime,
) -> RefreshNote:
    """Hold GitHub's counts of comments against what is stored, of all that changed since then.

    A pull request that agrees is captured with all that belongs to it; one that does not is
    doubted. A count alone never deletes anything.
    """
    if "pulls" in kinds:
        found = compared_items(conn, home.id, "pulls", pulls_since)
        note = note.doubting(pulls=[item.number for item in found if not item.is_equal])
        agreed = [
            item.id for item in found if item.is_equal and item.number not in note.doubted_pulls
        ]
        set_details_synced(conn, agreed, at)
    if "issues" in kinds:
        found = compared_items(conn, home.id, "issues", issues_since)
        note = note.doubting(issues=[item.number for item in found if not item.is_equal])
    return note


def _gone_and_listed(conn: Connection, kind: ItemKind, batch: Batch) -> set[int]:
    """Numbers of what is listed and marked as gone, or has something on it that is."""
    return numbers_of_gone(
        conn,
        kind,
        ids=[row["id"] for row in (batch.pulls if kind == "pulls" else batch.issues)],
        review_ids=[row["id"] for row in batch.reviews],
        comment_ids=[row["id"] for row in batch.comments],
    )


def pushed(conn: Connection, home: Home, pulls: Sequence[PullRequest]) -> set[int]:
    """Those whose last commit is another one, with comments on the diff that have a place in it.

    A push moves the places, or outdates them, and no time of the comments tells of it.
    """
    rows = Rows(home)
    known = head_shas(conn, home.id, [pull.number for pull in pulls])
    moved = {
        rows.pull_id(pull.number): pull.number
        for pull in pulls
        if known.get(pull.number) not in (None, pull.head_sha)
    }
    return {moved[pull_id] for pull_id in pulls_with_places(conn, moved)} if moved else set()


def _with_unlisted_reviews(conn: Connection, home: Home, found: ChangedRows) -> set[int]:
    """Those of which a review is stored that their list, read to its end, does not hold."""
    rows = Rows(home)
    listed = {
        rows.pull_id(bundle.pull.number): {review.id for review in bundle.reviews}
        for bundle in found.pulls
        if bundle.pull.number not in found.reviews_of_many
    }
    numbers = {rows.pull_id(bundle.pull.number): bundle.pull.number for bundle in found.pulls}
    stored = lone_reviews(conn, listed)
    return {numbers[pull_id] for pull_id, lone in stored.items() if lone - listed[pull_id]}


def _with_other_counts(conn: Connection, home: Home, totals: Mapping[int, int]) -> frozenset[int]:
    """Those of which not as many reviews are stored as GitHub counts."""
    stored = stored_items(conn, home.id, "pulls", numbers=list(totals))
    return frozenset(item.number for item in stored if item.reviews != totals[item.number])

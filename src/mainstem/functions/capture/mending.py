"""Reading whole what is doubtful, and marking as gone what GitHub lists no longer.

Doubt comes from counts: more or fewer comments are stored than GitHub says, a review is stored that
no list holds. Counts prove nothing by themselves; an answer that was read to its end, without an
error, does. Only what was stored before the question was asked can be gone by the answer, and only
what was gone by then can be there again: what another run or a delivery stores meanwhile is newer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from mainstem.functions.capture.changed_rows import rows_of_all
from mainstem.functions.capture.refresh_note import (
    RefreshNote,
    hold_refresh,
    load_refresh,
    save_refresh,
)
from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.capture.storing import Tally, store_batch
from mainstem.functions.home import Home, check_same_repository
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import RepositoryRef, WholeIssues, WholePulls
from mainstem.store import (
    Belonging,
    ItemKind,
    belongings,
    mark_deleted,
    replace_gaps,
    restore,
    set_details_synced,
    stored_items,
)

PULLS_AT_ONCE: Final = 18
"""Eight connections in each: one point."""
ISSUES_AT_ONCE: Final = 49


@dataclass(frozen=True, slots=True)
class Mended:
    """What a step read whole: `missing` were not stored, `deleted` are rows marked as gone.

    `restored` are rows that were marked and are there; `left` is how much is still to be read, and
    `unsettled` how much of what was asked about could not be read to its end.
    """

    tally: Tally = field(default_factory=Tally)
    checked: int = 0
    missing: int = 0
    deleted: int = 0
    restored: int = 0
    left: int = 0
    unsettled: int = 0

    def __add__(self, other: "Mended") -> "Mended":
        return Mended(
            self.tally + other.tally,
            self.checked + other.checked,
            self.missing + other.missing,
            self.deleted + other.deleted,
            self.restored + other.restored,
            other.left,
            self.unsettled + other.unsettled,
        )


@dataclass(frozen=True, slots=True)
class _Before:
    """What was stored before GitHub was asked; `gone` are ids of items that were marked so."""

    numbers: frozenset[int]
    gone: frozenset[UUID]
    belongings: tuple[Belonging, ...]


async def mend(services: Services, home: Home, step: str) -> Mended:
    """Read as much of what is doubted as one point buys, and set the store right.

    `step` names this very step of this very run: tried again after its work, it answers what it
    answered then.
    """
    note = await services.database.run_read(load_refresh, home.id)
    again = note.answer_of(step, Mended)
    if again is not None:
        return again
    pulls = sorted(note.doubted_pulls)[:PULLS_AT_ONCE]
    issues = sorted(note.doubted_issues)[:ISSUES_AT_ONCE] if not pulls else []
    if not pulls and not issues:
        return Mended()
    before = await services.database.run_read(_before, home, pulls, issues)
    whole_pulls, whole_issues = WholePulls((), ()), WholeIssues((), ())
    with asking_github(services.clock):
        if pulls:
            whole_pulls = await services.github.whole_pulls(home.owner, home.name, pulls)
        if issues:
            whole_issues = await services.github.whole_issues(home.owner, home.name, issues)
        found = [one.repository for one in whole_pulls.items]
        for whose in [*found, *(one.repository for one in whole_issues.items)]:
            check_same_repository(home, whose)
        if whole_pulls.gone or whole_issues.gone:
            # A number may be unknown because the name is another repository's now.
            now = await services.github.repository(home.owner, home.name)
            check_same_repository(home, RepositoryRef(now.id, now.full_name))
        batch = await rows_of_all(services, home, whole_pulls.items, whole_issues.items)
    at = services.clock.now()
    return await services.database.run_write(
        _settle, home, before, whole_pulls, whole_issues, batch, (pulls, issues), step, at
    )


def _before(conn: Connection, home: Home, pulls: Sequence[int], issues: Sequence[int]) -> _Before:
    numbers: set[int] = set()
    gone: set[UUID] = set()
    found: list[Belonging] = []
    asked: tuple[tuple[ItemKind, Sequence[int]], ...] = (("pulls", pulls), ("issues", issues))
    for kind, some in asked:
        items = stored_items(conn, home.id, kind, numbers=some)
        numbers |= {item.number for item in items}
        gone |= {item.id for item in items if item.is_gone}
        found += belongings(conn, kind, [item.id for item in items])
    return _Before(frozenset(numbers), frozenset(gone), tuple(found))


def _settle(
    conn: Connection,
    home: Home,
    before: _Before,
    pulls: WholePulls,
    issues: WholeIssues,
    batch: Batch,
    asked: tuple[Sequence[int], Sequence[int]],
    step: str,
    at: datetime,
) -> Mended:
    rows = Rows(home)
    read_pulls = [bundle.pull.number for bundle in pulls.items]
    read_issues = [bundle.issue.number for bundle in issues.items]
    hold_refresh(conn, home.id, at)
    tally = store_batch(conn, batch, at)
    restored = _restore_listed(conn, before, batch)
    deleted = _mark_unlisted(conn, before, batch, at)
    deleted += mark_deleted(conn, "pull_request", ids=[rows.pull_id(n) for n in pulls.gone], at=at)
    deleted += mark_deleted(conn, "issue", ids=[rows.issue_id(n) for n in issues.gone], at=at)
    replace_gaps(conn, home.id, [*read_pulls, *pulls.gone, *read_issues, *issues.gone], (), at)
    set_details_synced(conn, [rows.pull_id(number) for number in read_pulls], at)
    note = load_refresh(conn, home.id).settled(
        [*read_pulls, *pulls.gone], [*read_issues, *issues.gone]
    )
    read = {*read_pulls, *read_issues}
    done = Mended(
        tally=tally,
        checked=len(asked[0]) + len(asked[1]),
        missing=len(read - before.numbers),
        deleted=deleted,
        restored=restored,
        left=note.doubted,
        unsettled=_unsettled(note, asked),
    )
    save_refresh(conn, home.id, note.done(step, done), at)
    return done


def _unsettled(note: RefreshNote, asked: tuple[Sequence[int], Sequence[int]]) -> int:
    return len(note.doubted_pulls & {*asked[0]}) + len(note.doubted_issues & {*asked[1]})


def _restore_listed(conn: Connection, before: _Before, batch: Batch) -> int:
    """What was gone and is listed is there, whatever was believed; how many rows live again."""
    gone = {(one.kind, one.github_id) for one in before.belongings if one.is_gone}
    reviews = [row["id"] for row in batch.reviews if ("review", row["github_id"]) in gone]
    said = [row["id"] for row in batch.comments if (row["comment_type"], row["github_id"]) in gone]
    return sum(
        (
            restore(conn, "pull_request", ids=before.gone & {row["id"] for row in batch.pulls}),
            restore(conn, "issue", ids=before.gone & {row["id"] for row in batch.issues}),
            restore(conn, "review", ids=reviews),
            restore(conn, "comment", ids=said),
        )
    )


def _mark_unlisted(conn: Connection, before: _Before, batch: Batch, at: datetime) -> int:
    """Mark what was stored of the items that were read, and is in no list of theirs.

    Also what came back with an item that is there again: it may have gone for good meanwhile.
    """
    read = {row["id"] for row in (*batch.pulls, *batch.issues)}
    listed: set[tuple[str, int]] = {("review", row["github_id"]) for row in batch.reviews}
    listed |= {(row["comment_type"], row["github_id"]) for row in batch.comments}
    unlisted = [
        one
        for one in before.belongings
        if one.parent_id in read
        and (not one.is_gone or one.parent_id in before.gone)
        and (one.kind, one.github_id) not in listed
    ]
    # Comments first: a review takes those that belong to it along, and both count once.
    return sum(
        mark_deleted(
            conn, kind, github_ids=[one.github_id for one in unlisted if one.kind == kind], at=at
        )
        for kind in ("issue_comment", "review_comment", "review")
    )

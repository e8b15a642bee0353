"""Storing the steps of a refresh: rows, where the walk goes on, and what the next one asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Table

from mainstem.functions.capture.changed_rows import ChangedRows
from mainstem.functions.capture.changed_storing import compare, store_changes
from mainstem.functions.capture.planning import Kind
from mainstem.functions.capture.polling import Polled
from mainstem.functions.capture.refresh_note import (
    Changing,
    CommentList,
    RefreshNote,
    Walk,
    following,
    hold_refresh,
    next_since,
    place_of,
    save_refresh,
)
from mainstem.functions.capture.standing import Standing, load_standing
from mainstem.functions.capture.storing import Tally
from mainstem.functions.home import Home
from mainstem.github import Changes, Comment, Offer, Page
from mainstem.store import live_total, save_cursor, tables, update_times

Latest = Sequence[tuple[int, datetime]]

_TABLES: Final[dict[Kind, Table]] = {
    "pulls": tables.pull_requests,
    "issues": tables.issues,
}


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a step left behind: `is_last` ends the walk, `doubted` are to be read whole.

    `offers` are what the polls are accepted by of which all is stored now.
    """

    is_last: bool
    tally: Tally = field(default_factory=Tally)
    pages: int = 0
    doubted: int = 0
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class StepRead:
    """One page of a walk: of which list, and where it goes on."""

    name: Changing
    next: str | None
    changes: Changes | None = None
    page: Page[Comment] | None = None


def times_of(page: Page[Comment]) -> list[datetime]:
    """When the comments of a page were updated, in its order."""
    return [comment.updated_at for comment in page.items]


def places_after(
    conn: Connection, home: Home, standing: Standing, changes: Changes
) -> dict[Changing, str]:
    """Where the lists go on behind this page; those of which all that is wanted is read have none.

    Each page comes with the numbers of the hundred updated last: what of them is neither here nor
    stored as it is has still to be read.
    """
    left: dict[Changing, str] = {}
    pulls = {bundle.pull.number: bundle.pull.updated_at for bundle in changes.pulls}
    issues = {bundle.issue.number: bundle.issue.updated_at for bundle in changes.issues}
    seen: dict[Kind, tuple[str | None, Latest, dict[int, datetime]]] = {
        "pulls": (changes.next_pull, changes.latest_pulls, pulls),
        "issues": (changes.next_issue, changes.latest_issues, issues),
    }
    for kind, (place, latest, here) in seen.items():
        if place is not None and kind in standing.cursors:
            stored = update_times(conn, home.id, kind, [number for number, _ in latest])
            if not has_all(latest, here, stored, standing.floor(kind)):
                left[kind] = place
    return left


def has_all(
    latest: Latest,
    here: Mapping[int, datetime],
    stored: Mapping[int, datetime],
    floor: datetime | None,
) -> bool:
    """Whether all that was updated at `floor` or after is on the page, or stored as it is.

    Strictly before: equal times are common, and all of them must be read. The page tells if it
    reaches below the floor, and so does `latest`.
    """
    if floor is None:
        return False
    if any(updated < floor for updated in here.values()):
        return True
    if all(updated >= floor for _, updated in latest):
        return False
    return all(
        number in here or stored.get(number) == updated
        for number, updated in latest
        if updated >= floor
    )


def left_of(lists: Mapping[CommentList, Page[Comment]]) -> dict[Changing, str | None]:
    """Where the lists of comments go on behind the look."""
    places = {name: following(times_of(page), page.next) for name, page in lists.items()}
    return {name: place for name, place in places.items() if place is not None}


def store_look(
    conn: Connection,
    home: Home,
    before: Standing,
    rows: ChangedRows,
    polled: Polled,
    changes: Changes | None,
    left: dict[Changing, str | None],
    step: str,
    at: datetime,
) -> Refreshed:
    """Store what a look brought: a whole refresh, or the beginning of a walk if lists are left.

    `before` is how things stood when GitHub was asked.
    """
    hold_refresh(conn, home.id, at)
    done = store_changes(conn, home, rows, at)
    now = load_standing(conn, home, before.overlap)
    note = now.note.doubting(
        done.doubted_pulls | polled.doubted.pulls, done.doubted_issues | polled.doubted.issues
    )
    note = replace(note, later=note.later | done.later)
    heads, pages = _heads(changes), int(changes is not None)
    held = _held(before)
    moved = _moved_lists(before, polled)
    _note_totals(conn, home, now, changes, at)
    if left:
        for name, page in polled.lists.items():
            waiting = [one.updated_at for one in rows.waiting if one in page.items]
            if waiting:
                left[name] = place_of(min(waiting))
        note = replace(note, since=held, walk=Walk(left, heads, moved, polled.offers))
        result = Refreshed(is_last=False, tally=done.tally, pages=pages)
        save_refresh(conn, home.id, note.done(step, result), at)
        return result
    pulls_since = min((one.pull.updated_at for one in rows.pulls), default=None)
    if changes is not None:
        note = compare(
            conn,
            home,
            note,
            pulls_since=_earlier(pulls_since, before.floor("pulls")),
            issues_since=before.floor("issues"),
            kinds=now.cursors.keys(),
            at=at,
        )
    note = replace(note, since={**held, **moved})
    result = Refreshed(True, done.tally, pages, note.doubted, polled.offers)
    _finish(conn, home, before.overlap, note.done(step, result), heads, at)
    return result


def store_step(
    conn: Connection,
    home: Home,
    before: Standing,
    walk: Walk,
    rows: ChangedRows,
    read: StepRead,
    step: str,
    at: datetime,
) -> Refreshed:
    """Store a page of `walk`, and where it goes on; with the last page the refresh ends."""
    hold_refresh(conn, home.id, at)
    done = store_changes(conn, home, rows, at)
    now = load_standing(conn, home, before.overlap)
    note = now.note.doubting(done.doubted_pulls, done.doubted_issues)
    note = replace(note, later=note.later | done.later)
    _note_totals(conn, home, now, read.changes, at)
    if note.walk is None or note.walk.heads != walk.heads:
        # Another run has ended this walk: what it holds is stored, and counted by nobody again.
        result = Refreshed(note.walk is None, tally=done.tally, doubted=note.doubted)
        save_refresh(conn, home.id, note.done(step, result), at)
        return result
    walk = replace(walk.at(read.name, read.next), since=_moved_on(walk, read, before.overlap))
    if walk.next_list is not None:
        result = Refreshed(is_last=False, tally=done.tally)
        save_refresh(conn, home.id, replace(note, walk=walk).done(step, result), at)
        return result
    note = compare(
        conn,
        home,
        note,
        pulls_since=before.floor("pulls"),
        issues_since=before.floor("issues"),
        kinds=now.cursors.keys(),
        at=at,
    )
    note = replace(note, since={**note.since, **walk.since}, walk=None)
    result = Refreshed(True, done.tally, 0, note.doubted, walk.offers)
    _finish(conn, home, before.overlap, note.done(step, result), walk.heads, at)
    return result


def _held(standing: Standing) -> dict[Changing, datetime]:
    """From when on each list is asked for now."""
    names: tuple[Changing, ...] = ("review-comments", "comments", "issues")
    known = {name: standing.since(name) for name in names}
    return {name: since for name, since in known.items() if since is not None}


def _moved_lists(standing: Standing, polled: Polled) -> dict[Changing, datetime]:
    """From when on the lists that have grown too long are to be asked for."""
    moved: dict[Changing, datetime] = {}
    for name, page in polled.lists.items():
        since = _since_behind(standing.since(name), page, standing.overlap)
        if since is not None and since != standing.since(name):
            moved[name] = since
    return moved


def _since_behind(
    since: datetime | None, page: Page[Comment], overlap: timedelta, *, goes_on: bool = False
) -> datetime | None:
    goes_on = goes_on or page.next is not None
    return next_since(since, times_of(page), seen=page.seen, goes_on=goes_on, overlap=overlap)


def _moved_on(walk: Walk, step: StepRead, overlap: timedelta) -> Mapping[Changing, datetime]:
    """The same behind a further page of a list that was too long for one."""
    is_long = step.page is not None and (step.name in walk.since or step.page.next is not None)
    if step.page is None or not is_long:
        return walk.since
    since = _since_behind(walk.since.get(step.name), step.page, overlap, goes_on=True)
    return walk.since if since is None else {**walk.since, step.name: since}


def _heads(changes: Changes | None) -> dict[Changing, datetime]:
    """The newest update of either kind that GitHub knows."""
    if changes is None:
        return {}
    times: dict[Changing, list[datetime]] = {
        "pulls": [updated for _, updated in changes.latest_pulls],
        "issues": [updated for _, updated in changes.latest_issues],
    }
    return {name: max(found) for name, found in times.items() if found}


def _earlier(a: datetime | None, b: datetime | None) -> datetime | None:
    return min((moment for moment in (a, b) if moment is not None), default=None)


def _note_totals(
    conn: Connection, home: Home, standing: Standing, changes: Changes | None, at: datetime
) -> None:
    """GitHub's own totals, which come with every page."""
    if changes is None:
        return
    totals: dict[Kind, int | None] = {"pulls": changes.total_pulls, "issues": changes.total_issues}
    for kind, cursor in standing.cursors.items():
        total = totals[kind]
        if total is not None:
            stored = live_total(conn, home.id, _TABLES[kind])
            save_cursor(
                conn,
                replace(cursor, total=total, stored=stored, counted_at=at, updated_at=at),
            )


def _finish(
    conn: Connection,
    home: Home,
    overlap: timedelta,
    note: RefreshNote,
    heads: Mapping[Changing, datetime],
    at: datetime,
) -> None:
    """End a refresh: raise the watermarks, and keep what is to be known by the next."""
    for kind, cursor in load_standing(conn, home, overlap).cursors.items():
        known = [moment for moment in (cursor.watermark, heads.get(kind)) if moment is not None]
        stored = None if cursor.total is None else live_total(conn, home.id, _TABLES[kind])
        newest = max(known, default=None)
        if (newest, stored) != (cursor.watermark, cursor.stored):
            save_cursor(conn, replace(cursor, watermark=newest, stored=stored, updated_at=at))
    save_refresh(conn, home.id, note, at)

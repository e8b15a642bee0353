"""A repository's discussions, the last updated first, until what is known begins.

Two walks share the list. The *top* is read from its beginning down to the watermark: all that
changed since the last time. The *backlog* goes on below, from a stored cursor, until the end was
reached once. What changes meanwhile jumps to the top, where the next run finds it; so nothing is
missed, however often a run is cut off by its cap. A top that is cut off before the watermark makes
what lies below it the backlog again.

Each page is stored in the transaction that moves the place.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from mainstem.functions.capture.discussion_rows import discussion_row, people_of, person_rows
from mainstem.functions.capture.people import canonical_logins
from mainstem.functions.home import Home, check_same_repository
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import Discussion, DiscussionsPage
from mainstem.store import (
    CaptureCursor,
    Written,
    live_total,
    load_cursor,
    save_contributors,
    save_cursor,
    save_discussions,
    tables,
)

KIND = "discussions"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the next page is asked for. `head` is the newest update that the top began with,
    `floor` the time below which everything is known."""

    way: Literal["top", "backlog"]
    cursor: str | None
    floor: datetime | None
    head: datetime | None
    left: int


@dataclass(frozen=True, slots=True)
class PageDone:
    """What one page left behind: where to go on, None at the end of this run's work.

    `is_enabled` is False where the repository has no discussions. `is_finished`: everything is
    stored. `agrees`: GitHub counts as many as are stored and not gone.
    """

    next: Spot | None
    seen: int
    written: Written
    is_enabled: bool
    is_finished: bool
    agrees: bool = True


async def find_spot(services: Services, home: Home, cap: int) -> Spot:
    """Where this run begins: always at the top."""
    known = await services.database.run_read(load_cursor, home.id, KIND)
    overlap = services.limits.watermark_overlap
    return Spot("top", None, floor_of(known, overlap), None, cap)


def floor_of(known: CaptureCursor | None, overlap: timedelta) -> datetime | None:
    """Below it everything is known, or lies in the backlog; None before the first page."""
    return None if known is None or known.watermark is None else known.watermark - overlap


async def capture_page(services: Services, home: Home, spot: Spot) -> PageDone:
    """Read one page and store it with the new place, in one transaction. Safe to repeat."""
    with asking_github(services.clock):
        page = await services.github.discussions_page(
            home.owner, home.name, first=min(spot.left, 100), next=spot.cursor
        )
        check_same_repository(home, page.repository)
        if not page.is_enabled:
            return PageDone(None, 0, Written(), is_enabled=False, is_finished=True)
        logins = await canonical_logins(services, people_of(page.items))
    at = services.clock.now()
    return await services.database.run_write(_store, home, spot, page, dict(logins), at)


def step_on(spot: Spot, page: DiscussionsPage, known: CaptureCursor | None) -> "Step":
    """Where to go from here, and which place is then to be kept.

    The cap counts what was not known: the page on which a top meets its floor is mostly known.
    """
    head = spot.head
    if spot.way == "top" and spot.cursor is None and page.items:
        head = page.items[0].updated_at
    floor = spot.floor
    left = spot.left - sum(floor is None or one.updated_at >= floor for one in page.items)
    if spot.way == "backlog":
        going_on = replace(spot, cursor=page.next, left=left) if page.next and left > 0 else None
        return Step(going_on, page.next, known.watermark if known else head, page.next is None)
    oldest = page.items[-1].updated_at if page.items else None
    is_met = floor is not None and (oldest is None or oldest < floor)
    if is_met and known is not None:
        backlog = Spot("backlog", known.cursor, None, head, left)
        is_open = known.completed_at is None and known.cursor is not None
        head = head or known.watermark
        return Step(backlog if is_open and left > 0 else None, known.cursor, head, not is_open)
    if page.next is None:
        return Step(None, None, head or (known.watermark if known else None), is_finished=True)
    if left > 0:
        return Step(replace(spot, cursor=page.next, head=head, left=left), None, None, False)
    return Step(None, page.next, head, is_finished=False)


@dataclass(frozen=True, slots=True)
class Step:
    """A move: `next` in this run, and what is kept for later ones.

    While a top is under way (`next` is one) nothing is kept: a run that dies begins it again.
    """

    next: Spot | None
    cursor: str | None
    watermark: datetime | None
    is_finished: bool

    @property
    def is_kept(self) -> bool:
        """Whether the place is to be stored now."""
        return self.next is None or self.next.way == "backlog"


def _store(
    conn: Connection,
    home: Home,
    spot: Spot,
    page: DiscussionsPage,
    logins: dict[int, str],
    at: datetime,
) -> PageDone:
    save_contributors(conn, person_rows(people_of(page.items), logins), at=at)
    found = _distinct(page.items)
    written = save_discussions(conn, [discussion_row(home, one, logins) for one in found], at=at)
    step = step_on(spot, page, load_cursor(conn, home.id, KIND))
    if step.is_kept:
        save_cursor(conn, _place(conn, home.id, step, page.total, at))
    agrees = page.total == live_total(conn, home.id, tables.discussions)
    return PageDone(step.next, len(found), written, True, step.is_finished, agrees)


def _place(
    conn: Connection, repository_id: UUID, step: Step, total: int, at: datetime
) -> CaptureCursor:
    known = load_cursor(conn, repository_id, KIND)
    pages = known.pages + 1 if known else 1
    done = at if step.is_finished else None
    cursor = CaptureCursor(repository_id, KIND, step.cursor, step.watermark, pages, done, at)
    return replace(cursor, total=total, counted_at=at)


def _distinct(discussions: tuple[Discussion, ...]) -> list[Discussion]:
    # A list that changes while it is read may show an item twice.
    return list({one.number: one for one in discussions}.values())

"""Holding a page of GitHub's outlines against what is stored, a hundred items for one point.

In order of creation, where nothing moves; the place where the next page begins is kept, so that a
few pages a day get round. What does not agree is doubted, and read whole by `mending`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from mainstem.functions.capture.looks import is_alike
from mainstem.functions.capture.planning import Kind
from mainstem.functions.capture.refresh_note import hold_refresh, load_refresh, save_refresh
from mainstem.functions.capture.standing import visiting
from mainstem.functions.home import Home, check_same_repository
from mainstem.functions.services import Services
from mainstem.github import Outline, Outlines
from mainstem.store import (
    CaptureCursor,
    Connected,
    StoredItem,
    load_cursor,
    note_totals,
    save_cursor,
    stored_items,
)

Border = tuple[datetime, int]
"""Where a page ends, in order of creation: its last item's time, and number."""

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ListTotals:
    """GitHub's totals and ours, by list; a total that GitHub does not tell is left out."""

    github: Mapping[Connected, int] = field(default_factory=dict)
    stored: Mapping[Connected, int] = field(default_factory=dict)

    @property
    def unequal(self) -> tuple[Connected, ...]:
        """The lists of which the two differ."""
        return tuple(name for name, total in self.github.items() if self.stored[name] != total)


@dataclass(frozen=True, slots=True)
class Swept:
    """A page compared: `doubted` is what is to be read whole, of this page and from before.

    `is_last` ends a round; `total` and `stored` are of the whole list.
    """

    is_last: bool
    checked: int
    doubted: int
    total: int
    stored: int


async def count_comments(services: Services, home: Home) -> ListTotals:
    """How many comments of both types GitHub has, and we. Two requests."""
    async with visiting(services, home):
        totals: dict[Connected, int | None] = {
            "review-comments": await services.github.count_review_comments(home.owner, home.name),
            "comments": await services.github.count_issue_comments(home.owner, home.name),
        }
    told = {name: total for name, total in totals.items() if total is not None}
    return await count_stored(services, home, told)


async def count_stored(
    services: Services, home: Home, totals: Mapping[Connected, int]
) -> ListTotals:
    """Count what is stored, and keep it beside GitHub's `totals`."""
    at = services.clock.now()
    stored = await services.database.run_write(note_totals, home.id, totals, at)
    return ListTotals(dict(totals), stored)


async def sweep_page(services: Services, home: Home, kind: Kind, step: str) -> Swept:
    """Compare the next page, and note what does not agree.

    `step` names this very step of this very run: tried again after its work, it answers what it
    answered then.
    """
    note = await services.database.run_read(load_refresh, home.id)
    again = note.answer_of(step, Swept)
    if again is not None:
        return again
    known = await services.database.run_read(load_cursor, home.id, _place(kind))
    place = None if known is None else known.cursor
    async with visiting(services, home):
        page = await (
            services.github.pull_outlines(home.owner, home.name, next=place)
            if kind == "pulls"
            else services.github.issue_outlines(home.owner, home.name, next=place)
        )
    check_same_repository(home, page.repository)
    return await services.database.run_write(
        _store, home, kind, known, page, step, services.clock.now()
    )


def _place(kind: Kind) -> str:
    return f"sweep-{kind}"


def _store(
    conn: Connection,
    home: Home,
    kind: Kind,
    known: CaptureCursor | None,
    page: Outlines,
    step: str,
    at: datetime,
) -> Swept:
    hold_refresh(conn, home.id, at)
    cursor = known or CaptureCursor(home.id, _place(kind), None, None, 0, None, updated_at=at)
    begins, ends = _begin(cursor), _end(page, _begin(cursor))
    numbers = [item.number for item in page.items]
    stored = stored_items(conn, home.id, kind, numbers=numbers, created=(begins[0], ends[0]))
    doubted = doubtful(page.items, between(begins, ends, numbers, stored))
    note = load_refresh(conn, home.id)
    if kind == "pulls":
        note = replace(note.doubting(pulls=doubted | note.later), later=frozenset())
    else:
        note = note.doubting(issues=doubted)
    is_last = page.next is None
    save_cursor(
        conn,
        replace(
            cursor,
            cursor=page.next,
            watermark=None if is_last else ends[0],
            last_result=None if is_last else {"number": ends[1]},
            pages=cursor.pages + 1,
            completed_at=at if is_last else cursor.completed_at,
            updated_at=at,
        ),
    )
    counted = note_totals(conn, home.id, {kind: page.total}, at)
    done = Swept(is_last, len(page.items), note.doubted, page.total, counted[kind])
    save_refresh(conn, home.id, note.done(step, done), at)
    return done


def _begin(cursor: CaptureCursor) -> Border:
    """Where the page before ended: `watermark` is when its last item was created."""
    if cursor.cursor is None or cursor.watermark is None:
        return _FIRST, 0
    return cursor.watermark, (cursor.last_result or {}).get("number", 0)


def _end(page: Outlines, begins: Border) -> Border:
    if page.next is None:
        return _LAST, 0
    return max(((item.created_at, item.number) for item in page.items), default=begins)


def between(
    begins: Border, ends: Border, listed: Collection[int], stored: Iterable[StoredItem]
) -> list[StoredItem]:
    """Of what is stored, that which is listed, or should be, on a page that ends so.

    Many may be created in one second: which of them are on the page before, on this and on the next
    is told by their numbers. Each belongs to one page, so whatever is gone is doubted once.
    """
    return [
        item
        for item in stored
        if item.number in listed or begins < (item.created_at, item.number) <= ends
    ]


def doubtful(listed: Sequence[Outline], stored: Iterable[StoredItem]) -> set[int]:
    """Numbers that are listed and not stored, or not so; or stored and not listed.

    A row that is newer than its outline was written after the question was asked.
    """
    known = {item.number: item for item in stored}
    doubted = {one.number for one in listed if not agrees(one, known.get(one.number))}
    numbers = {one.number for one in listed}
    return doubted | {
        number for number, item in known.items() if not item.is_gone and number not in numbers
    }


def agrees(listed: Outline, stored: StoredItem | None) -> bool:
    """Whether a stored item is as GitHub says it is, by its time, its looks and its counts."""
    if stored is None or stored.is_gone or stored.updated_at < listed.updated_at:
        return False
    return (
        is_alike(listed, stored)
        and listed.comments in (None, stored.comments)
        and listed.comments in (None, stored.comments_count)
        and listed.reviews in (None, stored.reviews)
    )

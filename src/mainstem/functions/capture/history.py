"""A repository's whole history, a page at a time; afterwards only what has changed.

A *stream* is one list of GitHub's (pull requests with all that belongs to them, issues with their
comments, a repository's review comments). It is walked in two ways:

- `backfill`: from the oldest on, in order of creation. Nothing moves in that order while we read.
  Each page is stored in the transaction that advances the stored cursor, so a run that dies costs
  at most one page again, and any later run goes on where it stopped.
- `refresh`, once the backfill is complete: from the most recently updated down to the watermark,
  less an overlap. What is updated meanwhile jumps to the front: it is found by the next refresh.

The watermark is the newest update that GitHub knew when the walk *began*, by GitHub's clock, and
is stored only when the walk has ended. A step is a page and its memo a few numbers: rows go to the
database, never into a memo. A capture that needs more pages than one run may have steps goes on in
another run, with an event of its own kind.

Cool-downs do not apply: a whole history is asked for, and asking again costs next to nothing.

Costs reference, section 4 ("Cursor stability") and section 10.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection

from mainstem.catalog import Run
from mainstem.functions.capture.rows import Batch
from mainstem.functions.capture.storing import Counts, Tally, store_batch
from mainstem.functions.events import Continuation
from mainstem.functions.home import Home
from mainstem.functions.services import Limits, Services
from mainstem.functions.troubles import asking_github
from mainstem.store import CaptureCursor, load_cursor, save_cursor


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a stream a page is asked for. `floor` bounds a refresh: older things are known."""

    way: Literal["backfill", "refresh"]
    cursor: str | None
    floor: datetime | None
    width: int


@dataclass(frozen=True, slots=True)
class PageRead:
    """One page in rows. `newest` and `oldest` are update times of what it held, floor or not.

    `is_last` ends the walk; `width` is the page size that got through.
    """

    batch: Batch
    next: str | None
    newest: datetime | None
    is_last: bool
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """One list of GitHub's: how a page of it is read and under which name its place is kept."""

    name: str
    width: Callable[[Limits], int]
    read: Callable[[Services, Home, Place], Awaitable[PageRead]]


@dataclass(frozen=True, slots=True)
class Start:
    """How a walk begins. `head` is to become the watermark; a refresh may learn it on page one."""

    place: Place
    head: datetime | None


@dataclass(frozen=True, slots=True)
class PageStored:
    """What a page's step leaves behind."""

    next: str | None
    newest: datetime | None
    is_last: bool
    width: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Captured:
    """What one run of a whole-history capture did.

    `finished` is false when the page limit stopped it: `continued_by` then names the event that
    goes on.
    """

    repository: str
    history: Literal["full"]
    finished: bool
    pages: int
    counts: Counts
    continued_by: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the streams came: all of them if `stopped_at` is None."""

    pages: int
    tally: Tally
    stopped_at: Continuation | None


async def walk_streams(
    run: Run[Any],
    services: Services,
    home: Home,
    streams: Sequence[Stream],
    *,
    find_head: Callable[[Services, Home], Awaitable[datetime | None]],
    continuation: Continuation | None,
) -> Progress:
    """Walk `streams` one after another, parents before children, within the run's page limit."""
    limit = services.limits.pages_per_run
    head = continuation.head if continuation else None
    pages, tally = 0, Tally()
    for stream in _from(streams, continuation):
        going_on = continuation if continuation and continuation.stream == stream.name else None
        start = await run.step(
            f"plan-{stream.name}", plan, services, home, stream, find_head, head, going_on
        )
        place, head = start.place, start.head
        while True:
            if pages >= limit:
                part = continuation.part + 1 if continuation else 1
                stop = Continuation(part=part, stream=stream.name, cursor=place.cursor, head=head)
                return Progress(pages, tally, stop)
            pages += 1
            page = await run.step(
                f"capture-{stream.name}-page-{pages}",
                capture_page,
                services,
                home,
                stream,
                place,
                head,
            )
            tally += page.tally
            if place.way == "refresh" and place.cursor is None:
                head = _later(head, page.newest)
            if page.is_last:
                break
            place = Place(place.way, page.next, place.floor, page.width)
        if place.way == "refresh":
            await run.step(f"finish-{stream.name}", finish_refresh, services, home, stream, head)
    return Progress(pages, tally, None)


async def plan(
    services: Services,
    home: Home,
    stream: Stream,
    find_head: Callable[[Services, Home], Awaitable[datetime | None]],
    head: datetime | None,
    continuation: Continuation | None,
) -> Start:
    """How to walk `stream`, from what is stored of it."""
    known = await services.database.run_read(load_cursor, home.id, stream.name)
    if known is None and head is None:
        with asking_github(services.clock):
            head = await find_head(services, home)
    return decide_start(
        known,
        head=head,
        continuation=continuation,
        width=stream.width(services.limits),
        limits=services.limits,
    )


def decide_start(
    known: CaptureCursor | None,
    *,
    head: datetime | None,
    continuation: Continuation | None,
    width: int,
    limits: Limits,
) -> Start:
    """Begin a backfill, go on with one, or refresh what is complete.

    A backfill that goes on keeps the watermark of its first run: whatever changed since then is
    the first refresh's to find.
    """
    if known is None:
        return Start(Place("backfill", None, None, width), head)
    if known.completed_at is None:
        return Start(Place("backfill", known.cursor, None, width), known.watermark)
    floor = None if known.watermark is None else known.watermark - limits.watermark_overlap
    cursor = continuation.cursor if continuation else None
    return Start(Place("refresh", cursor, floor, width), _later(known.watermark, head))


async def capture_page(
    services: Services, home: Home, stream: Stream, place: Place, head: datetime | None
) -> PageStored:
    """Read one page and store it, with the cursor, in one transaction. Safe to repeat."""
    with asking_github(services.clock):
        page = await stream.read(services, home, place)
    at = services.clock.now()
    tally = await services.database.run_write(_store_page, home, stream.name, place, page, head, at)
    return PageStored(page.next, page.newest, page.is_last, page.width or place.width, tally)


def _store_page(
    conn: Connection,
    home: Home,
    kind: str,
    place: Place,
    page: PageRead,
    head: datetime | None,
    at: datetime,
) -> Tally:
    tally = store_batch(conn, page.batch, at)
    if place.way == "backfill":
        known = load_cursor(conn, home.id, kind)
        # Another run may have got to the end meanwhile: what is complete stays complete.
        if known is None or known.completed_at is None:
            pages = known.pages + 1 if known else 1
            done = at if page.is_last else None
            save_cursor(
                conn, CaptureCursor(home.id, kind, page.next, head, pages, done, updated_at=at)
            )
    return tally


async def finish_refresh(
    services: Services, home: Home, stream: Stream, head: datetime | None
) -> None:
    """Raise the watermark: everything up to `head` is stored."""
    at = services.clock.now()
    await services.database.run_write(_raise_watermark, home, stream.name, head, at)


def _raise_watermark(
    conn: Connection, home: Home, kind: str, head: datetime | None, at: datetime
) -> None:
    known = load_cursor(conn, home.id, kind)
    pages = known.pages if known else 0
    watermark = _later(known.watermark if known else None, head)
    save_cursor(conn, CaptureCursor(home.id, kind, None, watermark, pages, at, updated_at=at))


def _from(streams: Sequence[Stream], continuation: Continuation | None) -> Sequence[Stream]:
    """`streams` from the one that a continuing run goes on with."""
    if continuation is None:
        return streams
    names = [stream.name for stream in streams]
    return streams[names.index(continuation.stream) :]


def _later(a: datetime | None, b: datetime | None) -> datetime | None:
    return max((moment for moment in (a, b) if moment is not None), default=None)

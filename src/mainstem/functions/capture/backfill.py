"""A repository's whole past over both APIs, for the least that GitHub charges, a page at a time.

Which lists are read, over which API and how wide, is decided in `planning`. The order here is:

- pull requests over REST's list, if labels, assignees and reviewers are to come from there;
- the same over GraphQL, oldest first, each page with as much of what is theirs as is cheap;
- review comments over REST's list, if they do not come with their threads;
- issues over GraphQL, oldest first, with their comments;
- the same over REST's list, if their labels and assignees are to come from there;
- what slipped through REST's lists while they moved;
- and at the end what did not fit the pages, many lists in one request.

Over GraphQL nothing moves in the order of creation while we read. A step is a page: its rows, the
place where the next one begins and what was learned of sizes are stored in one transaction, so a
run that dies costs at most a page again, and any later run goes on where it stopped. The place is
in the database alone; the memo of a step is a few numbers.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from mainstem.catalog import Run
from mainstem.functions.capture import rest_streams
from mainstem.functions.capture.graphql_pages import (
    PartsRead,
    rows_of_bundles,
    rows_of_issues,
    rows_of_listed,
    rows_of_listed_issues,
    rows_of_parts,
    to_store,
)
from mainstem.functions.capture.history import Place
from mainstem.functions.capture.missed import forget_labels, read_missed, stored_otherwise
from mainstem.functions.capture.planning import (
    ListName,
    Note,
    Planned,
    counts_tell,
    decide_issues,
    load_note,
    next_issue_page,
    next_page,
    open_list,
    plan_of,
    threads_behind,
)
from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.capture.storing import Counts, Tally, store_batch
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import Gap, Gone
from mainstem.store import (
    CaptureCursor,
    StoredGap,
    Written,
    close_gaps,
    live_total,
    load_cursor,
    next_gaps,
    replace_gaps,
    save_cursor,
    save_plan,
    set_details_synced,
    tables,
)


@dataclass(frozen=True, slots=True)
class Read:
    """One page in rows, where the next begins, and what was learned from it."""

    batch: Batch
    next: str | None
    total: int | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class PageDone:
    """What a page's step leaves behind, and what the database keeps of it (`last_result`)."""

    is_last: bool
    tally: Tally

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def again(cls, kept: Mapping[str, Any]) -> "PageDone":
        """From what was kept."""
        tally = kept["tally"]
        return cls(kept["is_last"], Tally(Counts(**tally["read"]), Written(**tally["written"])))


@dataclass(frozen=True, slots=True)
class Backfilled:
    """How far a run came: to the end, if `stopped_at` is None, else the list to go on with."""

    pages: int
    tally: Tally
    stopped_at: ListName | None


async def backfill(
    run: Run[Any], services: Services, home: Home, planned: Planned, *, pages: int = 0
) -> Backfilled:
    """Read the lists that are still to be read, within the run's page limit.

    `pages` were spent before.
    """
    tally = Tally()
    for name in planned.lists:
        count = 0
        while True:
            if pages >= services.limits.pages_per_run:
                return Backfilled(pages, tally, name)
            pages, count = pages + 1, count + 1
            step = f"capture-{name}-{count}"
            work = _WORK.get(name, capture_page)
            done = await run.step(step, work, services, home, name, f"{run.id}/{step}")
            tally += done.tally
            if done.is_last:
                break
    return Backfilled(pages, tally, None)


async def capture_page(services: Services, home: Home, name: ListName, step: str) -> PageDone:
    """Read the next page of a list and store it with the new place.

    `step` names this very step of this very run. Tried again after its page was stored, it answers
    what it answered then, and reads nothing.
    """
    cursor, note = await services.database.run_read(_place, home, name)
    if cursor is None:
        return PageDone(is_last=True, tally=Tally())
    if cursor.last_step == step and cursor.last_result is not None:
        return PageDone.again(cursor.last_result)
    if cursor.completed_at is not None:
        return PageDone(is_last=True, tally=Tally())  # another run got to the end meanwhile
    # Whoever waits for an answer goes first, and has the last part of the budget.
    patient = replace(services, github=services.github.with_priority("backfill"))
    with asking_github(services.clock):
        page = await _READERS[name](patient, home, cursor.cursor, note)
    at = services.clock.now()
    return await services.database.run_write(_store_page, home, name, page, step, at)


def _place(conn: Connection, home: Home, name: ListName) -> tuple[CaptureCursor | None, Note]:
    return load_cursor(conn, home.id, name), load_note(conn, home, name)


def _store_page(
    conn: Connection, home: Home, name: ListName, page: Read, step: str, at: datetime
) -> PageDone:
    # One item, read half here and half over the other API: if it changed in between, neither half
    # is to be trusted with the other's time, and it is read whole at the end.
    is_half = name in ("people", "labels") or (
        name == "pulls" and page.note is not None and page.note.people == "list"
    )
    moved = stored_otherwise(conn, page.batch) if is_half else ()
    tally = store_batch(conn, page.batch, at)
    forget_labels(conn, moved)
    replace_gaps(conn, home.id, page.batch.read, to_store(page.batch.gaps), at)
    if page.note is not None:
        save_plan(conn, plan_of(home, name, page.note), at)
        from_list = name == "issues" and page.note.people == "list"
        if from_list and load_cursor(conn, home.id, "labels") is None:
            open_list(conn, home, "labels", None, at)
    if name in ("people", "labels"):
        # The same items are read once more with all that is theirs, and counted then.
        tally = Tally(Counts(), tally.written)
    done = PageDone(page.next is None, tally)
    known = load_cursor(conn, home.id, name)
    # Another run may have got to the end meanwhile: what is complete stays complete.
    if known is None or known.completed_at is not None:
        return done
    known = replace(
        known,
        cursor=page.next,
        pages=known.pages + 1,
        completed_at=at if page.next is None else None,
        updated_at=at,
        last_step=step,
        last_result=done.kept(),
    )
    if page.total is not None and page.next is None:
        # Not with every page: it goes through all rows, and says nothing before the end.
        table = tables.issues if name == "issues" else tables.pull_requests
        stored = live_total(conn, home.id, table)
        known = replace(known, total=page.total, stored=stored, counted_at=at)
    save_cursor(conn, known)
    return done


async def _read_pulls(services: Services, home: Home, cursor: str | None, note: Note) -> Read:
    plan = next_page(note, services.limits)
    page = await services.github.pull_bundles_page(
        home.owner,
        home.name,
        first=plan.width,
        safe=note.width.safe,
        threads=plan.threads,
        review_comments=plan.review_comments,
        people=plan.people == "page",
        next=cursor,
    )
    bundles = page.items
    if plan.review_comments == "threads" and not plan.threads:
        bundles = tuple(replace(b, gaps=(*b.gaps, *threads_behind(b))) for b in bundles)
    else:
        note = replace(note, counts_tell=counts_tell(note, bundles))
    batch = await rows_of_bundles(services, home, bundles)
    note = note.after(page.effort, items=page.seen, total=page.total)
    seen = [bundle.threads for bundle in page.items if bundle.threads is not None]
    return Read(batch, page.next, page.total, replace(note, sizes=note.sizes.with_more(seen)))


async def _read_issues(services: Services, home: Home, cursor: str | None, note: Note) -> Read:
    if note.seen == 0:
        pulls = await services.database.run_read(load_note, home, "pulls")
        note = decide_issues(note, pulls, services.limits)
    plan = next_issue_page(note, services.limits)
    page = await services.github.issue_bundles_page(
        home.owner,
        home.name,
        first=plan.width,
        safe=note.width.safe,
        people=plan.people == "page",
        next=cursor,
    )
    batch = await rows_of_issues(services, home, page.items)
    note = note.after(page.effort, items=page.seen, total=page.total)
    return Read(batch, page.next, page.total, note)


async def _read_people(services: Services, home: Home, cursor: str | None, _note: Note) -> Read:
    page = await services.github.pulls_page(home.owner, home.name, next=cursor)
    return Read(await rows_of_listed(services, home, page.items), page.next)


async def _read_labels(services: Services, home: Home, cursor: str | None, _note: Note) -> Read:
    try:
        page = await services.github.issues_page(home.owner, home.name, sort="created", next=cursor)
    except Gone:
        return Read(Batch(), None)
    return Read(await rows_of_listed_issues(services, home, page.items), page.next)


async def _read_review_comments(
    services: Services, home: Home, cursor: str | None, _note: Note
) -> Read:
    place = Place("backfill", cursor, None, services.limits.rest_page)
    page = await rest_streams.REVIEW_COMMENTS.read(services, home, place)
    return Read(page.batch, page.next)


_READERS: Final[dict[ListName, Callable[[Services, Home, str | None, Note], Awaitable[Read]]]] = {
    "pulls": _read_pulls,
    "issues": _read_issues,
    "people": _read_people,
    "labels": _read_labels,
    "review-comments": _read_review_comments,
}


async def complete_people(services: Services, home: Home, _name: ListName, _step: str) -> PageDone:
    """Read by number what slipped through a list that goes by page numbers. Safe to repeat."""
    return PageDone(is_last=True, tally=await read_missed(services, home))


async def complete_lists(services: Services, home: Home, name: ListName, step: str) -> PageDone:
    """Read on in as many of the unfinished lists as one request can ask for; `step` as above."""
    cursor, note = await services.database.run_read(_place, home, name)
    if cursor is not None and cursor.last_step == step and cursor.last_result is not None:
        return PageDone.again(cursor.last_result)
    if note.seen == 0:
        # As many lists as pull requests on a page: where GitHub has no time for more, it says so of
        # both.
        pulls = await services.database.run_read(load_note, home, "pulls")
        note = replace(note, width=pulls.width if pulls.seen else note.width)
    aliases = note.width.widest
    gaps = await services.database.run_read(next_gaps, home.id, aliases)
    if not gaps:
        return PageDone(is_last=True, tally=Tally())
    github = services.github.with_priority("backfill")
    with asking_github(services.clock):
        parts = await github.nested_parts(
            home.owner, home.name, [_gap(gap) for gap in gaps], aliases=aliases
        )
        read = await rows_of_parts(services, home, parts)
    note = note.after(parts.effort, items=len(read.asked), total=None)
    is_last = len(read.asked) == len(gaps) < aliases and not read.remaining
    return await services.database.run_write(
        _store_parts, home, read, note, step, services.clock.now(), is_last=is_last
    )


def _gap(stored: StoredGap) -> Gap:
    return Gap(stored.kind, stored.number, stored.node_id, stored.cursor, stored.missing)  # type: ignore[arg-type]


def _store_parts(
    conn: Connection,
    home: Home,
    read: PartsRead,
    note: Note,
    step: str,
    at: datetime,
    *,
    is_last: bool,
) -> PageDone:
    tally = store_batch(conn, read.batch, at)
    closed = close_gaps(conn, home.id, read.asked, read.remaining, at)
    on_issues = {gap.number for gap in read.asked if gap.kind == "issue_comments"}
    rows = Rows(home)
    set_details_synced(conn, [rows.pull_id(number) for number in closed - on_issues], at)
    save_plan(conn, plan_of(home, "nested", note), at)
    done = PageDone(is_last, tally)
    known = load_cursor(conn, home.id, "nested") or CaptureCursor(
        home.id, "nested", None, None, 0, None, updated_at=at
    )
    save_cursor(
        conn,
        replace(
            known,
            pages=known.pages + 1,
            completed_at=at if is_last else None,
            updated_at=at,
            last_step=step,
            last_result=done.kept(),
        ),
    )
    return done


_WORK: Final[dict[ListName, Callable[[Services, Home, ListName, str], Awaitable[PageDone]]]] = {
    "missed": complete_people,
    "nested": complete_lists,
}

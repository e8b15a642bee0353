"""Whole histories over REST: pull requests with their reviews, then the repository-wide lists.

Reviews have no repository-wide list, sizes and mergers are in no list at all: two requests for each
pull request. Comments do have such lists, which cost a request for a hundred. They are read after
their parents. A comment on something not stored yet (written while we were reading) is not passed
over: its parent is fetched. A conversation is one list for pull requests and issues; each of the
two captures keeps what is its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Literal, TypeVar

from sqlalchemy import Connection, select

from mainstem.functions.capture.history import PageRead, Place, Stream
from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.home import Home
from mainstem.functions.services import Limits, Services
from mainstem.github import Comment, Gone, Issue, NotFound, Page, PullRequest
from mainstem.store import load_pulls, tables

Order = Literal["created", "updated"]
Direction = Literal["asc", "desc"]

A = TypeVar("A")
B = TypeVar("B")

# Side by side within one page: far below GitHub's hundred, since several functions run at once.
REQUESTS_AT_ONCE = 5

# How a cursor that is a time begins; any other is a link of GitHub's.
_SINCE = "since:"


# Where issues are switched off there are none, and that is no error.
_NOTHING = PageRead(Batch(), next=None, newest=None, is_last=True)


def _order_of(place: Place) -> tuple[Order, Direction]:
    """Oldest first for a backfill, where nothing moves; last updated first for a refresh."""
    return ("created", "asc") if place.way == "backfill" else ("updated", "desc")


def _page_of(
    page: "Page[PullRequest] | Page[Issue]",
    batch: Batch,
    place: Place,
    times: list[datetime],
) -> PageRead:
    """`page` as read: the walk ends with the list, or below the floor of a refresh.

    Strictly below: equal times are common, and all of them must be read.
    """
    below = place.floor is not None and bool(times) and min(times) < place.floor
    return PageRead(
        batch=batch,
        next=page.next,
        newest=max(times, default=None),
        is_last=page.next is None or below,
    )


async def _read_pulls(services: Services, home: Home, place: Place) -> PageRead:
    sort, direction = _order_of(place)
    page = await services.github.pulls_page(
        home.owner,
        home.name,
        sort=sort,
        direction=direction,
        per_page=place.width,
        next=place.cursor,
    )
    # Two requests for each: what lies below the floor of a refresh is not asked about.
    changed = [p for p in page.items if place.floor is None or p.updated_at >= place.floor]
    parts = await _each(changed, partial(read_pull_with_reviews, services, home))
    return _page_of(page, _sum(parts), place, [pull.updated_at for pull in page.items])


async def read_pull_with_reviews(services: Services, home: Home, listed: PullRequest) -> Batch:
    """One pull request with its size, its merger and its reviews.

    One that disappears between list and look-up stays as the list had it.
    """
    try:
        pull = await services.github.pull(home.owner, home.name, listed.number)
        reviews = await services.github.reviews(home.owner, home.name, listed.number)
    except NotFound:
        return Rows(home).pulls([listed])
    batch = Rows(home).pulls([pull], reviews=reviews.items)
    return batch + Batch(truncated=int(reviews.truncated))


async def _read_review_comments(services: Services, home: Home, place: Place) -> PageRead:
    read = partial(services.github.repository_review_comments_page, home.owner, home.name)
    page = await _read_on(read, place)
    return _end_to_end(page, await _on_pulls(services, home, page.items))


async def _read_pull_conversation(services: Services, home: Home, place: Place) -> PageRead:
    read = partial(services.github.repository_issue_comments_page, home.owner, home.name)
    page = await _read_on(read, place)
    return _end_to_end(
        page, await _on_pulls(services, home, [c for c in page.items if c.on_pull is not False])
    )


async def _on_pulls(services: Services, home: Home, comments: Sequence[Comment]) -> Batch:
    """Comments on pull requests; those of one that is not stored come with it."""
    rows = Rows(home)
    numbers = {comment.number for comment in comments}
    by_id = {rows.pull_id(number): number for number in numbers}
    stored = await services.database.run_read(load_pulls, sorted(by_id))
    missing = sorted(numbers - {pull.number for pull in stored.values()})
    fetched = await _each(missing, partial(_read_new_pull, services, home))
    found = {pull.number for pull in stored.values()} | {
        row["number"] for batch in fetched for row in batch.pulls
    }
    kept = [comment for comment in comments if comment.number in found]
    # Without `on_pull` GitHub did not tell what the number is; not a pull request, as it proved.
    lost = [c for c in comments if c.number not in found and c.on_pull is not None]
    return _sum(fetched) + rows.pulls((), comments=kept) + Batch(orphans=len(lost))


async def _read_new_pull(services: Services, home: Home, number: int) -> Batch:
    try:
        pull = await services.github.pull(home.owner, home.name, number)
    except NotFound:
        return Batch()
    return await read_pull_with_reviews(services, home, pull)


async def _read_issues(services: Services, home: Home, place: Place) -> PageRead:
    sort, direction = _order_of(place)
    try:
        page = await services.github.issues_page(
            home.owner, home.name, sort=sort, direction=direction, next=place.cursor
        )
    except Gone:
        return _NOTHING
    return _page_of(
        page, Rows(home).issues(page.items), place, [issue.updated_at for issue in page.items]
    )


async def _read_issue_conversation(services: Services, home: Home, place: Place) -> PageRead:
    read = partial(services.github.repository_issue_comments_page, home.owner, home.name)
    try:
        page = await _read_on(read, place)
    except Gone:
        return _NOTHING
    comments = [comment for comment in page.items if not comment.on_pull]
    rows = Rows(home)
    ids = {rows.issue_id(comment.number): comment.number for comment in comments}
    known = await services.database.run_read(stored_issue_numbers, home, sorted(ids.values()))
    late = {comment.number for comment in comments} - known
    fresh = await _read_late_issues(services, home, late, comments) if late else Batch()
    known |= {row["number"] for row in fresh.issues}
    kept = [comment for comment in comments if comment.number in known]
    lost = [c for c in comments if c.number not in known and c.on_pull is False]
    return _end_to_end(page, fresh + rows.issues((), comments=kept) + Batch(orphans=len(lost)))


async def _read_late_issues(
    services: Services, home: Home, numbers: set[int], comments: Iterable[Comment]
) -> Batch:
    """Issues written after the walk over issues, found among the last updated ones.

    An issue is never older, by update, than a comment on it; below the oldest such comment there
    is nothing to find, and the issue has been deleted or moved.
    """
    floor = min(comment.created_at for comment in comments if comment.number in numbers)
    found = Batch()
    cursor: str | None = None
    while True:
        page = await services.github.issues_page(
            home.owner, home.name, sort="updated", direction="desc", next=cursor
        )
        found += Rows(home).issues([issue for issue in page.items if issue.number in numbers])
        cursor = page.next
        is_done = numbers <= {row["number"] for row in found.issues}
        is_below = any(issue.updated_at < floor for issue in page.items)
        if is_done or is_below or cursor is None:
            return found


def stored_issue_numbers(conn: Connection, home: Home, numbers: Sequence[int]) -> set[int]:
    """Which of `numbers` are stored issues of the repository."""
    issues = tables.issues
    question = select(issues.c.number).where(
        issues.c.repository_id == home.id, issues.c.number.in_(numbers)
    )
    return set(conn.execute(question).scalars())


async def newest_pull(services: Services, home: Home) -> datetime | None:
    """When GitHub last saw a pull request change; None without any. One request."""
    page = await services.github.pulls_page(
        home.owner, home.name, sort="updated", direction="desc", per_page=1
    )
    return max((pull.updated_at for pull in page.items), default=None)


async def newest_issue(services: Services, home: Home) -> datetime | None:
    """When GitHub last saw an issue change; None without any. One request."""
    try:
        page = await services.github.issues_page(
            home.owner, home.name, sort="updated", direction="desc"
        )
    except Gone:
        return None
    return max((issue.updated_at for issue in page.items), default=None)


async def _read_on(read: Callable[..., Awaitable[Page[Comment]]], place: Place) -> Page[Comment]:
    """The next page of a list in order of update, least recent first.

    A comment that is edited while we read leaves its place for the end of the list, and what
    follows moves up: by page number, something would slip from the next page to the last one. So
    the place to go on from is the last time seen, which may bring a few comments again. Only where
    a whole page has one time do we follow GitHub's own link.
    """
    if place.cursor is not None and not place.cursor.startswith(_SINCE):
        page = await read(next=place.cursor)
    else:
        page = await read(since=_time_of(place.cursor) if place.cursor else place.floor)
    if page.next is None or not page.items:
        return page
    latest = max(comment.updated_at for comment in page.items)
    if all(comment.updated_at == latest for comment in page.items):
        return page
    return replace(page, next=f"{_SINCE}{latest.isoformat()}")


def _time_of(cursor: str) -> datetime:
    return datetime.fromisoformat(cursor.removeprefix(_SINCE))


def _end_to_end(page: Page[Comment], batch: Batch) -> PageRead:
    """A page of a list that is bounded by `since` and read to its end.

    It says nothing of what is newest: the watermark stays that of the parents.
    """
    return PageRead(batch=batch, next=page.next, newest=None, is_last=page.next is None)


async def _each(items: Sequence[A], ask: Callable[[A], Awaitable[B]]) -> list[B]:
    """`ask` about every item, a few at a time, in order. The first error stops the others."""
    turn = asyncio.Semaphore(REQUESTS_AT_ONCE)

    async def one(item: A) -> B:
        async with turn:
            return await ask(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


def _sum(batches: Iterable[Batch]) -> Batch:
    return sum(batches, Batch())


def _fixed(limits: Limits) -> int:
    """The list endpoints of issues and comments have pages of one size."""
    return limits.rest_page


PULLS = Stream("pulls-rest", lambda limits: limits.history_page, _read_pulls)
REVIEW_COMMENTS = Stream("review-comments-rest", _fixed, _read_review_comments)
PULL_CONVERSATION = Stream("pull-conversation-rest", _fixed, _read_pull_conversation)
ISSUES = Stream("issues-rest", _fixed, _read_issues)
ISSUE_CONVERSATION = Stream("issue-conversation-rest", _fixed, _read_issue_conversation)

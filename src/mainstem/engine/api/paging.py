"""Pages of rows that are kept in order of ULIDs, newest first, without ever reading them all.

A listing walks one or several indexes downwards (lanes), merges them, and leaves out what does not
fit. How many entries it looks at is bounded: a filter that fits next to nothing gives a short page,
perhaps an empty one, and a cursor to go on from. Only a page without a cursor is the last.
"""

import heapq
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any, Final, Generic, TypeVar

from mainstem.engine.api.shapes import Bounds, Ulid
from mainstem.engine.ids import first_ulid

MAX_PAGE: Final = 100
MAX_LOOKED_AT: Final = 5_000
_CHUNK: Final = 500
# Above every ULID: these begin with a digit and have no small letters.
_ABOVE_ALL: Final = "~"

_Item = TypeVar("_Item")
Limit = Annotated[int, Bounds(1, MAX_PAGE), "How many at most."]
Cursor = Annotated[Ulid, "The `next_cursor` of the page before."]
# Entries of an index whose `id` is below the first text and not below the second, newest first.
Lane = Callable[[str, str, int], list[sqlite3.Row]]


@dataclass(frozen=True, slots=True)
class Page(Generic[_Item]):
    """Some of what there is. `next_cursor` asks for what follows; None when nothing does."""

    items: tuple[_Item, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Which ids: below `before`, not below `lowest`."""

    before: str = _ABOVE_ALL
    lowest: str = ""


def span_of(cursor: str | None, since: int | None, until: int | None) -> Span:
    """The ids made from `since` on and before `until` (milliseconds), below a cursor."""
    before = min(cursor or _ABOVE_ALL, _ABOVE_ALL if until is None else first_ulid(until))
    return Span(before, "" if since is None else first_ulid(since))


def page_of(
    lanes: Sequence[Lane], span: Span, limit: int, keeps: Callable[[sqlite3.Row], bool]
) -> Page[sqlite3.Row]:
    """The first `limit` entries of the span that `keeps` keeps, from several indexes."""
    kept: list[sqlite3.Row] = []
    merged = heapq.merge(
        *(_walk(lane, span, limit) for lane in lanes), key=itemgetter("id"), reverse=True
    )
    for looked_at, row in enumerate(merged, start=1):
        if keeps(row):
            if len(kept) == limit:
                return Page(tuple(kept), kept[-1]["id"])
            kept.append(row)
        if looked_at == MAX_LOOKED_AT:
            return Page(tuple(kept), row["id"])
    return Page(tuple(kept))


def _walk(lane: Lane, span: Span, limit: int) -> Iterator[Any]:
    before, size = span.before, limit + 1
    while True:
        rows = lane(before, span.lowest, size)
        yield from rows
        if len(rows) < size:
            return
        before, size = rows[-1]["id"], _CHUNK

"""Connections of the graph: a list, the window that the arguments cut from it, and its cursors.

A cursor names the item it stands at (not its place), so that it stays good while items are added:
the page after it begins with the next item of the list as it is now.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from mainstem.simulate.world import Repository, Row, Thing

__all__ = ["Connection", "cursor_of", "window"]


@dataclass(frozen=True, slots=True)
class Connection:
    """What a connection field gives: the rows of this window, all of one type."""

    type: str
    rows: Sequence[Row]
    repository: Repository
    total: int
    has_next: bool
    has_previous: bool
    order: str = ""
    #: A timeline's items before its types were filtered; None where the two counts are the same.
    unfiltered: int | None = None

    def cursors(self) -> list[str]:
        return [cursor_of(row, self.order) for row in self.rows]

    def things(self) -> list[Thing]:
        return [Thing(row.get("_type", self.type), row, self.repository) for row in self.rows]


def window(
    type_name: str,
    rows: Sequence[Row],
    home: Repository,
    args: Mapping[str, Any],
    *,
    order: str = "",
    falling: bool = False,
) -> Connection:
    """The rows between `after` and `before`, of which the `first` or `last` are kept.

    `order` is the row's field that the list is sorted by; with it, a cursor whose item has moved or
    gone still finds its place. Raises `GraphQLError` for a broken cursor.
    """
    start, stop = 0, len(rows)
    if args.get("after"):
        start = _place(rows, args["after"], order, falling=falling) + 1
    if args.get("before"):
        stop = _place(rows, args["before"], order, falling=falling)
    first, last = args.get("first"), args.get("last")
    if first is not None:
        stop = min(stop, start + first)
    elif last is not None:
        start = max(start, stop - last)
    return Connection(
        type_name, rows[start:stop], home, len(rows), stop < len(rows), start > 0, order
    )


def cursor_of(row: Row, order: str = "") -> str:
    """Opaque to its reader: the row's key and the time it had when the cursor was given."""
    plain = f"cursor:v2:{(row.get(order) if order else None) or ''}|{_key(row)}"
    return base64.b64encode(plain.encode()).decode()


def _key(row: Row) -> str:
    key = row.get("number") or row.get("id") or row.get("sha") or row.get("name")
    # In a list of several types, things of two of them may have the same id.
    return f"{row['_type']}/{key}" if "_type" in row else str(key)


def _place(rows: Sequence[Row], cursor: str, order: str, *, falling: bool) -> int:
    try:
        plain = base64.b64decode(cursor, validate=True).decode()
        moment, _, key = plain.removeprefix("cursor:v2:").rpartition("|")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _broken(cursor) from error
    if not plain.startswith("cursor:v2:"):
        raise _broken(cursor)
    if not order:
        for place, row in enumerate(rows):
            if _key(row) == key:
                return place
        return len(rows) - 1
    # Sorted: the place is found by halving. An item that was updated since the cursor was given
    # stands elsewhere now; the page after it begins where it stood.
    if not key.isdigit():
        raise _broken(cursor)
    wanted: tuple[Any, int] = (moment, int(key))
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        row = rows[middle]
        seen = (str(row.get(order) or ""), int(row.get("number") or row["id"]))
        if seen == wanted:
            return middle
        if (seen > wanted) if falling else (seen < wanted):
            low = middle + 1
        else:
            high = middle
    return low - 1


def _broken(cursor: str) -> GraphQLError:
    return GraphQLError(
        f"`{cursor}` does not appear to be a valid cursor.",
        extensions={"type": "INVALID_CURSOR_ARGUMENTS"},
    )

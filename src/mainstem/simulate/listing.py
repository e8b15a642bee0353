"""Lists as GitHub's REST gives them: filtered, sorted, cut into pages, with a Link header."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from mainstem.simulate.world import Row

__all__ = [
    "BadPage",
    "Slice",
    "after_cursor",
    "as_githubs_time",
    "cursor_for",
    "cut",
    "in_order",
    "link_header",
    "sort_of",
    "updated_since",
]

LARGEST_PAGE = 100
USUAL_PAGE = 30
_SORTS = {"created": "created_at", "updated": "updated_at", "comments": "comments"}


class BadPage(ValueError):  # noqa: N818 - named for what it is about
    """A query parameter of a list that GitHub answers 422 to. `field` names it."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"{field}={value}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list: its rows, its number from 1, and the number of the last page."""

    rows: Sequence[Any]
    page: int
    last: int
    size: int = USUAL_PAGE


def cut(rows: Sequence[Any], query: Mapping[str, str], *, most: int | None = None) -> Slice:
    """The page that `page` and `per_page` ask for; past the end it is empty, not an error.

    `per_page` above 100 means 100, as at GitHub; what is no number means the default.
    """
    rows = rows if most is None else rows[:most]
    size = min(LARGEST_PAGE, _count(query.get("per_page"), USUAL_PAGE))
    page = _count(query.get("page"), 1)
    start = (page - 1) * size
    return Slice(rows[start : start + size], page, max(1, -(-len(rows) // size)), size)


def link_header(url: str, query: Mapping[str, str], part: Slice) -> str | None:
    """`Link` for that page, or None when one page holds everything.

    https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    if part.last == 1 and part.page == 1:
        return None
    targets: dict[str, int] = {}
    if part.page > 1:
        targets["prev"] = min(part.page - 1, part.last)
    if part.page < part.last:
        targets |= {"next": part.page + 1, "last": part.last}
    if part.page > 1:
        targets["first"] = 1
    return ", ".join(
        f'<{url}?{urlencode({**query, "page": page})}>; rel="{name}"'
        for name, page in targets.items()
    )


def cursor_for(row: Row, sort: str) -> str:
    """A cursor of a list too long for page numbers: where its page ended, opaque to the reader."""
    plain = f"{row[_SORTS.get(sort, 'created_at')]}|{row['number']}"
    return base64.urlsafe_b64encode(plain.encode()).decode()


def after_cursor(rows: Sequence[Row], cursor: str | None, sort: str) -> int:
    """The place behind a cursor; an item that has moved on since is where its time was.

    Raises `BadPage` (field `after`) for what is no cursor.
    """
    if cursor is None:
        return 0
    try:
        moment, _, number = base64.urlsafe_b64decode(cursor).decode().rpartition("|")
    except ValueError as error:
        raise BadPage("after", cursor) from error
    key = _SORTS.get(sort, "created_at")
    for place, row in enumerate(rows):
        if str(row["number"]) == number and str(row[key]) == moment:
            return place + 1
    rising = len(rows) < 2 or rows[0][key] <= rows[-1][key]
    return sum((row[key] <= moment) if rising else (row[key] >= moment) for row in rows)


def sort_of(query: Mapping[str, str], *, usual: str, falling: bool) -> tuple[str, bool]:
    """The row's field that `sort` (created, updated, comments) names, and whether it falls.

    `usual` is the sort of this list when none is asked for, `falling` its direction. Raises
    `BadPage` for a `direction` that is none.
    """
    direction = query.get("direction")
    if direction not in (None, "asc", "desc"):
        raise BadPage("direction", str(direction))
    field = _SORTS.get(query.get("sort", usual), "created_at")
    return field, falling if direction is None else direction == "desc"


def in_order(
    rows: Sequence[Row], query: Mapping[str, str], *, usual: str, falling: bool
) -> list[Row]:
    """Sorted as `sort_of` says; ids decide between equals."""
    key, down = sort_of(query, usual=usual, falling=falling)
    return sorted(rows, key=lambda row: (row[key], row.get("number", row["id"])), reverse=down)


def updated_since(rows: Sequence[Row], since: str | None) -> Sequence[Row]:
    """Rows updated at that time (ISO 8601) or later. Raises `BadPage` when it is no time."""
    if since is None:
        return rows
    moment = as_githubs_time(since)
    return [row for row in rows if row["updated_at"] >= moment]


def as_githubs_time(text: str) -> str:
    """An ISO 8601 time as GitHub writes it, in UTC; without an offset it is taken as UTC.

    Raises `BadPage` (field `since`) when it is no time.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadPage("since", text) from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _count(text: str | None, otherwise: int) -> int:
    if text is None or not text.isascii() or not text.isdigit():
        return otherwise
    return max(1, int(text))

"""Completing nested lists: what did not fit is fetched for many parents in one request.

A page holds the beginning of each item's lists. Those that go on are `Gap`s; one follow-up asks for
the rest of many of them, each under an alias with its own cursor and the exact size that is
missing. What comes back may itself go on, and has gaps of its own. Looking up a node costs nothing,
so the price is that of the lists alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .errors import BadAnswer
from .payload import Fields
from .planner import LARGEST_PAGE
from .queries import COST, NESTED, Query
from .values import Gap, NestedList

MOST_ALIASES: Final = 50
"""A careful number to begin with: more in one request has been seen to run out of GitHub's time."""

MOST_ITEMS: Final = 1_000
"""Items that one follow-up asks for: it is what comes back that takes GitHub's time."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How much one follow-up asks for: lists at once, and items of each at most."""

    aliases: int = MOST_ALIASES
    size: int = LARGEST_PAGE

    def narrower(self) -> "Reach | None":
        """Half of it, lists first; None when there is nothing left to halve."""
        if self.aliases > 1:
            return Reach(self.aliases // 2, self.size)
        return Reach(1, self.size // 2) if self.size > 1 else None


def within(gaps: Sequence[Gap], reach: Reach) -> list[Gap]:
    """The first of `gaps` that one follow-up can ask for; at least one, if there is any."""
    chosen: list[Gap] = []
    items = 0
    for gap in gaps[: reach.aliases]:
        items += size_of(gap, reach)
        if chosen and items > MOST_ITEMS:
            break
        chosen.append(gap)
    return chosen


def size_of(gap: Gap, reach: Reach) -> int:
    """How many items of `gap` are asked for at once."""
    return min(gap.missing, reach.size, LARGEST_PAGE)


def gap_in(parent: Fields, key: str, kind: NestedList, number: int) -> Iterator[Gap]:
    """The rest of the list `key` of `parent`, if it goes on."""
    here = parent.child(key)
    info = here.child("pageInfo")
    if not info.flag("hasNextPage"):
        return
    total = here.number("filteredCount" if kind == "timeline" else "totalCount")
    # By the list's own count; it goes on, so something is missing, whatever the count says.
    missing = max(1, total - len(here.items("nodes")))
    yield Gap(kind, number, parent.text("id"), info.text("endCursor"), missing)


def gap_after(gap: Gap, more: Fields) -> Iterator[Gap]:
    """What is left of `gap` after `more` of it came.

    Raises `BadAnswer` if the list says that it goes on and does not.
    """
    info = more.child("pageInfo")
    if not info.flag("hasNextPage"):
        return
    nodes, cursor = more.items("nodes"), info.text("endCursor")
    if not nodes or cursor == gap.cursor:
        raise BadAnswer(
            f"'{NESTED[gap.kind].field}' of number {gap.number}",
            "the list says that it goes on, and does not",
            "Try again later; please report it if it stays so.",
        )
    left = gap.missing
    if gap.cursor is None:
        # How much there is was only guessed; the list itself tells.
        left = more.number("filteredCount" if gap.kind == "timeline" else "totalCount")
    yield Gap(gap.kind, gap.number, gap.node_id, cursor, max(1, left - len(nodes)))


def follow_up(gaps: Sequence[Gap], reach: Reach) -> tuple[Query, dict[str, str | None]]:
    """The query that asks for the rest of `gaps` (no more than `reach.aliases`), and variables."""
    declared: list[str] = []
    parts: list[str] = []
    pieces: set[str] = set()
    variables: dict[str, str | None] = {}
    for at, gap in enumerate(gaps):
        nested = NESTED[gap.kind]
        declared.append(f"$n{at}: ID!, $a{at}: String")
        parts.append(
            f"  g{at}: node(id: $n{at}) {{ ... on {nested.on} {{ "
            f"{nested.field}(first: {size_of(gap, reach)}, after: $a{at}{nested.filter}) "
            f"{{ {nested.inside} }} }} }}"
        )
        pieces |= nested.pieces
        variables |= {f"n{at}": gap.node_id, f"a{at}": gap.cursor}
    head = f"query FollowUp({', '.join(declared)}) {{\n  {COST}"
    return Query("FollowUp", "\n".join([head, *parts, "}", *sorted(pieces)])), variables

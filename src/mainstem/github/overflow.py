"""Completing nested lists: what did not fit is fetched for many parents in one request.

A page holds the beginning of each pull request's lists. The lists that go on are collected, and
one follow-up asks for the rest of all of them, each under an alias with its own cursor and the
exact size that is missing; what comes back is appended where it belongs, and may itself go on.
Looking up a node costs nothing, so the price is that of the lists alone.

The answer's own JSON is filled up in place, which lets one reader serve complete and completed
answers alike.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .errors import BadAnswer
from .payload import Fields, bad_shape
from .queries import COST, NESTED, PAGE, NestedList, Query

MOST_ALIASES: Final = 50
"""More in one request has been seen to run out of GitHub's time."""

LARGEST_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Gap:
    """A list that goes on: whose it is, and the JSON object of what is there already."""

    kind: NestedList
    node_id: str
    connection: dict[str, Any]
    about: str

    @property
    def cursor(self) -> str:
        return Fields(self.connection, self.about).child("pageInfo").text("endCursor")

    @property
    def missing(self) -> int:
        """How many are still to come by the list's own count; at least 1, since it goes on."""
        here = Fields(self.connection, self.about)
        return max(1, here.number("totalCount") - len(here.items("nodes")))


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


def pull_gaps(pulls: Iterable[Fields]) -> list[Gap]:
    """Every list of these pull requests that goes on, their threads' lists included."""
    return [gap for pull in pulls for gap in _gaps_of_pull(pull)]


def issue_gaps(issues: Iterable[Fields]) -> list[Gap]:
    """Every list of these issues that goes on."""
    kinds: tuple[tuple[NestedList, str], ...] = (
        ("issue_comments", "comments"),
        ("labels", "labels"),
        ("assignees", "assignees"),
    )
    return [gap for issue in issues for kind, key in kinds for gap in _gap(kind, issue, key)]


def _gaps_of_pull(pull: Fields) -> Iterator[Gap]:
    yield from _gap("reviews", pull, "reviews")
    yield from _gap("pull_comments", pull, "comments")
    yield from _gap("threads", pull, "reviewThreads")
    for thread in pull.child("reviewThreads").children("nodes"):
        yield from _gap("thread_comments", thread, "comments")


def _gap(kind: NestedList, parent: Fields, key: str) -> Iterator[Gap]:
    connection = parent.raw(key)
    if connection is None and kind == "labels":
        return  # the one list that the schema allows to be null
    if parent.child(key).child("pageInfo").flag("hasNextPage"):
        yield Gap(kind, parent.text("id"), connection, f"'{key}' of {parent.about}")


def follow_up(gaps: Sequence[Gap], reach: Reach) -> tuple[Query, dict[str, str]]:
    """The query that asks for the rest of `gaps` (no more than `reach.aliases`), and variables."""
    declared: list[str] = []
    parts: list[str] = []
    pieces: set[str] = set()
    variables: dict[str, str] = {}
    for at, gap in enumerate(gaps):
        nested = NESTED[gap.kind]
        size = min(gap.missing, reach.size, LARGEST_PAGE)
        declared.append(f"$n{at}: ID!, $a{at}: String!")
        parts.append(
            f"  g{at}: node(id: $n{at}) {{ ... on {nested.on} {{ "
            f"{nested.field}(first: {size}, after: $a{at}) {{ {PAGE} nodes {{ {nested.node} }} }} "
            "} }"
        )
        pieces |= nested.pieces
        variables |= {f"n{at}": gap.node_id, f"a{at}": gap.cursor}
    head = f"query FollowUp({', '.join(declared)}) {{\n  {COST}"
    return Query("FollowUp", "\n".join([head, *parts, "}", *sorted(pieces)])), variables


def fill(gaps: Sequence[Gap], data: Fields) -> None:
    """Append what a follow-up brought. Raises `BadAnswer` if a list goes on without moving on."""
    for at, gap in enumerate(gaps):
        node = data.raw(f"g{at}")
        if node is None:
            raise bad_shape(gap.about, None, f"the {NESTED[gap.kind].on} that was there before")
        more = Fields(node, gap.about).child(NESTED[gap.kind].field)
        before, nodes = gap.cursor, more.items("nodes")
        page = more.child("pageInfo")
        if page.flag("hasNextPage") and (not nodes or page.text("endCursor") == before):
            raise BadAnswer(
                gap.about,
                "the list says that it goes on, and does not",
                "Try again later; please report it if it stays so.",
            )
        gap.connection["nodes"].extend(nodes)
        gap.connection["pageInfo"] = more.raw("pageInfo")
        gap.connection["totalCount"] = more.raw("totalCount")

"""The cheapest capture that there is, for one who knows every size beforehand.

Every plan that the reference's formulas describe is looked at: which lists come from GraphQL and
which from REST, how wide a page is, how many threads each pull request brings along, how large the
lists nested in it are, how many follow-ups go into one query. Choices that never hurt are not tried
in vain (a larger innermost list is free until the node limit, more follow-ups in one query cost no
more), which a test proves against trying everything. The bill counts requests and points alike.

What no plan here does: let follow-ups or issues ride in the query of a page of pull requests.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from models import Bill
from repository_sizes import PullSizes, RepositorySizes


@dataclass(frozen=True, slots=True)
class Rules:
    """GitHub's limits; smaller ones let a test try everything. `widest` is what it has time for."""

    widest: int = 100
    largest: int = 100
    aliases: int = 100
    most_nodes: int = 500_000
    units_per_point: int = 100

    def points(self, units: int) -> int:
        """The price of one query; half a point is rounded up."""
        return max(1, (units + self.units_per_point // 2) // self.units_per_point)

    def pages(self, count: int) -> int:
        """Pages of a REST list; an empty one is a page too."""
        return max(1, math.ceil(count / self.largest))


Discussion = Literal["timeline", "reviews and comments", "submissions", "reviews"]
"""What a pull request brings: both in one list, in two lists, or reviews alone, where conversation
comments come from the REST list. The shells of replies follow from the review comments where the
list leaves them out."""

Dressing = Literal["embedded", "pulls by REST", "issues by REST"]
"""Labels, assignees and reviewers: three lists more, or from a REST list; that of issues lacks the
reviewers, which are one list more then."""

Issues = Literal["GraphQL", "GraphQL, labels by REST", "GraphQL, comments by REST", "REST"]

DISCUSSIONS: tuple[Discussion, ...] = ("timeline", "reviews and comments", "submissions", "reviews")
DRESSINGS: tuple[Dressing, ...] = ("embedded", "pulls by REST", "issues by REST")
ISSUES: tuple[Issues, ...] = (
    "GraphQL",
    "GraphQL, labels by REST",
    "GraphQL, comments by REST",
    "REST",
)
# Innermost lists that a pull request or an issue brings, next to those of its threads.
LEAVES = {"timeline": 1, "reviews and comments": 2, "submissions": 1, "reviews": 1}
DRESSING_LEAVES = {"embedded": 3, "pulls by REST": 0, "issues by REST": 1}
COUNTED = 1
"""The number of commits, a column of ours, is in no scalar: its list is opened for its count."""
ISSUE_LEAVES = {
    "GraphQL": 3,
    "GraphQL, labels by REST": 1,
    "GraphQL, comments by REST": 2,
    "REST": 0,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to capture: `threads` is None where review comments come from the REST list.

    With `threads` 0 the page brings none, and follow-ups fetch them where there are any.
    """

    discussion: Discussion
    dressing: Dressing
    issues: Issues
    width: int
    issue_width: int
    threads: int | None
    thread_comments: int
    nested: int

    @property
    def text(self) -> str:
        """In one line."""
        comments = (
            "review comments by REST"
            if self.threads is None
            else f"{self.threads} threads of {self.thread_comments}"
        )
        return (
            f"{self.width} a page with {self.discussion} ({self.nested}) and {comments}; labels "
            f"etc.: {self.dressing}; issues: {self.issues}, {self.issue_width} a page"
        )


@dataclass(frozen=True, slots=True)
class Best:
    """The cheapest plan and its bill."""

    plan: Plan
    bill: Bill


@dataclass(slots=True)
class Round:
    """Follow-ups that can be asked at the same time; those of the next need cursors from these."""

    aliases: int = 0
    units: int = 0
    nodes: int = 0


def best_plan(
    sizes: RepositorySizes, rules: Rules | None = None, *, dressed: bool = True, issues: bool = True
) -> Best:
    """The cheapest plan of all.

    Without `dressed` nobody asks for labels, assignees and reviewers; without `issues`, not for
    issues: for comparison with ways that leave them out.
    """
    return _Search(sizes, rules or Rules(), dressed=dressed, issues=issues).best()


class _Search:
    """One search; what does not depend on everything is computed once."""

    def __init__(
        self, sizes: RepositorySizes, rules: Rules, *, dressed: bool, issues: bool
    ) -> None:
        self.sizes, self.rules = sizes, rules
        self.dressed, self.with_issues = dressed, issues
        self.kinds = Counter(sizes.pulls)
        self.most_threads = max((len(pull.threads) for pull in sizes.pulls), default=0)
        self.longest_thread = max(
            (count for pull in sizes.pulls for count in pull.threads), default=0
        )
        self._rounds: dict[tuple[Discussion, int | None, int, int], list[Round]] = {}

    def best(self) -> Best:
        """The cheapest of all combinations; among equals, the one with fewest requests."""
        dressings = DRESSINGS if self.dressed else ("pulls by REST",)
        found: Best | None = None
        for discussion, dressing, issues in itertools.product(
            DISCUSSIONS, dressings, ISSUES if self.with_issues else ("REST",)
        ):
            for threads in (None, *range(min(self.rules.largest, self.most_threads) + 1)):
                found = self._cheapest(discussion, dressing, issues, threads, found)
        assert found is not None
        return found

    def _cheapest(
        self,
        discussion: Discussion,
        dressing: Dressing,
        issues: Issues,
        threads: int | None,
        best: Best | None,
    ) -> Best | None:
        """`best`, or what is better than it among the widths.

        Most widths cost more than it with the fewest follow-ups that there can be, and are left at
        that.
        """
        issue_width, issue_pages = self._issue_pages(issues)
        issue_rounds = self._issue_rounds(issues)
        lists = self._rest(discussion, dressing, issues, threads) + issue_pages
        units = self._units(discussion, dressing, threads)
        # With nested lists of the largest size there is least to follow up, whatever the width.
        least_rounds = self._pull_rounds(
            discussion, threads, self.rules.largest, self.rules.largest
        )
        least = followed_up(_together(least_rounds, issue_rounds), self.rules)
        for width in range(1, self.rules.widest + 1):
            pages = lists + paged(len(self.sizes.pulls), width, units, self.rules)
            if best is not None and _rank(pages + least) >= _rank(best.bill):
                continue
            for thread_comments, nested in self._sizes(discussion, dressing, threads, width):
                rounds = self._pull_rounds(discussion, threads, thread_comments, nested)
                bill = pages + followed_up(_together(rounds, issue_rounds), self.rules)
                if best is None or _rank(bill) < _rank(best.bill):
                    plan = Plan(
                        discussion, dressing, issues, width, issue_width, threads,
                        thread_comments, nested,
                    )  # fmt: skip
                    best = Best(plan, bill)
        return best

    def _sizes(
        self, discussion: Discussion, dressing: Dressing, threads: int | None, width: int
    ) -> Iterator[tuple[int, int]]:
        """The nested sizes that are worth trying: (comments of a thread, other lists).

        Only where the largest break the node limit there is something to choose.
        """
        rules = self.rules
        leaves = LEAVES[discussion] + self._dressing_leaves(dressing)
        if _nodes(width, leaves, threads, rules.largest, rules.largest) <= rules.most_nodes:
            yield rules.largest, rules.largest
            return
        for nested in range(1, rules.largest + 1):
            room = rules.most_nodes - _nodes(width, leaves, threads, 0, nested)
            if not threads:
                if room >= 0:
                    yield rules.largest, nested
                continue
            thread_comments = min(rules.largest, room // (width * threads))
            if thread_comments >= 1:
                yield thread_comments, nested

    def _dressing_leaves(self, dressing: Dressing) -> int:
        return DRESSING_LEAVES[dressing] if self.dressed else 0

    def _units(
        self, discussion: Discussion, dressing: Dressing, threads: int | None
    ) -> tuple[int, int]:
        """Units of a page: of itself, and of each pull request."""
        each = COUNTED + LEAVES[discussion] + self._dressing_leaves(dressing)
        return 1, each + (1 + threads if threads else 0)

    def _rest(
        self, discussion: Discussion, dressing: Dressing, issues: Issues, threads: int | None
    ) -> Bill:
        """The REST lists that are read; each counts once, whatever it is read for."""
        totals, pages = self.sizes.totals, self.rules.pages
        bill = Bill()
        if self.dressed and dressing == "pulls by REST":
            bill += Bill(rest=pages(totals.pulls))
        by_rest = self.with_issues and issues in ("GraphQL, labels by REST", "REST")
        if by_rest or (self.dressed and dressing == "issues by REST"):
            bill += Bill(rest=pages(totals.pulls + totals.issues))
        comments_by_rest = self.with_issues and issues in ("GraphQL, comments by REST", "REST")
        if comments_by_rest or discussion in ("submissions", "reviews"):
            bill += Bill(rest=pages(totals.comments + totals.issue_comments))
        if threads is None:
            bill += Bill(rest=pages(totals.review_comments))
        return bill

    def _issue_pages(self, issues: Issues) -> tuple[int, Bill]:
        """The best width of issues and what its pages cost."""
        if not self.with_issues or not (leaves := ISSUE_LEAVES[issues]):
            return 0, Bill()
        rules, count = self.rules, len(self.sizes.issues)
        fitting = (
            width
            for width in range(1, rules.widest + 1)
            if width + width * leaves * rules.largest <= rules.most_nodes or width == 1
        )
        bills = ((width, paged(count, width, (1, leaves), rules)) for width in fitting)
        return min(bills, key=lambda found: found[1].total)

    def _issue_rounds(self, issues: Issues) -> list[Round]:
        rounds: list[Round] = []
        if self.with_issues and issues in ("GraphQL", "GraphQL, labels by REST"):
            largest = self.rules.largest
            for count in self.sizes.issues:
                _innermost(rounds, count - largest, largest)
        return rounds

    def _pull_rounds(
        self, discussion: Discussion, threads: int | None, thread_comments: int, nested: int
    ) -> list[Round]:
        key = (discussion, threads, thread_comments, nested)
        if key not in self._rounds:
            rounds: list[Round] = []
            for pull, times in self.kinds.items():
                for place, found in enumerate(self._follow_ups(pull, key)):
                    _at(rounds, place).aliases += found.aliases * times
                    rounds[place].units += found.units * times
                    rounds[place].nodes += found.nodes * times
            self._rounds[key] = rounds
        return self._rounds[key]

    def _follow_ups(
        self, pull: PullSizes, key: tuple[Discussion, int | None, int, int]
    ) -> list[Round]:
        """What one pull request still needs after its page, one alias in each round."""
        discussion, threads, thread_comments, nested = key
        largest, rounds = self.rules.largest, list[Round]()
        for count in listed(pull, discussion):
            _innermost(rounds, count - nested, largest)
        if threads is not None:
            left, place = max(0, len(pull.threads) - threads), 0
            while left > 0:
                size = min(largest, left)
                found = _at(rounds, place)
                found.units += 1 + size
                found.nodes += size + size * min(largest, self.longest_thread)
                left, place = left - size, place + 1
        for found in rounds:
            found.aliases = 1
        if threads is not None and self.longest_thread > min(thread_comments, largest):
            # A thread that goes on is an object of its own: an alias more in the following round.
            for place, count in enumerate(pull.threads):
                first = thread_comments if place < threads else largest
                turn = 0 if place < threads else 1 + (place - threads) // largest
                long: list[Round] = []
                _innermost(long, count - first, largest)
                for each in long:
                    found = _at(rounds, turn)
                    found.aliases += 1
                    found.units += each.units
                    found.nodes += each.nodes
                    turn += 1
        return rounds


def listed(pull: PullSizes, discussion: Discussion) -> tuple[int, ...]:
    """The sizes of the innermost lists that a pull request brings for its discussion."""
    if discussion == "timeline":
        return (pull.submissions + pull.comments,)
    if discussion == "reviews and comments":
        return pull.reviews, pull.comments
    return (pull.submissions,) if discussion == "submissions" else (pull.reviews,)


def paged(count: int, width: int, units: tuple[int, int], rules: Rules) -> Bill:
    """Pages of a list: full ones, and the last one only as wide as needed."""
    base, each = units
    full, rest = divmod(count, width)
    price = full * rules.points(base + each * width)
    if rest or not full:
        price += rules.points(base + each * rest)
    calls = full + (1 if rest or not full else 0)
    return Bill(graphql=calls, points=price)


def followed_up(rounds: Sequence[Round], rules: Rules) -> Bill:
    """What follow-ups cost in as few queries as possible, rounded to their best.

    No grouping into queries is cheaper: each pays whole points, and rounding gives it less than
    half a point.
    """
    bill = Bill()
    for found in rounds:
        if not found.aliases:
            continue
        calls = max(
            math.ceil(found.aliases / rules.aliases), math.ceil(found.nodes / rules.most_nodes)
        )
        given = rules.units_per_point - rules.units_per_point // 2 - 1
        price = max(calls, math.ceil((found.units - given * calls) / rules.units_per_point))
        bill += Bill(graphql=calls, points=price)
    return bill


def _together(one: Sequence[Round], other: Sequence[Round]) -> list[Round]:
    return [
        Round(a.aliases + b.aliases, a.units + b.units, a.nodes + b.nodes)
        for a, b in itertools.zip_longest(one, other, fillvalue=Round())
    ]


def _innermost(rounds: list[Round], left: int, largest: int) -> None:
    """Add the follow-ups of a list without lists in it: one alias, one unit a page."""
    place = 0
    while left > 0:
        found = _at(rounds, place)
        found.aliases += 1
        found.units += 1
        found.nodes += min(largest, left)
        left, place = left - largest, place + 1


def _at(rounds: list[Round], place: int) -> Round:
    while len(rounds) <= place:
        rounds.append(Round())
    return rounds[place]


def _nodes(width: int, leaves: int, threads: int | None, thread_comments: int, nested: int) -> int:
    """Nodes that a page of pull requests may hold."""
    inner = (threads or 0) * (1 + thread_comments)
    return width * (1 + leaves * nested + inner)


def _rank(bill: Bill) -> tuple[int, int]:
    return bill.total, bill.requests

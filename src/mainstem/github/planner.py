"""How a repository's pull requests and issues are read for the least: pure arithmetic, no network.

What GitHub charges, by its documentation and `rateLimit.cost`:

- a REST page of at most 100 items is one request;
- a GraphQL page is one request and ``max(1, round(units / 100))`` points; a unit is one connection
  opened, assuming that every list above it is filled. The size of an innermost list is free.

So the choice is about few things: how wide a page is, how many review threads of each pull request
come along with it (the others are follow-ups, at their exact price), whether labels, assignees and
reviewers come with the page or from REST's list, and whether review comments come in their threads
or from REST's list of the whole repository. All of them are tried, which is some thousand sums.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import ceil
from typing import Final, Literal

LARGEST_PAGE: Final = 100
"""`first` and `per_page` above it are refused."""

NESTED_SIZE: Final = 100
THREAD_COMMENTS: Final = 50
"""A thread's comments are its innermost list: 50 hold nearly every thread, the rest is a gap."""
MOST_NODES: Final = 500_000
# What `threads_for` comes to, in the repositories that were counted: threads asked for by each that
# there is, and lists by each pull request that has any.
_THREADS_ASKED: Final = 1.1
_LISTS_ASKED: Final = 1.25
MOST_THREADS: Final = 6
"""More with each pull request than this was the best choice for no distribution ever tried."""

# Connections in each pull request of a page, by `queries`: the count of commits and the timeline,
# then the threads; or the count, reviews and comments; labels, assignees and review requests.
_WITH_THREADS: Final = 3
_BARE: Final = 2
_WITH_REVIEWS: Final = 3
_PEOPLE: Final = 3
_IN_ISSUE: Final = 1
_PEOPLE_OF_ISSUE: Final = 2

People = Literal["page", "list"]
ReviewComments = Literal["threads", "list"]


@dataclass(frozen=True, slots=True)
class Bill:
    """What reading something costs, or cost. Adds up with `+`."""

    rest: int = 0
    graphql: int = 0
    points: int = 0

    @property
    def requests(self) -> int:
        """Over both APIs."""
        return self.rest + self.graphql

    def __add__(self, other: "Bill") -> "Bill":
        return Bill(
            self.rest + other.rest, self.graphql + other.graphql, self.points + other.points
        )


@dataclass(frozen=True, slots=True)
class Prices:
    """What a request and a point are worth to us: one each, more when their budget runs low."""

    rest: float = 1.0
    graphql: float = 1.0
    points: float = 1.0

    def of(self, bill: Bill) -> float:
        """`bill` in one figure."""
        return bill.rest * self.rest + bill.graphql * self.graphql + bill.points * self.points


def prices(
    *,
    core_remaining: int | None = None,
    core_limit: int | None = None,
    graphql_remaining: int | None = None,
    graphql_limit: int | None = None,
) -> Prices:
    """The prices while that much of each hourly budget is left; unknown counts as ample."""
    return Prices(
        rest=_scarcity(core_remaining, core_limit),
        points=_scarcity(graphql_remaining, graphql_limit),
    )


def _scarcity(remaining: int | None, limit: int | None) -> float:
    if remaining is None or not limit:
        return 1.0
    return min(100.0, limit / max(1, remaining))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many pull requests were seen with how many review threads: {threads: pull requests}."""

    threads: Mapping[int, int] = field(default_factory=dict)

    @property
    def seen(self) -> int:
        """Pull requests counted."""
        return sum(self.threads.values())

    def with_more(self, threads: "list[int] | tuple[int, ...]") -> "Sizes":
        """These sizes and those of more pull requests."""
        counts = dict(self.threads)
        for size in threads:
            counts[size] = counts.get(size, 0) + 1
        return Sizes(counts)

    def over(self, held: int) -> tuple[float, float]:
        """The share of pull requests with more than `held` threads, and the threads beyond them.

        Both per pull request. Nothing seen yet: what public repositories have on average (costs
        reference, section 9: 2.05 threads at the mean, a quarter above one).
        """
        if not self.seen:
            return (0.32, 2.05) if not held else (0.25 / held, 1.6 / held)
        above = [(size, count) for size, count in self.threads.items() if size > held]
        share = sum(count for _, count in above) / self.seen
        beyond = sum((size - held) * count for size, count in above) / self.seen
        return share, beyond


@dataclass(frozen=True, slots=True)
class PullPlan:
    """How pull requests are read: items on a page, threads with each of them, and the two lists.

    With `threads` at 0 none comes along: those of pull requests that have any are follow-ups, if
    review comments do not come from REST's list. The bill is that of the pages, of the follow-ups,
    and of the two lists over REST.
    """

    width: int
    threads: int
    people: People
    review_comments: ReviewComments
    pages: Bill
    follow_ups: Bill = Bill()
    people_list: Bill = Bill()
    comments_list: Bill = Bill()

    @property
    def bill(self) -> Bill:
        """All of it."""
        return self.pages + self.follow_ups + self.people_list + self.comments_list


@dataclass(frozen=True, slots=True)
class IssuePlan:
    """How issues are read: items on a page, and where labels and assignees come from."""

    width: int
    people: People
    pages: Bill
    people_list: Bill = Bill()

    @property
    def bill(self) -> Bill:
        """All of it."""
        return self.pages + self.people_list


def points_of(units: int) -> int:
    """What a query of that many connections costs. Half a point is rounded up, to be careful."""
    return max(1, (units + 50) // 100)


def page_units(
    width: int, *, threads: int, people: People, review_comments: ReviewComments = "threads"
) -> int:
    """Connections that a page of pull requests opens."""
    if review_comments == "list":
        inside = _WITH_REVIEWS
    else:
        inside = _WITH_THREADS + threads if threads else _BARE
    return 1 + width * (inside + (_PEOPLE if people == "page" else 0))


def page_nodes(width: int, *, threads: int) -> int:
    """Nodes that GitHub reckons with, at most: the products of all sizes down to each list."""
    lists = 2 * NESTED_SIZE + threads * (1 + THREAD_COMMENTS)
    return width * (1 + lists + 2 * LARGEST_PAGE + 20)


def issue_units(width: int, *, people: People = "page") -> int:
    """Connections that a page of issues opens."""
    return 1 + width * (_IN_ISSUE + (_PEOPLE_OF_ISSUE if people == "page" else 0))


def pages(items: int, width: int) -> int:
    """Pages that hold `items`; one even for none, since only asking tells that there is none."""
    return max(1, ceil(items / width))


def plan_pulls(
    total: int,
    sizes: Sizes,
    *,
    widest: int = LARGEST_PAGE,
    review_comments: int | None = None,
    aliases: int = 50,
    prices: Prices | None = None,
    people: People | None = None,
    source: ReviewComments | None = None,
    counts_tell: bool = True,
) -> PullPlan:
    """The cheapest way to read `total` pull requests with all that is theirs.

    `widest` is the width that GitHub answers in time, `aliases` how many lists one follow-up asks
    for. `review_comments` is how many the repository has, None if nobody knows: then they come in
    their threads. `people` and `source` fix what was decided before. Unless GitHub's counts tell
    which pull requests have review comments, each brings a thread at least.
    """
    worth = prices or Prices()
    least = 0 if counts_tell else 1
    plans = _pull_plans(total, sizes, widest, review_comments, aliases, people, source, least)
    # Between equals the wider page: it is fewer requests. Ties must not depend on order.
    return min(plans, key=lambda plan: (worth.of(plan.bill), -plan.width, plan.threads))


def _pull_plans(
    total: int,
    sizes: Sizes,
    widest: int,
    review_comments: int | None,
    aliases: int,
    people: People | None,
    source: ReviewComments | None,
    least: int,
) -> Iterator[PullPlan]:
    sources: list[ReviewComments] = [source] if source else ["threads"]
    if source is None and review_comments is not None:
        sources.append("list")
    for where, whence in product([people] if people else ("page", "list"), sources):
        for threads in range(least, MOST_THREADS + 1) if whence == "threads" else (0,):
            over = follow_ups(total, sizes, threads, aliases) if whence == "threads" else Bill()
            listed = Bill(rest=pages(total, LARGEST_PAGE)) if where == "list" else Bill()
            said = Bill()
            if whence == "list":
                said = Bill(rest=pages(review_comments or 0, LARGEST_PAGE))
            for width in widths(widest):
                if page_nodes(width, threads=threads) > MOST_NODES:
                    continue
                price = points_of(
                    page_units(width, threads=threads, people=where, review_comments=whence)
                )
                count = pages(total, width)
                paid = Bill(graphql=count, points=count * price)
                yield PullPlan(width, threads, where, whence, paid, over, listed, said)


def widths(widest: int) -> range:
    """Every width up to `widest`."""
    return range(1, max(1, min(widest, LARGEST_PAGE)) + 1)


def follow_ups(total: int, sizes: Sizes, threads: int, aliases: int) -> Bill:
    """What the threads beyond the first `threads` of each pull request will cost.

    Each is one unit, and one more for the list that it is in. Where none came along, nobody told
    how many there are: a few more are asked for than come (`threads_for`).
    """
    share, beyond = sizes.over(threads)
    if not threads:
        share, beyond = share * _LISTS_ASKED, beyond * _THREADS_ASKED
    lists, units = share * total, (share + beyond) * total
    if lists < 0.5:
        return Bill()
    # A list of more than a hundred threads goes on once more; that is rare, and paid like a list.
    requests = ceil(lists / aliases)
    return Bill(graphql=requests, points=max(requests, round(units / 100)))


def threads_for(comments: int) -> int:
    """How many threads to ask for where a pull request has so many review comments.

    A thread has 2.2 comments on average (costs reference, section 9), a little more where there are
    many. What is asked for in vain costs a hundredth of a point, and so does to ask once more.
    """
    return max(1, ceil(comments * 0.4))


def plan_issues(
    total: int,
    *,
    pulls: int = 0,
    widest: int = LARGEST_PAGE,
    prices: Prices | None = None,
    people: People | None = None,
) -> IssuePlan:
    """The cheapest way to read `total` issues with their comments, labels and assignees.

    REST's list of issues has the `pulls` pull requests among them. `people` fixes what was decided.
    """
    worth = prices or Prices()
    plans = (
        IssuePlan(width, where, paid, listed)
        for where in ([people] if people else ("page", "list"))
        for listed in (
            Bill(rest=pages(total + pulls, LARGEST_PAGE)) if where == "list" else Bill(),
        )
        for width in widths(widest)
        for count in (pages(total, width),)
        for paid in (
            Bill(graphql=count, points=count * points_of(issue_units(width, people=where))),
        )
    )
    return min(plans, key=lambda plan: (worth.of(plan.bill), -plan.width))

"""What each way of capturing a repository costs, by the reference's formulas.

Ways A to F are those of the price list, the others are what collectors of this kind do, as read
from their source. Each is a pure function of the sizes; nothing is measured here. Capture means
everything: sizes and mergers, reviews, review comments, conversation comments. Issues come on top
where a way says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from repository_sizes import PullSizes, RepositorySizes

LARGEST_PAGE = 100
ALIASES = 50
"""Follow-ups in one query, as the reference advises."""


@dataclass(frozen=True, slots=True)
class Bill:
    """Requests of both APIs, and GraphQL's points. `lost` are records that it never gets."""

    rest: int = 0
    graphql: int = 0
    points: int = 0
    lost: int = 0

    @property
    def requests(self) -> int:
        """Of both APIs."""
        return self.rest + self.graphql

    @property
    def total(self) -> int:
        """Requests and points together: what is compared."""
        return self.requests + self.points

    def __add__(self, other: Bill) -> Bill:
        return Bill(
            self.rest + other.rest,
            self.graphql + other.graphql,
            self.points + other.points,
            self.lost + other.lost,
        )


def pages(count: int) -> int:
    """Pages of a hundred; an empty list is one page too."""
    return max(1, math.ceil(count / LARGEST_PAGE))


def points(units: int) -> int:
    """GitHub's price of one query; half a point is rounded up."""
    return max(1, (units + 50) // 100)


def way_a(sizes: RepositorySizes) -> Bill:
    """A. REST for each pull request: detail, reviews, review comments, comments.

    The reference counts submitted reviews here, no pull request of it has over a hundred of them.
    """
    more = sum(
        pages(pull.submissions) + pages(pull.review_comments) + pages(pull.comments) - 3
        for pull in sizes.pulls
    )
    return Bill(rest=pages(len(sizes.pulls)) + 4 * len(sizes.pulls) + more)


def way_b(sizes: RepositorySizes) -> Bill:
    """B. REST with the repository's own comment lists; detail and reviews per pull request."""
    return way_b_without_sizes(sizes) + Bill(rest=len(sizes.pulls))


def way_b_without_sizes(sizes: RepositorySizes) -> Bill:
    """B'. The same without details: no additions, deletions, mergers."""
    return Bill(rest=pages(len(sizes.pulls)) + len(sizes.pulls)) + _comment_lists(sizes)


def _comment_lists(sizes: RepositorySizes) -> Bill:
    totals = sizes.totals
    conversation = totals.comments + totals.issue_comments
    return Bill(rest=pages(totals.review_comments) + pages(conversation))


def way_c(sizes: RepositorySizes) -> Bill:
    """C. One GraphQL call for each pull request, 100 reviews and 100 comments, no follow-ups."""
    count = len(sizes.pulls)
    return Bill(graphql=count, points=count, lost=cut_off(sizes, reviews=True, comments=True))


def cut_off(sizes: RepositorySizes, *, reviews: bool, comments: bool) -> int:
    """Review objects and comments beyond the hundredth of their pull request."""
    return sum(
        reviews * max(0, pull.reviews - LARGEST_PAGE)
        + comments * max(0, pull.comments - LARGEST_PAGE)
        for pull in sizes.pulls
    )


def way_d(sizes: RepositorySizes) -> Bill:
    """D. GraphQL pages of 49 with everything at 100: expected to time out."""
    width = 49
    count = math.ceil(len(sizes.pulls) / width)
    return Bill(graphql=count, points=count * points(1 + 2 * width + 100 * width))


def way_e(sizes: RepositorySizes, *, width: int = 25) -> Bill:
    """E. GraphQL pages with one timeline each; review comments from the REST list."""
    over = sum(pull.submissions + pull.comments > LARGEST_PAGE for pull in sizes.pulls)
    follow_ups = math.ceil(over / ALIASES)
    calls = math.ceil(len(sizes.pulls) / width) + follow_ups
    return Bill(pages(sizes.totals.review_comments), calls, calls)


def way_f(sizes: RepositorySizes, *, width: int = 25, threads: int = 2) -> Bill:
    """F. GraphQL pages with reviews, comments and threads; exact follow-ups of the threads."""
    return _nested(sizes, width=width, threads=threads, leaves=2)


def hybrid(sizes: RepositorySizes, *, width: int = 25, threads: int = 1) -> Bill:
    """E's timeline with F's threads: reply-only reviews are derived from the comments."""
    return _nested(sizes, width=width, threads=threads, leaves=1)


def dressed(sizes: RepositorySizes, *, width: int = 100, threads: int = 1) -> Bill:
    """The hybrid with labels, assignees and reviewers from the REST list, and issues."""
    rest_list = Bill(rest=pages(len(sizes.pulls)))
    return hybrid(sizes, width=width, threads=threads) + rest_list + issues_graphql(sizes)


def _nested(sizes: RepositorySizes, *, width: int, threads: int, leaves: int) -> Bill:
    over = [len(pull.threads) for pull in sizes.pulls if len(pull.threads) > threads]
    calls = math.ceil(len(sizes.pulls) / width)
    price = points(1 + leaves * width + width + threads * width)
    units = sum(1 + count - threads for count in over)
    return Bill(
        graphql=calls + math.ceil(len(over) / ALIASES),
        # The reference's formula rounds up, its worked numbers are rounded as GitHub rounds.
        points=calls * price + (points(units) if over else 0),
    )


def issues_graphql(sizes: RepositorySizes) -> Bill:
    """Issues with their comments in pages of a hundred, by GraphQL."""
    count = pages(len(sizes.issues))
    return Bill(graphql=count, points=count)


def floor(sizes: RepositorySizes) -> Bill:
    """The reference's lower bound, issues included: no way can need less.

    N/100 calls; each pull request opens a connection, and review comments come from the REST list
    or from opened threads, whichever is cheaper.
    """
    totals = sizes.totals
    calls, issues = pages(totals.pulls), pages(totals.issues) if totals.issues else 0
    base = Bill(graphql=calls + issues, points=issues)
    by_rest = Bill(rest=pages(totals.review_comments), points=calls)
    by_threads = Bill(points=pages(totals.pulls + totals.threads))
    return base + min(by_rest, by_threads, key=lambda bill: bill.total)


def perceval(sizes: RepositorySizes) -> Bill:
    """Perceval 1.6.1, categories `pull_request` and `issue`.

    Both walk the issues list; a pull request costs detail, reviews and commits, its review comments
    and requested reviewers where there are any; an item with comments costs its list; an account
    costs two. Reactions, which cost one request each where there are any, are left out.
    """
    totals = sizes.totals
    walk = pages(totals.pulls + totals.issues)
    per_pull = sum(
        2 + pages(pull.submissions)
        + (pages(pull.review_comments) if pull.review_comments else 0)
        + bool(pull.reviewers)
        for pull in sizes.pulls
    )  # fmt: skip
    commented = [*(pull.comments for pull in sizes.pulls), *sizes.issues]
    lists = sum(pages(count) for count in commented if count)
    return Bill(rest=walk + per_pull + walk + lists + 2 * totals.people)


def github_to_sqlite(sizes: RepositorySizes) -> Bill:
    """github-to-sqlite 2.9.1: three plain lists; no review, no review comment, no size."""
    totals = sizes.totals
    pulls = pages(totals.pulls) + 1
    issues = pages(totals.pulls + totals.issues) + 1
    comments = pages(totals.comments + totals.issue_comments)
    return Bill(rest=pulls + issues + comments, lost=totals.reviews + totals.review_comments)


def tap_github(sizes: RepositorySizes) -> Bill:
    """tap-github 1.30.1 (MeltanoLabs): lists, reviews per pull request; no size, no merger."""
    totals = sizes.totals
    walk = pages(totals.pulls + totals.issues)
    return Bill(rest=1 + walk) + way_b_without_sizes(sizes)


def augur(sizes: RepositorySizes) -> Bill:
    """Augur 0.92: reviews per pull request, conversation per item; files and commits on top."""
    totals = sizes.totals
    per_item = totals.pulls + totals.issues
    lists = pages(totals.pulls) + pages(totals.review_comments) + pages(per_item)
    return Bill(rest=lists + totals.pulls + per_item)


def devlake_rest(sizes: RepositorySizes) -> Bill:
    """Apache DevLake over REST: list, reviews and commits per pull request, comment lists."""
    return way_b(sizes)


def devlake_graphql(sizes: RepositorySizes) -> Bill:
    """Apache DevLake over GraphQL: pages of ten without follow-ups, comments from the REST lists.

    What is beyond the hundredth review of a pull request is lost.
    """
    calls = math.ceil(len(sizes.pulls) / 10)
    lost = cut_off(sizes, reviews=True, comments=False)
    return Bill(graphql=calls, points=calls, lost=lost) + _comment_lists(sizes)


def dlt(sizes: RepositorySizes) -> Bill:
    """dlt: pages of a hundred with comments and reactions; no review, no review comment."""
    totals = sizes.totals
    calls = pages(totals.pulls) + pages(totals.issues)
    lost = totals.reviews + totals.review_comments
    lost += cut_off(sizes, reviews=False, comments=True)
    lost += sum(max(0, count - LARGEST_PAGE) for count in sizes.issues)
    return Bill(graphql=calls, points=2 * calls, lost=lost)


def airbyte(sizes: RepositorySizes) -> Bill:
    """Airbyte source-github at its best: GraphQL statistics and reviews in pages of a hundred.

    One call more for each pull request with more than a hundred reviews.
    """
    calls = 2 * pages(len(sizes.pulls))
    calls += sum(pages(pull.reviews) - 1 for pull in sizes.pulls)
    return Bill(graphql=calls, points=calls) + _comment_lists(sizes)


def contributor_info(sizes: RepositorySizes) -> Bill:
    """The original application, if its limit of 150 pull requests let it through."""
    return way_c(sizes)


WAYS: dict[str, Callable[[RepositorySizes], Bill]] = {
    "A  REST per pull request": way_a,
    "B  REST with comment lists": way_b,
    "B' the same without sizes": way_b_without_sizes,
    "C  GraphQL per pull request": way_c,
    "D  GraphQL, all at 100": way_d,
    "E  timeline + REST comments, 25": way_e,
    "E  the same, 100": lambda sizes: way_e(sizes, width=100),
    "F  nested, 25 x 2": way_f,
    "F  nested, 37 x 1": lambda sizes: way_f(sizes, width=37, threads=1),
    "   timeline + threads, 100 x 1": lambda sizes: hybrid(sizes, width=100),
}

PEERS: dict[str, Callable[[RepositorySizes], Bill]] = {
    "perceval": perceval,
    "github-to-sqlite": github_to_sqlite,
    "tap-github": tap_github,
    "Augur": augur,
    "DevLake, REST": devlake_rest,
    "DevLake, GraphQL": devlake_graphql,
    "dlt": dlt,
    "Airbyte": airbyte,
    "contributor.info": contributor_info,
}


def nominal(pulls: int) -> RepositorySizes:
    """The reference's nominal repository: 3 reviews, 4 review comments, 6 comments each."""
    each = PullSizes(submissions=3, threads=(2, 2), comments=6)
    return RepositorySizes((each,) * pulls)


def refresh(changed: int, *, overlap: int = 0, review_comments: int = 0, width: int = 25) -> Bill:
    """Reference, k changed pull requests: E's pages and the new review comments by REST.

    With nothing changed four conditional requests, all free; `overlap` are pull requests inside
    the overlap window.
    """
    if not changed:
        return Bill()
    calls = math.ceil((changed + overlap) / width)
    return Bill(rest=pages(review_comments), graphql=calls, points=calls)

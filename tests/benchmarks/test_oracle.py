"""The oracle's search, against a walk that tries everything under limits small enough for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import pytest
from models import Bill, floor, nominal
from oracle import DRESSINGS, Best, Rules, best_plan
from repository_sizes import PullSizes, RepositorySizes

SMALL = Rules(widest=3, largest=3, aliases=2, most_nodes=60, units_per_point=6)
TIGHT = Rules(widest=2, largest=3, aliases=3, most_nodes=18, units_per_point=6)

REPOSITORIES = {
    "small ones": RepositorySizes((PullSizes(1, 0, (1,), 1), PullSizes(0, 0, (), 2)), (1,)),
    "one long thread": RepositorySizes((PullSizes(1, 4, (5,), 0), PullSizes(1)), (0, 2)),
    "many threads": RepositorySizes((PullSizes(2, 0, (1, 1, 1, 1), 1), PullSizes()), ()),
    "long talk": RepositorySizes((PullSizes(0, 0, (), 5), PullSizes(1, 0, (1,), 1)), (5,)),
    "three of a kind": RepositorySizes((PullSizes(1, 1, (2,), 2),) * 3, (0, 0, 0, 1)),
}

# alias: units and nodes of one follow-up; a chain is asked one after the other.
Alias = tuple[int, int]


@pytest.mark.parametrize("rules", [SMALL, TIGHT], ids=["small", "tight"])
@pytest.mark.parametrize("name", REPOSITORIES)
def test_nothing_that_can_be_tried_is_cheaper_than_the_oracle(name: str, rules: Rules) -> None:
    sizes = REPOSITORIES[name]
    assert best_plan(sizes, rules).bill.total <= min(everything(sizes, rules))


@pytest.mark.parametrize("name", REPOSITORIES)
def test_where_follow_ups_fit_into_one_query_the_oracle_is_exact(name: str) -> None:
    sizes = REPOSITORIES[name]
    rules = Rules(widest=3, largest=3, aliases=9, most_nodes=60, units_per_point=6)
    assert best_plan(sizes, rules).bill.total == min(everything(sizes, rules))


def test_knowing_sizes_is_not_cheaper_than_the_floor_of_a_nominal_repository() -> None:
    sizes = nominal(1_000)
    assert best_plan(sizes).bill.total >= floor(sizes).total


def test_a_narrow_server_costs_more() -> None:
    sizes = nominal(500)
    wide, narrow = best_plan(sizes), best_plan(sizes, Rules(widest=25))
    assert narrow.plan.width <= 25
    assert narrow.bill.total > wide.bill.total


def test_leaving_labels_out_is_never_dearer() -> None:
    sizes = nominal(300)
    assert best_plan(sizes, dressed=False).bill.total <= best_plan(sizes).bill.total


def test_many_tiny_pull_requests_need_no_thread_in_their_pages() -> None:
    sizes = RepositorySizes((PullSizes(submissions=1, comments=1),) * 1_000)
    best: Best = best_plan(sizes, issues=False, dressed=False)
    # The timeline and the count of commits: 72 of them are a point, rounded down from 1.45.
    assert best.bill == Bill(graphql=14, points=14)


def everything(sizes: RepositorySizes, rules: Rules) -> Iterator[int]:
    """The bill of every plan, each worked out literally: page by page, alias by alias."""
    sizes_tried = range(1, rules.largest + 1)
    for lists, dressing, issues in itertools.product(range(4), DRESSINGS, range(4)):
        for threads in (None, *range(rules.largest + 1)):
            rest = rest_lists(sizes, rules, lists, dressing, issues, threads)
            for width, nested, inner in itertools.product(
                range(1, rules.widest + 1), sizes_tried, sizes_tried
            ):
                leaves = (1, 2, 1, 1)[lists] + {"embedded": 3, "issues by REST": 1}.get(dressing, 0)
                nodes = width * (1 + leaves * nested + (threads or 0) * (1 + inner))
                if nodes > rules.most_nodes:
                    continue
                each = 1 + leaves + (1 + threads if threads else 0)  # the count of commits
                pages = walked(len(sizes.pulls), width, each, rules)
                chains = [
                    chain
                    for pull in sizes.pulls
                    for chain in pull_chains(pull, lists, threads, inner, nested, sizes, rules)
                ]
                chains += issue_chains(sizes, issues, rules)
                later = followed(chains, rules)
                for issue_pages in issue_walks(sizes, issues, rules):
                    yield rest + pages + issue_pages + later


def rest_lists(
    sizes: RepositorySizes,
    rules: Rules,
    lists: int,
    dressing: str,
    issues: int,
    threads: int | None,
) -> int:
    read = set()
    if dressing == "pulls by REST":
        read.add("pulls")
    if dressing == "issues by REST" or issues in (1, 3):
        read.add("issues")
    if lists in (2, 3) or issues in (2, 3):
        read.add("comments")
    if threads is None:
        read.add("review comments")
    totals = sizes.totals
    counts = {
        "pulls": totals.pulls,
        "issues": totals.pulls + totals.issues,
        "comments": totals.comments + totals.issue_comments,
        "review comments": totals.review_comments,
    }
    return sum(max(1, -(-counts[name] // rules.largest)) for name in read)


def walked(count: int, width: int, each: int, rules: Rules) -> int:
    """Requests and points of a list's pages."""
    bill, left = 0, count
    while True:
        size = min(width, left)
        bill += 1 + rules.points(1 + each * size)
        left -= size
        if left <= 0:
            return bill


def issue_walks(sizes: RepositorySizes, issues: int, rules: Rules) -> Iterator[int]:
    leaves = (3, 1, 2, 0)[issues]
    if not leaves:
        yield 0
        return
    for width in range(1, rules.widest + 1):
        if width == 1 or width + width * leaves * rules.largest <= rules.most_nodes:
            yield walked(len(sizes.issues), width, leaves, rules)


def issue_chains(sizes: RepositorySizes, issues: int, rules: Rules) -> list[list[Alias]]:
    if issues not in (0, 1):
        return []
    chains = [innermost(count - rules.largest, rules) for count in sizes.issues]
    return [chain for chain in chains if chain]


def innermost(left: int, rules: Rules) -> list[Alias]:
    chain = []
    while left > 0:
        chain.append((1, min(left, rules.largest)))
        left -= rules.largest
    return chain


def pull_chains(
    pull: PullSizes,
    lists: int,
    threads: int | None,
    inner: int,
    nested: int,
    sizes: RepositorySizes,
    rules: Rules,
) -> Iterator[list[Alias]]:
    """The follow-ups of one pull request: its own, then those of threads that go on.

    An alias with nothing in it stands for waiting until the thread itself has been seen.
    """
    found = {
        0: (pull.submissions + pull.comments,),
        1: (pull.submissions + pull.replies, pull.comments),
        2: (pull.submissions,),
        3: (pull.submissions + pull.replies,),
    }[lists]
    own = [innermost(count - nested, rules) for count in found]
    longest = max((count for each in sizes.pulls for count in each.threads), default=0)
    if threads is not None:
        left, chain = len(pull.threads) - threads, list[Alias]()
        while left > 0:
            size = min(left, rules.largest)
            chain.append((1 + size, size * (1 + min(rules.largest, longest))))
            left -= size
        own.append(chain)
    merged = [
        (sum(one[0] for one in turn), sum(one[1] for one in turn))
        for turn in itertools.zip_longest(*own, fillvalue=(0, 0))
    ]
    if merged:
        yield merged
    if threads is None:
        return
    for place, count in enumerate(pull.threads):
        seen = place < threads
        waits = 0 if seen else 1 + (place - threads) // rules.largest
        rest = innermost(count - (inner if seen else rules.largest), rules)
        if rest:
            yield [(0, 0)] * waits + rest


def followed(chains: Sequence[Sequence[Alias]], rules: Rules) -> int:
    """The cheapest way to group each round's aliases into queries, by trying every grouping."""
    bill = 0
    for turn in itertools.zip_longest(*chains, fillvalue=(0, 0)):
        aliases = [alias for alias in turn if alias != (0, 0)]
        if aliases:
            bill += min(
                sum(1 + rules.points(sum(units for units, _ in group)) for group in groups)
                for groups in groupings(aliases)
                if all(
                    len(group) <= rules.aliases
                    and (len(group) == 1 or sum(nodes for _, nodes in group) <= rules.most_nodes)
                    for group in groups
                )
            )
    return bill


def groupings(aliases: Sequence[Alias]) -> Iterator[list[list[Alias]]]:
    """Every way to split into non-empty groups."""
    if not aliases:
        yield []
        return
    first, *others = aliases
    for rest in groupings(others):
        yield [[first], *rest]
        for place in range(len(rest)):
            yield [*rest[:place], [first, *rest[place]], *rest[place + 1 :]]

"""The plan is the cheapest there is, by sums that are done here once more and otherwise."""

from itertools import product
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.github import Bill, Prices, Sizes, plan_issues, plan_pulls, prices, threads_for
from mainstem.github.planner import page_nodes, page_units, points_of

# What was counted in a public repository: 1,308 pull requests with this many threads each.
COUNTED = {
    0: 893, 1: 175, 2: 105, 3: 42, 4: 37, 5: 22, 6: 18, 7: 10, 8: 7, 9: 6, 10: 4, 11: 6, 12: 3,
    13: 3, 14: 4, 15: 7, 16: 3, 17: 5, 18: 6, 20: 1, 21: 4, 23: 3, 25: 1, 26: 1, 28: 1, 29: 1,
    32: 1, 38: 1, 40: 1, 42: 1, 47: 1, 50: 2, 54: 1, 56: 2, 67: 1, 76: 1, 130: 1, 169: 1,
}  # fmt: skip
HISTOGRAMS = st.dictionaries(st.integers(0, 200), st.integers(1, 500), min_size=1, max_size=12)


def cheapest(
    total: int, threads: dict[int, int], widest: int, comments: int, worth: Prices
) -> float:
    """The lowest price of all plans, added up pull request by pull request."""
    seen = sum(threads.values())
    found = []
    for people, held, width, listed in product(
        (0, 3), range(7), range(1, widest + 1), (False, True)
    ):
        if listed and held:
            continue
        inside = people + (3 if listed else 3 + held if held else 2)
        pages = max(1, ceil(total / width))
        points = pages * max(1, int((1 + width * inside) / 100 + 0.5))
        nodes = width * (1 + 200 + held * 51 + 220)
        if nodes > 500_000:
            continue
        rest = 0 if people else max(1, ceil(total / 100))
        graphql = pages
        if listed:
            rest += max(1, ceil(comments / 100))
        else:
            over = [(size - held, count) for size, count in threads.items() if size > held]
            # Where nothing came along, a quarter more lists and a tenth more threads are asked for.
            lists = total * sum(count for _, count in over) / seen * (1 if held else 1.25)
            beyond = total * sum(more * count for more, count in over) / seen
            units = lists + beyond * (1 if held else 1.1)
            if lists >= 0.5:
                graphql += ceil(lists / 50)
                points += max(ceil(lists / 50), round(units / 100))
        found.append(rest * worth.rest + graphql * worth.graphql + points * worth.points)
    return min(found)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 20_000),
    HISTOGRAMS,
    st.integers(1, 100),
    st.integers(0, 50_000),
    st.sampled_from([Prices(), Prices(points=7.0), Prices(rest=9.0)]),
)
def test_no_plan_is_cheaper(
    total: int, threads: dict[int, int], widest: int, comments: int, worth: Prices
) -> None:
    plan = plan_pulls(total, Sizes(threads), widest=widest, review_comments=comments, prices=worth)
    assert worth.of(plan.bill) == pytest.approx(cheapest(total, threads, widest, comments, worth))


@given(st.integers(0, 5_000), HISTOGRAMS, st.integers(1, 100))
def test_a_plan_is_one_that_github_accepts(
    total: int, threads: dict[int, int], widest: int
) -> None:
    plan = plan_pulls(total, Sizes(threads), widest=widest)
    assert 1 <= plan.width <= widest
    assert page_nodes(plan.width, threads=plan.threads) <= 500_000
    paid = points_of(
        page_units(
            plan.width,
            threads=plan.threads,
            people=plan.people,
            review_comments=plan.review_comments,
        )
    )
    assert plan.pages == Bill(graphql=plan.pages.graphql, points=plan.pages.graphql * paid)


def test_a_counted_repository_costs_what_the_reference_reckons_for_its_best_plan() -> None:
    # Plan F of the costs reference at its best width has 42 requests and 61 points, without labels,
    # assignees, reviewers and the count of commits: 14 requests and 13 points more.
    plan = plan_pulls(1_308, Sizes(COUNTED), people="list", source="threads")
    assert (plan.bill.requests, plan.bill.points) <= (42 + 14, 61 + 13)


def test_a_small_repository_is_one_request() -> None:
    plan = plan_pulls(15, Sizes({0: 12, 1: 3}))
    assert (plan.people, plan.bill) == ("page", Bill(graphql=1, points=1))


def test_a_large_one_takes_labels_from_the_list_that_is_free_of_points() -> None:
    assert plan_pulls(5_000, Sizes(COUNTED)).people == "list"


def test_where_points_run_low_review_comments_come_from_rest() -> None:
    low = prices(core_remaining=5_000, core_limit=5_000, graphql_remaining=100, graphql_limit=5_000)
    plan = plan_pulls(5_000, Sizes({4: 100}), review_comments=30_000, prices=low)
    assert (plan.review_comments, plan.threads) == ("list", 0)
    ample = plan_pulls(5_000, Sizes({4: 100}), review_comments=30_000)
    assert ample.review_comments == "threads"


def test_where_requests_run_low_nothing_comes_from_rest() -> None:
    low = prices(core_remaining=10, core_limit=5_000, graphql_remaining=5_000, graphql_limit=5_000)
    plan = plan_pulls(5_000, Sizes(COUNTED), review_comments=20_000, prices=low)
    assert plan.bill.rest == 0


def test_unknown_budgets_count_as_ample() -> None:
    assert prices() == Prices()


def test_nothing_known_of_sizes_is_planned_with_what_is_usual() -> None:
    plan = plan_pulls(1_000, Sizes())
    assert plan.follow_ups.points > 0


def test_where_counts_do_not_tell_who_was_reviewed_each_brings_a_thread() -> None:
    assert plan_pulls(1_308, Sizes(COUNTED)).threads == 0
    assert plan_pulls(1_308, Sizes(COUNTED), counts_tell=False).threads == 1


@given(st.integers(1, 5_000))
def test_more_threads_than_comments_are_never_asked_for(comments: int) -> None:
    assert 1 <= threads_for(comments) <= comments


@given(st.integers(0, 20_000), st.integers(0, 20_000), st.integers(1, 100))
def test_no_width_of_issues_is_cheaper(total: int, pulls: int, widest: int) -> None:
    plan = plan_issues(total, pulls=pulls, widest=widest)
    found = [
        pages * (1 + max(1, int((1 + inside * width) / 100 + 0.5))) + listed
        for width in range(1, widest + 1)
        for pages in (max(1, ceil(total / width)),)
        for inside, listed in ((3, 0), (1, max(1, ceil((total + pulls) / 100))))
    ]
    assert plan.bill.requests + plan.bill.points == min(found)

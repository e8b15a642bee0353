from datetime import UTC, datetime, timedelta

from mainstem.github import Ledger, QueryUsage
from mainstem.github.limits import Reading

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def test_ledger_adds_up_what_was_asked_and_what_it_cost() -> None:
    ledger = Ledger()
    ledger.sent("rest")
    ledger.sent("graphql")
    ledger.sent("graphql")
    ledger.spent("PullBundlesPage", 1)
    ledger.spent("PullBundlesPage", 2)
    ledger.spent("FollowUp", 1)
    ledger.retried()
    ledger.waited(timedelta(seconds=2.5))
    ledger.unchanged()
    usage = ledger.snapshot()
    assert (usage.requests, usage.rest_requests, usage.graphql_requests) == (3, 1, 2)
    assert (usage.points, usage.retries, usage.waited_seconds, usage.not_modified) == (4, 1, 2.5, 1)
    assert usage.by_query == {"PullBundlesPage": QueryUsage(2, 3), "FollowUp": QueryUsage(1, 1)}


def test_remaining_budgets_are_unknown_until_told_and_kept_apart() -> None:
    ledger = Ledger()
    assert ledger.snapshot().core_remaining is None
    ledger.read(Reading("core", 5000, 4000, LATER))
    ledger.read(Reading("core", 5000, 4100, LATER))
    ledger.read(Reading("graphql", 5000, 7, LATER))
    usage = ledger.snapshot()
    assert (usage.core_remaining, usage.graphql_remaining) == (4000, 7)


def test_budget_is_spent_only_until_its_reset() -> None:
    ledger = Ledger()
    ledger.read(Reading("core", 60, 0, LATER))
    assert ledger.spent_until("core", now=NOW) == LATER
    assert ledger.spent_until("core", now=LATER) is None
    assert ledger.spent_until("graphql", now=NOW) is None


def test_earlier_snapshot_does_not_change() -> None:
    ledger = Ledger()
    before = ledger.snapshot()
    ledger.sent("rest")
    ledger.spent("FollowUp", 1)
    assert (before.requests, before.by_query) == (0, {})

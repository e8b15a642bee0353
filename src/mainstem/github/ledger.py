"""What a client asked for and what it cost: one ledger per client, read by whoever reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from .limits import Reading, merged

Api = Literal["rest", "graphql"]


@dataclass(frozen=True, slots=True)
class QueryUsage:
    """What one GraphQL query, by name, was used for."""

    requests: int = 0
    points: int = 0


@dataclass(frozen=True, slots=True)
class BudgetUsage:
    """What one budget was used for: in requests, and in points expected and charged.

    A request to REST is a point, an unchanged answer none; a GraphQL query is what GitHub says.
    `refusals` counts the secondary limits that were met, by what was asked.
    """

    requests: int = 0
    expected: int = 0
    charged: int = 0
    not_modified: int = 0
    waits: int = 0
    waited_seconds: float = 0
    refusals: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """A snapshot of the ledger. The remaining budgets are None until an answer told them.

    `by_budget` has one entry for each credential and resource: the credential's fingerprint, a
    slash, and the resource.
    """

    requests: int
    rest_requests: int
    graphql_requests: int
    points: int
    not_modified: int
    retries: int
    waited_seconds: float
    core_remaining: int | None
    graphql_remaining: int | None
    core_limit: int | None
    graphql_limit: int | None
    by_query: Mapping[str, QueryUsage]
    by_budget: Mapping[str, BudgetUsage] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """Counts every request that leaves, retries included.

    Invariant: each counter only grows, and a budget's reading only becomes later or lower, since
    answers may arrive out of order. It belongs to one client and its event loop.
    """

    _sent: dict[Api, int] = field(default_factory=lambda: {"rest": 0, "graphql": 0})
    _not_modified: int = 0
    _retries: int = 0
    _waited: timedelta = timedelta(0)
    _readings: dict[str, Reading] = field(default_factory=dict)
    _queries: dict[str, QueryUsage] = field(default_factory=dict)
    _budgets: dict[str, BudgetUsage] = field(default_factory=dict)

    @property
    def points(self) -> int:
        """What GraphQL has charged so far."""
        return sum(query.points for query in self._queries.values())

    def charged(
        self, budget: str, *, expected: int, charged: int, not_modified: bool = False
    ) -> None:
        """A request on `budget` was answered."""
        known = self._budgets.get(budget, BudgetUsage())
        self._budgets[budget] = replace(
            known,
            requests=known.requests + 1,
            expected=known.expected + expected,
            charged=known.charged + charged,
            not_modified=known.not_modified + not_modified,
        )

    def held_back(self, budget: str, pause: timedelta) -> None:
        """A request waited for `budget`."""
        known = self._budgets.get(budget, BudgetUsage())
        waited = known.waited_seconds + pause.total_seconds()
        self._budgets[budget] = replace(known, waits=known.waits + 1, waited_seconds=waited)

    def refused(self, budget: str, cause: str) -> None:
        """A secondary limit was met."""
        known = self._budgets.get(budget, BudgetUsage())
        refusals = {**known.refusals, cause: known.refusals.get(cause, 0) + 1}
        self._budgets[budget] = replace(known, refusals=refusals)

    def sent(self, api: Api) -> None:
        """A request leaves."""
        self._sent[api] += 1

    def unchanged(self) -> None:
        """An answer was 304: nothing new, and free of charge with a token."""
        self._not_modified += 1

    def retried(self) -> None:
        """A request is tried again."""
        self._retries += 1

    def waited(self, pause: timedelta) -> None:
        """A pause was made, for a retry or a limit."""
        self._waited += pause

    def read(self, reading: Reading) -> None:
        """An answer told the state of a budget."""
        self._readings[reading.resource] = merged(self._readings.get(reading.resource), reading)

    def spent(self, query: str, points: int) -> None:
        """A GraphQL answer told what it cost."""
        known = self._queries.get(query, QueryUsage())
        self._queries[query] = QueryUsage(known.requests + 1, known.points + points)

    def spent_until(self, resource: str, *, now: datetime) -> datetime | None:
        """When a budget that is spent at `now` (GitHub's time) comes back; None if it is not."""
        reading = self._readings.get(resource)
        if reading is None or reading.remaining > 0 or reading.resets_at <= now:
            return None
        return reading.resets_at

    def snapshot(self) -> Usage:
        """The counts as they stand."""
        return Usage(
            requests=sum(self._sent.values()),
            rest_requests=self._sent["rest"],
            graphql_requests=self._sent["graphql"],
            points=self.points,
            not_modified=self._not_modified,
            retries=self._retries,
            waited_seconds=self._waited.total_seconds(),
            core_remaining=self._remaining("core"),
            graphql_remaining=self._remaining("graphql"),
            core_limit=self._limit("core"),
            graphql_limit=self._limit("graphql"),
            by_query=dict(self._queries),
            by_budget=dict(self._budgets),
        )

    def _remaining(self, resource: str) -> int | None:
        reading = self._readings.get(resource)
        return None if reading is None else reading.remaining

    def _limit(self, resource: str) -> int | None:
        reading = self._readings.get(resource)
        return None if reading is None else reading.limit

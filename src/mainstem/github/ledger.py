"""What a client asked for and what it cost: one ledger per credential, read by whoever reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
class Usage:
    """A snapshot of the ledger. The remaining budgets are None until an answer told them."""

    requests: int
    rest_requests: int
    graphql_requests: int
    points: int
    not_modified: int
    retries: int
    waited_seconds: float
    core_remaining: int | None
    graphql_remaining: int | None
    by_query: Mapping[str, QueryUsage]


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
            points=sum(query.points for query in self._queries.values()),
            not_modified=self._not_modified,
            retries=self._retries,
            waited_seconds=self._waited.total_seconds(),
            core_remaining=self._remaining("core"),
            graphql_remaining=self._remaining("graphql"),
            by_query=dict(self._queries),
        )

    def _remaining(self, resource: str) -> int | None:
        reading = self._readings.get(resource)
        return None if reading is None else reading.remaining

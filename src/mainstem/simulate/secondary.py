"""GitHub's limits by the minute: points, requests at once, and seconds of its own time.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

__all__ = ["Meter", "Resource", "Secondary"]

#: What has a budget of its own.
Resource = Literal["core", "graphql"]

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Secondary:
    """How much is let through in any 60 s, for each user. A read costs a point, a write five.

    Refusals have `status` (GraphQL: `graphql_status`, 200 with `errors`, or 403), and `retry-after`
    where `retry_after` (seconds) is given.
    """

    rest_points: int = 900
    graphql_points: int = 2_000
    concurrent: int = 100
    graphql_seconds: float = 60.0
    retry_after: int | None = 60
    status: int = 403
    graphql_status: int = 403


@dataclass(slots=True)
class Meter:
    """What each user did in the last minute, and how many of its requests are being answered."""

    limits: Secondary | None
    active: Counter[str | None] = field(default_factory=Counter)
    _spent: dict[tuple[str | None, str], deque[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def refusal(self, user: str | None, resource: Resource, now: datetime) -> str | None:
        """Which limit stands in the way of one more request; None when none does."""
        limits = self.limits
        if limits is None:
            return None
        if self.active[user] > limits.concurrent:
            return "concurrent"
        most = limits.graphql_points if resource == "graphql" else limits.rest_points
        if self.last_minute(user, resource, now) >= most:
            return f"{resource} points"
        if resource == "graphql" and self.last_minute(user, "seconds", now) > (
            limits.graphql_seconds
        ):
            return "graphql seconds"
        return None

    def spend(
        self, user: str | None, resource: Resource, now: datetime, points: int, seconds: float
    ) -> None:
        """Notes one answered request: its points, and for GraphQL the seconds it took."""
        if self.limits is None:
            return
        at = now.timestamp()
        self._spent[user, resource].append((at, points))
        if resource == "graphql":
            self._spent[user, "seconds"].append((at, seconds))

    def last_minute(self, user: str | None, kind: str, now: datetime) -> float:
        spent = self._spent[user, kind]
        while spent and spent[0][0] <= now.timestamp() - MINUTE:
            spent.popleft()
        return sum(amount for _, amount in spent)

    def clear(self) -> None:
        self._spent.clear()

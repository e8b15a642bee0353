"""Hourly budgets, one for each token and resource, and the headers that tell about them.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from mainstem.simulate.options import Options

__all__ = ["Budget", "Budgets", "Resource"]

Resource = Literal["core", "graphql"]
HOUR = 3600


@dataclass(slots=True)
class Budget:
    """What one token may still spend of one resource until `reset` (epoch seconds)."""

    resource: Resource
    limit: int
    reset: int
    used: int = 0

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-resource": self.resource,
        }

    def as_json(self) -> dict[str, int | str]:
        return {
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "reset": self.reset,
            "resource": self.resource,
        }


@dataclass(slots=True)
class Budgets:
    """Every budget in use. A window opens with its first request and lasts an hour."""

    options: Options
    _open: dict[tuple[str | None, Resource], Budget] = field(default_factory=dict)

    def of(self, token: str | None, resource: Resource, now: datetime) -> Budget:
        """The token's window that is open at `now`; a fresh one when the last has ended."""
        seconds = int(now.timestamp())
        budget = self._open.get((token, resource))
        if budget is None or budget.reset <= seconds:
            budget = Budget(resource, self._limit(token, resource), seconds + HOUR)
            self._open[token, resource] = budget
        return budget

    def clear(self) -> None:
        self._open.clear()

    def _limit(self, token: str | None, resource: Resource) -> int:
        if token is None:
            return self.options.anonymous_per_hour
        if resource == "graphql":
            return self.options.graphql_per_hour
        return self.options.core_per_hour

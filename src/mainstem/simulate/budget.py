"""Hourly budgets, one for each token and resource, and the headers that tell about them.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from mainstem.simulate.apps import Apps
from mainstem.simulate.options import Options
from mainstem.simulate.secondary import Resource

__all__ = ["Budget", "Budgets"]

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
    apps: Apps
    _open: dict[tuple[str | None, Resource], Budget] = field(default_factory=dict)
    _owed: Counter[tuple[str | None, Resource]] = field(default_factory=Counter)

    def user_of(self, token: str | None, now: datetime) -> str | None:
        """Whose budgets a token spends: its user's, its installation's, or its own."""
        installation = self.apps.installation_of(token, now)
        if installation is not None:
            return f"installation {installation.id}"
        allowance = self.options.allowances.get(token or "")
        if allowance is not None and allowance.user is not None:
            return allowance.user
        if self.apps.app is not None and token is not None and token.count(".") == 2:
            return f"app {self.apps.app.id}"
        return token

    def of(self, token: str | None, resource: Resource, now: datetime) -> Budget:
        """The token's window that is open at `now`; a fresh one when the last has ended."""
        seconds = int(now.timestamp())
        key = (self.user_of(token, now), resource)
        budget = self._open.get(key)
        if budget is None or budget.reset <= seconds:
            limit = self._limit(token, resource, now)
            budget = Budget(resource, limit, seconds + HOUR, min(limit, self._owed.pop(key, 0)))
            self._open[key] = budget
        return budget

    def owe(self, token: str | None, resource: Resource, now: datetime, points: int) -> None:
        """Points that are taken from the next hour, as for a request that took too long."""
        self._owed[self.user_of(token, now), resource] += points

    def clear(self) -> None:
        self._open.clear()
        self._owed.clear()

    def _limit(self, token: str | None, resource: Resource, now: datetime) -> int:
        known = self.apps.installation_of(token, now) or self.options.allowances.get(token or "")
        if token is None:
            return self.options.anonymous_per_hour
        if resource == "graphql":
            return self.options.graphql_per_hour if known is None else known.graphql_per_hour
        return self.options.core_per_hour if known is None else known.core_per_hour

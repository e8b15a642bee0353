"""The log of a pretend GitHub: what was asked, how often, and what it would have cost."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Entry", "Journal"]

#: Entries kept for reading back; the counters go on for ever.
KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: `endpoint` is the route's pattern (`GET /repos/{owner}/{repo}/pulls`).

    `seconds` is what GitHub would have taken. `limited` says which limit refused it: `primary`, one
    of `Secondary`'s, or `compute` for an answer that took too long.
    """

    method: str
    path: str
    endpoint: str
    status: int
    points: int
    token: str | None
    seconds: float = 0.0
    limited: str | None = None


@dataclass(slots=True)
class Journal:
    """Counts requests and points. `points` are GraphQL's; a REST request costs one request."""

    requests: int = 0
    rest_requests: int = 0
    graphql_requests: int = 0
    points: int = 0
    not_modified: int = 0
    seconds: float = 0.0
    limited: Counter[str] = field(default_factory=Counter)
    by_endpoint: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    entries: list[Entry] = field(default_factory=list)

    def write(self, entry: Entry) -> None:
        self.requests += 1
        if entry.endpoint == "POST /graphql":
            self.graphql_requests += 1
        else:
            self.rest_requests += 1
        self.points += entry.points
        self.not_modified += entry.status == 304
        self.seconds += entry.seconds
        if entry.limited is not None:
            self.limited[entry.limited] += 1
        self.by_endpoint[entry.endpoint] += 1
        self.by_status[entry.status] += 1
        if len(self.entries) < KEPT:
            self.entries.append(entry)

    def clear(self) -> None:
        self.requests = self.rest_requests = self.graphql_requests = 0
        self.points = self.not_modified = 0
        self.seconds = 0.0
        self.limited.clear()
        self.by_endpoint.clear()
        self.by_status.clear()
        self.entries.clear()

    def as_json(self) -> dict[str, Any]:
        """The counters, for `GET /_simulate/log`. Tokens are not told."""
        return {
            "requests": self.requests,
            "rest_requests": self.rest_requests,
            "graphql_requests": self.graphql_requests,
            "points": self.points,
            "not_modified": self.not_modified,
            "seconds": round(self.seconds, 3),
            "limited": dict(self.limited),
            "by_endpoint": dict(self.by_endpoint.most_common()),
            "by_status": {str(status): count for status, count in sorted(self.by_status.items())},
        }

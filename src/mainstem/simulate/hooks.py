"""Deliveries that a webhook was sent, as GitHub lists them, and the repeating of one on request.

https://docs.github.com/en/rest/apps/webhooks and https://docs.github.com/en/rest/repos/webhooks
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode

from mainstem.simulate.answers import Answer, failure
from mainstem.simulate.delivery import Delivery
from mainstem.simulate.world import Row

__all__ = ["Attempt", "HookLog"]

_ROUTE = re.compile(
    r"/(?P<of>app/hook|repos/[^/]+/[^/]+/hooks/\d+)/deliveries(?:/(?P<id>\d+)(?P<again>/attempts)?)?$"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time that a delivery was sent. `status_code` 0: nobody answered."""

    id: int
    delivery: Delivery
    status_code: int
    redelivery: bool = False


@dataclass(slots=True)
class HookLog:
    """Every attempt, oldest first. `send` sends a delivery and gives the receiver's status."""

    send: Callable[[Delivery], int] | None = None
    attempts: list[Attempt] = field(default_factory=list)
    _ids: Any = field(default_factory=lambda: count(9_000_001))

    def record(
        self, delivery: Delivery, status_code: int = 200, *, redelivery: bool = False
    ) -> Attempt:
        """Notes that the delivery was sent, and what the receiver said."""
        found = Attempt(next(self._ids), delivery, status_code, redelivery)
        self.attempts.append(found)
        return found

    def answer(
        self, method: str, path: str, query: Mapping[str, str], *, api: str
    ) -> Answer | None:
        """The answer to a request about deliveries; None when it is about something else."""
        match = _ROUTE.match(path)
        if match is None:
            return None
        start = "/app/hook" if match["of"] == "app/hook" else "/repos/{owner}/{repo}/hooks/{id}"
        endpoint = f"{method} {start}/deliveries"
        if match["id"] is None:
            return self._list(path, query, api, endpoint) if method == "GET" else None
        endpoint += "/{id}" + (match["again"] or "")
        found = next((one for one in self.attempts if one.id == int(match["id"])), None)
        if found is None:
            return Answer(404, failure(404, "Not Found").body, {}, endpoint)
        if match["again"] is None:
            return Answer(200, _whole(found), {}, endpoint)
        if method != "POST":
            return None
        status = self.send(found.delivery) if self.send is not None else 200
        self.record(found.delivery, status, redelivery=True)
        return Answer(202, {}, {}, endpoint)

    def _list(self, path: str, query: Mapping[str, str], api: str, endpoint: str) -> Answer:
        """Newest first, by cursor: an id that the page begins with."""
        size = min(100, max(1, int(query.get("per_page", "30"))))
        rows = self.attempts[::-1]
        if "cursor" in query:
            rows = [one for one in rows if str(one.id) <= query["cursor"]]
        headers = {}
        if len(rows) > size:
            after = urlencode({**query, "cursor": rows[size].id})
            headers["link"] = f'<{api}{path}?{after}>; rel="next"'
        return Answer(200, [_short(one) for one in rows[:size]], headers, endpoint)


def _short(one: Attempt) -> Row:
    ok = 200 <= one.status_code < 300
    return {
        "id": one.id,
        "guid": one.delivery.guid,
        "delivered_at": one.delivery.at,
        "redelivery": one.redelivery,
        "duration": 0.1,
        "status": "OK" if ok else "failed to connect to host" if not one.status_code else "Invalid",
        "status_code": one.status_code,
        "event": one.delivery.event,
        "action": one.delivery.action,
        "installation_id": one.delivery.installation_id,
        "repository_id": one.delivery.repository_id,
        "throttled_at": None,
    }


def _whole(one: Attempt) -> Row:
    request = {"headers": dict(one.delivery.headers), "payload": one.delivery.payload}
    return {
        **_short(one),
        "url": "",
        "request": request,
        "response": {"headers": {}, "payload": ""},
    }

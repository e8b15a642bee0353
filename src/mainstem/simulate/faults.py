"""Trouble on purpose: what the next matching request gets instead of, or before, its answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["BAD_GATEWAY", "SECONDARY_MESSAGE", "Fault", "Faults"]

SECONDARY_MESSAGE = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
#: What a request that takes over ten seconds gets: a page for people.
BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body>Unicorn!</body></html>"
_LIMITS_PAGE = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble. `path` is a part of the path and query that the request must contain.

    With `status` the request gets that answer (`body`: JSON value, or text sent as `media_type`).
    Without, it is served after `delay_seconds`, or its connection is closed (`hang_up`), or, for
    GraphQL, its answer gets `errors` and `null` at each of `nulls` (paths into `data`).
    """

    path: str = ""
    method: str | None = None
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    media_type: str = "application/json; charset=utf-8"
    delay_seconds: float = 0.0
    hang_up: bool = False
    errors: tuple[Mapping[str, Any], ...] = ()
    nulls: tuple[tuple[str | int, ...], ...] = ()


@dataclass(slots=True)
class Faults:
    """The trouble still to come, in order. Each fault ends after `times` matching requests."""

    waiting: list[tuple[Fault, int]] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        self.waiting.append((fault, fault.times))

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, method: str, target: str) -> Fault | None:
        """The first fault that fits this request, one time less from now on."""
        for place, (fault, left) in enumerate(self.waiting):
            if fault.path in target and fault.method in (None, method):
                if left > 1:
                    self.waiting[place] = (fault, left - 1)
                else:
                    del self.waiting[place]
                return fault
        return None

    def answer(self, status: int, *, path: str = "", times: int = 1, body: Any = None) -> None:
        """A bare status with a body as GitHub words it, or `body`."""
        message = {404: "Not Found", 410: "Gone"}.get(status, "Server Error")
        self.add(Fault(path, times=times, status=status, body=body or {"message": message}))

    def bad_gateway(self, *, path: str = "", times: int = 1) -> None:
        """502 with a page for people, as a request that takes over ten seconds gets."""
        self.add(Fault(path, times=times, status=502, body=BAD_GATEWAY, media_type="text/html"))

    def secondary_limit(
        self, *, path: str = "", times: int = 1, retry_after: int | None = None, status: int = 403
    ) -> None:
        """The limit that looks like a refusal: `remaining` stays above zero."""
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        body = {"message": SECONDARY_MESSAGE, "documentation_url": _LIMITS_PAGE}
        self.add(Fault(path, times=times, status=status, headers=headers, body=body))

    def hang_up(self, *, path: str = "", times: int = 1) -> None:
        """The connection closes without an answer."""
        self.add(Fault(path, times=times, hang_up=True))

    def graphql_error(self, kind: str, message: str, *, times: int = 1) -> None:
        """HTTP 200 with one error of that `type` and no data."""
        body = {"data": None, "errors": [{"type": kind, "message": message}]}
        self.add(Fault("/graphql", "POST", times, status=200, body=body))

    def partial(self, *path: str | int, kind: str = "INTERNAL", times: int = 1) -> None:
        """The answer holds null at `path` below `data`, and an error that says so."""
        error = {"type": kind, "path": list(path), "message": "Something went wrong."}
        self.add(Fault("/graphql", "POST", times, errors=(error,), nulls=(path,)))

"""What can go wrong between us and GitHub, as one tree under `GitHubError`.

::

    GitHubError
    └── RequestFailed           one request, after its bounded retries; see `is_final`
        ├── NotFound            404, or NOT_FOUND: gone, private, or not visible to this token
        ├── Gone                410: deleted for good, or the feature is switched off
        ├── Forbidden           403 that is no limit: the token may not
        ├── Unauthorized        401: no such token
        ├── LegallyBlocked      451
        ├── Renamed             a redirect that could not be followed
        ├── Rejected            400, 415, 422, or a query that GitHub refuses to run
        ├── Conflict            409: for example statistics of an empty repository
        ├── BadAnswer           an answer of a shape that we cannot read
        ├── RateLimited         the hourly budget is spent until `resets_at`
        ├── SecondaryLimited    too fast; wait `retry_after`
        ├── ResourceLimits      the query is too heavy: ask for less
        ├── ServerTrouble       5xx
        └── Unreachable         no answer: time-out, refused, cut off

A message names the request by its path or query name; it never holds a header or a token.
"""

# ruff: noqa: N818  the names read as what happened; the root's name says that it is an error

from datetime import datetime, timedelta
from typing import ClassVar

from mainstem.errors import GitHubError


class RequestFailed(GitHubError):
    """A request that did not give what was asked for. `status` is None when nothing was answered.

    `is_final` says that asking again, unchanged, cannot help.
    """

    is_final: ClassVar[bool] = False

    def __init__(self, what: str, found: str, todo: str, *, status: int | None = None) -> None:
        self.what = what
        self.status = status
        self.found = found
        super().__init__(f"Cannot get {what} from GitHub: {found}. {todo}")


class NotFound(RequestFailed):
    """There is no such thing, or this token must not see it; GitHub does not say which."""

    is_final = True


class Gone(RequestFailed):
    """It was deleted, or issues are switched off for the repository."""

    is_final = True


class Forbidden(RequestFailed):
    """The credential lacks a permission. Waiting does not help."""

    is_final = True


class Unauthorized(RequestFailed):
    """GitHub does not know the credential."""

    is_final = True


class LegallyBlocked(RequestFailed):
    """GitHub must not show it; `reason` is GitHub's word, for example `dmca`."""

    is_final = True

    def __init__(
        self, what: str, found: str, todo: str, *, status: int | None = None, reason: str | None
    ) -> None:
        self.reason = reason
        super().__init__(what, found, todo, status=status)


class Renamed(RequestFailed):
    """It has moved to `location`, where a request must not or cannot follow."""

    is_final = True

    def __init__(
        self, what: str, found: str, todo: str, *, status: int | None = None, location: str | None
    ) -> None:
        self.location = location
        super().__init__(what, found, todo, status=status)


class Rejected(RequestFailed):
    """GitHub refuses the request as such; only a change of code or arguments helps."""

    is_final = True


class Conflict(RequestFailed):
    """It is not in a state to be answered for, for example statistics of an empty repository."""


class BadAnswer(RequestFailed):
    """The answer has a shape that we cannot read; `found` says which key of what."""

    is_final = True


class RateLimited(RequestFailed):
    """The budget of `resource` is spent. Sleep until `resets_at` (aware, GitHub's time).

    `retry_after` is the same as a length of time, counted from when the error was raised.
    """

    def __init__(
        self,
        what: str,
        found: str,
        todo: str,
        *,
        status: int | None = None,
        resource: str,
        retry_after: timedelta,
        resets_at: datetime,
    ) -> None:
        self.resource = resource
        self.retry_after = retry_after
        self.resets_at = resets_at
        super().__init__(what, found, todo, status=status)


class SecondaryLimited(RequestFailed):
    """Too many requests at once or too fast. Sleep for `retry_after`, then go slower."""

    def __init__(
        self,
        what: str,
        found: str,
        todo: str,
        *,
        status: int | None = None,
        retry_after: timedelta,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(what, found, todo, status=status)


class ResourceLimits(RequestFailed):
    """The query asked for more than GitHub computes in one go; ask for a narrower page."""


class ServerTrouble(RequestFailed):
    """GitHub failed; usually over within minutes.

    `perhaps_heavy` marks the failures that GitHub also gives for a query it had no time for.
    """

    def __init__(
        self,
        what: str,
        found: str,
        todo: str,
        *,
        status: int | None = None,
        retry_after: timedelta | None = None,
        perhaps_heavy: bool = False,
    ) -> None:
        self.retry_after = retry_after
        self.perhaps_heavy = perhaps_heavy
        super().__init__(what, found, todo, status=status)


class Unreachable(RequestFailed):
    """No answer came: a time-out, a refused or broken connection."""

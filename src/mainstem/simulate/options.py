"""How the pretend GitHub behaves: limits, tokens, clock. One frozen value, given at the start."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mainstem.simulate.compute import Compute

if TYPE_CHECKING:
    from mainstem.simulate.apps import App
    from mainstem.simulate.secondary import Secondary

__all__ = ["Allowance", "Options"]

#: More than any demonstration spends: with it, nobody waits for an hour to pass.
PLENTY = 1_000_000


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one token is allowed. Tokens of the same `user` share the budgets of the first of them.

    `repositories` (full names, None: all public ones and the private ones too) are those it sees.
    """

    core_per_hour: int = 5_000
    graphql_per_hour: int = 5_000
    user: str | None = None
    repositories: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """What a pretend GitHub allows. The default suits a demonstration: any token, ample budgets.

    `tokens` are those accepted (None: any, and none at all); `allowances` gives some of them limits
    of their own, and `app` is the GitHub App whose installations get tokens. `now` is the server's
    clock (UTC). `schema` names another GraphQL schema file than the part that comes with the
    package. `stats_pending` is how often statistics answer 202 before the data.

    Time: `compute` says how long GitHub takes and what is too long (None: nothing is);
    `widest_page` answers RESOURCE_LIMITS_EXCEEDED to GraphQL pages of more pull requests or issues
    than that. `on_work` is told the seconds that GitHub would have taken over each request (a test
    moves its clock by them); `latency_seconds` is really waited for each request, and `time_scale`
    times the seconds of work.

    Limits: `secondary` are those by the minute (None: none). A spent budget answers
    `primary_status` (403 or 429), and in GraphQL 200 with `primary_type`. Issue lists of more than
    `cursor_above` items refuse page numbers and lead on by cursor.

    `on_request` is called with the pretend GitHub and `GET /path?query` before each answer is made.
    """

    tokens: frozenset[str] | None = None
    core_per_hour: int = PLENTY
    graphql_per_hour: int = PLENTY
    anonymous_per_hour: int = PLENTY
    now: Callable[[], datetime] = _utc_now
    schema: Path | None = None
    widest_page: int | None = None
    stats_pending: int = 1
    compute: Compute | None = None
    on_work: Callable[[float], None] | None = None
    latency_seconds: float = 0.0
    time_scale: float = 0.0
    secondary: "Secondary | None" = None
    primary_status: int = 403
    primary_type: Literal["RATE_LIMITED", "RATE_LIMIT"] = "RATE_LIMITED"
    cursor_above: int | None = None
    allowances: Mapping[str, Allowance] = field(default_factory=dict)
    app: "App | None" = None
    on_request: Callable[[Any, str], None] | None = None

    @classmethod
    def strict(cls, *tokens: str, now: Callable[[], datetime] = _utc_now, **more: Any) -> "Options":
        """GitHub's own budgets for a user token, and only these tokens accepted.

        https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
        """
        return cls(
            tokens=frozenset(tokens),
            core_per_hour=5_000,
            graphql_per_hour=5_000,
            anonymous_per_hour=60,
            now=now,
            **more,
        )

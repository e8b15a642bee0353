"""How the pretend GitHub behaves: limits, tokens, clock. One frozen value, given at the start."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["Options"]

#: More than any demonstration spends: with it, nobody waits for an hour to pass.
PLENTY = 1_000_000


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Options:
    """What a pretend GitHub allows. The default suits a demonstration: any token, ample budgets.

    `tokens` are those accepted (None: any, and none at all). `now` is the server's clock (UTC).
    `schema` names another GraphQL schema file than the part that comes with the package.
    `widest_page` answers RESOURCE_LIMITS_EXCEEDED to GraphQL pages of more pull requests or issues
    than that. `stats_pending` is how often statistics answer 202 before the data.
    """

    tokens: frozenset[str] | None = None
    core_per_hour: int = PLENTY
    graphql_per_hour: int = PLENTY
    anonymous_per_hour: int = PLENTY
    now: Callable[[], datetime] = _utc_now
    schema: Path | None = None
    widest_page: int | None = None
    stats_pending: int = 1

    @classmethod
    def strict(cls, *tokens: str, now: Callable[[], datetime] = _utc_now) -> "Options":
        """GitHub's own budgets for a user token, and only these tokens accepted.

        https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
        """
        return cls(
            tokens=frozenset(tokens),
            core_per_hour=5_000,
            graphql_per_hour=5_000,
            anonymous_per_hour=60,
            now=now,
        )

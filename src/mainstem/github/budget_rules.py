"""GitHub's rules on how much and how fast, and our margins to them: every number in one table.

Limits change without notice; a number stands here and nowhere in the code's flow.

https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from .priorities import Priority


@dataclass(frozen=True, slots=True)
class Rule:
    """How fast one resource may be asked.

    `per_minute` is GitHub's secondary limit in points: 900 for REST, 2,000 for GraphQL, 30
    requests for search; a read costs a point, a GraphQL query its points. `at_once` is how many
    requests of one process are under way for one credential. GitHub allows 100 at once, but counts
    the time that it computes: 60 s of GraphQL in 60 s, which one request at a time uses up, and
    90 s together, which a few REST requests stay under. `spreads` is whether requests are held
    apart when the hourly budget runs low.
    """

    per_minute: int
    at_once: int
    spreads: bool = True

    @property
    def steady(self) -> float:
        """Points a minute that are asked for without an end."""
        return self.per_minute * STEADY_SHARE

    @property
    def burst(self) -> float:
        """Points beside, for who has been quiet: with `steady`, never more than `per_minute`."""
        return self.per_minute - self.steady - MOST_LENT


STEADY_SHARE: Final = 2 / 3
MOST_LENT: Final = 10
"""Points that a process borrows at a time where there is plenty: one transaction for ten."""

RULES: Final[Mapping[str, Rule]] = {
    "core": Rule(per_minute=900, at_once=4),
    "graphql": Rule(per_minute=2_000, at_once=1),
    "search": Rule(per_minute=30, at_once=1),
}

WINDOW: Final = timedelta(minutes=1)
"""The minute of the secondary limits, which slides."""

UNPACED: Final[Mapping[str, Rule]] = {
    name: Rule(per_minute=10**9, at_once=rule.at_once, spreads=False)
    for name, rule in RULES.items()
}
"""For a server that has no such rules, such as a pretend one on this machine."""

LENT_SHARE: Final = 1 / 50
"""A process borrows no more than this part of what is left: near the end, a point at a time."""

LENT_FOR: Final = timedelta(seconds=5)
"""How long a borrowed point is good for: the longest that others' news is not heard."""

UNKNOWN_LENT: Final = 4
"""Points at a time where the server tells no budget."""

RESERVE: Final = 0.1
"""The part of each budget that only a user who waits may spend."""

LOW: Final[Mapping[Priority, float]] = {"interactive": 0.0, "normal": 0.25, "backfill": 0.5}
"""Below which part of the budget requests are spread over the time to the reset."""

LONGEST_SPREAD: Final = timedelta(seconds=30)
"""A longer time between two requests is no spreading: the work had better sleep to the reset."""

LONGEST_LINE: Final = timedelta(minutes=5)
"""How far ahead of the clock the next point may stand."""

SAME_RESET: Final = timedelta(seconds=1)
"""GitHub tells one window's reset a second sooner or later."""

RESET_UNKNOWN: Final = timedelta(minutes=1)
"""How long a budget is left alone that is spent before an answer told its reset."""

# After a secondary limit: half the pace at which it was met, and slowly up to nine tenths of it,
# which are not passed for a day. Met again, half of that.
LOWERED: Final = 0.5
RAISED_TO: Final = 0.9
RAISED_WITHIN: Final = timedelta(hours=1)
REMEMBERED: Final = timedelta(days=1)
LOWEST_PER_MINUTE: Final = 30
"""No slower, however often a limit was met: a query of several points must find its place within
the minute that one waits, or whoever sent it begins anew for ever."""
LOWERED_BURST: Final = 2

REFRESH_BEFORE: Final = timedelta(minutes=5)
"""An installation's token lasts an hour; a fresh one is fetched so long before its end."""

JWT_BACKDATED: Final = timedelta(seconds=60)
JWT_LASTS: Final = timedelta(minutes=9)
"""An App's own token may last ten minutes, counted from a beginning set back against clock drift.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
"""


def rule_of(resource: str, *, paced: bool = True) -> Rule:
    """The rule for `resource`; an unknown one is asked as slowly as search."""
    rules = RULES if paced else UNPACED
    return rules.get(resource, rules["search"])

"""The size of a repository: five figures vote, the most votes win, ties go to the larger class.

Domain reference, section 2.10. The documentation of the original says that ties go to the smaller
class, and two other copies had other thresholds; this is the rule that ran. An unknown figure does
not vote: taking it for a zero would be a vote for `small`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

Size = Literal["small", "medium", "large", "xl"]

# Ascending. A figure votes for the first class whose bound it is strictly below, else for xl.
_CLASSES: tuple[Size, ...] = ("small", "medium", "large", "xl")
_BOUNDS: Mapping[str, tuple[int, int, int]] = {
    "stars": (1_000, 10_000, 50_000),
    "forks": (100, 1_000, 5_000),
    "monthly_prs": (100, 500, 2_000),
    "monthly_commits": (500, 2_000, 10_000),
    "active_contributors": (10, 50, 200),
}


@dataclass(frozen=True, slots=True)
class Metrics:
    """What votes; None is unknown.

    `monthly_prs` and `active_contributors` are read from one page of a hundred each, so that the
    first can vote for `medium` at most and the second for `large`. `active_contributors` are all
    who ever contributed.
    """

    stars: int | None
    forks: int | None
    monthly_prs: int | None
    monthly_commits: int | None
    active_contributors: int | None

    def as_json(self, at: datetime) -> dict[str, JsonValue]:
        """What is stored beside the class, under the original's names; null is unknown."""
        return {
            "stars": self.stars,
            "forks": self.forks,
            "monthlyPRs": self.monthly_prs,
            "monthlyCommits": self.monthly_commits,
            "activeContributors": self.active_contributors,
            "lastCalculated": at.isoformat(),
        }


def size_of(metrics: Metrics) -> Size:
    """The class with most votes, the larger of equals; `small` when nothing at all is known.

    The original asks for two votes besides, which five votes over four classes always give.
    """
    votes = Counter(
        vote(value, bounds)
        for name, bounds in _BOUNDS.items()
        if (value := getattr(metrics, name)) is not None
    )
    return max(_CLASSES, key=lambda size: (votes[size], bool(votes) and _CLASSES.index(size)))


def vote(value: int, bounds: tuple[int, int, int]) -> Size:
    """The class that one figure votes for."""
    return _CLASSES[sum(value >= bound for bound in bounds)]

"""How large things are in lifelike repositories: quantiles with long tails, and draws from them.

The figures follow what was counted in public repositories: most pull requests have a handful of
comments, one in a hundred has dozens, one in a thousand has hundreds. A capture that plans for the
mean loses data, and one that plans for the largest pays twenty times too much.
"""

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = [
    "ADDITIONS",
    "COMMENTS_ON_ISSUE",
    "COMMENTS_ON_PULL",
    "COMMITS",
    "FILES",
    "SHAPES",
    "THREADS",
    "Quantiles",
    "Shape",
    "draw",
    "ranks",
]

#: (share of all, size) pairs from 0 to 1, rising.
Quantiles = Sequence[tuple[float, int]]

THREADS: Quantiles = tuple(
    zip(
        (0, 0.55, 0.6, 0.75, 0.9, 0.95, 0.99, 0.997, 1),
        (0, 0, 1, 2, 5, 10, 25, 105, 170),
        strict=True,
    )
)
COMMENTS_ON_PULL: Quantiles = tuple(
    zip(
        (0, 0.15, 0.5, 0.75, 0.9, 0.95, 0.99, 0.997, 1),
        (0, 0, 4, 8, 14, 20, 38, 104, 160),
        strict=True,
    )
)
COMMENTS_ON_ISSUE: Quantiles = (
    (0, 0),
    (0.16, 0),
    (0.5, 3),
    (0.75, 5),
    (0.9, 9),
    (0.99, 30),
    (1, 60),
)
COMMITS: Quantiles = ((0, 1), (0.5, 1), (0.75, 2), (0.9, 5), (0.95, 8), (0.99, 18), (1, 90))
FILES: Quantiles = ((0, 1), (0.5, 2), (0.75, 5), (0.9, 11), (0.95, 17), (0.99, 38), (1, 140))
ADDITIONS: Quantiles = ((0, 0), (0.1, 1), (0.5, 24), (0.9, 420), (0.99, 5_000), (1, 60_000))


_ONE: Quantiles = ((0, 1), (1, 1))


@dataclass(frozen=True, slots=True)
class Shape:
    """What kind of repository: how its sizes are spread, and what else there is in it.

    `issues_share` is how many issues come with each pull request where no number is given.
    `replies` is how likely a comment on a diff is answered. With `same_time`, so many pull requests
    are opened in the same second. `discussions_share` and `stars_share` are for each pull request.
    `asked` says whether reviewers are asked for.
    """

    threads: Quantiles = THREADS
    comments: Quantiles = COMMENTS_ON_PULL
    issue_comments: Quantiles = COMMENTS_ON_ISSUE
    commits: Quantiles = COMMITS
    issues_share: float = 0.4
    replies: float = 0.5
    same_time: int = 1
    discussions_share: float = 0.0
    stars_share: float = 0.0
    asked: bool = True


SHAPES: Mapping[str, Shape] = {
    "lifelike": Shape(asked=False),
    "huge-threads": Shape(
        threads=((0, 0), (0.5, 20), (0.9, 200), (1, 400)),
        comments=((0, 5), (0.5, 60), (0.9, 300), (1, 600)),
        issues_share=0.1,
        replies=0.7,
    ),
    "tiny": Shape(
        threads=((0, 0), (0.9, 0), (0.97, 1), (1, 2)),
        comments=((0, 0), (0.6, 0), (0.9, 1), (1, 3)),
        commits=_ONE,
        issues_share=0.1,
    ),
    "issues": Shape(
        threads=((0, 0), (0.9, 1), (1, 5)),
        issue_comments=((0, 0), (0.3, 1), (0.9, 12), (1, 180)),
        issues_share=20.0,
    ),
    "burst": Shape(
        threads=((0, 0), (0.8, 0), (0.95, 3), (1, 12)),
        comments=((0, 1), (0.8, 2), (1, 20)),
        issues_share=0.05,
        same_time=40,
    ),
    "discussions": Shape(discussions_share=1.0, stars_share=5.0),
}


def draw(quantiles: Quantiles, rank: float) -> int:
    """The size at `rank` (0 to 1), between two quantiles on a logarithmic scale."""
    for (low, small), (high, large) in itertools.pairwise(quantiles):
        if rank <= high:
            part = (rank - low) / (high - low)
            span = math.log1p(large) - math.log1p(small)
            return round(math.expm1(math.log1p(small) + part * span))
    return quantiles[-1][1]


def ranks(count: int, rng: random.Random) -> list[float]:
    """`count` ranks spread evenly over 0 to 1, shuffled: small repositories get their tail too."""
    spread = [(place + rng.random()) / count for place in range(count)]
    rng.shuffle(spread)
    return spread

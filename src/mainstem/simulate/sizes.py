"""How large things are in lifelike repositories: quantiles with long tails, and draws from them.

The figures follow what was counted in public repositories: most pull requests have a handful of
comments, one in a hundred has dozens, one in a thousand has hundreds. A capture that plans for the
mean loses data, and one that plans for the largest pays twenty times too much.
"""

import itertools
import math
import random
from collections.abc import Sequence

__all__ = [
    "ADDITIONS",
    "COMMENTS_ON_ISSUE",
    "COMMENTS_ON_PULL",
    "COMMITS",
    "FILES",
    "THREADS",
    "Quantiles",
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

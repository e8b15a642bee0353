"""How long GitHub takes over a request, and what it does when that is too long.

The figures follow what was reported of a wide selection of pull requests: 25 took 2.4 to 3.4 s, 40
took 4.3 s, 50 took 4.9 s, and 100 came back null after 7.8 to 10.2 s.
"""

from dataclasses import dataclass
from typing import Literal

from mainstem.simulate.execution import Tally

__all__ = ["Compute"]


@dataclass(frozen=True, slots=True)
class Compute:
    """Seconds of server time. An item is a pull request, an issue or a discussion.

    An item with lists of its own costs `seconds_per_item`, one without `seconds_per_plain`, and
    whatever hangs on either `seconds_per_node`. Above `limit_seconds` (None: never) or `most_items`
    items with lists the answer is `refusal`: every node null with RESOURCE_LIMITS_EXCEEDED, or a
    502; and `penalty_points` are taken from the next hour. A REST request takes `seconds_per_rest`.
    """

    base_seconds: float = 0.1
    seconds_per_item: float = 0.095
    seconds_per_plain: float = 0.004
    seconds_per_node: float = 0.0003
    seconds_per_rest: float = 0.2
    limit_seconds: float | None = 10.0
    most_items: int | None = None
    refusal: Literal["RESOURCE_LIMITS_EXCEEDED", "502"] = "RESOURCE_LIMITS_EXCEEDED"
    penalty_points: int = 10

    def seconds(self, tally: Tally) -> float:
        """What an answer with these objects takes."""
        return (
            self.base_seconds
            + self.seconds_per_item * tally.laden
            + self.seconds_per_plain * tally.plain
            + self.seconds_per_node * tally.nodes
        )

    def is_too_much(self, tally: Tally) -> bool:
        if self.most_items is not None and tally.laden > self.most_items:
            return True
        return self.limit_seconds is not None and self.seconds(tally) > self.limit_seconds

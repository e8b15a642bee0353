"""A trend: the change from the period before, in per cent; unknown without anything earlier."""

import math


def trend(current: int, previous: int, *, has_earlier_data: bool) -> int | None:
    """Change in per cent, halves rounded up, None when there is nothing earlier to compare with.

    From a true zero (there is earlier data, but none in the period before) any growth is 100, as
    the original's code says. Its other answer to nothing, 0 or 100 against a zero that nobody
    measured, made new workspaces look as if they were exploding.
    Domain reference, sections 6.2, 6.3 and 9 (2025-12-19).
    """
    if not has_earlier_data:
        return None
    if previous == 0:
        return 100 if current > 0 else 0
    return math.floor((current - previous) / previous * 100 + 0.5)

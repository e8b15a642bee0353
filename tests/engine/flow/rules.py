"""What must hold, said again and without the engine: arithmetic in fractions, models in lists."""

from collections.abc import Sequence
from fractions import Fraction

# The engine counts a bucket's interval in whole nanoseconds.
_ROUNDING = Fraction(1, 1000)


def opens_at(admitted: Sequence[int], limit: int, period_ms: int, capacity: int) -> Fraction:
    """When a bucket that admitted these moments admits the next, by the protocol's formula."""
    interval = Fraction(period_ms, limit)
    tat: Fraction | None = None
    for moment in admitted:
        tat = (Fraction(moment) if tat is None else max(tat, Fraction(moment))) + interval
    return Fraction(0) if tat is None else tat + interval - interval * capacity


def keeps_pace(admitted: Sequence[int], limit: int, period_ms: int, capacity: int) -> bool:
    """Whether a bucket may have admitted all of these moments, which rise."""
    return all(
        opens_at(admitted[:place], limit, period_ms, capacity) - _ROUNDING <= moment
        for place, moment in enumerate(admitted)
    )

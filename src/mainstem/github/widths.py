"""How wide a page is: controlled by how GitHub took the last ones, not configured.

GitHub ends what takes it longer than ten seconds and takes extra points for it, and nobody
publishes how much it computes in that time. A page of 25 pull requests with what is theirs has been
seen to take 2.5 seconds, one of 100 to fail (costs reference, section 4). The time grows with the
width, so the next width follows from the last answer's time; it is doubled at most, because growing
too fast costs more than growing slowly.
"""

from dataclasses import dataclass
from typing import Final

from .planner import LARGEST_PAGE
from .values import Effort

FIRST_WIDTH: Final = 25
GOOD_SECONDS: Final = 3.5
"""What a page may take and still leave room for a bad moment of GitHub's."""
SLOW_SECONDS: Final = 7.0
"""A page that took this long was near its end: the next is half as wide."""
MOST_GROWTH: Final = 2.0


PATIENCE: Final = 50
"""Pages in good time after which a width that failed once may be tried again."""


@dataclass(frozen=True, slots=True)
class Width:
    """What is known of one query for one repository.

    `widest` is what to ask for, `ceiling` the narrowest width that failed, `good` how many pages
    were answered in time since then, `safe` the widest of them.
    """

    widest: int = FIRST_WIDTH
    ceiling: int | None = None
    good: int = 0
    safe: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.widest <= LARGEST_PAGE:
            raise ValueError(
                f"A page cannot have {self.widest} items: GitHub allows 1 to {LARGEST_PAGE}."
            )


def width_after(known: Width, effort: Effort) -> Width:
    """What is known once GitHub has answered a page with that `effort`.

    A page narrower than what is known to work (the last one, or one that rounds to fewer points)
    changes nothing unless it was slow.
    """
    if effort.refused is not None:
        return Width(effort.width, _lower(known.ceiling, effort.refused), safe=effort.width)
    if effort.seconds >= SLOW_SECONDS:
        half = max(1, effort.width // 2)
        return Width(half, _lower(known.ceiling, effort.width), safe=half)
    ceiling, good = known.ceiling, known.good + 1
    if ceiling is not None and good >= PATIENCE:
        # It may have been a bad hour of GitHub's.
        ceiling, good = ceiling + max(1, ceiling // 4), 0
    safe = max(known.safe or 0, effort.width)
    room = min(MOST_GROWTH, GOOD_SECONDS / max(effort.seconds, 0.001))
    grown = max(known.widest, int(effort.width * room)) if room > 1 else known.widest
    if ceiling is not None:
        # Half way from what worked towards what failed: the bound is found in a few steps, and
        # nothing is tried again while the pages asked for are narrower than that.
        grown = max(safe, min(grown, (safe + ceiling) // 2))
    return Width(min(grown, LARGEST_PAGE), ceiling, good, safe)


class Answered:
    """The widths of queries that are asked now and then, as long as the client lives.

    They begin at their widest, unless GitHub had no time for that: otherwise each page of a sweep
    would find it out anew.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Width] = {}

    def first(self, place: tuple[str, ...], most: int) -> int:
        """What to begin with."""
        known = self._known.get(place)
        return most if known is None else min(known.widest, most)

    def note(self, place: tuple[str, ...], width: int, *, refused: int | None) -> None:
        """That width was answered, and `refused`, if there is one, was not."""
        known = self._known.get(place)
        if known is not None or refused is not None:
            effort = Effort(width, GOOD_SECONDS / MOST_GROWTH, refused)
            self._known[place] = width_after(known or Width(width), effort)


def narrower(width: int, *, safe: int | None = None) -> int | None:
    """The width to try after GitHub had no time for this one; None at the bottom.

    `safe` is a width that worked before: there is no need to go below it at once.
    """
    if safe is not None and safe < width:
        return safe
    return width // 2 if width > 1 else None


def _lower(known: int | None, refused: int) -> int:
    return refused if known is None else min(known, refused)

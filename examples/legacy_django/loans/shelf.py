"""The shelves: which books there are, and what time costs. Money is in cents."""

import inngest

TITLES = {"b1": "The Ferry", "b2": "Salt and Bread", "b3": "A Year of Rain"}
_jammed_once: set[str] = set()


class ShelfJammed(Exception):  # noqa: N818  it says what happened
    """The moving shelves did not open."""


def fetch(book: str, loan: str) -> str:
    """The title of a book taken from its shelf. The shelf of b3 opens at the second try only."""
    if book not in TITLES:
        raise inngest.NonRetriableError(f"there is no book '{book}'")
    if book == "b3" and loan not in _jammed_once:
        _jammed_once.add(loan)
        raise ShelfJammed(f"shelf of {book}, loan {loan}")
    return TITLES[book]


def fine_for(days: int) -> int:
    """What a book costs that was away this long."""
    return max(0, days - 28) * 20

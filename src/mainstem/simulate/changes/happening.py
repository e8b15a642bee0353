"""What a change tells those who listen: the event that GitHub would send to a webhook for it."""

from dataclasses import dataclass, field
from typing import Any

from mainstem.simulate.world import Repository, Row

__all__ = ["Happening", "tell"]


@dataclass(frozen=True, slots=True)
class Happening:
    """`event` and `action` are GitHub's names, `row` what it is about, `at` GitHub's text for a
    time. `more` goes into the payload beside it (`changes`, `label` ...)."""

    event: str
    action: str
    number: int | None
    row: Row
    at: str
    more: dict[str, Any] = field(default_factory=dict)


def tell(home: Repository, happening: Happening) -> None:
    """Everybody who listens hears of it at once, while the rows are as it left them."""
    for listener in list(home.listeners):
        listener(home, happening)

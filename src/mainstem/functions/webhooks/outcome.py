"""What came of applying a delivery, and what is to be done besides."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Outcome:
    """`ask` are numbers of pull requests to read from GitHub, `discover` full names to capture.

    `waiting`: the delivery can be applied once the pull request asked for is stored.
    """

    status: Literal["handled", "ignored", "waiting"] = "handled"
    why: str | None = None
    ask: tuple[int, ...] = ()
    discover: tuple[str, ...] = ()


def ignored(why: str) -> Outcome:
    """Nothing was done, for that reason."""
    return Outcome("ignored", why)

"""Who goes first: a user who waits before ordinary work, and that before filling up the past."""

from typing import Final, Literal

Priority = Literal["interactive", "normal", "backfill"]

RANK: Final[dict[Priority, int]] = {"interactive": 0, "normal": 1, "backfill": 2}
"""The lower goes first where several wait for one place."""

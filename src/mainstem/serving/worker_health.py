"""How a Connect worker is: connected, away since when and why, or stopped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

State = Literal["connected", "away", "stopped"]


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """`since` is when it came into its state; `problem` what keeps it away, as far as is known.

    `attempts` counts the connections begun since it was last connected.
    """

    state: State
    since: datetime
    app_id: str
    functions: int
    attempts: int = 0
    problem: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether events of the server would reach it now."""
        return self.state == "connected"

    def as_json(self) -> dict[str, Any]:
        """The same for a health page."""
        return {**asdict(self), "ok": self.is_well, "since": self.since.isoformat()}


def pause_before(attempt: int, *, cap: float, chance: float) -> float:
    """Seconds to wait before the next attempt: 1, 2, 4, … up to `cap`, shortened by up to half.

    `chance`, 0 to 1, keeps many workers from coming back in the same moment.
    """
    return float(min(cap, 2.0 ** min(attempt, 30)) * (1 - chance / 2))

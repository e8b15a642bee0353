"""What may never be asked: anything of a budget that is spent, or before a pause is over."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mainstem.simulate import SimulatedGitHub

__all__ = ["Watch"]

# Whoever gets no answer is not told what is left, and may ask once more.
_UNTOLD = ("hang up", "cut")
# Requests of one process that may be under way when a limit is met.
_AT_ONCE = {"core": 4, "graphql": 1}
_PAUSE = timedelta(seconds=1)


@dataclass(slots=True)
class Watch:
    """Looks at every request as it arrives."""

    now: Callable[[], datetime]
    overdrawn: Counter[tuple[str, int]] = field(default_factory=Counter)
    early: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    _quiet: dict[str, datetime] = field(default_factory=dict)
    _refused: int = 0
    _untold: int = 0
    _limited: Counter[str] = field(default_factory=Counter)

    def see(self, github: SimulatedGitHub, line: str) -> None:
        """A request arrives."""
        resource: Any = "graphql" if line.endswith("/graphql") else "core"
        now = self.now()
        budget = github.budgets.of("t", resource, now)
        untold = sum(github.faults.met[kind] for kind in _UNTOLD)
        if budget.remaining == 0 and untold == self._untold:
            self.overdrawn[resource, budget.reset] += 1
        self._untold = untold
        quiet = self._quiet.get(resource)
        if quiet is not None and now < quiet:
            self.early[resource, quiet] += 1
        refused = github.faults.met["secondary"]
        if refused > self._refused:
            self._refused = refused
            self._quiet[resource] = now + _PAUSE
        self._limited = Counter(github.log.limited)

    def faults(self) -> list[str]:
        """Whatever was asked against the rules."""
        found = [
            f"{count} requests of {resource} came while its budget was spent"
            for (resource, _), count in self.overdrawn.items()
            if count > _AT_ONCE[resource]
        ]
        found += [
            f"{count} requests of {resource} came before the pause was over that was asked for"
            for (resource, _), count in self.early.items()
            if count >= _AT_ONCE[resource]
        ]
        found += [
            f"the limit '{cause}' was met {count} times"
            for cause, count in self._limited.items()
            if cause not in ("primary", "compute") and count > 1
        ]
        return found

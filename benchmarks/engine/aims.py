"""What the engine is to reach, and what Inngest's own dev server reached on two such cores.

Theirs was measured with the same kind of app and client on the same machine; see the figures of
both as what they are, two programs on two small machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure's bound; `theirs` is what Inngest's dev server was measured with."""

    figure: str
    bound: float
    is_most: bool
    theirs: str = ""

    def is_met(self, value: float) -> bool:
        """Whether a value is on the right side of the bound."""
        return value <= self.bound if self.is_most else value >= self.bound

    @property
    def text(self) -> str:
        """The bound, to read."""
        return f"{'≤' if self.is_most else '≥'} {self.bound:g}"


IDLE = "idle memory MiB"
PEAK = "memory MiB, the most under load"
RESUMED = "sleeping runs that resume after kill -9, %"
RATIO = "in process, ratio to DBOS, {}"
WORST_DROP = "worst drop with stored runs, %"

AIMS = (
    Aim("one: event to completion ms, p50", 20, is_most=True, theirs="440"),
    Aim("ten: event to completion ms, p50", 100, is_most=True, theirs="1800"),
    Aim("one: runs/s in a burst", 120, is_most=False, theirs="30-36"),
    Aim("ten: steps/s in a burst", 250, is_most=False, theirs="63-98 (42 on disk)"),
    Aim("events/s, single", 1500, is_most=False, theirs="1100-1300"),
    Aim("events/s, in batches of 100", 6000, is_most=False, theirs="2500-2700"),
    Aim("ten: server's CPU ms per step", 0.7, is_most=True),
    Aim(IDLE, 80, is_most=True, theirs="123"),
    Aim(PEAK, 80, is_most=True),
    Aim(RESUMED, 100, is_most=False, theirs="0"),
    Aim(RATIO.format("1 at a time"), 1.3, is_most=False),
    Aim(RATIO.format("32 at a time"), 1.3, is_most=False),
    Aim(WORST_DROP, 10, is_most=True),
)


def is_better_when_low(figure: str) -> bool:
    """Whether a figure is a time or a size, which is to be small, and not a rate."""
    return "/s" not in figure


def drop_percent(figure: str, before: float, after: float) -> float:
    """By how much a figure got worse, in percent of what it was; negative when better."""
    change = (after - before) / before * 100
    return change if is_better_when_low(figure) else -change


def worst_drop(before: Mapping[str, float], after: Mapping[str, float]) -> tuple[float, str]:
    """The largest fall among rates, median latencies and the server's CPU, and where it was.

    p95 and p99 of a few dozen runs say more about the machine than about stored runs, and the app's
    own time has nothing to do with them.
    """
    counted = ("/s", "p50", "server's CPU", "first answer", "MiB")
    return max(
        (drop_percent(name, before[name], after[name]), name)
        for name in before
        if name in after and any(each in name for each in counted)
    )

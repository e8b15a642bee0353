"""What captures are to reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bills import Bills
from capture_runs import CaptureRun
from contents import NARROW
from models import PEERS
from peers import PeerRun
from refreshes import Refresh


@dataclass(frozen=True, slots=True)
class Reached:
    """A figure with its bound, which it must not exceed, or with `is_least` not fall below."""

    aim: str
    bound: float
    value: float
    is_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is on the right side."""
        return self.value >= self.bound if self.is_least else self.value <= self.bound


def of_the_recording(bills: Bills) -> list[Reached]:
    """The bounds of the recorded repository."""
    free, limited = bills.free, bills.limited
    requests, points = (
        (float("inf"),) * 2 if limited is None else (limited.bill.requests, limited.bill.points)
    )
    return [
        Reached("the recording: requests", 55, free.bill.requests),
        Reached("the recording: points", 90, free.bill.points),
        Reached(f"the same, pages up to {NARROW}: requests", 85, requests),
        Reached(f"the same, pages up to {NARROW}: points", 110, points),
        Reached("the recording: functions and steps", 120, free.executions),
    ]


def of_all(all_bills: Iterable[Bills]) -> list[Reached]:
    """The bounds that hold for every repository."""
    found = []
    for bills in all_bills:
        complete = [way(bills.sizes) for way in PEERS.values()]
        least = min(bill.total for bill in complete if not bill.lost)
        runs = [peer for peer in bills.peers if isinstance(peer, PeerRun)]
        least = min(
            [least, *(peer.requests + peer.points for peer in runs if "reviews" in peer.records)]
        )
        found += [
            Reached(f"{bills.name}: bill by the oracle's", 1.25, bills.ratio),
            Reached(f"{bills.name}: the same of records alone", 1.25, bills.ratio_of_records),
            Reached(f"{bills.name}: the same, pages up to {NARROW}", 1.25, bills.ratio_limited),
            Reached(
                f"{bills.name}: bill by a complete peer's least", 1, bills.free.bill.total / least
            ),
            Reached(f"{bills.name}: records missing", 0, _missing(bills.free, bills.limited)),
            Reached(f"{bills.name}: peak memory MiB", 300, bills.free.peak_mib),
        ]
    return found


def of_stores(stores: Mapping[str, CaptureRun]) -> list[Reached]:
    """Rows by the second of the product's processor time, where the simulator waits."""
    return [
        Reached(
            f"{name}: rows per processor second", 5_000, run.rows / run.cpu_seconds, is_least=True
        )
        for name, run in stores.items()
    ]


_KINDS = 4
"""Pull requests, issues, comments on diffs, comments of conversations: each has a list to poll."""

_FEW = 25
_FEW_COST = 1 + 1 + 2
"""A query, its point, and two REST requests for up to 25 changes."""


def of_refreshes(refreshes: Iterable[Refresh]) -> list[Reached]:
    """No change, no cost beyond one request for a kind; else near the reference's formula."""
    found = []
    for each in refreshes:
        run, name = each.run, f"refresh of {each.changes:,}"
        if each.changes:
            bound = 1.25 * each.formula.total
            if each.changes <= _FEW:
                bound = max(bound, _FEW_COST)
            found.append(Reached(f"{name}: requests and points", bound, run.bill.total))
        else:
            found += [
                Reached(f"{name}: requests, free ones too", _KINDS, run.rest + run.graphql),
                Reached(f"{name}: points", 0, run.points),
            ]
        found.append(Reached(f"{name}: records missing", 0, abs(run.missing)))
    return found


def _missing(*runs: CaptureRun | None) -> int:
    return sum(abs(run.missing) for run in runs if run is not None)

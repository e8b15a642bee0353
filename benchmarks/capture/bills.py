"""One repository's bills side by side: the floor, the oracle, ours, and the ways of others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from capture_runs import CaptureRun
from contents import NARROW
from models import PEERS, WAYS, Bill, floor
from oracle import Rules, best_plan
from peers import PeerRun, Skipped
from repository_sizes import RepositorySizes

_PART = "pull requests alone"
OURS = "mainstem"
OURS_NARROW = f"mainstem, pages up to {NARROW}"


@dataclass(frozen=True, slots=True)
class Line:
    """One way's bill. `how` says where it comes from: a formula, or a measurement of this run."""

    name: str
    how: str
    bill: Bill
    note: str = ""


@dataclass(frozen=True)
class Bills:
    """All of one repository.

    `limited` is from a server that refuses wide pages, None where the capture failed there.
    """

    name: str
    sizes: RepositorySizes
    free: CaptureRun
    limited: CaptureRun | None
    peers: tuple[PeerRun | Skipped, ...] = ()
    best: Bill = field(init=False)
    best_limited: Bill = field(init=False)
    plans: tuple[str, str] = field(init=False)

    def __post_init__(self) -> None:
        wide, narrow = best_plan(self.sizes), best_plan(self.sizes, Rules(widest=NARROW))
        for name, value in (
            ("best", wide.bill),
            ("best_limited", narrow.bill),
            ("plans", (wide.plan.text, narrow.plan.text)),
        ):
            object.__setattr__(self, name, value)

    @property
    def ratio(self) -> float:
        """Our bill as a multiple of the oracle's."""
        return self.free.bill.total / self.best.total

    @property
    def ratio_of_records(self) -> float:
        """The same without what the repository itself, its people and statistics cost."""
        return self.free.records_total / self.best.total

    @property
    def ratio_limited(self) -> float:
        """The same where wide pages are refused; without end where nothing was captured."""
        if self.limited is None:
            return float("inf")
        return self.limited.bill.total / self.best_limited.total

    def lines(self) -> list[Line]:
        """The bills, the floor first; within models and peers as they come."""
        return [
            Line("floor", "formula", floor(self.sizes), "without labels and reviewers"),
            Line("oracle", "search", self.best, self.plans[0]),
            Line(OURS, "run", self.free.bill, _gaps(self.free)),
            Line(f"oracle, pages up to {NARROW}", "search", self.best_limited, self.plans[1]),
            *(
                []
                if self.limited is None
                else [Line(OURS_NARROW, "run", self.limited.bill, _gaps(self.limited))]
            ),
            *(Line(name, "formula", way(self.sizes), _PART) for name, way in WAYS.items()),
            *(Line(name, "formula", way(self.sizes)) for name, way in PEERS.items()),
            *_measured(self.peers),
        ]

    def as_json(self) -> dict[str, Any]:
        """Everything that was counted."""
        return {
            "rows": self.sizes.totals.rows,
            "ratio": self.ratio,
            "ratio_of_records": self.ratio_of_records,
            "ratio_limited": self.ratio_limited if self.limited else None,
            "mainstem": self.free.as_json(),
            "mainstem_limited": self.limited.as_json() if self.limited else None,
            "plans": self.plans,
            "bills": {
                f"{line.name.strip()} ({line.how})": {
                    "rest": line.bill.rest,
                    "graphql": line.bill.graphql,
                    "points": line.bill.points,
                    "total": line.bill.total,
                    "lost": line.bill.lost,
                }
                for line in self.lines()
            },
        }


def _gaps(run: CaptureRun) -> str:
    missing = "no record missing" if not run.missing else f"{run.missing:,} RECORDS MISSING"
    return f"{missing}; {run.besides} requests for the repository, people, statistics"


def _measured(peers: Iterable[PeerRun | Skipped]) -> list[Line]:
    lines = []
    for peer in peers:
        if isinstance(peer, Skipped):
            continue
        # Those that run here ask GraphQL, if at all, for a handful of points.
        bill = Bill(rest=peer.requests, points=peer.points)
        got = f"{peer.got:,} records in {peer.wall_seconds:.0f} s; lacks {peer.lacks}"
        lines.append(Line(f"{peer.name} {peer.version}", "run", bill, got))
    return lines

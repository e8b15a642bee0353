"""What is asked of a server, again and again, and the figures that come of it.

A round is the same work at each stand in turn, so that what else the machine does falls on all of
them alike. Rates are the median of the rounds, latencies are pooled.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from stand import Stand
from traffic import BATCH, Burst

Figures = dict[str, float]
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Size:
    """How much work a round is; `latencies` and `bursts` by function."""

    rounds: int
    single: int
    batches: int
    heard: int
    latencies: dict[str, int]
    bursts: dict[str, int]
    sleepers: int
    neighbour_rounds: int
    neighbour_runs: dict[int, int]


QUICK = Size(
    rounds=2,
    single=800,
    batches=30,
    heard=100,
    latencies={"one": 15, "ten": 5, "parallel": 5},
    bursts={"one": 100, "ten": 15, "parallel": 10},
    sleepers=50,
    neighbour_rounds=1,
    neighbour_runs={1: 60, 32: 100},
)
FULL = Size(
    rounds=5,
    single=4000,
    batches=100,
    heard=500,
    latencies={"one": 60, "ten": 20, "parallel": 20},
    bursts={"one": 400, "ten": 60, "parallel": 40},
    sleepers=200,
    neighbour_rounds=3,
    neighbour_runs={1: 150, 32: 300},
)


@dataclass
class Taken:
    """Raw measurements at one stand."""

    single: list[float] = field(default_factory=list)
    batched: list[float] = field(default_factory=list)
    heard: list[float] = field(default_factory=list)
    latencies: dict[str, list[float]] = field(default_factory=dict)
    bursts: dict[str, list[Burst]] = field(default_factory=dict)

    def figures(self) -> Figures:
        """The figures by name: events, runs and steps per second, milliseconds."""
        found = {
            "events/s, single": statistics.median(self.single),
            f"events/s, in batches of {BATCH}": statistics.median(self.batched),
            "events/s, single, each starts a run": statistics.median(self.heard),
        }
        for name, seconds in self.latencies.items():
            cuts = statistics.quantiles(seconds, n=100, method="inclusive")
            for percent in (50, 95, 99):
                found[f"{name}: event to completion ms, p{percent}"] = cuts[percent - 1] * 1e3
        for name, bursts in self.bursts.items():
            found |= _of_bursts(name, bursts)
        return found


async def measure(stands: list[Stand], size: Size) -> list[Figures]:
    """The figures of each stand, all measured in turns."""
    for stand in stands:
        await _round(stand, _warm_up(size), Taken())
    taken = [Taken() for _ in stands]
    for number in range(size.rounds):
        pairs = list(zip(stands, taken, strict=True))
        for stand, of_stand in pairs if number % 2 == 0 else reversed(pairs):
            await _round(stand, size, of_stand)
    return [each.figures() for each in taken]


async def _round(stand: Stand, size: Size, taken: Taken) -> None:
    traffic = stand.traffic
    for name, count in size.latencies.items():
        times = taken.latencies.setdefault(name, [])
        times.extend([await traffic.latency(name) for _ in range(count)])
    for name, runs in size.bursts.items():
        taken.bursts.setdefault(name, []).append(await traffic.burst(name, runs))
    intake = traffic.intake
    taken.single.append(await intake("unheard", size.single, batch=1, connections=CONNECTIONS))
    taken.batched.append(await intake("unheard", size.batches, batch=BATCH, connections=2))
    taken.heard.append(await intake("one", size.heard, batch=1, connections=CONNECTIONS))
    # What those started is to be over before anything else is timed.
    await traffic.burst("one", 1)


def _warm_up(size: Size) -> Size:
    return Size(
        rounds=1,
        single=CONNECTIONS,
        batches=1,
        heard=1,
        latencies=dict.fromkeys(size.latencies, 2),
        bursts=dict.fromkeys(size.bursts, 3),
        sleepers=0,
        neighbour_rounds=0,
        neighbour_runs={},
    )


def _of_bursts(name: str, bursts: list[Burst]) -> Figures:
    found = {
        f"{name}: runs/s in a burst": statistics.median(each.runs_per_second for each in bursts),
        f"{name}: steps/s in a burst": statistics.median(each.steps_per_second for each in bursts),
    }
    steps = sum(each.runs * each.steps for each in bursts)
    app = [each.app_cpu for each in bursts if each.app_cpu is not None]
    server = [each.server_cpu for each in bursts if each.server_cpu is not None]
    if len(server) == len(bursts):
        found[f"{name}: server's CPU ms per step"] = sum(server) / steps * 1e3
    if len(app) == len(bursts):
        found[f"{name}: app's CPU ms per step"] = sum(app) / steps * 1e3
    found[f"{name}: wall ms per step"] = sum(each.seconds for each in bursts) / steps * 1e3
    return found

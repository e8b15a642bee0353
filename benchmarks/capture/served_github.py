"""A pretend GitHub in a process of its own, which also does what it is told on its stdin.

Its argument is a JSON object, see `Served`. It prints one line with its address when it is up, and
one line of JSON as the answer to each line it reads: `log`, `reset`, `sizes` or `change`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from repository_sizes import save, sizes_of

from mainstem.simulate import (
    Options,
    SimulatedGitHub,
    World,
    changes,
    generate,
    load_recording,
    simulated_github,
)
from mainstem.simulate.compute import Compute

_MORE = 1_000_000


@dataclass(frozen=True, slots=True)
class Served:
    """What is served: a recording, or `pulls` generated ones (`issues` None: as many as usual).

    Pages of more than `widest` items with lists are refused for the work they make.
    """

    recording: str | None = None
    pulls: int = 0
    issues: int | None = None
    shape: str | None = None
    seed: int = 1
    widest: int | None = None
    latency_seconds: float = 0.0

    def world(self) -> World:
        """The repository. Raises `ValueError` where the generator has no such shape."""
        if self.recording is not None:
            return load_recording(Path(self.recording))
        more: dict[str, Any] = {} if self.issues is None else {"issues": self.issues}
        if self.shape is not None:
            if "shape" not in inspect.signature(generate).parameters:
                raise ValueError("the generator has no shapes")
            more["shape"] = self.shape
        return generate(self.seed, self.pulls, **more)

    def options(self) -> Options:
        """Ample budgets; statistics at once."""
        compute = None if self.widest is None else Compute(most_items=self.widest)
        return Options(
            core_per_hour=_MORE,
            graphql_per_hour=_MORE,
            anonymous_per_hour=_MORE,
            stats_pending=0,
            compute=compute,
            latency_seconds=self.latency_seconds,
        )


def change(world: World, count: int, seed: int) -> None:
    """A remark each on `count` pull requests, now: comments, reviews, comments on the diff."""
    home, chance = world.repository, random.Random(seed)
    people = [user for user, row in world.users.items() if row["type"] == "User"]
    numbers = list(home.pulls)
    chosen = chance.sample(numbers, min(count, len(numbers)))
    for place, number in enumerate(chosen):
        user = chance.choice(people)
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = f"Looked at it once more ({place})."
        if place % 3 == 0:
            changes.add_comment(home, number, body, user=user, at=at)
        elif place % 3 == 1:
            changes.add_review(home, number, user=user, body=body, at=at)
        else:
            changes.add_review_comment(home, number, body, user=user, at=at)


def told(simulated: SimulatedGitHub, order: dict[str, Any]) -> Any:
    """The answer to one line."""
    match order["do"]:
        case "log":
            return simulated.log.as_json()
        case "reset":
            simulated.reset()
        case "sizes":
            save(sizes_of(simulated.world), Path(order["path"]))
        case "change":
            change(simulated.world, order["count"], order["seed"])
    return None


async def serve(served: Served) -> None:
    """Until stdin ends."""
    world = served.world()
    loop = asyncio.get_running_loop()
    async with simulated_github(world, options=served.options()) as simulated:
        up = {"url": simulated.url, "repository": world.repository.full_name}
        print(json.dumps(up), flush=True)
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(json.dumps(told(simulated, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(Served(**json.loads(sys.argv[1]))))

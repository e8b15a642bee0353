"""One capture under fire, the same without any, and what is to be said of both."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from random import Random
from typing import Any

from firing.changing import Hands
from firing.comparing import differences
from firing.databases import Databases
from firing.watching import Watch
from mainstem.catalog import RetryAfterError
from mainstem.functions.capture import (
    capture_repository_issues,
    capture_repository_sync,
    capture_repository_sync_graphql,
    reconcile_repository,
)
from mainstem.functions.capture.reconcile_repository import Reconciled
from mainstem.functions.events import (
    RepositoryIssuesRequested,
    RepositoryReconcileRequested,
    RepositorySyncGraphqlRequested,
    RepositorySyncRequested,
)
from mainstem.functions.services import Services
from mainstem.github import GitHub
from mainstem.simulate import (
    Compute,
    Fault,
    Options,
    Secondary,
    SimulatedGitHub,
    World,
    generate,
    simulated_github,
)
from mainstem.store import Database, ids, save_repositories
from mainstem.testing import run_handler

__all__ = ["Bill", "Fire", "Found", "burn"]

START = datetime(2026, 7, 1, 12, tzinfo=UTC)
# Runs of one function until it ends well: each meets trouble of its own.
MOST_RUNS = 60
TIMEOUT = timedelta(seconds=2)
MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Fire:
    """What to burn: a generated repository, how it is read, and how much goes wrong.

    `rate` is the share of requests that meet trouble, `deeds` how many things happen at GitHub
    while it is read. `core` and `points` are the hourly budgets, `timeouts` how many requests get
    no answer in time, which really takes as long.
    """

    seed: int
    shape: str = "lifelike"
    pulls: int = 120
    rate: float = 0.15
    deeds: int = 30
    via: str = "graphql"
    database: str = "sqlite"
    core: int = 5_000
    points: int = 5_000
    refusal: str = "RESOURCE_LIMITS_EXCEEDED"
    widest: int | None = None
    timeouts: int = 0


@dataclass(frozen=True, slots=True)
class Bill:
    """What GitHub was asked for, by its own journal."""

    requests: int
    rest: int
    points: int


@dataclass(slots=True)
class Found:
    """What became of it. No faults is a success."""

    fire: Fire
    quiet: Bill = field(default_factory=lambda: Bill(0, 0, 0))
    bill: Bill = field(default_factory=lambda: Bill(0, 0, 0))
    runs: int = 0
    rounds: int = 0
    met: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    pauses: int = 0
    rows: int = 0
    hours: float = 0.0
    by_endpoint: dict[str, tuple[int, int]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def dearer(self) -> float:
        """Times the quiet bill, requests and points together."""
        quiet = self.quiet.requests + self.quiet.points
        return (self.bill.requests + self.bill.points) / max(1, quiet)


@dataclass(slots=True)
class Time:
    """The time at GitHub and here. Whoever waits moves it; nobody really waits."""

    moment: datetime = START

    def now(self) -> datetime:
        """The present moment."""
        return self.moment

    def text(self) -> str:
        """The same as GitHub writes it."""
        return self.moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def pass_(self, seconds: float) -> None:
        """Let time go by."""
        self.moment += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait: what others do meanwhile happens meanwhile."""
        until = self.moment + timedelta(seconds=seconds)
        await asyncio.sleep(0)
        self.moment = max(self.moment, until)


@dataclass(slots=True)
class Scene:
    """A world, its pretend GitHub, and one database to capture it into."""

    fire: Fire
    time: Time
    hands: Hands
    watch: Watch
    github: SimulatedGitHub
    services: Services
    runs: int = 0
    pauses: int = 0

    @property
    def repository_id(self) -> Any:
        """The row's id."""
        return ids.repository_id(self.hands.home.id)


async def burn(fire: Fire, databases: Databases) -> Found:
    """Capture quietly, capture under fire, and compare: with each other, and with the truth."""
    found = Found(fire)
    async with _scene(fire, databases) as scene:
        await _capture(scene)
        found.quiet = _bill(scene)
        quiet = Counter(scene.github.log.by_endpoint)
    async with _scene(fire, databases) as scene:
        scene.github.faults.chaos(fire.seed, fire.rate)
        for path in islice(cycle(("/graphql", "/comments")), fire.timeouts):
            scene.github.faults.add(Fault(path, delay_seconds=1.5 * TIMEOUT.total_seconds()))
        try:
            found.rounds = await _capture(scene)
        except _NeverEnds as error:
            found.faults.append(str(error))
        found.bill, found.runs, found.pauses = _bill(scene), scene.runs, scene.pauses
        found.met = dict(scene.github.faults.met)
        found.refused = dict(scene.github.log.limited)
        found.hours = (scene.time.moment - START) / timedelta(hours=1)
        found.faults += scene.watch.faults()
        fired = Counter(scene.github.log.by_endpoint)
        found.by_endpoint = {
            name: (quiet[name], fired[name]) for name in sorted(quiet.keys() | fired.keys())
        }
        calm = replace(fire, core=10**6, points=10**6, widest=None, deeds=0)
        async with _scene(calm, databases, scene.hands.world) as truth:
            await _backfill(truth)
            found.faults += differences(
                scene.services.database, truth.services.database, scene.hands.gone
            )
            found.rows = sum(
                len(rows) for rows in (scene.hands.home.pulls, scene.hands.home.issues)
            )
    return found


class _NeverEnds(Exception):  # noqa: N818  what happened
    """A capture that does not come to its end."""


@asynccontextmanager
async def _scene(
    fire: Fire, databases: Databases, world: World | None = None
) -> AsyncIterator[Scene]:
    time = Time()
    world = world or generate(fire.seed, fire.pulls, shape=fire.shape)
    hands = Hands(world, Random(fire.seed), time.text, fire.deeds)
    watch = Watch(time.now)
    refusal: Any = fire.refusal
    options = Options(
        tokens=frozenset({"t"}),
        core_per_hour=fire.core,
        graphql_per_hour=fire.points,
        now=time.now,
        stats_pending=0,
        compute=Compute(refusal=refusal, most_items=fire.widest),
        secondary=Secondary(),
        cursor_above=400,
        on_work=time.pass_,
        on_request=_on_request(hands, watch),
    )
    async with simulated_github(world, options=options) as github:
        database = databases.fresh()
        client = GitHub(
            base_url=github.url,
            token="t",
            clock=time.now,
            sleep=time.sleep,
            roll=Random(fire.seed).random,
            paced=True,
            timeout=TIMEOUT,
        )
        async with client:
            services = Services(database, client, time)
            _save_home(database, world)
            yield Scene(fire, time, hands, watch, github, services)
        databases.close(database)


def _on_request(hands: Hands, watch: Watch) -> Callable[[SimulatedGitHub, str], None]:
    asked = 0

    def on_request(github: SimulatedGitHub, line: str) -> None:
        nonlocal asked
        asked += 1
        watch.see(github, line)
        if asked % 2 == 0:
            hands.act()

    return on_request


def _save_home(database: Database, world: World) -> None:
    home = world.repository
    owner, name = home.full_name.split("/")
    row: Any = {
        "id": ids.repository_id(home.id),
        "github_id": home.id,
        "owner": owner,
        "name": name,
        "full_name": home.full_name,
    }
    database.write(save_repositories, [row], at=START)


async def _capture(scene: Scene) -> int:
    """Everything, then what changed, then the proof by counts, until there is nothing more."""
    await _backfill(scene)
    while scene.hands.left:
        scene.hands.act()
    for round_ in range(1, MOST_ROUNDS + 1):
        scene.time.pass_(300)
        done = await _reconcile(scene)
        if done.agrees and not done.tally.written.changed:
            return round_
    raise _NeverEnds(
        f"after {MOST_ROUNDS} reconciliations GitHub's totals are {dict(done.github)} "
        f"and those stored {dict(done.stored)}, or rows are still written"
    )


async def _backfill(scene: Scene) -> None:
    home = scene.repository_id
    if scene.fire.via == "graphql":
        both = RepositorySyncGraphqlRequested(repository_id=home, history="full", with_issues=True)
        await _run(scene, capture_repository_sync_graphql, both)
        return
    pulls = RepositorySyncRequested(repository_id=home, history="full")
    issues = RepositoryIssuesRequested(repository_id=home, history="full", via="rest")
    await _run(scene, capture_repository_sync, pulls)
    await _run(scene, capture_repository_issues, issues)


async def _reconcile(scene: Scene) -> Reconciled:
    asked = RepositoryReconcileRequested(repository_id=scene.repository_id)
    done = await _run(scene, reconcile_repository, asked)
    assert isinstance(done, Reconciled)
    return done


async def _run(scene: Scene, function: Any, asked: Any) -> Any:
    """Run it until it ends well, as the platform and whoever watches it would."""
    last: Exception | None = None
    for _ in range(MOST_RUNS):
        scene.runs += 1
        try:
            done = await run_handler(
                function, asked, scene.services, attempts=3, run_id=f"run-{scene.runs}"
            )
        except RetryAfterError as error:
            last = error
            scene.pauses += 1
            scene.time.moment = max(scene.time.moment, error.retry_after)
        except Exception as error:  # noqa: BLE001  whatever it is, the next run goes on
            last = error
            scene.time.pass_(60)
        else:
            if getattr(done.output, "finished", True):
                return done.output
    raise _NeverEnds(f"{asked.event_name} has not ended after {MOST_RUNS} runs: {last}")


def _bill(scene: Scene) -> Bill:
    log = scene.github.log
    return Bill(log.requests - log.not_modified, log.rest_requests - log.not_modified, log.points)

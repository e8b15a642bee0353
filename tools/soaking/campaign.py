"""A campaign: load, kills at moments drawn from the seed, and in the end the verdict."""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from soaking.load import Load, Sent
from soaking.record import Record, count_pending, read_record
from soaking.verdict import counts, differences, judge, outcomes
from soaking.victims import Victim, app_victim, engine_victim, free_port

Json = Any
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What a campaign is to do; spans in seconds. `up` is how long both live at most."""

    kills: int
    seed: int
    rate: float
    up: float
    patience: float
    retry_interval: float
    is_compared: bool = True
    is_forked: bool = False


@dataclass
class Found:
    """What became of it. No faults is a success."""

    kills: int = 0
    killed: dict[str, int] = field(default_factory=dict)
    killed_while_starting: int = 0
    events: int = 0
    events_repeated: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    seconds_to_rest: float = 0.0
    engine_mib: float = 0.0
    log_mib: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass
class House:
    """An engine and an app with a folder of their own."""

    folder: Path
    plan: Plan

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        port, app_port = free_port(), free_port()
        self.origin = f"http://127.0.0.1:{port}"
        forked = self.plan.is_forked
        self.engine = engine_victim(
            self.folder,
            port=port,
            app_port=app_port,
            retry_interval=self.plan.retry_interval,
            is_forked=forked,
        )
        self.app = app_victim(self.folder, port=app_port, engine_port=port, is_forked=forked)

    @property
    def file(self) -> Path:
        """The engine's file."""
        return self.folder / "engine.db"

    async def open(self, client: httpx.AsyncClient) -> None:
        """Start both and wait until the engine knows the app."""
        self.app.start()
        self.engine.start()
        await self.there(client)
        while b'"soak"' not in (await client.get(f"{self.origin}/v1/apps")).content:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # in another process: nothing here can tell

    async def there(self, client: httpx.AsyncClient) -> None:
        """Wait until both answer."""
        await asyncio.gather(*(each.wait_until_there(client) for each in (self.engine, self.app)))

    async def rest(self, patience: float) -> None:
        """Wait until nothing is to be done any more, or patience is at its end."""
        deadline = time.monotonic() + patience
        while count_pending(self.file) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # as above

    def log_mib(self) -> float:
        """How large the write-ahead log is."""
        log = Path(f"{self.file}-wal")
        return round(log.stat().st_size / 2**20, 1) if log.exists() else 0.0

    def close(self) -> list[str]:
        """Stop both as a system does; what went wrong with that."""
        try:
            code = self.engine.end()
        finally:
            self.app.end()
        return [] if code in (0, None) else [f"the engine ended with exit code {code}"]

    def record(self) -> Record:
        """What the file and the ledger hold."""
        return read_record(self.file, self.folder / "ledger")


async def run_campaign(plan: Plan, folder: Path, say: Say) -> Found:
    """Kill, restart, wait for rest, judge; then compare with the same load undisturbed."""
    found, began = Found(), time.monotonic()
    house = House(folder / "killed", plan)
    async with httpx.AsyncClient(timeout=5) as client:
        try:
            accepted = await _disturbed(plan, house, client, found, say)
        finally:
            found.faults += house.close()
        record = house.record()
        found.faults += judge(record, accepted)
        found.counts = counts(record)
        if plan.is_compared:
            say(f"{len(accepted)} events, {found.counts['runs']} runs; now the same undisturbed")
            house = House(folder / "calm", plan)
            calm, faults = await _undisturbed(house, client, accepted, plan.patience)
            found.faults += [f"undisturbed: {fault}" for fault in faults]
            found.faults += differences(outcomes(record), outcomes(calm))
    found.seconds = round(time.monotonic() - began, 1)
    return found


async def _disturbed(
    plan: Plan, house: House, client: httpx.AsyncClient, found: Found, say: Say
) -> list[Sent]:
    dice = random.Random(plan.seed)
    load = Load(client, house.origin, plan.seed, plan.rate)
    await house.open(client)
    sending = asyncio.create_task(load.run())
    while found.kills < plan.kills:
        await _kill_once(plan, house, client, found, dice)
        if found.kills % 10 == 0:
            found.log_mib = max(found.log_mib, house.log_mib())
            say(f"{found.kills} kills, {len(load.accepted)} events, log {found.log_mib} MiB")
    await house.there(client)
    load.stop()
    await sending
    began = time.monotonic()
    await house.rest(plan.patience)
    found.seconds_to_rest = round(time.monotonic() - began, 1)
    found.engine_mib = round(house.engine.memory() / 2**20, 1)
    found.faults += load.refused
    found.events, found.events_repeated = len(load.accepted), load.repeats
    return load.accepted


async def _kill_once(
    plan: Plan, house: House, client: httpx.AsyncClient, found: Found, dice: random.Random
) -> None:
    """Kill the engine, the app or both, now and then while they still start."""
    if dice.random() < 0.2:
        await asyncio.sleep(dice.uniform(0, plan.up))
        found.killed_while_starting += 1
    else:
        await house.there(client)
        await asyncio.sleep(dice.uniform(0, plan.up))
    victims: list[Victim] = dice.choices(
        ([house.engine], [house.app], [house.engine, house.app]), (6, 2, 2)
    )[0]
    for victim in victims:
        victim.kill()
        found.kills += 1
        found.killed[victim.name] = found.killed.get(victim.name, 0) + 1
    for victim in victims:
        victim.start()


async def _undisturbed(
    house: House, client: httpx.AsyncClient, accepted: list[Sent], patience: float
) -> tuple[Record, list[str]]:
    load = Load(client, house.origin, 0, 0)
    try:
        await house.open(client)
        # A stop is sent by what it stops.
        await load.play([each for each in accepted if each.kind != "stop"])
        await house.rest(patience)
    finally:
        faults = house.close()
    record = house.record()
    return record, faults + judge(record, load.accepted)

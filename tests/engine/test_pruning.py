"""Old runs are forgotten, and nothing that is still needed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from mainstem.engine import (
    Engine,
    EngineBusy,
    EngineError,
    EngineOptions,
    Retention,
    RunStatus,
    VirtualClock,
    prune_file,
)
from mainstem.engine.lifecycle import FINAL_RUNS
from mainstem.engine.limits import DAY, HOUR
from mainstem.engine.pruning import OLD_EVENTS, OLD_RUNS, Pass

from .raw_app import Call, RawApp, answer, raw_app, step

SLEEP = [step("nap", "Sleep", name="60d")]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "engine.db")


def two_steps(call: Call) -> object:
    """A step, and then the end with a thousand bytes."""
    return answer("x" * 1000, 200) if call.steps else answer([step("one", data="y" * 200)])


async def run_some(app: RawApp, count: int) -> None:
    app.answering = two_steps  # type: ignore[assignment]
    await app.engine.send([{"name": "a", "data": {}}] * count)
    await app.engine.settle(timeout=10)


def counts(path: str) -> dict[str, int]:
    tables = ("runs", "steps", "attempts", "logs", "events", "run_events", "start_keys")
    with closing(sqlite3.connect(path)) as sql:
        return {each: sql.execute(f"SELECT count(*) FROM {each}").fetchone()[0] for each in tables}


def size_of(path: str) -> int:
    return Path(path).stat().st_size


async def test_a_file_stays_as_large_as_what_its_retention_keeps(
    clock: VirtualClock, path: str
) -> None:
    sizes = []
    async with raw_app(clock, path=path, retention=Retention(2 * DAY)) as app:
        for _ in range(10):
            await run_some(app, 20)
            clock.advance(timedelta(days=1))
            sizes.append(app.engine.reader.execute("PRAGMA page_count").fetchone()[0])
        kept = len(app.engine.runs(limit=1000))
    assert kept <= 3 * 20
    assert max(sizes[5:]) <= 1.1 * sizes[4]


async def test_without_a_retention_everything_is_kept(clock: VirtualClock, path: str) -> None:
    async with raw_app(clock, path=path) as app:
        await run_some(app, 3)
        clock.advance(timedelta(days=400))
        await run_some(app, 3)
        assert len(app.engine.runs()) == 6


async def test_a_run_that_sleeps_longer_than_the_retention_stays_whole(
    clock: VirtualClock, path: str
) -> None:
    async with raw_app(clock, path=path, retention=Retention(DAY)) as app:
        sleeping = await app.start(lambda call: answer("up", 200) if call.steps else answer(SLEEP))
        await app.engine.settle(timeout=5)
        await run_some(app, 1)
        app.answering = lambda _: answer("up", 200)
        clock.advance(timedelta(days=40))
        await app.run()
        runs = {run.id: run for run in app.engine.runs()}
        assert len(runs) == 2
        assert runs[sleeping].status is RunStatus.RUNNING
        ties = app.engine.reader.execute(
            "SELECT count(*) FROM run_events JOIN events ON internal_id = event_id"
            " WHERE run_id = ?",
            (sleeping,),
        ).fetchone()[0]
        assert ties == 1
        assert (await app.rest(sleeping)).output == "up"


async def test_an_event_that_a_debounce_holds_stays(clock: VirtualClock, path: str) -> None:
    async with raw_app(clock, path=path, retention=Retention(DAY)) as app:
        await app.register(debounce={"period": "6d"})
        (held,) = await app.engine.send([{"name": "a", "data": {}}])
        clock.advance(timedelta(days=5))
        await app.engine.send([{"name": "other"}])
        await app.engine.settle(timeout=5)
        clock.advance(timedelta(days=1))
        await app.engine.settle(timeout=5)
        (run,) = app.engine.runs(event=held)
        assert app.engine.reader.execute(
            "SELECT 1 FROM events WHERE internal_id = ?", (held,)
        ).fetchone()
        assert run.events[0]["id"] == held


async def test_what_recognises_doubles_for_a_day_outlives_every_pruning(
    clock: VirtualClock, path: str
) -> None:
    event, seed = {"name": "a", "id": "order-1"}, "1700000000000,AAAAAAAAAAAAAA=="
    async with raw_app(clock, path=path) as app:
        first = await app.engine.send([event], seed=seed)
        await app.engine.settle(timeout=5)
    clock.advance(timedelta(hours=23))
    pruned = prune_file(path, Retention(HOUR), now=clock.now())
    assert (pruned.runs, pruned.events) == (1, 0)
    async with raw_app(clock, path=path) as app:
        assert await app.engine.send([event], seed=seed) == first
        await app.engine.send([event])
        assert app.engine.runs() == []


async def test_the_last_runs_of_a_function_stay_however_old(clock: VirtualClock, path: str) -> None:
    async with raw_app(clock, path=path) as app:
        await run_some(app, 8)
        newest = [run.id for run in app.engine.runs()][:3]
    now = clock.now() + 30 * DAY
    assert prune_file(path, Retention(DAY, keep_last=3), now=now).runs == 5
    engine = Engine.open(EngineOptions(path), clock=clock)
    assert [run.id for run in engine.runs()] == newest
    assert len(engine.run(newest[0]).steps) == 1
    engine._loop.storage.close()


async def test_a_trial_tells_what_pruning_does_and_changes_nothing(
    clock: VirtualClock, path: str
) -> None:
    async with raw_app(clock, path=path) as app:
        # More than one portion, and an event of which two functions' runs might remain.
        await run_some(app, 130)
        await app.start(lambda _: answer(SLEEP))
        await app.engine.settle(timeout=5)
    before, now = counts(path), clock.now() + 2 * DAY
    told = prune_file(path, Retention(DAY), now=now, is_trial=True)
    assert counts(path) == before
    assert prune_file(path, Retention(DAY), now=now) == told
    assert asdict(told) == {
        "runs": 130,
        "steps": 130,
        "attempts": 260,
        "logs": 0,
        "cancellations": 0,
        "events": 260,  # and those that tell of the ends
    }


async def test_nothing_remains_of_a_run_that_is_forgotten(clock: VirtualClock, path: str) -> None:
    async with raw_app(clock, path=path) as app:
        await run_some(app, 20)
    now = clock.now() + 2 * DAY
    keys = counts(path)["start_keys"]
    prune_file(path, Retention(DAY), now=now)
    assert counts(path) == {**dict.fromkeys(counts(path), 0), "start_keys": keys}


async def test_packing_gives_the_room_back(clock: VirtualClock, path: str) -> None:
    async with raw_app(clock, path=path) as app:
        await run_some(app, 60)
    size = size_of(path)
    prune_file(path, Retention(0), now=clock.now() + 2 * DAY, pack=True)
    assert size_of(path) < size / 2
    with closing(sqlite3.connect(path)) as sql:
        assert sql.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


async def test_the_file_of_a_running_engine_is_not_pruned_behind_its_back(
    clock: VirtualClock, path: str
) -> None:
    async with raw_app(clock, path=path):
        with pytest.raises(EngineBusy):
            prune_file(path, Retention(0), now=clock.now())


def test_pruning_makes_no_file(path: str) -> None:
    with pytest.raises(EngineError, match="there is no such file"):
        prune_file(path, Retention(0), now=0)
    assert list(Path(path).parent.iterdir()) == []


@pytest.fixture
def engine() -> Iterator[Engine]:
    opened = Engine.open(EngineOptions())
    yield opened
    opened._loop.storage.close()


def test_a_portion_reads_no_whole_table(engine: Engine) -> None:
    going = Pass(engine.reader, Retention(0), 0)
    with engine.work():
        going.step()
    plans = []
    for statement, values in (
        (OLD_RUNS, (min(FINAL_RUNS), "", "Z", 10)),
        (OLD_EVENTS, {"before": 1, "after": "", "end": "Z", "portion": 10}),
    ):
        rows = engine.reader.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        plans += [row["detail"] for row in rows]
    scans = [plan for plan in plans if plan.startswith("SCAN")]
    # The portion itself, and the few events that are held.
    assert all("old" in scan or "held_events" in scan for scan in scans), scans

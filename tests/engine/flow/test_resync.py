"""What a changed configuration means for what was there before, and that a seed gives one history.

The reference leaves this open; `docs/flow-control.md` says what the engine does.
"""

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainstem.engine import storage
from mainstem.engine.storage import Storage

from .scene import Scene, function, planned, ran

SceneOf = Callable[..., Scene]


def done(_: Any) -> tuple[int, None]:
    return 200, None


def events(*data: Any) -> list[dict[str, Any]]:
    return [{"name": "a", "data": {"n": n, **each}} for n, each in enumerate(data)]


def numbers(scene: Scene) -> list[int]:
    return [call.data["n"] for call in scene.held]


@pytest.mark.parametrize(
    ("later", "at_once"), [([{"limit": 3}], 3), ([], 5), ([{"limit": 1, "key": "event.data.n"}], 5)]
)
def test_a_raised_limit_counts_for_runs_that_wait(
    scene_of: SceneOf, later: Any, at_once: int
) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}]))
    scene.send(*events(*[{}] * 5))
    scene.answer(scene.held[0])
    scene.send(*events({}))
    scene.sync([function("a", concurrency=later)])
    while numbers(scene)[0] == 1 and len(scene.held) < at_once:
        scene.answer(scene.held[0])  # in the group that it was sent in
    assert len(scene.held) == at_once


def test_a_lowered_limit_counts_for_steps_and_retries_of_runs_under_way(
    scene_of: SceneOf,
) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 3}]))
    scene.send(*events(*[{}] * 3))
    scene.sync([function("a", concurrency=[{"limit": 1}])])
    for _ in range(3):
        scene.answer(scene.held[0], 500, {"name": "E", "message": "no"})
    scene.advance(seconds=10)
    assert numbers(scene) == [0]


def test_another_throttle_counts_for_runs_that_wait_and_for_its_buckets(scene_of: SceneOf) -> None:
    throttle = {"limit": 1, "period": "24h", "burst": 0}
    scene = scene_of(function("a", throttle=throttle), reply=done)
    scene.send(*events(*[{}] * 4))
    scene.sync([function("a", throttle={"limit": 1, "period": "10s", "burst": 0})])
    scene.advance(seconds=31)
    assert len(scene.calls) == 4


def test_a_throttle_that_is_gone_holds_nothing_back(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", throttle={"limit": 1, "period": "24h"}), reply=done)
    scene.send(*events(*[{}] * 9))
    scene.sync([function("a")])
    assert len(scene.calls) == 9


def test_a_rate_limit_s_bucket_counts_at_the_pace_of_now(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", rateLimit={"limit": 1, "period": "24h"}), reply=done)
    scene.send(*events({}))
    scene.sync([function("a", rateLimit={"limit": 1, "period": "10s"})])
    scene.send(*events({}))
    scene.advance(seconds=10)
    scene.send(*events({}))
    assert len(scene.runs()) == 2


@pytest.mark.parametrize(
    ("timeouts", "moment"), [({}, None), ({"start": "30s"}, 30), ({"start": "2s"}, 5)]
)
def test_other_timeouts_count_for_runs_that_wait(
    scene_of: SceneOf, timeouts: Any, moment: int | None
) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}], timeouts={"start": "10s"}))
    scene.send(*events({}, {}))
    scene.advance(seconds=5)
    scene.sync([function("a", concurrency=[{"limit": 1}], timeouts=timeouts)])
    scene.advance(seconds=60)
    ended = scene.runs()[1].ended_at
    assert ended == (None if moment is None else scene.runs()[1].created_at + moment * 1000)


def test_a_debounce_keeps_its_deadline_until_the_next_event(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", debounce={"period": "5s"}), reply=done)
    scene.send(*events({}))
    scene.sync([function("a", debounce={"period": "60s"})])
    scene.advance(seconds=5)
    scene.send(*events({}))
    scene.advance(seconds=59)
    assert len(scene.runs()) == 1


def test_what_was_gathered_starts_when_gathering_is_given_up(scene_of: SceneOf) -> None:
    scene = scene_of(
        function("a", debounce={"period": "5s"}),
        function("b", batchEvents={"maxSize": 9, "timeout": "5s"}),
        reply=done,
    )
    scene.send(*events({}), {"name": "b"}, {"name": "b"})
    scene.sync([function("a"), function("b")])
    scene.advance(seconds=5)
    assert sorted(len(run.events) for run in scene.runs()) == [1, 2]


def test_a_batch_larger_than_allowed_now_takes_no_more(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", batchEvents={"maxSize": 9, "timeout": "5s"}), reply=done)
    scene.send(*events(*[{}] * 4))
    scene.sync([function("a", batchEvents={"maxSize": 2, "timeout": "5s"})])
    scene.send(*events({}, {}))
    assert [len(run.events) for run in scene.runs()] == [4, 2]


@pytest.mark.parametrize("returns", [False, True])
def test_what_an_archived_function_gathered_starts_only_if_it_returns_in_time(
    scene_of: SceneOf, returns: bool
) -> None:
    gathering = [
        function("a", debounce={"period": "5s"}),
        function("b", batchEvents={"maxSize": 9, "timeout": "5s"}),
    ]
    scene = scene_of(*gathering, reply=done)
    scene.send(*events({}), {"name": "b"})
    scene.sync([])
    if returns:
        scene.sync(gathering)
    scene.advance(seconds=5)
    assert len(scene.runs()) == (2 if returns else 0)
    assert scene.count("jobs") == scene.count("batched_events") == scene.count("debounces") == 0


def test_runs_of_an_archived_function_keep_their_limits(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}]))
    scene.send(*events({}, {}))
    scene.sync([])
    assert numbers(scene) == [0]
    scene.answer(scene.held[0])
    assert numbers(scene) == [1]


def test_a_singleton_holds_for_runs_created_since_it_was_set(scene_of: SceneOf) -> None:
    scene = scene_of(function("a"))
    scene.send(*events({}))
    scene.sync([function("a", singleton={"mode": "skip"})])
    scene.send(*events({}, {}))
    assert [run.status for run in scene.runs()] == ["RUNNING", "RUNNING", "SKIPPED"]


def test_the_priority_of_a_run_stays_what_it_was_when_it_was_created(scene_of: SceneOf) -> None:
    config = {"concurrency": [{"limit": 1}]}
    scene = scene_of(function("a", **config, priority={"run": "event.data.n * 10"}))
    scene.send(*events({}, {}, {}))
    scene.sync([function("a", **config, priority={"run": "0 - event.data.n * 10"})])
    while scene.held:
        scene.answer(scene.held[0])
    assert [call.data["n"] for call in scene.calls] == [2, 1, 0]


def test_what_an_older_file_gathered_is_kept(tmp_path: Path) -> None:
    """Buckets in milliseconds and batches in one row, as layout 2 had them."""
    path = tmp_path / "old.db"
    old = sqlite3.connect(path)
    old.executescript(storage._SCHEMA + storage._CHANGES[0] + "PRAGMA user_version = 2;")
    old.execute("INSERT INTO buckets VALUES ('b', 1893456000000.0)")
    old.execute("INSERT INTO batches VALUES ('f', 'k', '[\"[1]\",\"[2]\"]', 7)")
    old.commit()
    old.close()
    opened = Storage(str(path))
    sql = opened.connection
    assert sql.execute("SELECT tat FROM buckets").fetchone()[0] == 1_893_456_000_000_000_000
    assert tuple(sql.execute("SELECT * FROM batches").fetchone()) == ("f", "k", 2, 13, 7)
    rows = sql.execute("SELECT number, event FROM batched_events ORDER BY number")
    assert [tuple(row) for row in rows] == [(0, "[1]"), (1, "[2]")]
    opened.close()


def test_the_same_seed_gives_the_same_history(scene_of: SceneOf) -> None:
    histories = [_history(scene_of(*_busy())) for _ in range(2)]
    assert histories[0] == histories[1]
    assert len(histories[0][0]) > 50


def _busy() -> list[Any]:
    return [
        function(
            "a",
            concurrency=[{"limit": 2}, {"limit": 1, "key": "event.data.k"}],
            priority={"run": "event.data.p"},
        ),
        function("b", throttle={"limit": 2, "period": "7s", "key": "event.data.k"}),
        function("c", debounce={"period": "3s", "key": "event.data.k"}),
        function("d", batchEvents={"maxSize": 3, "timeout": "4s"}),
        function("e", triggers=[{"cron": "* * * * *", "jitter": "20s"}]),
    ]


def _history(scene: Scene) -> tuple[list[Any], list[Any]]:
    """Some minutes of work that a seed chooses, with restarts in between."""
    chance, sent = random.Random(7), 0
    for _ in range(120):
        match chance.randrange(5):
            case 0:
                for _ in range(chance.randrange(4)):
                    sent += 1
                    data = {"n": sent, "k": chance.randrange(2), "p": chance.randrange(-2, 3)}
                    scene.post({"name": chance.choice("abcd"), "data": data})
                scene.settle()
            case 1:
                scene.advance(seconds=chance.choice([0, 1, 5]))
            case 2 if chance.random() < 0.2:
                scene.restart(seconds=chance.choice([0, 2]))
                scene.settle()
            case _ if scene.held:
                call = chance.choice(scene.held)
                if call.step != "step":
                    scene.answer(call, *ran(call.step))
                elif not call.body["steps"] and chance.random() < 0.4:
                    scene.answer(call, *planned("left", "right"))
                elif chance.random() < 0.2:
                    scene.answer(call, 500, {"name": "E", "message": "no"})
                else:
                    scene.answer(call)
    calls = [(call.at, call.function, call.step, call.run_id, call.attempt) for call in scene.calls]
    return calls, [(run.id, run.status, run.created_at, run.ended_at) for run in scene.runs()]

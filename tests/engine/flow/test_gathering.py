"""Debounce and batching. Inngest SDK protocol, "Debounce" and "Batching"."""

from collections.abc import Callable
from typing import Any

import pytest

from mainstem.engine.errors import BadConfiguration

from .scene import Scene, function

SceneOf = Callable[..., Scene]


def done(_: Any) -> tuple[int, None]:
    return 200, None


def event(n: int, **more: Any) -> dict[str, Any]:
    data = {key: more.pop(key) for key in ("k", "b", "text") if key in more}
    return {"name": "a", "data": {"n": n, **data}, **more}


def runs(scene: Scene) -> list[list[int]]:
    """The numbers of each run's events."""
    return [[each["data"]["n"] for each in run.events] for run in scene.runs()]


def test_each_event_moves_the_deadline_of_a_debounce(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", debounce={"period": "5s"}), reply=done)
    for n in range(3):
        scene.send(event(n))
        scene.advance(seconds=4.999)
    assert runs(scene) == []
    scene.advance(seconds=0.001)
    assert runs(scene) == [[2]]


def test_a_timeout_ends_a_steady_stream_from_its_first_event(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", debounce={"period": "5s", "timeout": "9s"}), reply=done)
    for n in range(10):
        scene.send(event(n))
        scene.advance(seconds=2)
    assert [run.created_at % 60_000 for run in scene.runs()] == [9_000, 19_000]
    assert runs(scene) == [[4], [9]]


def test_an_event_of_a_lower_time_changes_nothing(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", debounce={"period": "5s"}), reply=done)
    now = scene.clock.now()
    scene.send(event(0, ts=now))
    scene.advance(seconds=3)
    scene.send(event(1, ts=now - 1))
    scene.advance(seconds=2)
    assert runs(scene) == [[0]]


def test_the_held_event_again_changes_nothing(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", debounce={"period": "5s"}), reply=done)
    scene.send(event(0, id="x"))
    scene.advance(seconds=3)
    scene.send(event(1, id="x"))
    scene.advance(seconds=2)
    assert runs(scene) == [[0]]


def test_an_event_that_was_replaced_may_come_again(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", debounce={"period": "5s"}), reply=done)
    scene.send(event(0, id="x"), event(1, id="y"), event(2, id="x"))
    scene.advance(seconds=5)
    scene.send(event(3, id="x"))
    scene.advance(seconds=5)
    assert runs(scene) == [[2]]


def test_each_key_has_its_debounce(scene_of: SceneOf) -> None:
    debounce = {"period": "5s", "key": "event.data.k"}
    scene = scene_of(function("a", debounce=debounce), reply=done)
    scene.send(event(0, k=1), event(1, k=False), event(2, k=1))
    scene.advance(seconds=5)
    assert sorted(runs(scene)) == [[1], [2]]


def test_a_debounce_that_is_over_is_not_prolonged(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", debounce={"period": "5s"}), reply=done)
    scene.send(event(0))
    scene.restart(event(1), seconds=7)
    scene.advance(seconds=5)
    assert runs(scene) == [[0], [1]]


@pytest.mark.parametrize("period", ["500ms", "8d"])
def test_a_debounce_is_between_a_second_and_a_week(scene_of: SceneOf, period: str) -> None:
    with pytest.raises(BadConfiguration, match="between one second and seven days"):
        scene_of(function("a", debounce={"period": period}))


def test_a_batch_starts_when_it_is_full_in_order_of_arrival(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", batchEvents={"maxSize": 3, "timeout": "5s"}), reply=done)
    scene.send(*[event(n, ts=1_900_000_000_000 - n) for n in range(7)])
    assert runs(scene) == [[0, 1, 2], [3, 4, 5]]


def test_a_batch_starts_its_timeout_after_its_first_event(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", batchEvents={"maxSize": 9, "timeout": "5s"}), reply=done)
    scene.send(event(0))
    scene.advance(seconds=4)
    scene.send(event(1))
    scene.advance(seconds=0.999)
    assert runs(scene) == []
    scene.advance(seconds=0.001)
    assert runs(scene) == [[0, 1]]


def test_a_batch_starts_when_it_passes_ten_mebibytes(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", batchEvents={"maxSize": 99, "timeout": "5s"}), reply=done)
    text = "ü" * (1024 * 1024)  # two bytes each
    scene.send(*[event(n, text=text) for n in range(6)])
    assert runs(scene) == [[0, 1, 2, 3, 4]]


def test_each_key_has_its_batch(scene_of: SceneOf) -> None:
    batch = {"maxSize": 2, "timeout": "5s", "key": "event.data.k"}
    scene = scene_of(function("a", batchEvents=batch), reply=done)
    scene.send(event(0, k=1), event(1, k=False), event(2), event(3, k=False), event(4))
    assert runs(scene) == [[1, 3], [2, 4]]


def test_what_the_condition_keeps_out_starts_at_once_as_without_a_batch(scene_of: SceneOf) -> None:
    batch = {"maxSize": 2, "timeout": "5s", "if": "event.data.b / 1 > 0"}
    rate = {"limit": 1, "period": "1m"}
    scene = scene_of(function("a", batchEvents=batch, rateLimit=rate), reply=done)
    scene.send(event(0, b=1), event(1, b=0), event(2, b="x"), event(3, b=1))
    assert runs(scene) == [[1], [0, 3]]


def test_a_batch_ignores_a_repeated_id_for_half_an_hour(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", batchEvents={"maxSize": 2, "timeout": "5s"}), reply=done)
    scene.send(event(0, id="x"), event(1, id="x"), event(2))
    scene.advance(minutes=29, seconds=59)
    scene.send(event(3, id="x"))
    scene.advance(seconds=6)
    scene.send(event(4, id="x"))
    scene.advance(seconds=5)
    assert runs(scene) == [[0, 2], [4]]


def test_a_batch_starts_whatever_time_its_events_bear(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", batchEvents={"maxSize": 2, "timeout": "5s"}), reply=done)
    later = scene.clock.now() + 3_600_000
    scene.send(event(0, ts=later), event(1, ts=later))
    assert len(scene.calls) == 1


def test_a_batch_that_is_over_takes_no_more(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", batchEvents={"maxSize": 9, "timeout": "5s"}), reply=done)
    scene.send(event(0))
    scene.restart(event(1), seconds=7)
    scene.advance(seconds=5)
    assert runs(scene) == [[0], [1]]


@pytest.mark.parametrize(
    ("config", "rule"),
    [
        ({"batchEvents": {"maxSize": 1, "timeout": "5s"}}, "at least two events"),
        ({"batchEvents": {"maxSize": 2, "timeout": "900ms"}}, "at least one second"),
        ({"batchEvents": {"maxSize": 2, "timeout": "1d"}}, "reads no days or weeks"),
        ({"debounce": {"period": "5s"}}, "cannot be combined"),
        ({"singleton": {"mode": "skip"}}, "cannot be combined"),
        ({"priority": {"run": "1"}}, "cannot be combined"),
        ({"cancel": [{"event": "stop"}]}, "cannot be combined"),
    ],
)
def test_what_is_no_batch_is_refused(scene_of: SceneOf, config: Any, rule: str) -> None:
    with pytest.raises(BadConfiguration, match=rule):
        scene_of(function("a", **{"batchEvents": {"maxSize": 2, "timeout": "5s"}, **config}))

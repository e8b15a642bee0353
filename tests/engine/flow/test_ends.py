"""What skips, cancels, times out and wakes runs, and what begins them later.

Inngest SDK protocol, "Singleton" to "Timeouts", and "Event API".
"""

from collections.abc import Callable
from typing import Any

import pytest

from .scene import Call, Scene, function

SceneOf = Callable[..., Scene]


def event(n: int, name: str = "a", **data: Any) -> dict[str, Any]:
    return {"name": name, "data": {"n": n, **data}}


def statuses(scene: Scene) -> list[str]:
    return [run.status for run in scene.runs()]


def nap(until: str) -> tuple[int, Any]:
    return 206, [{"op": "Sleep", "id": "s", "name": until, "displayName": "nap"}]


def wait(**opts: Any) -> Callable[[Call], tuple[int, Any]]:
    """A function that waits for an event and returns it."""
    op = {"op": "WaitForEvent", "id": "w", "name": "go", "displayName": "w", "opts": opts}

    def reply(call: Call) -> tuple[int, Any]:
        return (200, call.body["steps"]["w"]) if call.body["steps"] else (206, [op])

    return reply


def test_a_singleton_skips_while_a_run_holds_the_lock(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", singleton={"mode": "skip", "key": "event.data.k"}))
    scene.send(event(0, k=1), event(1, k=1), event(2, k=2))
    assert statuses(scene) == ["RUNNING", "SKIPPED", "RUNNING"]
    scene.answer(scene.held[0])
    scene.send(event(3, k=1))
    assert statuses(scene)[-1] == "RUNNING"
    assert [call.data["n"] for call in scene.calls] == [0, 2, 3]


def test_a_singleton_cancels_the_run_that_holds_the_lock(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", singleton={"mode": "cancel"}))
    scene.send(event(0))
    scene.send(event(1))
    assert statuses(scene) == ["CANCELLED", "RUNNING"]
    scene.answer(scene.held[0], 200, "late")
    assert scene.runs()[0].output is None


@pytest.mark.parametrize(
    ("mode", "called", "ends"),
    [("skip", [0], ["RUNNING", "SKIPPED"]), ("cancel", [1], ["CANCELLED", "RUNNING"])],
)
def test_a_queued_run_holds_the_lock_already(
    scene_of: SceneOf, mode: str, called: list[int], ends: list[str]
) -> None:
    scene = scene_of(function("a", singleton={"mode": mode}))
    scene.send(event(0), event(1))
    assert statuses(scene) == ends
    assert [call.data["n"] for call in scene.calls] == called


def test_false_is_exempt_from_a_singleton_and_the_text_is_a_key(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", singleton={"mode": "skip", "key": "event.data.k"}))
    scene.send(event(0, k=False), event(1, k=False), event(2, k="false"), event(3, k="false"))
    assert statuses(scene) == ["RUNNING", "RUNNING", "RUNNING", "SKIPPED"]


def test_a_lock_is_free_after_a_failure_too(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", singleton={"mode": "skip"}))
    scene.send(event(0))
    error = {"name": "E", "message": "no"}
    scene.answer(scene.held[0], 500, error)
    for _ in range(3):
        scene.advance(seconds=5)
        scene.answer(scene.held[0], 500, error)
    scene.send(event(1))
    assert statuses(scene) == ["FAILED", "RUNNING"]


def test_a_cancellation_is_armed_when_the_run_is_created(scene_of: SceneOf) -> None:
    config = {"cancel": [{"event": "stop"}], "debounce": {"period": "5s"}}
    scene = scene_of(function("a", **config))
    scene.send(event(0), {"name": "stop"})
    scene.advance(seconds=5)
    assert statuses(scene) == ["RUNNING"]
    scene.send({"name": "stop"})
    assert statuses(scene) == ["CANCELLED"]


def test_the_event_that_started_a_run_does_not_cancel_it_and_the_next_does(
    scene_of: SceneOf,
) -> None:
    scene = scene_of(function("a", cancel=[{"event": "a"}]))
    scene.send(event(0))
    scene.send(event(1))
    assert statuses(scene) == ["CANCELLED", "RUNNING"]


def test_a_cancellation_lasts_as_long_as_its_timeout(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", cancel=[{"event": "stop", "timeout": "10s"}]))
    scene.send(event(0))
    scene.advance(seconds=10)
    scene.send({"name": "stop"})
    assert statuses(scene) == ["RUNNING"]


def test_a_cancelled_run_leaves_nothing_and_is_not_called_again(scene_of: SceneOf) -> None:
    config = {"cancel": [{"event": "stop", "if": "async.data.n == event.data.n"}]}
    scene = scene_of(function("a", **config), function("b", triggers=[{"event": "stop"}]))
    scene.send(event(0), event(1))
    scene.answer(scene.held[0], *nap("2030-01-01T00:10:00Z"))
    scene.answer(scene.held[0], *nap("2030-01-01T00:10:00Z"))
    scene.send({"name": "stop", "data": {"n": 0}})
    scene.advance(minutes=11)
    assert [(call.function, call.data["n"]) for call in scene.calls[3:]] == [("a", 1)]
    assert statuses(scene) == ["CANCELLED", "RUNNING", "RUNNING"]


def test_a_run_that_did_not_start_in_time_is_cancelled(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}], timeouts={"start": "10s"}))
    scene.send(event(0), event(1))
    scene.advance(seconds=9.999)
    assert statuses(scene) == ["RUNNING", "QUEUED"]
    scene.advance(seconds=0.001)
    assert statuses(scene) == ["RUNNING", "CANCELLED"]


def test_a_run_that_did_not_finish_in_time_is_cancelled_in_its_sleep(scene_of: SceneOf) -> None:
    config = {"throttle": {"limit": 1, "period": "1m", "burst": 0}, "timeouts": {"finish": "20s"}}
    scene = scene_of(function("a", **config))
    scene.send(event(0), event(1))
    scene.answer(scene.held[0], *nap("2030-01-01T01:00:00Z"))
    scene.advance(seconds=60)
    # It counts from the first request, which the second made after a minute.
    assert statuses(scene) == ["CANCELLED", "RUNNING"]
    scene.advance(seconds=19.999)
    assert statuses(scene) == ["CANCELLED", "RUNNING"]


def test_an_answer_after_the_finish_timeout_comes_too_late(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", timeouts={"finish": "20s"}))
    scene.send(event(0))
    scene.advance(seconds=20)
    scene.answer(scene.held[0], 200, "late")
    assert [(run.status, run.output) for run in scene.runs()] == [("CANCELLED", None)]


@pytest.mark.parametrize("timeouts", [{"start": "10s"}, {"finish": "10s"}])
def test_timeouts_that_passed_while_the_engine_was_away_count_before_any_request(
    scene_of: SceneOf, timeouts: Any
) -> None:
    throttle = {"limit": 1, "period": "15s", "burst": 0}
    scene = scene_of(function("a", timeouts=timeouts, throttle=throttle))
    scene.send(event(0), event(1))
    scene.answer(scene.held[0], *nap("2030-01-01T00:00:05Z"))
    scene.restart(seconds=20)
    scene.settle()
    left = [call.data["n"] for call in scene.calls[1:]]
    assert left == ([0] if "start" in timeouts else [1])


def test_a_wait_hears_only_what_comes_after_it(scene_of: SceneOf) -> None:
    scene = scene_of(function("a"), reply=wait(timeout="1h"))
    scene.send({"name": "go"})
    scene.send(event(0), event(1))
    assert statuses(scene) == ["RUNNING", "RUNNING"]
    scene.send({"name": "go", "data": {"n": 7}})
    assert [run.output["data"]["n"] for run in scene.runs()] == [7, 7]


def test_a_wait_hears_what_its_condition_says(scene_of: SceneOf) -> None:
    condition = "event.data.n == async.data.n"
    scene = scene_of(function("a"), reply=wait(timeout="1h", **{"if": condition}))
    scene.send(event(0), event(1))
    scene.send({"name": "go", "data": {"n": 1}})
    assert statuses(scene) == ["RUNNING", "COMPLETED"]


def test_a_wait_that_times_out_gives_nothing_and_hears_nothing_more(scene_of: SceneOf) -> None:
    scene = scene_of(function("a"), reply=wait(timeout="10s"))
    scene.send(event(0))
    scene.restart({"name": "go"}, seconds=10)
    assert [(run.status, run.output) for run in scene.runs()] == [("COMPLETED", None)]


@pytest.mark.parametrize(
    ("opts", "name"),
    [
        ({"timeout": "367d"}, "InngestErrTimeoutTooLong"),
        ({"timeout": "1h", "if": "event.data.("}, "InvalidExpression"),
    ],
)
def test_a_wait_that_cannot_be_fails_the_run_at_once(
    scene_of: SceneOf, opts: Any, name: str
) -> None:
    scene = scene_of(function("a"), reply=wait(**opts))
    scene.send(event(0))
    (run,) = scene.runs()
    assert run.status == "FAILED"
    inner = run.output["error"]
    assert name in (run.output.get("name"), inner["name"] if isinstance(inner, dict) else None)


def test_an_event_of_the_future_starts_its_run_then_and_is_heard_at_once(
    scene_of: SceneOf,
) -> None:
    scene = scene_of(function("a", triggers=[{"event": "go"}]), function("b"), reply=None)
    scene.reply = lambda call: wait(timeout="1h")(call) if call.function == "b" else (200, None)
    scene.send(event(0, "b"))
    scene.send({"name": "go", "ts": scene.clock.now() + 60_000})
    assert statuses(scene) == ["COMPLETED", "QUEUED"]
    scene.advance(seconds=59.999)
    assert statuses(scene) == ["COMPLETED", "QUEUED"]
    scene.restart(seconds=0.001)
    scene.settle()
    assert statuses(scene) == ["COMPLETED", "COMPLETED"]


def test_an_event_of_the_past_starts_at_once(scene_of: SceneOf) -> None:
    scene = scene_of(function("a"))
    scene.send({**event(0), "ts": scene.clock.now() - 86_400_000})
    assert statuses(scene) == ["RUNNING"]


def test_a_future_run_can_be_cancelled_and_times_out(scene_of: SceneOf) -> None:
    config = {"cancel": [{"event": "stop"}], "timeouts": {"start": "1h"}}
    scene = scene_of(function("a", **config))
    later = scene.clock.now() + 7_200_000
    scene.send({**event(0), "ts": later})
    scene.send({"name": "stop"})
    scene.send({**event(1), "ts": later})
    scene.advance(hours=3)
    assert statuses(scene) == ["CANCELLED", "CANCELLED"]
    assert scene.calls == []

"""Throttle, rate limit, idempotency. Inngest SDK protocol, "Throttle" to "Idempotency"."""

from collections.abc import Callable
from typing import Any

import pytest

from mainstem.engine.errors import BadConfiguration

from .scene import Scene, function, planned, ran

SceneOf = Callable[..., Scene]


def done(_: Any) -> tuple[int, None]:
    return 200, None


def events(*data: Any) -> list[dict[str, Any]]:
    return [{"name": "a", "data": {"n": n, **each}} for n, each in enumerate(data)]


def seconds(scene: Scene) -> list[float]:
    """When calls were made, since the first."""
    return [(call.at - scene.calls[0].at) / 1000 for call in scene.calls]


@pytest.mark.parametrize(
    ("throttle", "expected"),
    [
        ({"limit": 2, "period": "10s"}, [0, 0, 0, 5, 10, 15]),
        ({"limit": 2, "period": "10s", "burst": 0}, [0, 0, 5, 10, 15, 20]),
        ({"limit": 3, "period": "1s", "burst": 1}, [0, 0, 0, 0, 0.334, 0.667]),
        ({"limit": 1, "period": "1m", "burst": 0, "key": "event.data.k"}, [0, 0, 60, 60, 120, 120]),
    ],
)
def test_a_cold_throttle_starts_limit_and_burst_then_one_an_interval(
    scene_of: SceneOf, throttle: Any, expected: list[float]
) -> None:
    scene = scene_of(function("a", throttle=throttle), reply=done)
    scene.advance(seconds=0.123)
    scene.send(*events(*({"k": n % 2} for n in range(6))))
    scene.advance(minutes=5)
    assert seconds(scene) == expected


def test_what_a_throttle_delays_starts_in_order_of_arrival(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", throttle={"limit": 1, "period": "1s", "burst": 0}), reply=done)
    scene.send(*events(*[{}] * 5))
    scene.advance(seconds=9)
    assert [call.data["n"] for call in scene.calls] == [0, 1, 2, 3, 4]


def test_a_throttle_lets_later_steps_and_retries_pass(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", throttle={"limit": 1, "period": "1h", "burst": 0}))
    scene.send(*events({}))
    scene.answer(scene.held[0], 500, {"name": "E", "message": "no"})
    scene.advance(seconds=5)
    scene.answer(scene.held[0], *planned("s"))
    scene.answer(scene.held[0], *ran("s"))
    assert len(scene.held) == 1


def test_a_call_made_again_after_a_restart_passes_its_throttle_once(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", throttle={"limit": 1, "period": "1h", "burst": 0}))
    scene.send(*events({}))
    scene.restart()
    scene.settle()
    assert len(scene.held) == 1


def test_a_burst_below_nothing_is_refused(scene_of: SceneOf) -> None:
    with pytest.raises(BadConfiguration, match="'burst' is a whole number, 0 or more, not -3"):
        scene_of(function("a", throttle={"limit": 1, "period": "1s", "burst": -3}))


@pytest.mark.parametrize(("limit", "admitted"), [(1, 1), (9, 1), (10, 2), (20, 3)])
def test_a_rate_limit_drops_what_is_too_much(scene_of: SceneOf, limit: int, admitted: int) -> None:
    scene = scene_of(function("a", rateLimit={"limit": limit, "period": "1m"}), reply=done)
    scene.send(*events(*[{}] * 15))
    assert len(scene.runs()) == admitted
    scene.advance(milliseconds=60_000 / limit)
    scene.send(*events({}, {}))
    assert len(scene.runs()) == admitted + 1


def test_false_is_exempt_from_a_rate_limit_and_the_text_is_a_key(scene_of: SceneOf) -> None:
    rate = {"limit": 1, "period": "1m", "key": "event.data.k"}
    scene = scene_of(function("a", rateLimit=rate), reply=done)
    scene.send(*events({"k": False}, {"k": False}, {"k": "false"}, {"k": "false"}, {"k": 0}))
    assert [run.events[0]["data"]["n"] for run in scene.runs()] == [0, 1, 2, 4]


def test_a_repeated_id_does_not_consume_twice(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", rateLimit={"limit": 10, "period": "1m"}), reply=done)
    scene.send(*[{"name": "a", "id": "x"}] * 5, *events({}))
    assert len(scene.runs()) == 2


def test_what_a_rate_limit_dropped_may_come_again_by_its_id(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", rateLimit={"limit": 1, "period": "1m"}), reply=done)
    scene.send(*events({}), {"name": "a", "id": "x"})
    scene.advance(minutes=1)
    scene.send({"name": "a", "id": "x"})
    assert [run.events[0]["id"] for run in scene.runs()][1:] == ["x"]


def test_a_rate_limit_of_more_than_a_day_is_refused(scene_of: SceneOf) -> None:
    with pytest.raises(BadConfiguration, match="at most 24 hours"):
        scene_of(function("a", rateLimit={"limit": 1, "period": "25h"}))


def test_a_rate_limit_does_not_count_what_is_batched(scene_of: SceneOf) -> None:
    batch = {"maxSize": 2, "timeout": "5s"}
    rate = {"limit": 1, "period": "1h"}
    scene = scene_of(function("a", batchEvents=batch, rateLimit=rate), reply=done)
    scene.send(*events(*[{}] * 6))
    assert len(scene.runs()) == 3


def test_idempotency_is_once_in_24_hours_and_replaces_a_rate_limit(scene_of: SceneOf) -> None:
    rate = {"limit": 100, "period": "1s"}
    scene = scene_of(function("a", idempotency="event.data.k", rateLimit=rate), reply=done)
    scene.send(*events({"k": 1}, {"k": 2}, {"k": 1}))
    scene.advance(hours=23, minutes=59)
    scene.send(*events({"k": 1}))
    assert len(scene.runs()) == 2
    scene.advance(minutes=1)
    scene.send(*events({"k": 1}))
    assert len(scene.runs()) == 3


def test_an_invocation_that_is_rate_limited_is_told_so(scene_of: SceneOf) -> None:
    invoke = {"op": "InvokeFunction", "id": "i", "displayName": "i", "opts": {"function_id": "t-b"}}
    scene = scene_of(
        function("a"),
        function("b", rateLimit={"limit": 1, "period": "1h"}),
        reply=lambda call: (
            (200, None) if call.function == "b" or call.body["steps"] else (206, [invoke])
        ),
    )
    scene.send({"name": "b"}, {"name": "a"})
    memo = scene.calls[-1].body["steps"]["i"]
    assert memo["error"]["message"] == "invoked function is rate limited"


def test_what_expired_is_swept_away(scene_of: SceneOf) -> None:
    rate = {"limit": 1, "period": "1m", "key": "event.data.n"}
    scene = scene_of(function("a", rateLimit=rate), reply=done)
    scene.send(*events(*[{}] * 5))
    assert (scene.count("start_keys"), scene.count("buckets")) == (5, 5)
    scene.advance(hours=25)
    scene.send({"name": "other"}, *events({}))
    assert (scene.count("start_keys"), scene.count("buckets")) == (1, 1)

"""Concurrency and the order of what waits. Inngest SDK protocol, "Concurrency" and "Priority"."""

from collections.abc import Callable
from typing import Any

import pytest

from mainstem.engine.errors import BadConfiguration

from .scene import Scene, function, planned, ran

SceneOf = Callable[..., Scene]


def events(name: str, *data: Any) -> list[dict[str, Any]]:
    return [{"name": name, "data": {"n": n, **each}} for n, each in enumerate(data)]


def numbers(scene: Scene) -> list[int]:
    return [call.data["n"] for call in scene.held]


def test_a_run_that_sleeps_holds_no_slot(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}]))
    scene.send(*events("a", {}, {}))
    nap = {"op": "Sleep", "id": "s", "name": "2030-01-02T00:00:00Z", "displayName": "nap"}
    scene.answer(scene.held[0], 206, [nap])
    assert numbers(scene) == [1]


def test_a_run_that_backs_off_holds_no_slot(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}]))
    scene.send(*events("a", {}, {}))
    scene.answer(scene.held[0], 500, {"name": "E", "message": "no"})
    assert numbers(scene) == [1]


def test_each_value_of_a_key_is_a_group(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1, "key": "event.data.k"}]))
    scene.send(*events("a", {"k": 1}, {"k": 1}, {"k": "1"}, {"k": 2}))
    assert numbers(scene) == [0, 3]


def test_both_of_two_limits_must_have_room(scene_of: SceneOf) -> None:
    limits = [{"limit": 3}, {"limit": 2, "key": "event.data.k"}]
    scene = scene_of(function("a", concurrency=limits))
    scene.send(*events("a", *[{"k": 1}] * 3, *[{"k": 2}] * 2))
    assert numbers(scene) == [0, 1, 3]


def test_two_limits_that_are_one_group_count_a_request_once(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 3}, {"limit": 2}]))
    scene.send(*events("a", *[{}] * 4))
    assert numbers(scene) == [0, 1]


@pytest.mark.parametrize("scope", ["env", "account"])
def test_functions_share_a_group_of_wider_scope_each_with_its_own_limit(
    scene_of: SceneOf, scope: str
) -> None:
    limit = {"key": "event.data.k", "scope": scope}
    scene = scene_of(
        function("a", concurrency=[{"limit": 1, **limit}]),
        function("b", concurrency=[{"limit": 3, **limit}]),
    )
    scene.send(*events("a", {"k": 1}, {"k": 1}), *events("b", *[{"k": 1}] * 3, {"k": 2}))
    assert [(call.function, call.data["n"]) for call in scene.held] == [
        ("a", 0),
        ("b", 0),
        ("b", 1),
        ("b", 3),
    ]


def test_other_words_for_a_key_are_another_group(scene_of: SceneOf) -> None:
    scene = scene_of(
        function("a", concurrency=[{"limit": 1, "key": "event.data.k", "scope": "env"}]),
        function("b", concurrency=[{"limit": 1, "key": "event.data['k']", "scope": "env"}]),
    )
    scene.send(*events("a", {"k": 1}), *events("b", {"k": 1}))
    assert len(scene.held) == 2


@pytest.mark.parametrize(
    ("given", "at_once"),
    [
        (0, 4),
        ([{"limit": 0}], 4),
        (2, 2),
        ({"limit": 2}, 2),
        ({"step": 3, "fn": [{"limit": 1}]}, 1),
    ],
)
def test_a_limit_of_nothing_is_none_in_every_spelling(
    scene_of: SceneOf, given: Any, at_once: int
) -> None:
    scene = scene_of(function("a", concurrency=given))
    scene.send(*events("a", *[{}] * 4))
    assert len(scene.held) == at_once


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ([{"limit": 1}] * 3, "more than 2 concurrency limits"),
        ([{"limit": 1, "scope": "env"}], "needs a key"),
        ([{"limit": 1, "scope": "world"}], "a concurrency scope is one of"),
        ([{"limit": -1}], "a whole number above 0"),
    ],
)
def test_what_is_no_limit_is_refused(scene_of: SceneOf, given: Any, rule: str) -> None:
    with pytest.raises(BadConfiguration, match=rule):
        scene_of(function("a", concurrency=given))


def test_the_request_of_a_cancelled_run_keeps_its_slot_until_it_returns(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}], cancel=[{"event": "stop"}]))
    scene.send(*events("a", {}))
    scene.send({"name": "stop"})
    scene.send(*events("a", {}))
    assert len(scene.held) == 1
    scene.answer(scene.held[0], 200, "too late")
    assert [run.status for run in scene.runs()] == ["CANCELLED", "RUNNING"]


def test_a_new_step_of_an_older_run_goes_before_a_younger_run(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}]))
    scene.send(*events("a", {}, {}))
    scene.answer(scene.held[0], *planned("s"))
    scene.answer(scene.held[0], *ran("s"))
    assert numbers(scene) == [0]
    assert scene.held[0].body["steps"]


def test_a_group_that_is_full_does_not_hold_back_another(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1, "key": "event.data.k"}]))
    scene.send(*events("a", *[{"k": 1}] * 50, {"k": 2}))
    assert numbers(scene) == [0, 50]


@pytest.mark.parametrize(
    ("priority", "order"),
    [
        ([0, 100, -100], [0, 1, 2]),
        ([0, 601, 600], [0, 1, 2]),  # both are 600
        ([0, 1, 2], [0, 2, 1]),
        ([0, "9", 0, 2.5, True, None], [0, 1, 2, 3, 4, 5]),
        ([0, -700, -600, 0], [0, 3, 1, 2]),
    ],
)
def test_priority_orders_what_waits(
    scene_of: SceneOf, priority: list[Any], order: list[int]
) -> None:
    config = {"concurrency": [{"limit": 1}], "priority": {"run": "event.data.p"}}
    scene = scene_of(function("a", **config))
    # The first goes at once: priority counts for those that wait.
    for event in events("a", *({"p": each} for each in priority)):
        scene.send(event)
    while scene.held:
        scene.answer(scene.held[0])
    assert [call.data["n"] for call in scene.calls] == order


def test_priority_orders_what_a_throttle_delays(scene_of: SceneOf) -> None:
    config = {
        "throttle": {"limit": 1, "period": "10s", "burst": 0},
        "priority": {"run": "event.data.p"},
    }
    scene = scene_of(function("a", **config), reply=lambda _: (200, None))
    scene.send(*events("a", {"p": 0}))
    scene.send(*events("a", {"p": 0}, {"p": 5}, {"p": 60}))
    scene.advance(seconds=60)
    assert [call.data["p"] for call in scene.calls] == [0, 60, 5, 0]


def test_what_is_due_later_lines_up_when_it_is_due(scene_of: SceneOf) -> None:
    scene = scene_of(function("a", concurrency=[{"limit": 1}]))
    later = scene.clock.now() + 5000
    scene.send({"name": "a", "data": {"n": 0}, "ts": later}, *events("a", {"n": 1}, {"n": 2}))
    scene.answer(scene.held[0])
    scene.advance(seconds=5)
    scene.answer(scene.held[0])
    assert [call.data["n"] for call in scene.calls] == [1, 2, 0]

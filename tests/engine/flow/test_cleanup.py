"""Functions that clean up after cancelled runs, and may be cancelled themselves.

Each of these once sent the engine round for ever within one transaction.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mainstem.engine.cancellations import Cancellation, insert_cancellation

from .scene import Scene, function

SceneOf = Callable[..., Scene]
CANCELLED = "inngest/function.cancelled"


def cleanup(name: str = "cleanup", event: str = CANCELLED, **config: Any) -> dict[str, Any]:
    return function(name, triggers=[{"event": event}], **config)


def order(scene: Scene, function: str | None) -> None:
    """Cancel what the app, or one function, starts from now on."""
    app_id = scene.engine.registry.all()[0].app_id
    target = next(
        (each.id for each in scene.engine.registry.all() if each.config.slug == function), None
    )
    until = scene.clock.now() + 60_000
    with scene.engine.work() as change:
        given = Cancellation("o", scene.clock.now(), app_id, target, None, until, None)
        insert_cancellation(change.sql, given)


def ends(scene: Scene) -> Counter[tuple[str, str]]:
    """How often each function ended in which state."""
    return Counter((run.function_id.removeprefix("t-"), run.status) for run in scene.runs())


def told(scene: Scene, name: str) -> int:
    """How many events of a name were sent."""
    row = scene.engine.reader.execute("SELECT count(*) FROM events WHERE name = ?", (name,))
    return int(row.fetchone()[0])


def cancel_work(scene: Scene, count: int = 1) -> None:
    """Start that many runs, and cancel them by their event."""
    scene.send(*({"name": "work"} for _ in range(count)))
    scene.send({"name": "stop"})


WORK = function("work", cancel=[{"event": "stop"}])


def test_a_cancelled_app_cancels_its_clean_up_once(scene_of: SceneOf) -> None:
    scene = scene_of(WORK, cleanup())
    order(scene, None)
    scene.send({"name": "work"})
    assert ends(scene) == {("work", "CANCELLED"): 1, ("cleanup", "CANCELLED"): 1}
    assert scene.calls == []


def test_a_cancelled_clean_up_is_not_started_again(scene_of: SceneOf) -> None:
    scene = scene_of(WORK, cleanup())
    order(scene, "t-cleanup")
    cancel_work(scene)
    assert ends(scene) == {("work", "CANCELLED"): 1, ("cleanup", "CANCELLED"): 1}


@pytest.mark.parametrize(
    "config",
    [{"singleton": {"mode": "cancel"}}, {"cancel": [{"event": CANCELLED}]}],
    ids=["singleton", "cancel"],
)
def test_of_clean_ups_that_cancel_each_other_the_last_one_stays(
    scene_of: SceneOf, config: Mapping[str, Any]
) -> None:
    scene = scene_of(WORK, cleanup(**config))
    cancel_work(scene, 3)
    expected = {("work", "CANCELLED"): 3, ("cleanup", "CANCELLED"): 2, ("cleanup", "RUNNING"): 1}
    assert ends(scene) == expected


def test_a_cancelled_clean_up_tells_that_it_finished_and_not_that_it_was_cancelled(
    scene_of: SceneOf,
) -> None:
    scene = scene_of(WORK, cleanup())
    order(scene, "t-cleanup")
    cancel_work(scene)
    assert (told(scene, "inngest/function.finished"), told(scene, CANCELLED)) == (2, 1)


def test_a_clean_up_that_ran_tells_its_end(scene_of: SceneOf) -> None:
    scene = scene_of(WORK, cleanup(), cleanup("after", "inngest/function.finished"))
    cancel_work(scene)
    for call in list(scene.held):
        if call.function in ("cleanup", "after"):
            scene.answer(call)
    # One for the end of `work`, and one for that of its clean-up.
    assert [call.function for call in scene.calls].count("after") == 2


def test_a_cancellation_goes_down_a_line_of_runs_of_any_length(scene_of: SceneOf) -> None:
    """Each run ends with the one before it: they were there already, so it is no chain."""
    end = {"event": CANCELLED, "if": "async.data.event.data.n == event.data.after"}
    scene = scene_of(function("work", cancel=[{"event": "stop", "if": "event.data.n == 0"}, end]))
    scene.send(*({"name": "work", "data": {"n": n, "after": n - 1}} for n in range(12)))
    scene.send({"name": "stop"})
    assert ends(scene) == {("work", "CANCELLED"): 12}


def test_a_chain_of_ends_that_is_no_rule_of_ours_ends_with_a_warning(
    scene_of: SceneOf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("mainstem.engine.ending.CANCELLATIONS", frozenset())
    scene = scene_of(WORK, cleanup())
    order(scene, None)
    with caplog.at_level(logging.WARNING):
        scene.send({"name": "work"})
    assert ends(scene) == {("work", "CANCELLED"): 1, ("cleanup", "CANCELLED"): 4}
    assert "ends a chain of 4 runs" in caplog.text
    assert told(scene, CANCELLED) == 5

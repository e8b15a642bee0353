"""The engine in the place of a recorded server: same app, same events, same calls and outcomes."""

import json
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from .recording import FOLDER, load, names, steady
from .stage import Stage

Json = Any

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recorded exchanges are not beside the checkout"
)

OUT_OF_THIS_SLICE: dict[str, str] = {}


def _gap(first: int, second: int) -> Callable[[Stage], Json]:
    return lambda stage: stage.starts[second] - stage.starts[first]


def _longest_gap(stage: Stage) -> Json:
    return max(later - earlier for earlier, later in pairwise(stage.starts))


def _most_at_once(key: Callable[[Json], Json]) -> Callable[[Stage], Json]:
    def measure(stage: Stage) -> Json:
        return max(
            sum(
                begin <= other_begin < end and key(event) == key(other)
                for other, begin, end in stage.spans
            )
            for event, other_begin, _ in stage.spans
        )

    return measure


# What the driver measured, measured here in virtual time.
MEASURES: dict[str, Callable[[Stage], Json]] = {
    "start": lambda stage: stage.starts[0],
    "sleep": _longest_gap,
    "timeout": _longest_gap,
    "delay before second attempt": _gap(0, 1),
    "second after first": _gap(0, 1),
    "third after first": _gap(0, 2),
    "fourth after third": _gap(2, 3),
    "most at once": _most_at_once(lambda _: None),
    "most at once for one user": _most_at_once(lambda event: event["data"].get("user")),
    "attempts": lambda stage: [live["ctx"]["attempt"] for _, live in stage.calls],
}


@pytest.mark.parametrize("name", names())
async def test_the_engine_makes_the_recorded_calls(name: str, tmp_path: Path) -> None:
    if name in OUT_OF_THIS_SLICE:
        pytest.skip(OUT_OF_THIS_SLICE[name])
    scenario = load(name)
    async with Stage(scenario, tmp_path / "engine.db") as stage:
        await stage.play()
        assert (stage.unexpected, stage.missing) == ([], [])
        for recorded, live in stage.calls:
            _compare_call(recorded, live, scenario.is_unordered, scenario.is_loose)
        for exchange, response in stage.answers:
            _compare_answer(exchange, response)
        assert _live_outcomes(stage) == _recorded_outcomes(stage)
        assert _live_endings(stage) == _recorded_endings(stage)
        for check in scenario.checks:
            measure = MEASURES.get(check["name"])
            if measure is None:
                continue
            if "low" in check:
                assert check["low"] <= measure(stage) <= check["high"], check["name"]
            else:
                assert measure(stage) == check["value"], check["name"]


def _compare_call(recorded: Json, live: Json, is_unordered: bool, is_loose: bool) -> None:
    theirs, ctx = recorded["request"]["body"], live["ctx"]
    their_ctx = theirs["ctx"]
    for name in ("attempt", "max_attempts", "disable_immediate_execution"):
        assert ctx[name] == their_ctx[name], name
    order = sorted if is_unordered else list
    assert order(ctx["stack"]["stack"]) == order(their_ctx["stack"]["stack"])
    assert ctx["stack"]["current"] == their_ctx["stack"]["current"]
    assert (live["use_api"], live["version"]) == (theirs["use_api"], theirs["version"])
    assert steady(live["event"]) == steady(theirs["event"])
    by_text = lambda event: json.dumps(event, sort_keys=True)  # noqa: E731
    assert sorted(steady(live["events"]), key=by_text) == sorted(
        steady(theirs["events"]), key=by_text
    )
    if not is_loose:
        assert steady(live["steps"]) == steady(theirs["steps"])


def _compare_answer(exchange: Json, response: httpx.Response) -> None:
    theirs = exchange["response"]
    assert response.status_code == theirs["status"], exchange["request"]
    if exchange["kind"] == "register" and theirs["status"] == 200:
        assert (response.json()["ok"], response.json()["modified"]) == (
            theirs["body"]["ok"],
            theirs["body"]["modified"],
        )
    if exchange["kind"] in ("event", "send"):
        answer = response.json()
        assert len(answer["ids"]) == len(theirs["body"]["ids"])
        assert ("error" in answer) == ("error" in theirs["body"])
        if "x-inngest-event-id-seed" in exchange["request"]["headers"]:
            assert answer["ids"] == theirs["body"]["ids"]


def _recorded_outcomes(stage: Stage) -> Counter[str]:
    is_loose = stage.scenario.is_loose
    return Counter(
        _outcome(run["function"], run["status"], run["output"], is_loose)
        for run in stage.scenario.runs
    )


def _live_outcomes(stage: Stage) -> Counter[str]:
    is_loose = stage.scenario.is_loose
    return Counter(
        _outcome(run.function_id, run.status.value, run.output, is_loose)
        for run in stage.engine.runs()
        if run.status != "SKIPPED"
    )


def _outcome(function: str, status: str, output: Json, is_loose: bool) -> str:
    if status == "CANCELLED":  # its output is an accident, and sometimes its name was not kept
        return status
    shown = None if is_loose else steady(output)
    return json.dumps([function, status, shown], sort_keys=True)


def _recorded_endings(stage: Stage) -> Counter[str]:
    return Counter(
        _ending(event, stage.scenario.is_loose) for event in stage.scenario.internal_events
    )


def _live_endings(stage: Stage) -> Counter[str]:
    rows = stage.engine.reader.execute(
        "SELECT body FROM events WHERE name LIKE 'inngest/function.%'"
        " AND name <> 'inngest/function.invoked'"
    )
    return Counter(_ending(json.loads(row["body"]), stage.scenario.is_loose) for row in rows)


def _ending(event: Json, is_loose: bool) -> str:
    data = dict(event["data"])
    if is_loose or event["name"].endswith("cancelled"):
        data.pop("error", None)
        data.pop("result", None)
    status = event["data"]["_inngest"]["status"]
    return json.dumps([event["name"], status, steady(data)], sort_keys=True)

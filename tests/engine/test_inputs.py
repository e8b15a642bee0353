"""Inputs given to steps of a replay, deferred functions, and the size of a run's state."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.responses import Response

from mainstem.engine import RunStatus, VirtualClock

from .raw_app import Call, RawApp, answer, done, raw_app, step

Json = Any
# SHA-1 of "b", the id of a step in code.
HASH = "e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98"
# SHA-1 of "complete".
_END = "0737c22d3bfae812339732d14d8c7dbd6dc4e09c"


@pytest.fixture
async def app() -> AsyncIterator[RawApp]:
    async with raw_app(VirtualClock()) as opened:
        yield opened


def _three(call: Call) -> Response:
    """Steps a, b and c, one in each call; c fails."""
    for key in ("a", HASH, "c"):
        memo = call.steps.get(key)
        if memo is None or "input" in memo:
            if key == "c":
                return answer({"name": "E", "message": "no"}, 500, x_inngest_no_retry="true")
            return answer([step(key, data=(memo or {}).get("input", key))])
    return answer([done(None)])


async def _replay(app: RawApp, run_id: str, **body: Json) -> tuple[int, Json]:
    response = await app.client.post(f"/v1/runs/{run_id}/replay", content=json.dumps(body))
    return response.status_code, response.json()


def _be_typescript(app: RawApp) -> None:
    with app.engine.work() as work:
        work.sql.execute("UPDATE apps SET sdk = 'js:v4.24.0'")


@pytest.mark.parametrize("key", ["b", HASH])
async def test_a_replay_tells_a_steps_new_input_in_place_of_its_result(
    app: RawApp, key: str
) -> None:
    _be_typescript(app)
    run_id = await app.start(_three)
    await app.rest(run_id)
    app.calls.clear()
    status, body = await _replay(app, run_id, inputs={key: [1, "x"]}, **{"from": "failure"})
    assert status < 300
    await app.rest(body["data"]["run_id"])
    first, second = app.calls
    assert first.steps == {"a": {"data": "a"}, HASH: {"input": [1, "x"]}}
    assert first.stack == ["a"]
    assert "fn_id" not in first.ctx  # an SDK that checkpoints takes the step for done
    assert second.steps == {"a": {"data": "a"}, HASH: {"data": [1, "x"]}}
    assert "fn_id" in second.ctx


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"nothing": [1]}, "no such step"),
        ({"\ud800": [1]}, "no such step"),
        ({"a": [1], "b": [2]}, "more than one"),
    ],
    ids=["unknown", "half", "two"],
)
async def test_inputs_for_what_is_no_step_of_the_run_are_refused(
    app: RawApp, inputs: Json, told: str
) -> None:
    _be_typescript(app)
    run_id = await app.start(_three)
    await app.rest(run_id)
    status, body = await _replay(app, run_id, inputs=inputs)
    assert (status, told in str(body)) == (409, True)
    assert len(app.engine.runs()) == 1


@pytest.mark.parametrize("inputs", [{"a": 1}, {"a": {"b": 1}}, [1]], ids=str)
async def test_inputs_are_lists_of_arguments(app: RawApp, inputs: Json) -> None:
    run_id = await app.start(_three)
    status, _ = await _replay(app, run_id, inputs=inputs)
    assert status == 400


async def test_an_sdk_that_would_take_an_input_for_a_result_gets_none(app: RawApp) -> None:
    run_id = await app.start(_three)
    await app.rest(run_id)
    status, body = await _replay(app, run_id, inputs={"a": [1]})
    assert (status, "SDK of TypeScript" in str(body)) == (409, True)


def _defer(key: str, to: str) -> Json:
    return {**step(key, "DeferAdd"), "opts": {"fn_slug": "app-f", "input": {"to": to}}}


def _sent(app: RawApp) -> list[Json]:
    rows = app.engine.reader.execute(
        "SELECT json_extract(body, '$.data') AS data FROM events"
        " WHERE name = 'inngest/deferred.schedule' ORDER BY internal_id"
    )
    return [row["data"] for row in rows]


async def test_deferred_functions_are_sent_for_at_the_end_and_told_in_between(
    app: RawApp,
) -> None:
    def answering(call: Call) -> Response:
        if not call.steps:
            return answer([step("one"), _defer("x", "first"), _defer("y", "second")])
        again = _defer("x", "again")
        aborted = step("z", "DeferAbort", opts={"target_hashed_id": "y"})
        return answer([again, aborted, done(1)])

    run_id = await app.start(answering)
    run = await app.rest(run_id)
    assert app.calls[1].body["defers"] == {"x": {"abortable": True}, "y": {"abortable": True}}
    (sent,) = _sent(app)
    assert f'"parent_run_id":"{run_id}"' in sent
    assert '"to":"first"' in sent
    assert [each.id for each in run.steps] == ["one"]


async def test_a_cancelled_run_starts_no_deferred_function(app: RawApp) -> None:
    run_id = await app.start(
        lambda _: answer([_defer("x", "first"), step("nap", "Sleep", name="1h")])
    )
    await app.engine.settle(timeout=5)
    app.engine.cancel(run_id)
    assert _sent(app) == []


@pytest.mark.parametrize(
    ("op", "attempts", "status"),
    [("StepFailed", 1, RunStatus.FAILED), ("StepError", 5, RunStatus.FAILED)],
)
async def test_a_failure_told_beside_a_deferred_function_is_the_runs_own(
    app: RawApp, op: str, attempts: int, status: RunStatus
) -> None:
    ending = {"id": _END, "op": op, "error": {"name": "E", "message": "no"}}
    run = await app.rest(await app.start(lambda _: answer([_defer("x", "first"), ending])))
    assert (run.status, len(app.calls), run.steps) == (status, attempts, ())
    assert len(_sent(app)) == 1


async def test_the_state_of_a_run_is_counted_in_bytes(app: RawApp) -> None:
    run_id = await app.start(
        lambda call: answer([done(1)] if call.steps else [step("one", data="äöü")])
    )
    await app.rest(run_id)
    row = app.engine.reader.execute("SELECT state_bytes FROM runs WHERE id = ?", (run_id,))
    assert row.fetchone()["state_bytes"] == len('{"data":"äöü"}'.encode())

"""Checkpoints of an app that speaks the protocol by hand, and what the calls around them carry."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from mainstem.engine import RunStatus, VirtualClock, limits

from .raw_app import Call, RawApp, answer, done, raw_app, step


@pytest.fixture
async def app() -> AsyncIterator[RawApp]:
    async with raw_app(VirtualClock()) as opened:
        yield opened


def _outputs(app: RawApp, run_id: str) -> list[tuple[str, Any]]:
    return [(each.id, each.output) for each in app.engine.run(run_id).steps]


class Paused:
    """An answer that a test gives while the call is under way."""

    def __init__(self, app: RawApp) -> None:
        self.app = app
        self.came: asyncio.Queue[Call] = asyncio.Queue()
        self.answers: asyncio.Queue[Response] = asyncio.Queue()

    async def __call__(self, call: Call) -> Response:
        self.came.put_nowait(call)
        return await self.answers.get()

    async def next_call(self) -> Call:
        return await asyncio.wait_for(self.came.get(), 5)

    async def give(self, response: Response) -> None:
        self.answers.put_nowait(response)


async def test_a_call_names_its_dispatch_and_a_retry_is_the_next_generation(app: RawApp) -> None:
    def answering(call: Call) -> Response:
        if len(app.calls) < 3:
            return answer({"name": "E", "message": "no"}, 500)
        return answer([step("one", data=1)] if not call.steps else None, 200 if call.steps else 206)

    run_id = await app.start(answering)
    await app.rest(run_id)
    first, second, third, next_one = app.calls
    assert first.ctx["fn_id"] == app.engine.apps()[0].functions[0].id
    assert [c.ctx["generation_id"] for c in app.calls] == [1, 2, 3, 1]
    assert [c.headers["x-inngest-generation-id"] for c in app.calls] == ["1", "2", "3", "1"]
    assert [c.headers["x-request-id"] for c in app.calls] == [
        c.ctx["request_id"] for c in app.calls
    ]
    assert first.ctx["qi_id"] == second.ctx["qi_id"] == third.ctx["qi_id"]
    assert first.ctx["qi_id"] != next_one.ctx["qi_id"]
    assert len({c.ctx["request_id"] for c in app.calls}) == 4


async def test_checkpointed_steps_are_memos_of_the_next_call_in_the_order_sent(app: RawApp) -> None:
    seen: list[int] = []

    async def answering(call: Call) -> Response:
        if len(app.calls) > 1:
            return answer([done("end")])
        steps = [step("zz", data={"n": 1}), step("aa"), step("mm", data=[])]
        saved = await app.save(call.checkpoint(*steps))
        seen.append(saved.status_code)
        return answer([step("nap", "Sleep", name="1s")])

    run_id = await app.start(answering)
    run = await app.rest(run_id)
    assert (seen, run.status, run.output) == ([200], RunStatus.COMPLETED, "end")
    assert app.calls[1].stack == ["zz", "aa", "mm", "nap"]
    assert app.calls[1].steps["zz"] == {"data": {"n": 1}}
    assert app.calls[1].steps["aa"] == {"data": None}
    assert app.calls[1].ctx["stack"]["current"] == 4


@pytest.mark.parametrize(("suffix", "status"), [(".1", 409), (".2", 200), ("", 200)])
async def test_the_id_of_a_request_tells_its_generation_where_there_is_no_header(
    app: RawApp, suffix: str, status: int
) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    await paused.next_call()
    await paused.give(answer({"name": "E", "message": "no"}, 500))
    resting = asyncio.create_task(app.rest(run_id))
    call = await paused.next_call()
    body = call.checkpoint(step("one", data=1), generation_id=None)
    body["request_id"] += suffix
    saved = await app.save(body)
    await paused.give(answer([done(None)]))
    await resting
    assert saved.status_code == status


async def test_a_checkpoint_queues_no_call(app: RawApp) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    call = await paused.next_call()
    assert (await app.save(call.checkpoint(step("one", data=1)))).status_code == 200
    assert (app.engine.stats().queued, app.engine.stats().in_flight) == (0, 1)
    await paused.give(answer([done(7)]))
    assert (await app.rest(run_id)).output == 7
    assert len(app.calls) == 1


async def test_the_first_value_of_a_step_stays(app: RawApp) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    call = await paused.next_call()
    both = call.checkpoint(step("one", data=1), step("one", data=2))
    again = call.checkpoint(step("one", data=3), step("two", data=4))
    answers = [(await app.save(body)).status_code for body in (both, again)]
    await paused.give(answer([step("one", data=5), done(None)]))
    await app.rest(run_id)
    assert (answers, _outputs(app, run_id)) == ([200, 200], [("one", 1), ("two", 4)])


@pytest.mark.parametrize(
    "steps",
    [
        [step("bad", "Sleep", name="1s")],
        [step("bad", "StepError", error={"name": "E", "message": "m"})],
        [step("bad", "RunComplete", data=1)],
        [step("bad", "NoSuchKind")],
        [{"op": "StepRun", "data": 1}],
        [step("bad", opts=[])],
        [step("x" * 10_000)],
        "none",
    ],
    ids=lambda steps: str(steps)[:30],
)
async def test_a_bad_step_refuses_the_whole_list(app: RawApp, steps: Any) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    call = await paused.next_call()
    body = call.checkpoint(step("good", data=1))
    body["steps"] = [*body["steps"], *steps] if isinstance(steps, list) else steps
    response = await app.save(body)
    assert (response.status_code, _outputs(app, run_id)) == (400, [])
    assert response.json()["error"]
    await paused.give(answer(None, 200))


@pytest.mark.parametrize(
    "changed",
    [
        {"run_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV"},
        {"run_id": None},
        {"fn_id": "another"},
        {"fn_id": None},
    ],
    ids=str,
)
async def test_a_checkpoint_of_another_run_or_function_is_refused(
    app: RawApp, changed: dict[str, Any]
) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    call = await paused.next_call()
    body = call.checkpoint(step("one", data=1), **changed)
    response = await app.save(body, f"/v1/checkpoint/{run_id}/async")
    assert (response.status_code, _outputs(app, run_id)) == (400, [])
    await paused.give(answer(None, 200))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000], ids=lambda b: b[:3])
async def test_what_is_no_checkpoint_is_refused(app: RawApp, body: bytes) -> None:
    assert (await app.save(body, "/v1/checkpoint/some-run/async")).status_code == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": []},
        {"steps": None},
        {"steps": [step("later", "StepPlanned")]},
        {"qi_id": None},
        {"qi_id": "junk"},
        {"qi_id": 7},
        {"generation_id": None},
        {"generation_id": "1"},
        {"generation_id": 9},
        {"ts": 1, "timing": {}, "more": [1]},
    ],
    ids=str,
)
async def test_what_says_little_is_taken(app: RawApp, changed: dict[str, Any]) -> None:
    paused = Paused(app)
    await app.start(paused)
    call = await paused.next_call()
    response = await app.save({**call.checkpoint(step("one", data=1)), **changed})
    assert response.status_code == 200
    await paused.give(answer(None, 200))


async def test_the_other_prefix_is_the_same_door(app: RawApp) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    call = await paused.next_call()
    body = call.checkpoint(step("one", data=1))
    assert (await app.save(body, f"/v1/http/runs/{run_id}/async")).status_code == 200
    assert _outputs(app, run_id) == [("one", 1)]
    await paused.give(answer(None, 200))


async def test_a_superseded_dispatch_gets_409_once_the_next_is_under_way(app: RawApp) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    old = await paused.next_call()
    await paused.give(Response("proxy", 502))
    await app.engine.settle(timeout=5)
    # The retry waits: what the old request still finishes is as good as any.
    assert (await app.save(old.checkpoint(step("one", data=1)))).status_code == 200
    resting = asyncio.create_task(app.rest(run_id))
    new = await paused.next_call()
    assert new.steps == {"one": {"data": 1}}
    assert (await app.save(old.checkpoint(step("two", data=2)))).status_code == 409
    assert (await app.save(new.checkpoint(step("three", data=3)))).status_code == 200
    await paused.give(answer([done(None)]))
    await resting
    assert _outputs(app, run_id) == [("one", 1), ("three", 3)]


async def test_an_answered_call_keeps_what_it_still_finishes_and_is_told_400(app: RawApp) -> None:
    def answering(call: Call) -> Response:
        if not call.steps:
            return answer([step("nap", "Sleep", name="1h")])
        return answer([done(None)])

    run_id = await app.start(answering)
    await app.engine.settle(timeout=5)
    late = await app.save(app.calls[0].checkpoint(step("one", data=1)))
    assert (late.status_code, _outputs(app, run_id)[1]) == (400, ("one", 1))
    assert (await app.rest(run_id)).status is RunStatus.COMPLETED


async def test_a_checkpoint_of_the_step_a_run_waits_for_moves_it_on(app: RawApp) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    call = await paused.next_call()
    await paused.give(answer([step("one", "StepPlanned")]))
    targeted = await paused.next_call()
    assert (await app.save(call.checkpoint(step("one", data=1)))).status_code == 400
    last = await paused.next_call()
    await paused.give(answer([step("one", data=2)]))  # the targeted call's; too late
    await paused.give(answer([done("end")]))
    assert (await app.rest(run_id)).output == "end"
    assert (targeted.target, last.target, last.steps) == ("one", "step", {"one": {"data": 1}})


async def test_a_checkpoint_of_an_ended_or_unknown_run_is_refused(app: RawApp) -> None:
    run = await app.run(lambda _: answer([done(1)]))
    body = app.calls[0].checkpoint(step("one", data=1))
    assert (await app.save(body)).status_code == 400
    body["run_id"] = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert (await app.save(body)).status_code == 400
    assert app.engine.run(run.id).steps == ()


async def test_an_answer_after_a_cancellation_changes_nothing(app: RawApp) -> None:
    paused = Paused(app)
    run_id = await app.start(paused)
    call = await paused.next_call()
    await app.save(call.checkpoint(step("one", data=1)))
    app.engine.cancel(run_id)
    assert (await app.save(call.checkpoint(step("two", data=2)))).status_code == 400
    await paused.give(answer([step("two", data=2), done(3)]))
    run = await app.rest(run_id)
    assert (run.status, run.output, _outputs(app, run_id)) == (
        RunStatus.CANCELLED,
        None,
        [("one", 1)],
    )


async def test_steps_and_the_end_in_one_answer_end_the_run_without_another_call(
    app: RawApp,
) -> None:
    run = await app.run(lambda _: answer([step("a", data=1), step("b", data=2), done({"x": []})]))
    assert (run.status, run.output, len(app.calls)) == (RunStatus.COMPLETED, {"x": []}, 1)
    assert [(each.id, each.output) for each in run.steps] == [("a", 1), ("b", 2)]


async def test_the_end_alone_ends_a_run_without_steps(app: RawApp) -> None:
    run = await app.run(lambda _: answer([{**done(None), "data": None}]))
    assert (run.status, run.output, run.steps) == (RunStatus.COMPLETED, None, ())


async def test_several_steps_that_ran_are_kept_in_order_and_one_call_follows(app: RawApp) -> None:
    def answering(call: Call) -> Response:
        if call.steps:
            return answer([done(None)])
        return answer([step("c", data=1), step("a", data=2), step("b", data=3)])

    await app.run(answering)
    assert [c.ctx["disable_immediate_execution"] for c in app.calls] == [False, False]
    assert app.calls[1].stack == ["c", "a", "b"]


async def test_one_planned_step_gets_its_call_and_then_a_normal_one(app: RawApp) -> None:
    def answering(call: Call) -> Response:
        if call.target == "one":
            return answer([step("one", data=1)])
        return answer([done(2)] if call.steps else [step("one", "StepPlanned")])

    run = await app.run(answering)
    told = [(c.target, c.ctx["disable_immediate_execution"]) for c in app.calls]
    assert (told, run.output) == ([("step", False), ("one", False), ("step", False)], 2)


async def test_a_step_that_fails_after_a_checkpoint_is_tried_with_all_memos(app: RawApp) -> None:
    async def answering(call: Call) -> Response:
        match call.ctx["attempt"], len(call.steps):
            case 0, 0:
                await app.save(call.checkpoint(step("one", data=1)))
                return answer([step("two", "StepError", error={"name": "E", "message": "m"})])
            case 1, 1:
                return answer([step("two", data=2)])
            case _:
                return answer([done(None)])

    run_id = await app.start(answering)
    run = await app.rest(run_id)
    assert [(c.ctx["attempt"], c.stack) for c in app.calls] == [
        (0, []),
        (1, ["one"]),
        (0, ["one", "two"]),
    ]
    assert run.status is RunStatus.COMPLETED


async def test_outputs_beyond_the_limits_are_refused_by_name(
    app: RawApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STEP_OUTPUT_BYTES", 100)
    monkeypatch.setattr(limits, "MAX_STATE_BYTES", 250)
    monkeypatch.setattr(limits, "MAX_STEPS_PER_RUN", 3)
    paused = Paused(app)
    run_id = await app.start(paused)
    call = await paused.next_call()
    big = await app.save(call.checkpoint(step("big", data="ä" * 60)))
    full = await app.save(call.checkpoint(*(step(f"s{n}", data="x" * 80) for n in range(3))))
    many = await app.save(call.checkpoint(*(step(f"s{n}", data=n) for n in range(4))))
    assert [each.status_code for each in (big, full, many)] == [413, 413, 413]
    assert "output_too_large" in big.json()["error"]
    assert "InngestErrStateOverflowed" in full.json()["error"]
    assert "InngestErrFunctionOverflowed" in many.json()["error"]
    assert _outputs(app, run_id) == []
    await paused.give(answer(None, 200))


async def test_a_checkpoint_needs_the_key_where_there_is_one() -> None:
    key = "signkey-test-" + "ab" * 16
    async with raw_app(signing_key=key) as app:
        path = "/v1/checkpoint/some-run/async"
        assert (await app.client.post(path, json={})).status_code == 401
        told = {"authorization": f"Bearer {key}"}
        assert (await app.client.post(path, json={}, headers=told)).status_code == 400


async def test_what_was_checkpointed_survives_the_engine_and_its_call_is_a_new_generation(
    tmp_path: Path,
) -> None:
    path = str(tmp_path / "engine.db")
    async with raw_app(path=path) as app:
        paused = Paused(app)
        await app.start(paused)
        old = await paused.next_call()
        assert (await app.save(old.checkpoint(step("one", data=1)))).status_code == 200
    async with raw_app(path=path) as app:
        paused = Paused(app)
        app.answering = paused
        new = await paused.next_call()
        assert (new.steps, new.ctx["attempt"]) == ({"one": {"data": 1}}, 0)
        assert (new.ctx["qi_id"], new.ctx["generation_id"]) == (old.ctx["qi_id"], 2)
        assert (await app.save(old.checkpoint(step("two", data=2)))).status_code == 409
        await paused.give(answer([done(None)]))
        await app.engine.wait_idle(timeout=5)


async def test_halves_of_surrogate_pairs_are_kept_as_they_came(app: RawApp) -> None:
    async def answering(call: Call) -> Response:
        if call.steps:
            return answer([done(call.steps["one"]["data"])])
        await app.save(call.checkpoint(step("one", data="\ud800é")))
        return answer([step("two", data="\udfff")])

    run = await app.run(answering)
    assert (run.status, run.output) == (RunStatus.COMPLETED, "\ud800é")

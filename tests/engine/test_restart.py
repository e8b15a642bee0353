"""An engine dies in the middle of everything, and the next one on its file goes on."""

import shutil
from datetime import timedelta
from pathlib import Path

from starlette.responses import Response

from mainstem.engine import RunStatus, VirtualClock
from mainstem.engine.limits import HOUR, MINUTE

from .raw_app import Call, RawApp, answer, raw_app, step

KINDS = ("sleep", "wait", "backoff", "queued")


def answering(call: Call) -> Response:
    """By the kind of the event."""
    kind = call.body["event"]["data"]["kind"]
    if call.steps:
        return answer(kind, 200)
    if kind == "sleep":
        return answer([step("nap", "Sleep", name="1h")])
    if kind == "wait":
        opts = {"event": "answer", "timeout": "2h"}
        return answer([step("answer", "WaitForEvent", opts=opts)])
    if kind == "backoff" and call.ctx["attempt"] == 0:
        return answer({"name": "Error", "message": "not yet"}, 500, retry_after="3600")
    return answer(kind, 200)


async def begin(app: RawApp) -> dict[str, str]:
    """A run of each kind, all of them on their way; the run's id by kind."""
    now = app.engine.clock.now()
    ts = {"queued": now + HOUR}
    events = [{"name": "a", "data": {"kind": kind}, "ts": ts.get(kind, now)} for kind in KINDS]
    app.answering = answering
    ids = await app.engine.send(events)
    await app.engine.settle(timeout=5)
    return {kind: app.engine.runs(event=id_)[0].id for kind, id_ in zip(KINDS, ids, strict=True)}


def as_on_disk(file: Path, copy: Path) -> None:
    """What the next engine finds when this one is killed now."""
    for suffix in ("", "-wal"):
        shutil.copy(f"{file}{suffix}", f"{copy}{suffix}")


async def test_sleeps_waits_pauses_and_queued_runs_go_on_at_their_moment(tmp_path: Path) -> None:
    clock, file, copy = VirtualClock(), tmp_path / "engine.db", tmp_path / "copy.db"
    async with raw_app(clock, path=str(file)) as app:
        runs = await begin(app)
        as_on_disk(file, copy)
    clock.advance(timedelta(minutes=40))
    async with raw_app(clock, path=str(copy)) as app:
        app.answering = answering
        await app.engine.settle(timeout=5)
        assert app.calls == []
        clock.advance(timedelta(minutes=20))
        await app.engine.send([{"name": "answer"}])
        await app.engine.settle(timeout=5)
        ended = {kind: app.engine.run(run_id) for kind, run_id in runs.items()}
        assert {run.status for run in ended.values()} == {RunStatus.COMPLETED}
        assert {kind: run.output for kind, run in ended.items()} == {kind: kind for kind in KINDS}
        assert len(app.calls) == len(KINDS)


async def test_what_came_due_while_no_engine_ran_happens_at_once(tmp_path: Path) -> None:
    clock, file, copy = VirtualClock(), tmp_path / "engine.db", tmp_path / "copy.db"
    async with raw_app(clock, path=str(file)) as app:
        runs = await begin(app)
        as_on_disk(file, copy)
    clock.advance(timedelta(hours=5))
    async with raw_app(clock, path=str(copy)) as app:
        app.answering = answering
        await app.engine.settle(timeout=5)
        ended = [app.engine.run(run_id) for run_id in runs.values()]
        assert {run.status for run in ended} == {RunStatus.COMPLETED}
        # The wait for two hours is over too, with nothing.
        assert all((run.ended_at or 0) - clock.now() < MINUTE for run in ended)
        waited = app.engine.run(runs["wait"]).steps[0]
        assert (waited.output, waited.error) == (None, None)

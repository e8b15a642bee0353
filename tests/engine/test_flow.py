"""Time and flow control on a steered clock: nothing here waits."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from mainstem.engine import Engine, EngineOptions, RunStatus, VirtualClock
from mainstem.engine.registration import read_registration

SDK = {"x-inngest-sdk": "test", "x-inngest-req-version": "2"}


class App:
    """An app that answers each call with what `reply` says, and remembers the calls."""

    def __init__(self, reply: Any = None) -> None:
        self.calls: list[Any] = []
        self._reply = reply or (lambda body: (200, body["event"]["data"]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = json.loads(await Request(scope, receive).body())
        self.calls.append(body)
        status, value = self._reply(body)
        response: Response = JSONResponse(value, status, headers=SDK)
        await response(scope, receive, send)


@asynccontextmanager
async def running(
    path: Path, clock: VirtualClock, app: App, **config: Any
) -> AsyncIterator[Engine]:
    """An engine on this file with one function `t-f` of this configuration."""
    options = EngineOptions(str(path), transports={"http://t": app})
    async with Engine.open(options, clock=clock) as engine:
        function = {
            "id": "t-f",
            "name": "f",
            "triggers": [{"event": "a"}],
            "steps": {"step": {"runtime": {"url": "http://t/x?fnId=t-f&stepId=step"}}},
            **config,
        }
        body = {"appname": "t", "url": "http://t/x", "functions": [function]}
        await engine.register(read_registration(body))
        yield engine


async def rest(engine: Engine, clock: VirtualClock, **span: float) -> None:
    """Let the clock go on by a span and the engine do all that is due by then."""
    end = clock.now() + int(timedelta(**span) / timedelta(milliseconds=1))
    while True:
        await engine.settle(timeout=10)
        due = engine.next_due
        if due is None or due > end:
            clock.advance(timedelta(milliseconds=end - clock.now()))
            return
        clock.advance(timedelta(milliseconds=max(0, due - clock.now())))


async def test_a_throttle_delays_starts_and_loses_none(tmp_path: Path) -> None:
    app, clock = App(), VirtualClock()
    throttle = {"limit": 1, "period": "10s", "burst": 0, "key": "event.data.k"}
    async with running(tmp_path / "e.db", clock, app, throttle=throttle) as engine:
        await engine.send([{"name": "a", "data": {"k": n % 2}} for n in range(6)])
        await rest(engine, clock, seconds=0)
        assert len(app.calls) == 2
        await rest(engine, clock, seconds=10)
        await rest(engine, clock, seconds=0)
        assert len(app.calls) == 4
        await rest(engine, clock, seconds=30)
        assert engine.stats().runs == {RunStatus.COMPLETED: 6}


async def test_a_debounce_starts_once_with_the_last_event(tmp_path: Path) -> None:
    app, clock = App(), VirtualClock()
    debounce = {"period": "5s", "key": "event.data.k", "timeout": "12s"}
    async with running(tmp_path / "e.db", clock, app, debounce=debounce) as engine:
        for n in range(5):
            await engine.send([{"name": "a", "data": {"k": 1, "n": n}}])
            await rest(engine, clock, seconds=3)
        assert [call["event"]["data"]["n"] for call in app.calls] == [3]
        await rest(engine, clock, seconds=10)
        assert [call["event"]["data"]["n"] for call in app.calls] == [3, 4]


async def test_a_cron_ticks_on_the_minute_and_makes_up_for_nothing(tmp_path: Path) -> None:
    app, clock = App(), VirtualClock()
    triggers = [{"cron": "*/10 * * * *"}]
    async with running(tmp_path / "e.db", clock, app, triggers=triggers) as engine:
        await rest(engine, clock, minutes=25)
        await engine.wait_idle(timeout=5)
        assert [call["event"]["id"] for call in app.calls] == [
            "2030-01-01T00:10:00Z",
            "2030-01-01T00:20:00Z",
        ]
    clock.advance(timedelta(hours=5))
    async with running(tmp_path / "e.db", clock, app, triggers=triggers) as engine:
        await rest(engine, clock, minutes=6)
        assert app.calls[-1]["event"]["id"] == "2030-01-01T05:30:00Z"
        assert len(app.calls) == 3
        engine.remove_app("http://t/x")
        await rest(engine, clock, hours=1)
        assert len(app.calls) == 3


async def test_a_sleep_goes_on_after_the_engine_was_closed(tmp_path: Path) -> None:
    clock = VirtualClock()
    op = {"op": "Sleep", "id": "s", "name": "2030-01-08T00:00:00.000Z", "displayName": "nap"}
    app = App(lambda body: (200, "up") if body["steps"] else (206, [op]))
    async with running(tmp_path / "e.db", clock, app) as engine:
        await engine.send([{"name": "a"}])
        await rest(engine, clock, hours=1)
        assert engine.stats().runs == {RunStatus.RUNNING: 1}
    async with running(tmp_path / "e.db", clock, app) as engine:
        await rest(engine, clock, days=7)
        assert [run.output for run in engine.runs()] == ["up"]


async def test_an_event_id_starts_a_function_once_a_day(tmp_path: Path) -> None:
    app, clock = App(), VirtualClock()
    async with running(tmp_path / "e.db", clock, app) as engine:
        for hours in (1, 22, 2, 1):
            await engine.send([{"name": "a", "id": "same"}])
            await rest(engine, clock, hours=hours)
        assert len(app.calls) == 2


async def test_a_run_that_waits_longest_goes_first_unless_priority_says_so(
    tmp_path: Path,
) -> None:
    app, clock = App(), VirtualClock()
    config = {"concurrency": [{"limit": 1}], "priority": {"run": "event.data.p"}}
    async with running(tmp_path / "e.db", clock, app, **config) as engine:
        await engine.send([{"name": "a", "data": {"p": p}} for p in (0, 0, -100, 100)])
        await rest(engine, clock, seconds=1)
        assert [call["event"]["data"]["p"] for call in app.calls] == [100, 0, 0, -100]


async def test_retries_back_off_and_end_in_failure(tmp_path: Path) -> None:
    app, clock = App(lambda _: (500, {"name": "E", "message": "no"})), VirtualClock()
    async with running(tmp_path / "e.db", clock, app) as engine:
        await engine.send([{"name": "a"}])
        await rest(engine, clock, seconds=14)
        assert len(app.calls) == 1
        await rest(engine, clock, seconds=31)
        assert [call["ctx"]["attempt"] for call in app.calls] == [0, 1]
        await rest(engine, clock, minutes=10)
        assert len(app.calls) == 5
        assert engine.stats().runs == {RunStatus.FAILED: 1}


async def test_a_step_hash_that_comes_back_for_ever_fails_the_run(tmp_path: Path) -> None:
    op = {"op": "StepRun", "id": "h", "displayName": "x:1", "data": 1}
    app, clock = App(lambda _: (206, [op])), VirtualClock()
    async with running(tmp_path / "e.db", clock, app) as engine:
        await engine.send([{"name": "a"}])
        await rest(engine, clock, seconds=1)
        (run,) = engine.runs()
        assert run.status is RunStatus.FAILED
        assert "'x:1' was reported again and again" in run.output["message"]


async def test_an_answer_that_reports_nothing_fails_instead_of_hanging(tmp_path: Path) -> None:
    app, clock = App(lambda _: (206, [])), VirtualClock()
    async with running(tmp_path / "e.db", clock, app) as engine:
        await engine.send([{"name": "a"}])
        await rest(engine, clock, seconds=1)
        assert [run.output["name"] for run in engine.runs()] == ["NothingReported"]


async def test_more_than_a_thousand_steps_are_too_many(tmp_path: Path) -> None:
    ops = [{"op": "StepPlanned", "id": str(n), "displayName": "s"} for n in range(1001)]
    app, clock = App(lambda _: (206, ops)), VirtualClock()
    async with running(tmp_path / "e.db", clock, app) as engine:
        await engine.send([{"name": "a"}])
        await rest(engine, clock, seconds=1)
        assert [run.output["name"] for run in engine.runs()] == ["InngestErrFunctionOverflowed"]


async def test_an_unknown_kind_of_step_is_retried_and_then_fails(tmp_path: Path) -> None:
    app, clock = App(lambda _: (206, [{"op": "Dance", "id": "d"}])), VirtualClock()
    async with running(tmp_path / "e.db", clock, app) as engine:
        await engine.send([{"name": "a"}])
        await rest(engine, clock, hours=1)
        assert [run.output["name"] for run in engine.runs()] == ["UnknownOpcode"]


async def test_a_sleep_beyond_a_year_fails_the_run(tmp_path: Path) -> None:
    op = {"op": "Sleep", "id": "s", "name": "2032-01-08T00:00:00.000Z", "displayName": "nap"}
    app, clock = App(lambda _: (206, [op])), VirtualClock()
    async with running(tmp_path / "e.db", clock, app) as engine:
        await engine.send([{"name": "a"}])
        await rest(engine, clock, seconds=1)
        assert [run.output["name"] for run in engine.runs()] == ["InngestErrTimeoutTooLong"]

"""A recording played to an engine: the app answers as it did, at the times it took, on one clock.

Time is virtual. It moves on only when the engine has nothing to do at the present moment: no call
is under way but those whose recorded answer is still to come, and nothing is due.
"""

import asyncio
import heapq
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mainstem.engine import Engine, EngineOptions, VirtualClock, engine_app

from .recording import Scenario, steady

Json = Any
APP = "http://app.test"
_PAUSE_AT_THE_END = 30_000  # long enough for every retry and timeout of the recordings


@dataclass
class Stage:
    """The engine under test, the recorded app, the recorded driver and the clock of all three."""

    scenario: Scenario
    path: Path
    unexpected: list[str] = field(default_factory=list)
    calls: list[tuple[Mapping[str, Json], Json]] = field(default_factory=list)
    answers: list[tuple[Mapping[str, Json], httpx.Response]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    spans: list[tuple[Json, int, int]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self._alarms: list[tuple[int, int, asyncio.Event]] = []
        self._alarm_count = 0
        self._unused = self.scenario.of_kind("call")
        self._run_ids: dict[str, str] = {}  # recorded → live
        first = min(int(each["at_ms"]) for each in self.scenario.exchanges)
        start = datetime.fromtimestamp(0, UTC)
        start += timedelta(milliseconds=self.scenario.epoch + min(first, 0))
        self.clock = VirtualClock(start)
        options = EngineOptions(str(self.path), retry_interval=1, transports={APP: self._answer})
        self.engine = await self._stack.enter_async_context(Engine.open(options, clock=self.clock))
        transport = httpx.ASGITransport(engine_app(self.engine))
        self.client = await self._stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://engine.test")
        )
        return self

    async def __aexit__(self, *exit_: object) -> None:
        for alarm in self._alarms:
            alarm[2].set()
        await self._stack.aclose()

    @property
    def missing(self) -> list[str]:
        """Recorded calls the engine never made."""
        return [_label(each) for each in self._unused]

    async def play(self) -> None:
        """Do what the driver did, when it did it, and let everything come to rest."""
        for exchange in self.scenario.of_kind("register", "event", "api", "other"):
            if exchange["from"] == "app" and exchange["kind"] != "register":
                continue
            # A 303 is the recorded server's page for people, which this engine does not have.
            if exchange["response"]["status"] != 303:
                await self._run_until(self._begin_of(exchange))
                self.answers.append((exchange, await self._replay(exchange)))
        await self._run_until(self.clock.now() + _PAUSE_AT_THE_END)

    def live_run(self, recorded: str) -> str:
        """The live run that plays a recorded one; itself when there is none."""
        return self._run_ids.get(recorded, recorded)

    def _begin_of(self, exchange: Mapping[str, Json]) -> int:
        return self.scenario.epoch + int(exchange["at_ms"])

    async def _replay(self, exchange: Mapping[str, Json]) -> httpx.Response:
        request = exchange["request"]
        path, body = str(request["path"]), request["body"]
        for recorded, live in self._run_ids.items():
            path = path.replace(recorded, live)
        content = b""
        if isinstance(body, dict) and set(body) == {"$text"}:
            content = body["$text"].encode()
        elif body is not None or exchange["response"]["status"] == 400:
            content = json.dumps(body).encode()
        content = content.replace(b"http://APP", APP.encode())
        headers = {key: str(value) for key, value in request["headers"].items()}
        query = str(request.get("query") or "").replace("http%3A%2F%2FAPP", "http%3A%2F%2Fapp.test")
        url = f"{path}?{query}" if query else path
        return await self.client.request(request["method"], url, content=content, headers=headers)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The recorded app."""
        request = Request(scope, receive)
        body = json.loads(await request.body())
        query = parse_qs(request.url.query)
        began = self.clock.now()
        recorded = self._match(query["fnId"][0], query["stepId"][0], body)
        if recorded is None:
            response = Response("no such call was recorded", 500)
        else:
            self.calls.append((recorded, body))
            self.starts.append(began - self.scenario.epoch)
            self._run_ids[recorded["request"]["body"]["ctx"]["run_id"]] = body["ctx"]["run_id"]
            await self._side_calls(recorded)
            await self._sleep(int(recorded["took_ms"]))
            self.spans.append((body["event"], began, self.clock.now()))
            response = self._response(recorded)
        await response(scope, receive, send)

    def _match(self, fn_id: str, step_id: str, body: Json) -> Mapping[str, Json] | None:
        wanted = _identity(fn_id, step_id, body)
        run_id = body["ctx"]["run_id"]
        taken = {live: recorded for recorded, live in self._run_ids.items()}
        for exchange in self._unused:
            theirs = exchange["request"]["body"]
            query = parse_qs(exchange["request"]["query"])
            recorded_run = theirs["ctx"]["run_id"]
            if taken.get(run_id, recorded_run) != recorded_run:
                continue
            if self._run_ids.get(recorded_run, run_id) != run_id:
                continue
            if _identity(query["fnId"][0], query["stepId"][0], theirs) == wanted:
                self._unused.remove(exchange)
                return exchange
        self.unexpected.append(str(wanted))
        return None

    async def _side_calls(self, call: Mapping[str, Json]) -> None:
        """What the app asked the server for while it was being called."""
        begin, end = call["at_ms"], call["at_ms"] + call["took_ms"]
        for exchange in self.scenario.of_kind("send", "fetch"):
            if begin <= exchange["at_ms"] <= end:
                self.answers.append((exchange, await self._replay(exchange)))

    def _response(self, recorded: Mapping[str, Json]) -> Response:
        kept = recorded["response"]
        headers = dict(kept["headers"])
        shift = self.clock.now() - self._begin_of(recorded) - int(recorded["took_ms"])
        if "retry-after" in headers:
            headers["retry-after"] = _shifted(headers["retry-after"], shift)
        body = kept["body"]
        if isinstance(body, dict) and set(body) == {"$text"}:
            return Response(body["$text"], kept["status"], headers=headers)
        if kept["status"] == 206:
            body = [
                {**op, "name": _shifted(op["name"], shift)} if op["op"] == "Sleep" else op
                for op in body
            ]
        return Response(json.dumps(body), kept["status"], headers=headers)

    async def _sleep(self, milliseconds: int) -> None:
        alarm = asyncio.Event()
        self._alarm_count += 1
        moment = self.clock.now() + milliseconds
        heapq.heappush(self._alarms, (moment, self._alarm_count, alarm))
        await alarm.wait()

    async def _run_until(self, moment: int) -> None:
        while True:
            await self._settle()
            coming = [self._alarms[0][0]] if self._alarms else []
            due = self.engine._loop.queue.next_due()
            coming += [] if due is None else [due]
            upcoming = min(coming, default=moment)
            if upcoming >= moment:
                self._advance_to(moment)
                return
            self._advance_to(upcoming)

    def _advance_to(self, moment: int) -> None:
        self.clock.advance(timedelta(milliseconds=max(0, moment - self.clock.now())))
        while self._alarms and self._alarms[0][0] <= self.clock.now():
            heapq.heappop(self._alarms)[2].set()

    async def _settle(self) -> None:
        quiet = 0
        for _ in range(10_000):
            await asyncio.sleep(0)
            due = self.engine._loop.queue.next_due()
            is_quiet = self.engine.stats().in_flight == len(self._alarms) and (
                due is None or due > self.clock.now()
            )
            quiet = quiet + 1 if is_quiet else 0
            if quiet > 3:
                return
        raise AssertionError("the engine does not come to rest")


def _identity(fn_id: str, step_id: str, body: Json) -> Json:
    """What tells one call of a recording from another."""
    event = body["event"]
    steps = [] if body["use_api"] else sorted(body["steps"])
    attempt = body["ctx"]["attempt"]
    return fn_id, step_id, attempt, steps, json.dumps(steady(event), sort_keys=True)


def _label(exchange: Mapping[str, Json]) -> str:
    ctx = exchange["request"]["body"]["ctx"]
    return f"{exchange['n']}: {exchange['request']['query']} attempt {ctx['attempt']}"


def _shifted(text: str, milliseconds: int) -> str:
    moment = datetime.fromisoformat(text) + timedelta(milliseconds=milliseconds)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
